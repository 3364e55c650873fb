//! Axes: from numbers to places, and which numbers to write down.

/// How an axis maps numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// An axis whose equal steps are equal differences, a little wider than `values`. `None` without a finite value.
    pub fn linear(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = extent(values.filter(|value| value.is_finite()))?;
        let margin = if high > low { (high - low) * 0.06 } else { low.abs().max(1.0) * 0.1 };
        Some(Scale { low: low - margin, high: high + margin, log: false })
    }

    /// An axis whose equal steps are equal ratios, a little wider than `values`. `None` without a value above zero.
    pub fn log(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = extent(values.filter(|value| value.is_finite() && *value > 0.0))?;
        let (low, high) = (libm::log10(low), libm::log10(high));
        // At least an octave, so that one value does not fill the axis with digits.
        let margin = ((high - low) * 0.06).max((0.3 - (high - low)) / 2.0).max(0.02);
        Some(Scale { low: low - margin, high: high + margin, log: true })
    }

    /// Where a value stands: 0 at the lower end, 1 at the upper; beyond them outside the axis.
    pub fn place(&self, value: f64) -> f64 {
        let value = if self.log { libm::log10(value) } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// At most `most` numbers to write beside the axis, ascending.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        if !self.log {
            return self.linear_ticks(most);
        }
        let ticks = self.log_ticks(most);
        // Over less than a decade, round ratios are too few: round numbers it is.
        if ticks.len() >= 3 || self.high - self.low > 1.0 { ticks } else { self.unlogged().linear_ticks(most) }
    }

    fn unlogged(&self) -> Self {
        Scale { low: libm::exp10(self.low), high: libm::exp10(self.high), log: false }
    }

    fn linear_ticks(&self, most: usize) -> Vec<f64> {
        let span = self.high - self.low;
        let exponent = libm::floor(libm::log10(span / most as f64)) as i32;
        let steps = (exponent..exponent + 3).flat_map(|exponent| [1, 2, 5].map(|lead| (lead, exponent)));
        for (lead, exponent) in steps {
            // The text of a decimal reads back to the nearest number; a product of powers may not.
            let step = decimal(lead, exponent);
            let (first, last) = (libm::ceil(self.low / step) as i64, libm::floor(self.high / step) as i64);
            if last - first < most as i64 {
                return (first..=last).map(|count| decimal(count * lead, exponent)).collect();
            }
        }
        Vec::new()
    }

    fn log_ticks(&self, most: usize) -> Vec<f64> {
        let (first, last) = (libm::floor(self.low) as i32, libm::ceil(self.high) as i32);
        let inside = |value: &f64| (0.0..=1.0).contains(&self.place(*value));
        let leads: [&[i64]; 3] = [&[1, 2, 5], &[1, 3], &[1]];
        for leads in leads {
            let all = (first..=last).flat_map(|decade| leads.iter().map(move |&lead| decimal(lead, decade)));
            let ticks: Vec<f64> = all.filter(inside).collect();
            if ticks.len() <= most {
                return ticks;
            }
        }
        let step = (2..).find(|step| ((last - first) / step) < most as i32).unwrap_or(1);
        let first = first.div_euclid(step) * step;
        (first..=last).step_by(step as usize).map(|decade| decimal(1, decade)).filter(inside).collect()
    }
}

fn decimal(lead: i64, exponent: i32) -> f64 {
    format!("{lead}e{exponent}").parse().expect("digits, e, digits is a number")
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// A number beside an axis: plain from a thousandth to ten thousand, a power of ten elsewhere.
pub fn tick_text(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: String = exponent.chars().map(superscript).collect();
    if digits == "1" { format!("10{exponent}") } else { format!("{digits}·10{exponent}") }
}

fn superscript(digit: char) -> char {
    match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        other => other.to_digit(10).and_then(|value| char::from_u32(0x2070 + value)).unwrap_or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_few_and_inside() {
        let linear = Scale::linear([38.2, 121.7].into_iter()).expect("two values");
        assert_eq!(linear.ticks(6), [40.0, 60.0, 80.0, 100.0, 120.0]);
        let octave = Scale::log([3.0].into_iter()).expect("a value");
        assert_eq!(octave.ticks(6), [2.5, 3.0, 3.5, 4.0]);
        let narrow = Scale::log([18.0, 2591.0].into_iter()).expect("two values");
        assert_eq!(narrow.ticks(4), [100.0, 1000.0]);
        let wide = Scale::log([1e-7, 1e3].into_iter()).expect("two values");
        assert_eq!(wide.ticks(5), [1e-6, 1e-3, 1.0, 1e3]);
        assert_eq!(
            Scale::log([0.5, 40.0].into_iter()).map(|scale| scale.ticks(7)),
            Some(vec![0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0])
        );
    }

    #[test]
    fn an_axis_without_values_is_none_and_infinities_do_not_stretch_it() {
        assert_eq!(Scale::log([0.0, f64::INFINITY].into_iter()), None);
        let scale = Scale::linear([1.0, f64::INFINITY, 2.0].into_iter()).expect("two finite values");
        assert!(scale.place(1.0) > 0.0 && scale.place(2.0) < 1.0);
    }

    #[test]
    fn tick_texts_are_short() {
        let texts: Vec<_> = [0.0, 0.05, 1e4, 1e-6, 3e-12, -2.5].into_iter().map(tick_text).collect();
        assert_eq!(texts, ["0", "0.05", "10000", "10⁻⁶", "3·10⁻¹²", "-2.5"]);
    }
}

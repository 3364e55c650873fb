//! Between probabilities in 1/65536 and their logits, in 1/256, by tables.

use std::sync::LazyLock;

/// Logits of 1/65536 and of 65535/65536, about.
pub(super) const LARGEST: i32 = 2839;

/// Both tables: a probability for every logit, and a logit for every probability.
pub(super) struct Logistic {
    probabilities: Vec<u16>,
    logits: Vec<i16>,
}

static TABLES: LazyLock<Logistic> = LazyLock::new(Logistic::new);

impl Logistic {
    /// The tables, made on first use.
    pub fn tables() -> &'static Logistic {
        &TABLES
    }

    fn new() -> Self {
        let probability = |logit: i32| 65536.0 / (1.0 + libm::exp(-f64::from(logit) / 256.0));
        let exact: Vec<f64> = (-LARGEST..=LARGEST).map(probability).collect();
        let probabilities = exact.iter().map(|value| value.round().clamp(1.0, 65535.0) as u16).collect();
        let mut nearest = 0;
        let logit = |value: u32| {
            let distance = |at: usize| (exact[at] - f64::from(value)).abs();
            while nearest + 1 < exact.len() && distance(nearest + 1) <= distance(nearest) {
                nearest += 1;
            }
            nearest as i16 - LARGEST as i16
        };
        Logistic { probabilities, logits: (0..1 << 16).map(logit).collect() }
    }

    /// The probability, 1 to 65535, of a logit, which is held to `-LARGEST..=LARGEST`.
    #[inline(always)]
    pub fn probability(&self, logit: i32) -> u32 {
        u32::from(self.probabilities[(logit.clamp(-LARGEST, LARGEST) + LARGEST) as usize])
    }

    /// The logit of a probability in 1/65536.
    #[inline(always)]
    pub fn logit(&self, probability: u32) -> i32 {
        i32::from(self.logits[probability as usize & 0xffff])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_undo_each_other_and_are_symmetric() {
        let tables = Logistic::tables();
        assert_eq!((tables.probability(0), tables.logit(32768)), (32768, 0));
        assert_eq!((tables.probability(-99_999), tables.probability(99_999)), (1, 65535));
        for logit in (-1400..=1400).step_by(7) {
            assert!((tables.logit(tables.probability(logit)) - logit).abs() <= 1, "{logit}");
            assert_eq!(tables.probability(logit) + tables.probability(-logit), 65536, "{logit}");
        }
    }
}

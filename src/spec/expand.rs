//! Lists and ranges in specs: `1,6,9`, `1..9`, `1e-1..1e-6`.

use anyhow::{Context, Result, bail, ensure};

/// Most values that a list or a range may stand for; a slip of the pen would otherwise fill the memory.
pub(super) const MOST: usize = 1000;

/// How a range without a written step walks from its first number to its last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Adds this much.
    Add(f64),
    /// Multiplies by ten.
    Decade,
    /// Adds one between whole numbers, a decade otherwise.
    OneOrDecade,
}

/// Splits at `separator` wherever it stands outside quotes and brackets.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0usize, false, false);
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ if char == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Every value that a list stands for, ranges written out, as text.
///
/// # Errors
/// An empty item, a range that is malformed, and more than a thousand values.
pub(super) fn expand(text: &str, step: Step) -> Result<Vec<String>> {
    let mut values = Vec::new();
    for item in split(text, ',') {
        let item = item.trim();
        ensure!(!item.is_empty(), "an empty item in the list {text:?}");
        match range(item) {
            Some((first, last, by)) => {
                values.extend(walk(first, last, by, step).with_context(|| format!("range {item:?}"))?);
            }
            None => values.push(item.to_string()),
        }
        ensure!(values.len() <= MOST, "more than {MOST} values");
    }
    Ok(values)
}

/// `first..last` or `first..last..step`, if the ends look like numbers.
fn range(item: &str) -> Option<(&str, &str, Option<&str>)> {
    let (first, rest) = item.split_once("..")?;
    first.parse::<f64>().ok()?;
    Some(match rest.split_once("..") {
        Some((last, by)) => (first, last, Some(by)),
        None => (first, rest, None),
    })
}

fn walk(first: &str, last: &str, by: Option<&str>, step: Step) -> Result<Vec<String>> {
    let number = |text: &str| -> Result<f64> {
        let value: f64 = text.parse().with_context(|| format!("{text:?} is not a number"))?;
        ensure!(value.is_finite(), "{text:?} is not finite");
        Ok(value)
    };
    let (low, high) = (number(first)?, number(last)?);
    let whole = first.parse::<i64>().is_ok() && last.parse::<i64>().is_ok();
    match (by, step) {
        (Some(by), _) => add(low, high, number(by)?),
        (None, Step::Add(by)) => add(low, high, by),
        (None, Step::OneOrDecade) if whole => add(low, high, 1.0),
        (None, _) => decades(low, high),
    }
}

fn add(first: f64, last: f64, by: f64) -> Result<Vec<String>> {
    ensure!(by > 0.0, "the step must be above zero");
    let steps = ((last - first).abs() / by + 1e-9).floor();
    ensure!(steps < MOST as f64, "more than {MOST} steps");
    let by = if last < first { -by } else { by };
    Ok((0..=steps as usize).map(|step| super::number_text(first + step as f64 * by)).collect())
}

/// Works on the decimal text, so that `1e-1..1e-6` gives the very numbers that `1e-2` and `1e-3` are read as.
fn decades(first: f64, last: f64) -> Result<Vec<String>> {
    if !(first > 0.0 && last > 0.0) {
        bail!("a range by decades needs numbers above zero; write the step: `{first}..{last}..STEP`");
    }
    let text = format!("{first:e}");
    let (mantissa, exponent) = text.split_once('e').context("a number has an exponent")?;
    let exponent: i32 = exponent.parse()?;
    let down = last < first;
    let mut values = Vec::new();
    for step in 0.. {
        let value: f64 = format!("{mantissa}e{}", if down { exponent - step } else { exponent + step }).parse()?;
        let past = if down { value < last * (1.0 - 1e-9) } else { value > last * (1.0 + 1e-9) };
        // Behind the largest number there is none that lies past it.
        if past || value.is_infinite() {
            break;
        }
        values.push(super::number_text(value));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_bounds_walks_by_decades_either_way() {
        let down = expand("1e-1..1e-4", Step::Decade).expect("well formed");
        assert_eq!(down, ["0.1", "1e-2", "1e-3", "1e-4"]);
        assert_eq!(expand("2e-3..2e-1", Step::Decade).expect("well formed"), ["2e-3", "2e-2", "0.2"]);
        let to_the_end = expand("1e307..1.7976931348623157e308", Step::Decade).expect("well formed");
        assert_eq!(to_the_end, ["1e307", "1e308"]);
        assert_eq!(expand("1e-323..5e-324", Step::Decade).expect("well formed"), ["1e-323"]);
    }

    #[test]
    fn a_range_of_whole_numbers_walks_by_one_unless_a_step_is_written() {
        assert_eq!(expand("1..3,9", Step::OneOrDecade).expect("well formed"), ["1", "2", "3", "9"]);
        assert_eq!(expand("9..1..4", Step::OneOrDecade).expect("well formed"), ["9", "5", "1"]);
        assert_eq!(expand("40..80", Step::Add(20.0)).expect("well formed"), ["40", "60", "80"]);
    }

    #[test]
    fn a_bad_range_is_an_error_that_shows_it() {
        for text in ["1e-1..0", "1..x", "0..1e9", "1..2..0", "1,,2", "1..nan"] {
            assert!(expand(text, Step::OneOrDecade).is_err(), "{text}");
        }
    }

    #[test]
    fn separators_inside_quotes_and_brackets_do_not_split() {
        assert_eq!(split(r#"a=[1,2],b="x,\",y",c"#, ','), ["a=[1,2]", r#"b="x,\",y""#, "c"]);
    }
}

//! Numbers as people read them. Rows keep full precision; this is for tables and figures only.

/// A number with `digits` significant digits, as in `12.3`, `0.00123` or `4.56e-7`.
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { String::new() } else { format!("{value}").replace("inf", "∞") };
    }
    if value == 0.0 {
        return "0".into();
    }
    // Rounding may carry into another power of ten, so the exponent is read after it.
    let rounded = format!("{value:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..7).contains(&exponent) {
        return format!("{mantissa}e{exponent}");
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    format!("{value:.decimals$}")
}

/// Text that a Markdown table cell shows as it is.
pub fn cell(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_")
}

/// A Markdown table; every column but the first `left` is aligned right.
pub fn table(header: &[String], rows: &[Vec<String>], left: usize) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: Vec<String> =
        (0..header.len()).map(|column| if column < left { "---".into() } else { "--:".to_string() }).collect();
    let mut text = line(header) + &line(&rule);
    text.extend(rows.iter().map(|row| line(row)));
    text
}

/// `1 row`, `2 rows`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_significant_digits() {
        let cases = [
            (12.345, "12.3"),
            (0.0012345, "0.00123"),
            (9.996, "10.0"),
            (99999.0, "99999"),
            (4.56e-7, "4.56e-7"),
            (1.0, "1.00"),
            (f64::INFINITY, "∞"),
            (0.0, "0"),
            (-2.5, "-2.50"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value, 3), text);
        }
    }

    #[test]
    fn a_cell_cannot_break_its_table() {
        assert_eq!(cell("a|b\nc <d> x_y"), "a\\|b c &lt;d> x\\_y");
        let text = table(&["a".into(), "b".into()], &[vec!["x".into(), "1".into()]], 1);
        assert_eq!(text, "| a | b |\n| --- | --: |\n| x | 1 |\n");
    }
}

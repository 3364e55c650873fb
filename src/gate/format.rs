//! A verdict as text, as Markdown and as GitHub annotations.

use super::{Change, Severity, Verdict};

/// Lines for a terminal: regressions, then improvements, then new rows, then the sum.
pub fn text(verdict: &Verdict) -> String {
    let line = |change: &Change| {
        format!("{:<12} {}: {} {}\n", name(change.severity), change.cell, change.column, moved(change))
    };
    verdict.changes.iter().map(line).collect::<String>() + &sum(verdict) + "\n"
}

/// A heading and a table.
pub fn markdown(verdict: &Verdict) -> String {
    let mut page = format!("### codecbench gate: {}\n\n{}\n", outcome(verdict), sum(verdict));
    if !verdict.changes.is_empty() {
        page += "\n| | cell | column | baseline | now | change |\n| --- | --- | --- | ---: | ---: | ---: |\n";
    }
    for change in &verdict.changes {
        let cells = [&change.cell, &change.column, &change.before, &change.after].map(|cell| cell.replace('|', "\\|"));
        let [cell, column, before, after] = cells;
        let severity = name(change.severity);
        page += &format!("| {severity} | {cell} | {column} | {before} | {after} | {} |\n", percent(change));
    }
    page
}

/// Workflow commands that GitHub shows beside the change.
pub fn github(verdict: &Verdict) -> String {
    let annotation = |change: &Change| {
        let level = if change.severity == Severity::Regression { "error" } else { "notice" };
        let title = escape(&format!("{}: {}", name(change.severity), change.cell), true);
        format!("::{level} title={title}::{}\n", escape(&format!("{} {}", change.column, moved(change)), false))
    };
    verdict.changes.iter().map(annotation).collect::<String>() + &sum(verdict) + "\n"
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Regression => "regression",
        Severity::Improvement => "improvement",
        Severity::Notice => "new",
    }
}

fn outcome(verdict: &Verdict) -> &'static str {
    if verdict.passes() { "passed" } else { "failed" }
}

fn sum(verdict: &Verdict) -> String {
    format!(
        "gate {}: {} cells compared, {} regressions, {} improvements, {} new",
        outcome(verdict),
        verdict.compared,
        verdict.count(Severity::Regression),
        verdict.count(Severity::Improvement),
        verdict.count(Severity::Notice)
    )
}

fn moved(change: &Change) -> String {
    let value = |text: &str| if text.is_empty() { "nothing".to_string() } else { text.to_string() };
    let percent = percent(change);
    let percent = if percent.is_empty() { percent } else { format!(" ({percent})") };
    format!("{} -> {}{percent}", value(&change.before), value(&change.after))
}

fn percent(change: &Change) -> String {
    change.relative.map(|relative| format!("{:+.3} %", 100.0 * relative)).unwrap_or_default()
}

/// Escapes as GitHub's workflow commands ask for; properties escape more than messages.
fn escape(text: &str, property: bool) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    if property { text.replace(':', "%3A").replace(',', "%2C") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict() -> Verdict {
        let change = |severity, column: &str, before: &str, after: &str, relative| Change {
            severity,
            cell: "d zlib:level=9 rel=1e-3".into(),
            column: column.into(),
            before: before.into(),
            after: after.into(),
            relative,
        };
        let larger = change(Severity::Regression, "payload_bytes", "1000", "1010", Some(0.01));
        let new = change(Severity::Notice, "status", "", "ok", None);
        Verdict { changes: vec![larger, new], compared: 7 }
    }

    #[test]
    fn text_says_what_changed_by_how_much() {
        insta::assert_snapshot!(text(&verdict()), @r"
        regression   d zlib:level=9 rel=1e-3: payload_bytes 1000 -> 1010 (+1.000 %)
        new          d zlib:level=9 rel=1e-3: status nothing -> ok
        gate failed: 7 cells compared, 1 regressions, 0 improvements, 1 new
        ");
    }

    #[test]
    fn markdown_is_a_table() {
        insta::assert_snapshot!(markdown(&verdict()), @r"
        ### codecbench gate: failed

        gate failed: 7 cells compared, 1 regressions, 0 improvements, 1 new

        | | cell | column | baseline | now | change |
        | --- | --- | --- | ---: | ---: | ---: |
        | regression | d zlib:level=9 rel=1e-3 | payload_bytes | 1000 | 1010 | +1.000 % |
        | new | d zlib:level=9 rel=1e-3 | status |  | ok |  |
        ");
    }

    #[test]
    fn github_annotations_escape_what_has_a_meaning() {
        insta::assert_snapshot!(github(&verdict()), @r"
        ::error title=regression%3A d zlib%3Alevel=9 rel=1e-3::payload_bytes 1000 -> 1010 (+1.000 %25)
        ::notice title=new%3A d zlib%3Alevel=9 rel=1e-3::status nothing -> ok
        gate failed: 7 cells compared, 1 regressions, 0 improvements, 1 new
        ");
    }
}

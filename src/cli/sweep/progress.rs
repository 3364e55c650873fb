//! How far the sweep is: a bar on a terminal, plain lines elsewhere, nothing when quiet.

use std::io::IsTerminal;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::tell;
use crate::record::{Record, Status};

const TEMPLATE: &str = "{bar:28} {pos}/{len} cells  {elapsed} elapsed, {eta} left  {wide_msg}";

/// Shows how many cells are done.
pub struct Progress {
    bar: ProgressBar,
    lines: bool,
    /// Data set, cells of it that are done, and how many of them are broken.
    current: (String, usize, usize),
    /// How much of the visits was made, once cells are timed.
    tenths: Option<usize>,
}

impl Progress {
    /// A bar over `cells`, or lines where stderr is no terminal.
    pub fn new(cells: usize, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal && !quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is well formed");
        let bar = ProgressBar::with_draw_target(Some(cells as u64), target).with_style(style);
        Progress { bar, lines: !terminal && !quiet, current: Default::default(), tenths: None }
    }

    /// A cell is done.
    pub fn finished(&mut self, record: &Record) {
        if self.current.0 != record.dataset {
            self.end_of_dataset();
            self.current = (record.dataset.clone(), 0, 0);
            self.bar.set_message(record.dataset.clone());
        }
        self.bar.inc(1);
        self.current.1 += 1;
        self.current.2 += usize::from(!matches!(record.status, Status::Ok | Status::Unsupported));
    }

    /// So many visits were made to cells that are timed.
    pub fn visited(&mut self, made: usize, planned: usize) {
        if self.tenths.is_none() {
            self.end_of_dataset();
        }
        let told = format!("timing: {made} of {planned} visits");
        let tenths = made * 10 / planned.max(1);
        if self.lines && self.tenths.is_none_or(|last| tenths > last) {
            tell(&format!("{told}, {}", HumanDuration(self.bar.elapsed())));
        }
        self.tenths = Some(tenths);
        self.bar.set_message(told);
    }

    /// A line of its own, above the bar.
    pub fn note(&self, text: &str) {
        if self.lines {
            tell(text);
        } else {
            self.bar.println(text);
        }
    }

    /// No cell is left.
    pub fn end(&mut self) {
        if self.tenths.is_none() {
            self.end_of_dataset();
        }
        self.bar.finish_and_clear();
    }

    fn end_of_dataset(&self) {
        let (dataset, cells, broken) = &self.current;
        if !self.lines || dataset.is_empty() {
            return;
        }
        let broken = if *broken > 0 { format!(", {broken} broken") } else { String::new() };
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let elapsed = HumanDuration(self.bar.elapsed());
        tell(&format!("{done}/{all} cells, {elapsed}: {dataset}, {cells} cells{broken}"));
    }
}

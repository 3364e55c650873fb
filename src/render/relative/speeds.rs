//! Speeds over those of the reference in the same run.

use std::collections::BTreeMap;

use super::super::text::significant;
use super::Comparison;
use crate::record::TimingRecord;

/// MB/s of encoding and of decoding.
type Speed = [f64; 2];

/// The timings of a report by cell.
pub struct Speeds<'a> {
    comparison: &'a Comparison<'a>,
    by_cell: BTreeMap<(String, String), Speed>,
    datasets: Vec<usize>,
}

impl<'a> Speeds<'a> {
    /// Takes up timings of data sets that are large enough.
    pub fn new(comparison: &'a Comparison<'a>, timings: &[TimingRecord]) -> Self {
        let speed = |timing: &TimingRecord| [timing.encode.mb_s, timing.decode.mb_s];
        let by_cell: BTreeMap<_, _> = timings
            .iter()
            .map(|timing| ((timing.name.dataset.clone(), timing.name.cell.clone()), speed(timing)))
            .collect();
        let mut speeds = Speeds { comparison, by_cell, datasets: Vec::new() };
        let large = |dataset: usize| {
            let timed = |target: &&usize| speeds.reference(dataset, **target).is_some();
            let target = comparison.targets.iter().find(timed)?;
            let record = comparison.record(dataset, comparison.reference, *target)?;
            record.input_bytes.filter(|bytes| *bytes >= comparison.speed_from)
        };
        let all = comparison.selections[0].datasets.iter().copied();
        speeds.datasets = all.filter(|&dataset| large(dataset).is_some()).collect();
        speeds
    }

    /// How many data sets count.
    pub fn datasets(&self) -> usize {
        self.datasets.len()
    }

    fn speed(&self, dataset: usize, series: usize, target: usize) -> Option<Speed> {
        let record = self.comparison.record(dataset, series, target)?;
        self.by_cell.get(&(record.dataset.clone(), record.cell.clone())).copied()
    }

    fn reference(&self, dataset: usize, target: usize) -> Option<Speed> {
        self.comparison.grid.ok(dataset, self.comparison.reference, target)?;
        self.speed(dataset, self.comparison.reference, target)
    }

    /// Speed over that of the reference; `None` for a data set that does not count or was not timed.
    fn share(&self, dataset: usize, series: usize, target: usize) -> Option<Speed> {
        let (own, reference) = (self.speed(dataset, series, target)?, self.reference(dataset, target)?);
        Some([own[0] / reference[0], own[1] / reference[1]])
    }

    /// Median share over the data sets on which it is known; `None` without any.
    pub fn median(&self, series: usize, target: usize) -> Option<Speed> {
        let shares: Vec<Speed> =
            self.datasets.iter().filter_map(|&dataset| self.share(dataset, series, target)).collect();
        medians(&shares)
    }

    /// Geometric mean of the size over that of the reference on the data sets that the median is taken over.
    pub fn size(&self, series: usize, target: usize) -> Option<f64> {
        let timed = |dataset: &&usize| self.share(**dataset, series, target).is_some();
        let sizes = self.datasets.iter().filter(timed).map(|&dataset| self.comparison.share(dataset, series, target));
        super::geometric_mean(sizes)
    }

    /// The reference itself, in MB/s.
    pub fn reference_row(&self) -> Vec<String> {
        let cells = self.comparison.targets.iter().map(|&target| {
            let speeds: Vec<Speed> = self.datasets.iter().filter_map(|&set| self.reference(set, target)).collect();
            let text = |median: Speed| format!("{} / {}", significant(median[0], 3), significant(median[1], 3));
            medians(&speeds).map(text).unwrap_or_default()
        });
        std::iter::once("*the reference, MB/s*".to_string()).chain(cells).collect()
    }
}

fn medians(speeds: &[Speed]) -> Option<Speed> {
    let median = |direction: usize| {
        let mut values: Vec<f64> = speeds.iter().map(|speed| speed[direction]).collect();
        values.sort_by(f64::total_cmp);
        Some((values.get(values.len().checked_sub(1)? / 2)? + values.get(values.len() / 2)?) / 2.0)
    };
    Some([median(0)?, median(1)?])
}

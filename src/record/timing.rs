//! A row of timings as text and back.

use anyhow::Result;

use super::CellName;
use super::row::{Cells, Row, real, text};
use crate::spec::number_text;

/// One direction of a timed cell, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Timing {
    /// Median over the repeats.
    pub median_ns: f64,
    /// Median absolute deviation.
    pub mad_ns: f64,
    /// Lower end of the bootstrap interval of the median.
    pub ci_low_ns: f64,
    /// Upper end of the bootstrap interval of the median.
    pub ci_high_ns: f64,
    /// Raw bytes per second, MB = 1e6.
    pub mb_s: f64,
    /// Speed over a memcpy of the same array, interleaved in the same run.
    pub memcpy_ratio: f64,
    /// Peak allocation above what was held before, bytes, as Rust's allocator counts.
    pub peak_bytes: Option<u64>,
    /// The first call of a fresh instance, before any warm-up.
    pub first_ns: Option<f64>,
    /// Median CPU time, all threads together.
    pub cpu_ns: Option<f64>,
    /// Median number of instructions in user space.
    pub instructions: Option<u64>,
    /// Median number of clock cycles in user space.
    pub cycles: Option<u64>,
    /// Growth of resident memory at its peak, bytes: C libraries included.
    pub resident_bytes: Option<u64>,
    /// Repeats that are outliers.
    pub outliers: Option<usize>,
}

/// One row of `timings.csv`: noisy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimingRecord {
    /// The cell that was timed.
    pub name: CellName,
    /// Threads the method could use.
    pub threads: usize,
    /// Timed calls of each direction, at least.
    pub repeats: usize,
    /// Compression.
    pub encode: Timing,
    /// Decompression.
    pub decode: Timing,
    /// Visits that the repeats are spread over, with other cells in between.
    pub visits: Option<usize>,
    /// Time of a copy that is always the same, around the visits against the whole sweep: above 1 the machine was slower.
    pub sentinel_ratio: Option<f64>,
    /// Time of 30,000 multiplications that wait for one another, around the visits, nanoseconds: the clock rate's inverse.
    pub clock_ns: Option<f64>,
    /// Reasons to doubt the row, `name: detail`, joined by `; `.
    pub flags: String,
}

/// Columns of `timings.csv` behind those that name the cell; those behind `decode_peak_bytes` may be missing in older
/// files.
const COLUMNS: [&str; 32] = [
    "threads",
    "repeats",
    "encode_ns_median",
    "encode_ns_mad",
    "encode_ns_ci_low",
    "encode_ns_ci_high",
    "decode_ns_median",
    "decode_ns_mad",
    "decode_ns_ci_low",
    "decode_ns_ci_high",
    "encode_mb_s",
    "decode_mb_s",
    "memcpy_ratio_encode",
    "memcpy_ratio_decode",
    "encode_peak_bytes",
    "decode_peak_bytes",
    "encode_ns_first",
    "decode_ns_first",
    "encode_cpu_ns_median",
    "decode_cpu_ns_median",
    "encode_instructions",
    "decode_instructions",
    "encode_cycles",
    "decode_cycles",
    "encode_resident_bytes",
    "decode_resident_bytes",
    "encode_outliers",
    "decode_outliers",
    "visits",
    "sentinel_ratio",
    "clock_ns",
    "flags",
];

/// Columns of `timings.csv`, in order.
pub fn timing_columns() -> Vec<&'static str> {
    [&CellName::COLUMNS[..], &COLUMNS].concat()
}

impl Row for TimingRecord {
    fn columns() -> Vec<&'static str> {
        timing_columns()
    }

    fn to_row(&self) -> Vec<String> {
        let both = [&self.encode, &self.decode];
        let mut row = self.name.to_row().to_vec();
        row.extend([self.threads.to_string(), self.repeats.to_string()]);
        for timing in both {
            row.extend([timing.median_ns, timing.mad_ns, timing.ci_low_ns, timing.ci_high_ns].map(number_text));
        }
        row.extend(both.map(|timing| number_text(timing.mb_s)));
        row.extend(both.map(|timing| number_text(timing.memcpy_ratio)));
        row.extend(both.map(|timing| text(timing.peak_bytes)));
        row.extend(both.map(|timing| real(timing.first_ns)));
        row.extend(both.map(|timing| real(timing.cpu_ns)));
        row.extend(both.map(|timing| text(timing.instructions)));
        row.extend(both.map(|timing| text(timing.cycles)));
        row.extend(both.map(|timing| text(timing.resident_bytes)));
        row.extend(both.map(|timing| text(timing.outliers)));
        row.extend([text(self.visits), real(self.sentinel_ratio), real(self.clock_ns), self.flags.clone()]);
        row
    }

    fn from_row(columns: &[&str], row: &[&str]) -> Result<Self> {
        let mut cells = Cells::new(columns, row)?;
        let record = TimingRecord {
            name: CellName::take(&mut cells)?,
            threads: cells.required("threads")?,
            repeats: cells.required("repeats")?,
            encode: timing(&mut cells, "encode")?,
            decode: timing(&mut cells, "decode")?,
            visits: cells.number_if_there("visits")?,
            sentinel_ratio: cells.number_if_there("sentinel_ratio")?,
            clock_ns: cells.number_if_there("clock_ns")?,
            flags: cells.take_if_there("flags"),
        };
        cells.finish()?;
        Ok(record)
    }
}

fn timing(cells: &mut Cells<'_>, direction: &str) -> Result<Timing> {
    Ok(Timing {
        median_ns: cells.required(&format!("{direction}_ns_median"))?,
        mad_ns: cells.required(&format!("{direction}_ns_mad"))?,
        ci_low_ns: cells.required(&format!("{direction}_ns_ci_low"))?,
        ci_high_ns: cells.required(&format!("{direction}_ns_ci_high"))?,
        mb_s: cells.required(&format!("{direction}_mb_s"))?,
        memcpy_ratio: cells.required(&format!("memcpy_ratio_{direction}"))?,
        peak_bytes: cells.number(&format!("{direction}_peak_bytes"))?,
        first_ns: cells.number_if_there(&format!("{direction}_ns_first"))?,
        cpu_ns: cells.number_if_there(&format!("{direction}_cpu_ns_median"))?,
        instructions: cells.number_if_there(&format!("{direction}_instructions"))?,
        cycles: cells.number_if_there(&format!("{direction}_cycles"))?,
        resident_bytes: cells.number_if_there(&format!("{direction}_resident_bytes"))?,
        outliers: cells.number_if_there(&format!("{direction}_outliers"))?,
    })
}

//! A row of results, a row of timings, and the files that hold them.

mod atomic;
mod csv;
mod journal;
mod row;

use std::fmt;
use std::str::FromStr;

use crate::metrics::Metrics;
use serde::{Deserialize, Serialize};

pub use atomic::{write_atomically, write_together};
pub use csv::{read_results, read_timings, results_text, timings_text, write_results, write_timings};
pub use journal::{Journal, Recovered};
pub use row::{Row, result_columns, timing_columns};

/// Version of this program, as it stands in every row.
pub const HARNESS_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What became of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Ran, and kept its promise.
    #[default]
    Ok,
    /// Ran, and some value is further off than the bound.
    BoundViolated,
    /// Promised exactness and did not keep it, or lost a missing value.
    Mismatch,
    /// The method does not do this; the reason says what.
    Unsupported,
    /// The method returned an error or panicked.
    Failed,
    /// The worker died.
    Crashed,
    /// The time allowed ran out.
    Timeout,
    /// The memory allowed ran out.
    OutOfMemory,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 8] = [
        Status::Ok,
        Status::BoundViolated,
        Status::Mismatch,
        Status::Unsupported,
        Status::Failed,
        Status::Crashed,
        Status::Timeout,
        Status::OutOfMemory,
    ];

    /// The value in the `status` column.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::BoundViolated => "bound_violated",
            Status::Mismatch => "mismatch",
            Status::Unsupported => "unsupported",
            Status::Failed => "failed",
            Status::Crashed => "crashed",
            Status::Timeout => "timeout",
            Status::OutOfMemory => "out_of_memory",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Status::ALL.into_iter().find(|status| status.name() == name).ok_or_else(|| {
            let known: Vec<_> = Status::ALL.iter().map(|status| status.name()).collect();
            format!("unknown status {name:?}; known: {}", known.join(", "))
        })
    }
}

/// One row of `results.csv`: deterministic, full precision. An absent value is an empty cell, never 0 or NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Stable hash of data sha256, method, format, canonical parameters and target.
    pub cell: String,
    /// Data set name.
    pub dataset: String,
    /// Data set kind; empty if the data is not present and its manifest does not say.
    pub kind: String,
    /// Element type, NumPy name.
    pub dtype: String,
    /// Axis lengths joined by `x`, slowest first.
    pub shape: String,
    /// Number of elements.
    pub elements: Option<u64>,
    /// Method id.
    pub method: String,
    /// Payload format version.
    pub format: Option<u8>,
    /// Canonical parameters, non-default only, `k=v` joined by `:`.
    pub params: String,
    /// Target name as the user wrote it: `rel`, `lossless`, ...
    pub target: String,
    /// Target number as the user wrote it.
    pub target_value: Option<f64>,
    /// What the method promised: `exact`, `bounded`, `approximate`, `none`.
    pub promise: String,
    /// What became of the cell.
    pub status: Status,
    /// Why, where the status is not `ok`; a note where it is.
    pub reason: String,
    /// Bytes of the input in its true element type.
    pub input_bytes: Option<u64>,
    /// Bytes of the method's own payload.
    pub payload_bytes: Option<u64>,
    /// Bytes of weights trained on other tensors, amortised.
    pub shared_bytes: Option<u64>,
    /// Bytes of the whole standalone frame, payload included.
    pub frame_bytes: Option<u64>,
    /// `input_bytes / (payload_bytes + shared_bytes)`.
    pub ratio: Option<f64>,
    /// The same against values above the sparsity threshold only.
    pub sparse_ratio: Option<f64>,
    /// `8 * (payload_bytes + shared_bytes) / elements`.
    pub bits_per_value: Option<f64>,
    /// BLAKE3 of the payload, 16 hex digits.
    pub payload_hash: String,
    /// Distortions.
    pub metrics: Metrics,
    /// Version of the metric definitions.
    pub metric_version: u32,
    /// Version of this program.
    pub harness_version: String,
}

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
    /// Peak allocation above what was held before, bytes.
    pub peak_bytes: Option<u64>,
}

/// One row of `timings.csv`: noisy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimingRecord {
    /// The cell's hash, as in [`Record`].
    pub cell: String,
    /// Data set name.
    pub dataset: String,
    /// Method id.
    pub method: String,
    /// Canonical parameters.
    pub params: String,
    /// Target name.
    pub target: String,
    /// Target number.
    pub target_value: Option<f64>,
    /// Threads the method could use.
    pub threads: usize,
    /// Timed repeats.
    pub repeats: usize,
    /// Compression.
    pub encode: Timing,
    /// Decompression.
    pub decode: Timing,
}

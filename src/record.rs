//! A row of results, a row of timings, a visit to a timed cell, and the files that hold them.

mod atomic;
mod csv;
mod fingerprint;
mod journal;
mod lock;
mod name;
mod row;
mod timing;
mod visit;

use std::fmt;
use std::str::FromStr;

use crate::metrics::Metrics;
use serde::{Deserialize, Serialize};

pub use atomic::{write_atomically, write_together};
pub use csv::{
    parse_results, parse_timings, read_results, read_timings, results_text, timings_text, write_results, write_timings,
};
pub use fingerprint::fingerprint;
pub use journal::{Journal, Recovered};
pub use lock::FolderLock;
pub use name::CellName;
pub use row::{Row, result_columns};
pub use timing::{Timing, TimingRecord, timing_columns};
pub use visit::VisitRecord;

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

/// Whether doing something again elsewhere gave the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repetition {
    /// Bit for bit.
    Equal,
    /// Not.
    Differs,
}

impl Repetition {
    /// Of two things that are equal, or not.
    pub const fn of(equal: bool) -> Self {
        if equal { Repetition::Equal } else { Repetition::Differs }
    }

    /// The value in the columns `cold_decode` and `repeat_encode`.
    pub const fn name(self) -> &'static str {
        match self {
            Repetition::Equal => "equal",
            Repetition::Differs => "differs",
        }
    }
}

impl fmt::Display for Repetition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Repetition {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = [Repetition::Equal, Repetition::Differs];
        known.into_iter().find(|known| known.name() == name).ok_or_else(|| "it is `equal` or `differs`".into())
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
    /// Whether another process than the one that encoded decodes the payload to the same values.
    pub cold_decode: Option<Repetition>,
    /// Whether equal input gives the same payload again, on another thread.
    pub repeat_encode: Option<Repetition>,
    /// Distortions.
    pub metrics: Metrics,
    /// Version of the metric definitions.
    pub metric_version: u32,
    /// Version of this program.
    pub harness_version: String,
    /// What stands for the data in the cell's hash: SHA-256, lower-case hex. Empty if it was not known.
    pub data_sha256: String,
}

impl Record {
    /// What names the cell in rows about it.
    pub fn name(&self) -> CellName {
        CellName {
            cell: self.cell.clone(),
            dataset: self.dataset.clone(),
            method: self.method.clone(),
            params: self.params.clone(),
            target: self.target.clone(),
            target_value: self.target_value,
        }
    }

    /// The method with its parameters, as users write it.
    pub fn method_spec(&self) -> String {
        name::method_spec(&self.method, &self.params)
    }

    /// Data set, method and target, as users write them.
    pub fn label(&self) -> String {
        self.name().label()
    }
}

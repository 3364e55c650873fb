//! The trait that every method implements.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{DType, Error, Promise, Target, TargetKind, TensorMut, TensorRef};

/// Part of a payload and the bytes it takes, for `inspect`.
pub type Section = (&'static str, usize);

/// A method with its parameters and target fixed. Encoder and decoder are equal instances.
pub trait Compressor: Send + Sync {
    /// Appends the payload of `input` to `payload`. Everything that depends on the values goes into it;
    /// element type, shape, parameters and target belong to the frame and are not repeated.
    ///
    /// # Errors
    /// `Unsupported` for an input outside the method's capabilities; never because of the values alone.
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error>;

    /// Fills `output`, whose element type and shape are those that were given to `compress`.
    ///
    /// # Errors
    /// Any bytes whatever are a legal argument: what `compress` cannot have written is `Corrupt` (or decodes to
    /// garbage), never a panic, a hang or an allocation out of proportion to `output` and `payload`.
    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error>;

    /// Where the bytes of a payload written by `compress` for elements of type `dtype` went, in order; the sizes add
    /// up to its length.
    ///
    /// # Errors
    /// `Corrupt` if the payload cannot be walked.
    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("payload", payload.len())])
    }
}

/// One kind of target a method accepts, what it promises for it, and for which element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetRow {
    /// The kind of target.
    pub target: TargetKind,
    /// What the method promises.
    pub promise: Promise,
    /// The element types for which this row holds.
    pub dtypes: &'static [DType],
}

impl TargetRow {
    /// A row of [`Capabilities::targets`].
    pub const fn new(target: TargetKind, promise: Promise, dtypes: &'static [DType]) -> Self {
        TargetRow { target, promise, dtypes }
    }
}

/// What can be said about a method before it runs. Inside it works; outside it answers `Unsupported`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The method in one sentence, for lists and reports.
    pub summary: &'static str,
    /// Targets accepted, at most one row per target and element type.
    pub targets: &'static [TargetRow],
    /// Fewest axes; 0 admits a scalar.
    pub min_rank: usize,
    /// Most axes.
    pub max_rank: usize,
    /// Whether NaN and infinities come back bit for bit without help. Where they don't, the shared mask codes them apart.
    pub non_finite: bool,
    /// Whether floats under a pointwise-relative target go to the method as logarithms, with an absolute bound.
    pub logarithms: bool,
    /// Whether equal input gives equal bytes on every run, thread count and CPU of the architecture.
    pub deterministic: bool,
}

impl Capabilities {
    /// Of a deterministic method for any rank that leaves NaN and infinities to the shared mask.
    pub const fn new(summary: &'static str, targets: &'static [TargetRow]) -> Self {
        Capabilities {
            summary,
            targets,
            min_rank: 0,
            max_rank: usize::MAX,
            non_finite: false,
            logarithms: false,
            deterministic: true,
        }
    }

    /// The same for arrays of `min` to `max` axes.
    pub const fn ranks(self, min: usize, max: usize) -> Self {
        Capabilities { min_rank: min, max_rank: max, ..self }
    }

    /// The same of a method that brings NaN and infinities back bit for bit by itself.
    pub const fn with_non_finite(self) -> Self {
        Capabilities { non_finite: true, ..self }
    }

    /// The same of a method that keeps absolute bounds of 64-bit floats, and to which a pointwise-relative target comes as
    /// one, through logarithms (`shared/relative`). [`Entry`](super::Entry) adds the row for that target.
    pub const fn with_logarithms(self) -> Self {
        Capabilities { logarithms: true, ..self }
    }

    /// The promise for an input of this element type and rank under this kind of target.
    ///
    /// # Errors
    /// `Unsupported`, saying which of the three is outside the capabilities.
    pub fn promise(&self, dtype: DType, rank: usize, target: TargetKind) -> Result<Promise, Error> {
        if rank < self.min_rank || rank > self.max_rank {
            let (low, high) = (self.min_rank, self.max_rank);
            return Err(Error::unsupported(format!("rank {rank}; ranks {low} to {high} are supported")));
        }
        let mut rows = self.rows(target)?;
        match rows.find(|row| row.dtypes.contains(&dtype)) {
            Some(row) => Ok(row.promise),
            None => Err(Error::unsupported(format!("dtype {dtype} with target `{target}`"))),
        }
    }

    /// The rows for this kind of target: at least one.
    ///
    /// # Errors
    /// `Unsupported`, saying which kinds there are.
    pub fn rows(&self, target: TargetKind) -> Result<impl Iterator<Item = &TargetRow>, Error> {
        let mut rows = self.targets.iter().filter(move |row| row.target == target).peekable();
        if rows.peek().is_none() {
            let mut known: Vec<_> = self.targets.iter().map(|row| row.target.name()).collect();
            known.dedup();
            // The row that logarithms add stands with the `Entry`.
            known.extend((self.logarithms && !known.contains(&"pwrel")).then_some("pwrel"));
            return Err(Error::unsupported(format!("target `{target}`; supported: {}", known.join(", "))));
        }
        Ok(rows)
    }
}

/// A compression method: what it is, what it takes, and how to build a [`Compressor`] from it.
pub trait Method: Compressor + Sized + 'static {
    /// Kebab-case; equals the folder, the name on the command line and the value in tables.
    const ID: &'static str;
    /// Version of the payload's meaning; raised when the bytes of equal input change meaning.
    const FORMAT: u8;
    /// What can be said before it runs.
    const CAPABILITIES: Capabilities;
    /// Native parameters. `deny_unknown_fields`, every field documented, all of them with a default.
    type Params: Serialize + DeserializeOwned + JsonSchema + Default;

    /// Fixes parameters and target. [`Checked`](super::Checked) is what callers want: it keeps targets, element types,
    /// ranks outside the capabilities and arrays without values away from here, from `compress` and from `decompress`.
    ///
    /// # Errors
    /// `InvalidParam` for a value out of range, `Unsupported` for a target that these parameters do not serve.
    fn new(params: Self::Params, target: Target) -> Result<Self, Error>;

    /// The parameter sets that a sweep tries when its recipe names none. Called by the planner.
    fn grid() -> Vec<Self::Params> {
        vec![Self::Params::default()]
    }
}

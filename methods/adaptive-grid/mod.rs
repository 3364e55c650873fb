//! Adaptive grid: a hierarchy of grids, each predicted from the next coarser one, and the residuals.
//!
//! After jenkspt/xtensor, in any number of dimensions. By default the loop is closed (prediction from reconstructed
//! values), residuals are quantised so that a bound holds for every value, and an entropy stage with contexts codes
//! them: the multilevel interpolation of SZ3 (Zhao et al., ICDE 2021) and HPEZ. With `loop=open` and a threshold `eps`
//! it does what the seed did, and promises as little.

mod bounded;
mod context;
mod floats;
mod payload;
mod plan;
mod store;
mod threshold;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::for_exact;
use crate::shared::axes::Axes;
use crate::shared::exact;
use crate::shared::multilevel::{Grid, Rule, Sample};
use store::{Layout, Reader, Writer};
use threshold::Keep;

/// How a point is predicted from the next coarser grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// The coarser point at or before it along every axis (the seed's first version).
    NearestLeft,
    /// The coarser point at or behind it along every axis (the seed's order 0).
    NearestRight,
    /// The mean of its two neighbours (the seed's order 1).
    Linear,
    /// Four points; where the loop is closed and entropy-coded, each level takes the better of cubic and linear.
    #[default]
    Cubic,
}

/// What the encoder predicts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loop {
    /// The original values: errors add up over the levels, and no bound holds.
    Open,
    /// What the decoder has: no error exceeds the bound.
    #[default]
    Closed,
}

/// How residuals are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// Each kept residual with a key of eight bytes (a dictionary of keys, as in the seed).
    Dok,
    /// A bit per point, and the kept residuals.
    Bitmask,
    /// The entropy stage; residuals are quantised where the loop is closed.
    #[default]
    Entropy,
}

/// Parameters of `adaptive-grid`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Axes that levels halve: `all`, or numbers joined by `+`. The entropy store may leave out axes that do not pay.
    pub axes: Axes,
    /// How a point is predicted from the next coarser grid.
    pub predictor: Predictor,
    /// What the encoder predicts from: `open` is for target `native` only.
    #[serde(rename = "loop")]
    pub feedback: Loop,
    /// How residuals are stored.
    pub store: Store,
    /// Number of levels; 0: as many as it takes to leave one point along each halved axis.
    #[schemars(range(max = 60))]
    pub depth: u32,
    /// Target `native`: residuals up to this are dropped (closed loop: the bound), in the unit of the data.
    #[schemars(range(min = 0.0))]
    pub eps: f64,
}

/// See the module.
#[derive(Debug)]
pub struct AdaptiveGrid {
    params: Params,
    /// Largest error, or threshold in the open loop.
    bound: f64,
    lossless: bool,
}

const LOSSLESS_TYPES: &[DType] = &[DType::F32, DType::I8, DType::U8, DType::I16, DType::U16, DType::I32, DType::U32];

impl Method for AdaptiveGrid {
    const ID: &'static str = "adaptive-grid";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "nested grids, each predicted from the coarser one by interpolation; residuals entropy-coded",
        &[
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES),
            TargetRow::new(TargetKind::Lossless, Promise::Exact, LOSSLESS_TYPES),
            TargetRow::new(TargetKind::Native, Promise::None, exact::TYPES),
        ],
    )
    .with_logarithms();
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if !(params.eps >= 0.0 && params.eps.is_finite()) {
            return Err(Error::invalid("eps", format!("must be a number from 0 up, got {}", params.eps)));
        }
        if params.depth > 60 {
            return Err(Error::invalid(
                "depth",
                format!("must be at most 60 (0: as deep as it goes), got {}", params.depth),
            ));
        }
        let bound = match target {
            Target::MaxAbs(bound) => bound,
            Target::Lossless => 0.0,
            _ => params.eps,
        };
        if params.feedback == Loop::Open && target != Target::Native {
            return Err(Error::unsupported("loop=open keeps no bound; use loop=closed, or target `native` with eps"));
        }
        Ok(AdaptiveGrid { params, bound, lossless: target == Target::Lossless })
    }
}

impl Compressor for AdaptiveGrid {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let axes = self.params.axes.resolve(input.shape().len())?;
        if !self.quantises() {
            return for_exact!(TensorRef, input, view => {
                self.keep(view.data(), view.shape(), &axes)?.1.write(payload);
                Ok(())
            });
        }
        let setting = self.setting(input.shape(), &axes);
        for_exact!(TensorRef, &input, view => {
            floats::write(view.data(), &setting, payload);
            Ok(())
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let axes = self.params.axes.resolve(output.shape().len())?;
        let shape = output.shape().to_vec();
        if !self.quantises() {
            return for_exact!(TensorMut, output, view => self.restore(payload, &shape, &axes, view.into_data()));
        }
        let setting = self.setting(&shape, &axes);
        for_exact!(TensorMut, output, view => floats::read(payload, &setting, view.into_data()))
    }

    fn sections(&self, dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        if !self.quantises() {
            return Ok(vec![("residuals", payload.len())]);
        }
        let escaped = floats::escaped(payload, dtype.size())?;
        let (head, escaped, end) = (escaped.start, escaped.len(), escaped.end);
        Ok(vec![("head", head), ("escaped", escaped), ("symbols", payload.len() - end)])
    }
}

/// Residuals that a threshold kept, and the points that could have had one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Residuals above the threshold: the non-zero entries of the seed's sparse array.
    pub residuals: usize,
    /// Elements of the array, anchors included.
    pub of: usize,
}

/// Anchors and store of the threshold modes.
struct Thresholded<T> {
    anchors: Vec<T>,
    store: Writer,
}

impl<T: Sample> Thresholded<T> {
    fn write(self, payload: &mut Vec<u8>) {
        for value in &self.anchors {
            payload.extend_from_slice(&value.to_bits().to_le_bytes()[..T::DTYPE.size()]);
        }
        self.store.finish(payload);
    }
}

impl AdaptiveGrid {
    /// How many residuals the threshold keeps of `input`: the seed's share of non-zeros.
    ///
    /// # Errors
    /// `Unsupported` where residuals are quantised (closed loop with the entropy store), and as `compress`.
    pub fn kept(&self, input: TensorRef<'_>) -> Result<Kept, Error> {
        let axes = self.params.axes.resolve(input.shape().len())?;
        if self.quantises() {
            return Err(Error::unsupported("store=entropy with loop=closed quantises residuals and keeps all of them"));
        }
        let of = input.len();
        for_exact!(TensorRef, &input, view => Ok(Kept { residuals: self.keep(view.data(), view.shape(), &axes)?.0, of }))
    }

    /// Whether residuals are quantised, rather than kept or dropped.
    fn quantises(&self) -> bool {
        self.params.store == Store::Entropy && self.params.feedback == Loop::Closed
    }

    fn rule(&self) -> Rule {
        match self.params.predictor {
            Predictor::NearestLeft => Rule::NearestLeft,
            Predictor::NearestRight => Rule::NearestRight,
            Predictor::Linear => Rule::Linear,
            Predictor::Cubic => Rule::Cubic,
        }
    }

    fn setting<'a>(&self, shape: &'a [usize], axes: &'a [usize]) -> payload::Setting<'a> {
        let lossless = self.lossless;
        payload::Setting { shape, axes, depth: self.params.depth, rule: self.rule(), bound: self.bound, lossless }
    }

    fn layout(&self) -> Layout {
        match self.params.store {
            Store::Dok => Layout::Dok,
            Store::Bitmask => Layout::Bitmask,
            Store::Entropy => Layout::Entropy,
        }
    }

    fn keep<T: Sample>(&self, data: &[T], shape: &[usize], axes: &[usize]) -> Result<(usize, Thresholded<T>), Error> {
        let grid = Grid::new(shape, axes, self.params.depth);
        let keep = if self.lossless { Keep::Different } else { Keep::Above(self.bound) };
        let mut store = Writer::new(self.layout(), data.len());
        let anchors = threshold::anchors(data, &grid);
        let mut data = data.to_vec();
        match self.params.feedback {
            Loop::Open => threshold::encode_open(&mut data, &grid, self.rule(), keep, &mut store),
            Loop::Closed => threshold::encode_closed(&mut data, &grid, self.rule(), keep, &mut store),
        }
        Ok((store.kept, Thresholded { anchors, store }))
    }

    fn restore<T: Sample>(&self, payload: &[u8], shape: &[usize], axes: &[usize], data: &mut [T]) -> Result<(), Error> {
        let grid = Grid::new(shape, axes, self.params.depth);
        let (anchors, size) = (threshold::anchor_count(&grid), T::DTYPE.size());
        let split = payload.split_at_checked(anchors * size);
        let (head, rest) = split.ok_or_else(|| Error::corrupt(payload.len(), "the payload ends inside the anchors"))?;
        let mut store = Reader::new(self.layout(), rest, data.len() - anchors, data.len())?;
        let values = head.chunks_exact(size).map(payload::value_of);
        threshold::set_anchors(data, &grid, values);
        match self.params.feedback {
            Loop::Open => threshold::decode_open(data, &grid, self.rule(), &mut store),
            Loop::Closed => threshold::decode_closed(data, &grid, self.rule(), &mut store),
        }
        store.finish()
    }
}

#[cfg(test)]
mod tests;

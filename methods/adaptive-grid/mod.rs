//! Adaptive grid: a hierarchy of grids, each predicted from the next coarser one, and the residuals.
//!
//! After jenkspt/xtensor, in any number of dimensions. By default the loop is closed (prediction from reconstructed
//! values), residuals are quantised so that a bound holds for every value, and an entropy stage with contexts codes
//! them: the multilevel interpolation of SZ3 (Zhao et al., ICDE 2021) and HPEZ. With `loop=open` and a threshold `eps`
//! it does what the seed did, and promises as little.

mod bounded;
mod context;
mod floats;
mod params;
mod payload;
mod plan;
mod store;
mod threshold;

pub use params::{Effort, Loop, Params, Predictor, Store};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::for_exact;
use crate::shared::exact;
use crate::shared::multilevel::{Grid, Rule, Sample};
use crate::shared::predictive::{self, Predictors};
use crate::shared::tiles;
use store::{Layout, Reader, Writer};
use threshold::Keep;

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
    const FORMAT: u8 = 4;
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

    fn grid() -> Vec<Params> {
        Effort::ALL.map(|effort| Params { effort, ..Params::default() }).to_vec()
    }

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        params.check(target)?;
        let bound = match target {
            Target::MaxAbs(bound) => bound,
            Target::Lossless => 0.0,
            _ => params.eps,
        };
        Ok(AdaptiveGrid { params, bound, lossless: target == Target::Lossless })
    }
}

impl Compressor for AdaptiveGrid {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let axes = self.params.axes.resolve(input.shape().len())?;
        if let Some(detail) = self.params.detail() {
            let (shape, axes) = (tiles::squeeze(input.shape()), tiles::squeeze_axes(input.shape(), &axes));
            let setting = predictive::Setting { shape: &shape, bound: self.bound, detail };
            return predictive::compress(input, &setting, Predictors::Grids(&axes), payload);
        }
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
        if let Some(detail) = self.params.detail() {
            let setting = predictive::Setting { shape: &tiles::squeeze(&shape), bound: self.bound, detail };
            return predictive::decompress(payload, &setting, output);
        }
        if !self.quantises() {
            return for_exact!(TensorMut, output, view => self.restore(payload, &shape, &axes, view.into_data()));
        }
        let setting = self.setting(&shape, &axes);
        for_exact!(TensorMut, output, view => floats::read(payload, &setting, view.into_data()))
    }

    fn sections(&self, dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        if !self.quantises() || self.params.effort != Effort::Fast {
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

//! Wavelets: several levels along every axis, coefficients quantised and entropy-coded.
//!
//! Under a bound or a mean error, coefficients get steps in proportion to what they weigh, contexts from their
//! neighbours and from the coarser band, and values that miss the bound a correction (the outlier scheme of SPERR, Li et
//! al., IPDPS 2023). Without loss, integers go through the reversible 5/3. Target `native` does what the seeds did:
//! a hard threshold, or coefficients cut to bytes.

mod bands;
mod bytes;
mod expand;
mod native;
mod stationary;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::for_exact;
use crate::shared::axes::Axes;
use crate::shared::subband::{self, Transform, Variants};
pub use crate::shared::wavelet::Family;
use crate::shared::wavelet::{self, Gains, Pyramid};
use crate::shared::{Goal, exact, parallel, parts, tiles};
pub use bands::Coefficients;
use native::{Native, Store};

/// What target `native` does to coefficients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quantiser {
    /// Those below `threshold` become zero, the others stay as they are.
    #[default]
    Threshold,
    /// The array is scaled so that its largest value is 127/3; coefficients are cut to integers of 8 bits.
    Int8,
}

/// Which coefficients target `native` works on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expansion {
    /// Those of the decimated transform, about one per value.
    #[default]
    Decimated,
    /// Those of the stationary transform: every level at full resolution, `1 + levels (2^axes - 1)` per value. What is kept of
    /// them is stored: many more bytes, for an error spread more evenly.
    Stationary,
    /// Those of the decimated transform, of values denoised first: what is below `threshold` in the stationary transform
    /// is taken out, the coarsest band apart.
    Denoised,
    /// The values themselves, as the seed's threshold had them: its number of levels came to none.
    None,
}

/// Parameters of `wavelet`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// The wavelet. Target `lossless`, and bounds below 1 on integers, use the reversible cdf53 in any case.
    pub family: Family,
    /// Number of levels; 0: as long as axes have at least 9 values, 6 at most.
    #[schemars(range(max = 30))]
    pub levels: u32,
    /// Axes that are transformed: `all`, or numbers joined by `+`.
    pub axes: Axes,
    /// Target `native`: what is done to coefficients.
    pub quantiser: Quantiser,
    /// Target `native` with quantiser `threshold`: smaller magnitudes become zero, in the unit of the data.
    #[schemars(range(min = 0.0))]
    pub threshold: f64,
    /// Target `native`: `decimated`, `stationary` (overcomplete), `denoised` (by the stationary one, then decimated), or
    /// `none`.
    pub transform: Expansion,
}

/// See the module.
#[derive(Debug)]
pub struct Wavelet {
    params: Params,
    target: Target,
}

const INTEGERS: &[DType] = &[DType::I8, DType::U8, DType::I16, DType::U16, DType::I32, DType::U32];

impl Method for Wavelet {
    const ID: &'static str = "wavelet";
    const FORMAT: u8 = 5;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "wavelets on several levels; coefficients quantised and entropy-coded under contexts",
        &[
            TargetRow::new(TargetKind::Lossless, Promise::Exact, INTEGERS),
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES),
            TargetRow::new(TargetKind::Rmse, Promise::Approximate, exact::TYPES),
            TargetRow::new(TargetKind::Native, Promise::None, exact::TYPES),
        ],
    )
    .with_logarithms();
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if !(params.threshold >= 0.0 && params.threshold.is_finite()) {
            return Err(Error::invalid("threshold", format!("must be a number from 0 up, got {}", params.threshold)));
        }
        if params.levels > 30 {
            return Err(Error::invalid("levels", format!("must be at most 30 (0: automatic), got {}", params.levels)));
        }
        let own = (params.threshold, params.quantiser, params.transform);
        if target != Target::Native && own != (0.0, Quantiser::Threshold, Expansion::Decimated) {
            return Err(Error::invalid("threshold", "this, `quantiser` and `transform` are for target `native` only"));
        }
        Ok(Wavelet { params, target })
    }

    fn grid() -> Vec<Params> {
        Family::SWEPT.iter().map(|&family| Params { family, ..Params::default() }).collect()
    }
}

impl Compressor for Wavelet {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = input.shape().to_vec();
        let axes = self.axes(&shape)?;
        for_exact!(TensorRef, input, view => self.write(view.data(), &shape, &axes, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = output.shape().to_vec();
        let axes = self.axes(&shape)?;
        for_exact!(TensorMut, output, view => self.read(payload, &shape, &axes, view.into_data()))
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("coefficients", payload.len())])
    }
}

/// How a target is met for one type of elements.
enum Mode {
    Reversible,
    Goal(Goal),
    Native(Store),
}

impl Wavelet {
    /// The coefficients that target `native` starts from, the coarsest band first, before any of them is changed.
    ///
    /// # Errors
    /// `Unsupported` for 64-bit integers; `InvalidParam` if an axis does not exist.
    pub fn coefficients(&self, input: TensorRef<'_>) -> Result<Vec<Coefficients>, Error> {
        let axes = self.axes(input.shape())?;
        let native = self.native(input.shape(), &axes)?;
        for_exact!(TensorRef, input, view => {
            Ok(native.forward(view.data().iter().map(|value| value.to_f64()).collect()))
        })
    }

    fn axes(&self, shape: &[usize]) -> Result<Vec<usize>, Error> {
        Ok(tiles::squeeze_axes(shape, &self.params.axes.resolve(shape.len())?))
    }

    fn mode<T: Element>(&self) -> Mode {
        match (self.target, self.params.quantiser) {
            (Target::Lossless, _) => Mode::Reversible,
            (Target::MaxAbs(bound), _) if bound < 1.0 && !T::DTYPE.is_float() => Mode::Reversible,
            (Target::MaxAbs(bound), _) => Mode::Goal(Goal::MaxAbs(bound)),
            (Target::Rmse(error), _) => Mode::Goal(Goal::Rmse(error)),
            (_, Quantiser::Threshold) => Mode::Native(Store::Threshold(self.params.threshold)),
            (_, Quantiser::Int8) => Mode::Native(Store::Int8),
        }
    }

    fn write<T: Element>(
        &self,
        data: &[T],
        shape: &[usize],
        axes: &[usize],
        payload: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match self.mode::<T>() {
            Mode::Goal(goal) => subband::compress(data, shape, goal, (&self.variants(axes), self.plan(axes)), payload)?,
            Mode::Native(store) => self.native(shape, axes)?.compress(data, store, payload),
            Mode::Reversible => {
                let shape = tiles::squeeze(shape);
                let one = |tile: tiles::Tile| {
                    // Through 64 bits, so that unsigned values wrap around rather than saturate.
                    let integer = |value: &T| value.to_f64() as i64 as i32;
                    let mut values = tile.gather(&shape, data, integer);
                    let (pyramid, mut stream) = (self.reversible(&tile.shape, axes), Vec::new());
                    pyramid.forward_integers(&mut values);
                    subband::write_integers(pyramid.bands(), &values, &mut stream);
                    stream
                };
                parts::append(&parallel::map(subband::tiles(&shape), one), payload);
            }
        }
        Ok(())
    }

    fn read<T: Element>(&self, payload: &[u8], shape: &[usize], axes: &[usize], data: &mut [T]) -> Result<(), Error> {
        match self.mode::<T>() {
            Mode::Goal(goal) => {
                subband::decompress(payload, shape, goal, (&self.variants(axes), self.plan(axes)), data)
            }
            Mode::Native(store) => self.native(shape, axes)?.decompress(payload, store, data),
            Mode::Reversible => self.read_reversible(payload, &tiles::squeeze(shape), axes, data),
        }
    }

    fn read_reversible<T: Element>(
        &self,
        payload: &[u8],
        shape: &[usize],
        axes: &[usize],
        data: &mut [T],
    ) -> Result<(), Error> {
        let tiles = subband::tiles(shape);
        let streams = parts::take(payload, 0, tiles.len())?;
        let one = |(tile, stream): (&tiles::Tile, &[u8])| {
            let (pyramid, mut values) = (self.reversible(&tile.shape, axes), vec![0i32; tile.len()]);
            let read = subband::read_integers(pyramid.bands(), stream, &mut values)?;
            if read < stream.len() {
                return Err(Error::corrupt(payload.len(), format!("{} bytes behind a tile", stream.len() - read)));
            }
            pyramid.inverse_integers(&mut values);
            Ok(values)
        };
        let decoded = parallel::map(tiles.iter().zip(streams), one);
        for (tile, values) in tiles.iter().zip(decoded) {
            tile.scatter(shape, &values?, data, |y, &value| *y = T::from_bits(value as u32 as u64));
        }
        Ok(())
    }

    fn variants(&self, axes: &[usize]) -> Variants {
        Variants { first: 1, radices: wavelet::choices(axes, self.params.levels) }
    }

    fn plan<'a>(&self, axes: &'a [usize]) -> impl Fn(u8, &[usize]) -> Pyramid + use<'a> {
        let (family, levels, gains) = (self.params.family, self.params.levels, Gains::new(self.params.family));
        move |variant: u8, shape: &[usize]| Pyramid::variant(shape, axes, (family, levels), &gains, variant)
    }

    /// The transform of a tile of whole numbers.
    fn reversible(&self, tile: &[usize], axes: &[usize]) -> Pyramid {
        Pyramid::new(tile, axes, Family::Cdf53, self.params.levels, &Gains::new(Family::Haar))
    }

    fn native(&self, shape: &[usize], axes: &[usize]) -> Result<Native, Error> {
        let (shape, depth) = (tiles::squeeze(shape), self.params.levels);
        let axes = if self.params.transform == Expansion::None { &[] } else { axes };
        let levels = wavelet::levels(&shape, axes, depth);
        let Params { family, transform, threshold: denoise, .. } = self.params;
        let native = Native { family, shape, levels, axes: axes.to_vec(), depth, transform, denoise };
        native.check()?;
        Ok(native)
    }
}

#[cfg(test)]
mod facts;
#[cfg(test)]
mod tests;

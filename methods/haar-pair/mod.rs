//! A change of basis of pairs: (a, b) along one axis becomes average and difference, as in the seed on spatial coherence.
//!
//! Without loss it is the S-transform in whole numbers, with differences predicted from the averages around them (Said
//! and Pearlman 1996). Under a bound or a mean error it is the orthonormal change of basis, both coefficients quantised.
//! Target `native` is the seed's experiment: half of the numbers are dropped, in the new basis or in the old one.

mod axis;
mod coded;
mod kernel;
mod transform;

pub use axis::Axis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::shared::Goal;
use crate::shared::subband::{self, Variants};
use crate::shared::{exact, tiles, varint};
use crate::{for_dtype, for_exact};
use kernel::Lines;
use transform::{Pairs, halved};

/// What target `native` keeps of a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// The average, which both values become: the first coefficient of the new basis.
    #[default]
    Average,
    /// The first value; the second becomes zero: the first coefficient of the old basis.
    First,
}

/// Parameters of `haar-pair`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Axis that pairs lie along: `auto` (where neighbours are most alike), or a number, `-1` being the last.
    pub axis: Axis,
    /// Target `native`: which half of the numbers is kept, `average` or `first`.
    pub keep: Keep,
}

/// See the module.
#[derive(Debug)]
pub struct HaarPair {
    params: Params,
    target: Target,
}

impl Method for HaarPair {
    const ID: &'static str = "haar-pair";
    const FORMAT: u8 = 4;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "averages and differences of pairs along one axis, entropy-coded under contexts",
        &[
            TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL),
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES),
            TargetRow::new(TargetKind::Rmse, Promise::Approximate, exact::TYPES),
            TargetRow::new(TargetKind::Native, Promise::None, &DType::ALL),
        ],
    )
    .ranks(1, usize::MAX);
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if target != Target::Native && params.keep != Keep::Average {
            return Err(Error::invalid("keep", "is for target `native` only: the others keep both numbers of a pair"));
        }
        Ok(HaarPair { params, target })
    }

    fn grid() -> Vec<Params> {
        vec![Params::default(), Params { axis: Axis::Along(-1), ..Params::default() }]
    }
}

impl Compressor for HaarPair {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = input.shape().to_vec();
        let named = self.params.axis.resolve(shape.len())?;
        let short = tiles::squeeze(&shape);
        let coherent = || for_dtype!(TensorRef, &input, view => axis::most_coherent(view.data(), &short));
        let axis = match named {
            Some(axis) => tiles::squeeze_axes(&shape, &[axis]).first().copied(),
            None => Some(coherent()),
        };
        if named.is_none() && short.len() > 1 {
            varint::write(axis.unwrap_or(0) as u64, payload);
        }
        match self.goal(input.dtype()) {
            Some(goal) => for_exact!(TensorRef, input, view => {
                let plan = |_: u8, shape: &[usize]| Pairs::new(shape, axis);
                subband::compress(view.data(), &short, goal, (&Variants::only(), plan), payload)
            }),
            None if self.target == Target::Native => {
                for_dtype!(TensorRef, input, view => self.write_half(view.data(), &short, axis, payload));
                Ok(())
            }
            None => {
                for_dtype!(TensorRef, input, view => coded::write(view.data(), &short, axis, payload));
                Ok(())
            }
        }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = output.shape().to_vec();
        let named = self.params.axis.resolve(shape.len())?;
        let short = tiles::squeeze(&shape);
        let mut at = 0;
        let axis = match named {
            Some(axis) => tiles::squeeze_axes(&shape, &[axis]).first().copied(),
            None if short.len() > 1 => Some(varint::read_length(payload, &mut at, short.len() - 1)?),
            None => Some(0),
        };
        let bytes = payload.get(at..).unwrap_or_default();
        match self.goal(output.dtype()) {
            Some(goal) => for_exact!(TensorMut, output, view => {
                let plan = |_: u8, shape: &[usize]| Pairs::new(shape, axis);
                subband::decompress(bytes, &short, goal, (&Variants::only(), plan), view.into_data())
            }),
            None if self.target == Target::Native => {
                for_dtype!(TensorMut, output, view => self.read_half(bytes, at, &short, axis, view.into_data()))
            }
            None => for_dtype!(TensorMut, output, view => coded::read(bytes, at, &short, axis, view.into_data())),
        }
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("coefficients", payload.len())])
    }
}

impl HaarPair {
    /// What the error is held to; `None` where values come back as they were, or by half.
    fn goal(&self, dtype: DType) -> Option<Goal> {
        match self.target {
            Target::MaxAbs(bound) if bound >= 1.0 || (bound > 0.0 && dtype.is_float()) => Some(Goal::MaxAbs(bound)),
            Target::Rmse(error) if error > 0.0 => Some(Goal::Rmse(error)),
            _ => None,
        }
    }

    /// One number of every pair, without loss.
    fn write_half<T: Element>(&self, data: &[T], shape: &[usize], axis: Option<usize>, payload: &mut Vec<u8>) {
        let mut data = data.to_vec();
        if let Some(axis) = axis {
            let lines = Lines::new(shape, axis);
            match self.params.keep {
                Keep::Average => lines.split(&mut data, |a, b| (average(a, b), a)),
                Keep::First => lines.split(&mut data, |a, b| (a, b)),
            }
            data.truncate(lines.averages());
        }
        coded::write(&data, &halved(shape, axis), None, payload);
    }

    fn read_half<T: Element>(
        &self,
        bytes: &[u8],
        place: usize,
        shape: &[usize],
        axis: Option<usize>,
        data: &mut [T],
    ) -> Result<(), Error> {
        let kept = halved(shape, axis);
        coded::read(bytes, place, &kept, None, &mut data[..kept.iter().product()])?;
        if let Some(axis) = axis {
            let pair = |low| if self.params.keep == Keep::Average { (low, low) } else { (low, T::default()) };
            Lines::new(shape, axis).join(data, |low, _| pair(low), |low| low);
        }
        Ok(())
    }
}

/// The average of a pair: of floats rounded once, or twice where their sum is too large; of integers rounded down.
fn average<T: Element>(a: T, b: T) -> T {
    let (x, y) = (a.to_f64(), b.to_f64());
    match T::DTYPE {
        DType::I64 => T::from_bits((a.to_bits() as i64 as i128 + b.to_bits() as i64 as i128).div_euclid(2) as u64),
        DType::U64 => T::from_bits(((u128::from(a.to_bits()) + u128::from(b.to_bits())) / 2) as u64),
        dtype if !dtype.is_float() => T::from_f64(((x + y) / 2.0).floor()),
        _ if (x + y).is_finite() => T::from_f64((x + y) / 2.0),
        _ => T::from_f64(x / 2.0 + y / 2.0),
    }
}

#[cfg(test)]
mod tests;

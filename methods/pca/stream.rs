//! Payloads under a target: a decomposition of every tile, and where a bound is to be kept, what it leaves.

use super::search::Fine;
use crate::api::{Element, Error};
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::{self, Values};
use crate::shared::tucker::{Analysis, Coded, Effort, Field, Models, SCALES, finite};

/// How arrays of one shape are coded under one target.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub field: Field,
    /// Modes that get principal axes of their own.
    pub adapted: Vec<bool>,
    /// Most columns of a mode.
    pub most: usize,
}

/// The tiles, and how they are coded.
pub(super) struct Plan {
    pub tiles: Vec<Analysis>,
    pub fine: Fine,
    pub effort: Effort,
}

impl Stream {
    /// Appends the payload of `data`, which is not empty.
    pub fn compress<T: Element>(&self, data: &[T], payload: &mut Vec<u8>) {
        let Some(tiles) = self.field.tiles(data) else { return payload.extend(self.write(data, None).0) };
        let best = match self.field.is_bounded() {
            true => {
                let plan = self.under_bound(data, &tiles);
                self.write(data, plan.as_ref()).0
            }
            false => self.under_mean(data, &tiles),
        };
        payload.extend(best);
    }

    /// Fills `data` from a payload.
    pub fn decompress<T: Element>(&self, payload: &[u8], data: &mut [T]) -> Result<(), Error> {
        let mut decoder = RangeDecoder::new(payload);
        let bounded = self.field.is_bounded();
        let modelled = decoder.plain(0, 1) == 1;
        let mut model = vec![0.0; if bounded || !modelled { data.len() } else { 0 }];
        if modelled {
            let (mut fine, mut models) = (Fine::default(), Models::default());
            fine.code(&mut decoder);
            for tile in self.field.cut() {
                let mut coded = Coded::empty(&tile.shape);
                coded.code(SCALES[fine.scale], &mut models, &mut decoder);
                let values = coded.values(fine.choice());
                match bounded {
                    true => self.field.place::<T, _>(&tile, &values, |value| value, &mut model),
                    false => self.field.place::<T, _>(&tile, &values, finite::<T>, data),
                }
            }
        }
        if bounded || !modelled {
            residual::code(Values::Wanted(data), &self.field.shape, &model, self.field.bound(), &mut decoder);
        }
        if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
    }

    /// The payload, and the squared error of what comes back from it.
    pub fn write<T: Element>(&self, data: &[T], plan: Option<&Plan>) -> (Vec<u8>, f64) {
        let mut encoder = RangeEncoder::new();
        let bounded = self.field.is_bounded();
        encoder.plain(u64::from(plan.is_some()), 1);
        let mut model = vec![0.0; data.len()];
        if let Some(plan) = plan {
            let (mut fine, mut models) = (plan.fine, Models::default());
            fine.code(&mut encoder);
            for (tile, analysis) in self.field.cut().iter().zip(&plan.tiles) {
                let mut coded = analysis.quantise(fine.choice(), plan.effort).unwrap_or_default();
                coded.code(SCALES[fine.scale], &mut models, &mut encoder);
                self.field.place::<T, _>(tile, &coded.values(fine.choice()), |value| value, &mut model);
            }
        }
        if bounded || plan.is_none() {
            residual::code(Values::Known(data), &self.field.shape, &model, self.field.bound(), &mut encoder);
            return (encoder.finish(), 0.0);
        }
        let error =
            |(value, &model): (&T, &f64)| (value.to_f64() - finite::<T>(model).to_f64()) / self.field.unit::<T>();
        (encoder.finish(), data.iter().zip(&model).map(error).map(|error| error * error).sum())
    }
}

//! What the encoder chose for a part of an array, as it is stated before the residuals.

use super::field::RANK;
use super::lane::Value;
use super::pyramid::Pyramid;
use crate::shared::lattice::Lattice;
use crate::shared::multilevel::TRIM_UNITS;
use crate::shared::predictive::Palette;
use crate::shared::range::BitCoder;

/// How the values of a part are coded.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plan<T> {
    /// By interpolation in a closed loop; steps are trimmed by so many 4096ths.
    Direct { trim: u32, pyramid: Pyramid },
    /// As numbers of points on a lattice, by Lorenzo's rule over these axes.
    Lattice(Lattice<T>, u8),
    /// As indices into a palette, by Lorenzo's rule over these axes.
    Palette(Palette<T>, u8),
    /// As they are.
    Exact,
}

impl<T: Value> Plan<T> {
    /// States the plan of a part of `len` values; `known` is that of an encoder.
    pub fn state(known: Option<&Self>, len: usize, coder: &mut impl BitCoder) -> Self {
        let number = match known {
            Some(Plan::Direct { .. }) | None => 0,
            Some(Plan::Lattice(..)) => 1,
            Some(Plan::Palette(..)) => 2,
            Some(Plan::Exact) => 3,
        };
        match coder.plain(number, 2) {
            0 => Self::state_direct(known, coder),
            1 => {
                let (lattice, axes) = match known {
                    Some(Plan::Lattice(lattice, axes)) => (Some(lattice), *axes),
                    _ => (None, 0),
                };
                let lattice = Lattice::state(lattice, coder);
                Plan::Lattice(lattice, coder.plain(u64::from(axes), RANK as u32) as u8)
            }
            2 => {
                let (palette, axes) = match known {
                    Some(Plan::Palette(palette, axes)) => (Some(palette), *axes),
                    _ => (None, 0),
                };
                let palette = Palette::state(palette, len, coder);
                Plan::Palette(palette, coder.plain(u64::from(axes), RANK as u32) as u8)
            }
            _ => Plan::Exact,
        }
    }

    fn state_direct(known: Option<&Self>, coder: &mut impl BitCoder) -> Self {
        let (trim, pyramid) = match known {
            Some(Plan::Direct { trim, pyramid }) => (*trim, *pyramid),
            _ => (0, Pyramid { axes: 0, linear: false, tightening: 0 }),
        };
        let trim = coder.plain(u64::from(trim), 12) as u32;
        let axes = coder.plain(u64::from(pyramid.axes), RANK as u32) as u8;
        let linear = coder.plain(u64::from(pyramid.linear), 1) == 1;
        let tightening = coder.plain(pyramid.tightening as u64, 2) as usize;
        Plan::Direct { trim, pyramid: Pyramid { axes, linear, tightening } }
    }
}

/// The step and the bound of values that are predicted as they are.
pub(super) fn step<T: Value>(bound: f64, trim: u32) -> (f64, f64) {
    let bound = T::bound(bound).min(if size_of::<T::Lane>() == 4 { 1e37 } else { 1e300 });
    (2.0 * bound * (1.0 - f64::from(trim) / TRIM_UNITS), bound)
}

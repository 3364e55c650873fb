//! What the encoder chose for an array: the form of its values, and how they are predicted.

use super::MOST_AXES;
use super::interpolation;
use super::palette::Palette;
use super::raster::{self, Raster};
use super::symbols::Symbols;
use crate::shared::lattice::Lattice;
use crate::shared::multilevel::{Grid, Sample, quantisers};
use crate::shared::range::BitCoder;

/// How values become what is predicted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form<T> {
    /// As they are; residuals are quantised in a closed loop, with steps trimmed by so many 4096ths.
    Direct(u32),
    /// Numbers of points on a lattice.
    Lattice(Lattice<T>),
    /// Indices into a palette.
    Palette(Palette<T>),
}

impl<T> Form<T> {
    /// By how many 4096ths steps are trimmed.
    pub fn trim(&self) -> u32 {
        if let Form::Direct(trim) = self { *trim } else { 0 }
    }
}

/// How a point is predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    /// From coarser grids along `axes`; coarse levels are kept tighter.
    Interpolation { axes: Vec<usize>, tightening: usize },
    /// From the points before it.
    Raster(Raster),
}

impl Predictor {
    /// States the predictor of an array of `rank` axes; `known` is that of an encoder.
    pub fn state(known: Option<&Self>, rank: usize, coder: &mut impl BitCoder) -> Self {
        let (interpolates, chosen, detail) = match known {
            Some(Predictor::Interpolation { axes, tightening }) => (true, &axes[..], *tightening as u64),
            Some(Predictor::Raster(raster)) => (false, &raster.axes[..], u64::from(raster.fitted)),
            None => (false, &[][..], 0),
        };
        let interpolates = coder.plain(u64::from(interpolates), 1) == 1;
        let mut has = |axis: &usize| coder.plain(u64::from(chosen.contains(axis)), 1) == 1;
        let axes = (0..rank).filter(&mut has).collect();
        if interpolates {
            Predictor::Interpolation { axes, tightening: coder.plain(detail, 2) as usize }
        } else {
            Predictor::Raster(Raster { axes, fitted: coder.plain(detail, 1) == 1 })
        }
    }

    /// Whether a decoder may follow it: a predictor over many axes at once takes too long.
    pub fn is_sensible(&self) -> bool {
        matches!(self, Predictor::Interpolation { .. }) || self.axes().len() <= MOST_AXES
    }

    /// The same for integers, which know no bound to tighten.
    pub fn untightened(&self) -> Self {
        match self {
            Predictor::Interpolation { axes, .. } => Predictor::Interpolation { axes: axes.clone(), tightening: 0 },
            raster => raster.clone(),
        }
    }

    /// Its axes.
    pub fn axes(&self) -> &[usize] {
        match self {
            Predictor::Interpolation { axes, .. } => axes,
            Predictor::Raster(raster) => &raster.axes,
        }
    }

    /// Walks over `data` of `shape`, which become what a decoder has.
    pub fn run<T: Sample>(
        &self,
        data: &mut [T],
        shape: &[usize],
        (bound, trim): (f64, u32),
        symbols: &mut impl Symbols<T>,
    ) {
        match self {
            Predictor::Interpolation { axes, tightening } => {
                let grid = Grid::new(shape, axes, 0);
                let quantisers = quantisers::<T>(bound, trim, *tightening, grid.levels);
                interpolation::run(data, &grid, &quantisers, symbols);
            }
            Predictor::Raster(raster) => {
                raster::run(data, shape, raster, &quantisers::<T>(bound, trim, 0, 0)[0], symbols);
            }
        }
    }
}

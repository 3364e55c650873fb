//! The choice of form and predictor, by the estimated size of some blocks of the array.

use std::sync::Arc;

use super::palette::Palette;
use super::plan::{Form, Predictor};
use super::raster::Raster;
use super::repeats;
use super::symbols::Collected;
use super::{Detail, MOST_AXES, Predictors, Setting};
use crate::shared::blocks;
use crate::shared::lattice::Lattice;
use crate::shared::mixing::Cost;
use crate::shared::multilevel::{Sample, TRIM_UNITS, trim};
use crate::shared::parallel;
use crate::shared::raster::{self, Chosen};

/// Bound and trim of integers that are kept as they are.
pub(super) const INTEGERS: (f64, u32) = (0.0, 0);

/// How many times the least estimate that of another predictor may be for it to be searched for further.
const HOPELESS: f64 = 1.1;

/// Values this many steps apart, on average, take few bits.
const COARSE: f64 = 16.0;

/// Values this many steps apart, on average, are next to nothing but for some places.
const SPARSE: f64 = 0.1;

/// A form and a predictor, with the integers that the form makes of the values.
pub(super) struct Choice<T> {
    /// Estimated size.
    pub bits: f64,
    /// What of that is no residual.
    pub besides: f64,
    /// Whether residuals are likely to repeat.
    pub repeats: bool,
    pub form: Form<T>,
    pub way: Way,
    pub integers: Option<Arc<[i32]>>,
}

/// How the points of a form are predicted and coded.
#[derive(PartialEq)]
pub(super) enum Way {
    /// By one predictor, its residuals by context mixing.
    One(Predictor),
    /// By several that are blended.
    Blended(Box<Chosen>),
}

/// The best predictor of one form of the values, and its estimated bits.
type Best = (f64, Predictor);

/// Blocks of an array in one form.
struct Blocks<U> {
    blocks: Vec<Vec<U>>,
    shape: Vec<usize>,
    len: usize,
}

impl<U: Sample> Blocks<U> {
    fn of(data: &[U], shape: &[usize], whole: usize) -> Self {
        let (blocks, block) = blocks::sample(data, shape, whole);
        Blocks { blocks, shape: block, len: data.len() }
    }

    /// Bits for the whole array, estimated; `run` walks over one block.
    fn bits(&self, run: impl Fn(&mut [U], &[usize], &mut Collected<U>) + Sync) -> f64 {
        let one = |block: &Vec<U>| {
            let mut collected = Collected::new(block.len());
            run(&mut block.clone(), &self.shape, &mut collected);
            collected.bits(self.len / self.blocks.len())
        };
        let bits = parallel::map(&self.blocks, one);
        let sampled: usize = self.blocks.iter().map(Vec::len).sum();
        bits.iter().sum::<f64>() * self.len as f64 / sampled.max(1) as f64
    }
}

/// Finds what costs least, greedily: all axes, which cost `first`, then without one of them after the other where that
/// pays.
fn descend(all: Vec<usize>, first: f64, bits: impl Fn(&[usize]) -> f64) -> (f64, Vec<usize>) {
    let mut best = (first, all.clone());
    for axis in all {
        if best.1.len() > 1 {
            let axes: Vec<usize> = best.1.iter().copied().filter(|&other| other != axis).collect();
            let bits = bits(&axes);
            if bits < best.0 {
                best = (bits, axes);
            }
        }
    }
    best
}

/// The mean distance of values next to each other, in quantisation steps, by some of them.
fn steps_apart<T: Sample>(data: &[T], bound: f64) -> f64 {
    let step = if T::DTYPE.is_float() { 2.0 * bound } else { 2.0 * bound.floor() + 1.0 };
    let every = (data.len() / 4096).max(1);
    let pairs = data.windows(2).step_by(every);
    let count = pairs.len().max(1) as f64;
    let sum: f64 = pairs.map(|pair| (pair[1].to_f64() - pair[0].to_f64()).abs() / step).filter(|d| d.is_finite()).sum();
    sum / count
}

/// What an encoder searches for predictors.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub setting: &'a Setting<'a>,
    pub predictors: Predictors<'a>,
}

impl Search<'_> {
    /// Values of an array that are looked at, about: more where a value takes few bits, so that each of them tells less.
    fn looked_at<T: Sample>(&self, data: &[T], bound: f64) -> usize {
        match self.setting.detail {
            Detail::Four if steps_apart(data, bound) < SPARSE => 1 << 15,
            Detail::Four => 1 << 13,
            Detail::Nine if steps_apart(data, bound) < COARSE => 1 << 16,
            Detail::Nine => 1 << 15,
        }
    }

    /// Values of an array in which repeats are looked for, at most: each of them takes its time.
    fn most_repeating(&self) -> usize {
        match self.setting.detail {
            Detail::Four => 1 << 16,
            Detail::Nine => usize::MAX,
        }
    }

    /// The best predictors of values with this bound and trim: interpolation, and prediction in raster order.
    fn predictors<T: Sample>(&self, data: &[T], at: (f64, u32)) -> Vec<Best> {
        let blocks = Blocks::of(data, self.setting.shape, self.looked_at(data, at.0));
        let bits =
            |predictor: &Predictor| blocks.bits(|block, shape, collected| predictor.run(block, shape, at, collected));
        let rank = self.setting.shape.len();
        match self.predictors {
            Predictors::All => {
                let grids = || self.interpolation((0..rank).collect(), at.0 > 0.0, bits);
                let (grids, raster) = match self.setting.detail {
                    Detail::Nine => parallel::both(grids, || self.raster(self.first_raster(bits), f64::INFINITY, bits)),
                    Detail::Four => {
                        let (grids, first) = parallel::both(grids, || self.first_raster(bits));
                        let most = grids.0 * HOPELESS;
                        (grids, self.raster(first, most, bits))
                    }
                };
                vec![grids, raster]
            }
            Predictors::Grids(axes) => {
                let grids = self.interpolation(axes.to_vec(), at.0 > 0.0, bits);
                // Without any axis, every point is an anchor, predicted by those before it alone.
                let flat = Predictor::Interpolation { axes: Vec::new(), tightening: 0 };
                vec![grids, (bits(&flat), flat)]
            }
        }
    }

    /// The best interpolation; coarse levels may be kept tighter where that makes a difference.
    fn interpolation(&self, axes: Vec<usize>, tightens: bool, bits: impl Fn(&Predictor) -> f64 + Sync) -> Best {
        let of = |axes: &[usize], tightening| Predictor::Interpolation { axes: axes.to_vec(), tightening };
        let first = if tightens { 2 } else { 0 };
        let most = bits(&of(&axes, first));
        let (least, axes) = descend(axes, most, |axes| bits(&of(axes, first)));
        let mut best = (least, of(&axes, first));
        let others = if self.setting.detail == Detail::Four { &[0][..] } else { &[0, 1, 3] };
        let others = if tightens { others } else { &[] };
        let tried = |&tightening: &usize| {
            let predictor = of(&axes, tightening);
            (bits(&predictor), predictor)
        };
        for other in parallel::map(others, tried) {
            if other.0 < best.0 {
                best = other;
            }
        }
        best
    }

    /// The prediction in raster order along all axes.
    fn first_raster(&self, bits: impl Fn(&Predictor) -> f64) -> (f64, Vec<usize>) {
        let rank = self.setting.shape.len();
        let axes: Vec<usize> = (rank.saturating_sub(MOST_AXES)..rank).collect();
        let all = Predictor::Raster(Raster { axes: axes.clone(), fitted: false });
        (bits(&all), axes)
    }

    /// The best prediction in raster order. With little time, the `first` if that takes more than `most` bits.
    fn raster(&self, (first, all): (f64, Vec<usize>), most: f64, bits: impl Fn(&Predictor) -> f64) -> Best {
        let of = |axes: &[usize], fitted| Predictor::Raster(Raster { axes: axes.to_vec(), fitted });
        let hurries = self.setting.detail == Detail::Four;
        if hurries && first > most {
            return (first, of(&all, false));
        }
        let (least, axes) = descend(all, first, |axes| bits(&of(axes, false)));
        let simple = (least, of(&axes, false));
        if hurries {
            return simple;
        }
        let fitted = of(&axes, true);
        let bits = bits(&fitted);
        if bits < simple.0 { (bits, fitted) } else { simple }
    }

    /// The best predictors of integers made of values for which `found` are the best: with little time, the same, as the
    /// axes that suit the ones suit the others.
    fn of_integers(&self, numbers: &[i32], found: &[Best]) -> Vec<Best> {
        if self.setting.detail == Detail::Nine {
            return self.predictors(numbers, INTEGERS);
        }
        let blocks = Blocks::of(numbers, self.setting.shape, self.looked_at(numbers, INTEGERS.0));
        let one = |(_, predictor): &Best| {
            let predictor = predictor.untightened();
            (blocks.bits(|block, shape, collected| predictor.run(block, shape, INTEGERS, collected)), predictor)
        };
        found.iter().map(one).collect()
    }
}

/// A form of the values with the integers that it makes of them, if it is not direct, and what stating it takes.
struct Formed<T> {
    form: Form<T>,
    integers: Option<Arc<[i32]>>,
    besides: f64,
}

impl<T: Sample> Formed<T> {
    fn lattice(data: &[T], bound: f64) -> Option<Self> {
        let (lattice, numbers) = Lattice::find(data, bound)?;
        Some(Formed { form: Form::Lattice(lattice), integers: Some(numbers.into()), besides: 0.0 })
    }

    fn palette(data: &[T], bound: f64) -> Option<Self> {
        let (palette, indices) = Palette::find(data, bound)?;
        let mut cost = Cost::default();
        Palette::state(Some(&palette), data.len(), &mut cost);
        Some(Formed { form: Form::Palette(palette), integers: Some(indices.into()), besides: cost.bits })
    }

    /// The choices that predictors make of it.
    fn choices(&self, predictors: Vec<Best>, repeats: bool) -> impl Iterator<Item = Choice<T>> {
        predictors.into_iter().map(move |(bits, predictor)| Choice {
            bits: bits + self.besides,
            besides: self.besides,
            repeats,
            form: self.form.clone(),
            way: Way::One(predictor),
            integers: self.integers.clone(),
        })
    }
}

/// What may be best for `data`, an array of `shape`, every value of which is to be kept within `bound`: ascending by
/// estimated size.
pub(super) fn choices<T: Sample>(data: &[T], search: &Search<'_>) -> Vec<Choice<T>> {
    let bound = search.setting.bound;
    let trim = trim(data, bound).min(TRIM_UNITS as u32 - 1);
    let may_repeat = data.len() <= search.most_repeating();
    let forms = || parallel::both(|| Formed::lattice(data, bound), || Formed::palette(data, bound));
    let looks = || parallel::both(|| may_repeat && repeats::are_in(data, bound), forms);
    let (found, (repeats, (lattice, palette))) = parallel::both(|| search.predictors(data, (bound, trim)), looks);
    let integers = |formed: &Formed<T>| {
        formed.integers.as_ref().map_or_else(Vec::new, |integers| search.of_integers(integers, &found))
    };
    let formed: Vec<Formed<T>> = [lattice, palette].into_iter().flatten().collect();
    let predictors = parallel::map(&formed, integers);
    let direct = Formed { form: Form::Direct(trim), integers: None, besides: 0.0 };
    let mut choices: Vec<Choice<T>> = direct.choices(found, repeats).collect();
    for (formed, predictors) in formed.iter().zip(predictors) {
        choices.extend(formed.choices(predictors, repeats));
    }
    choices.sort_by(|one, other| one.bits.total_cmp(&other.bits));
    choices
}

/// The same forms with several predictors that are blended; values as they are, and exactly, if there is no lattice.
pub(super) fn blended<T: Sample>(
    choices: &[Choice<T>],
    data: &[T],
    shape: &[usize],
    detail: raster::Detail,
) -> Vec<Choice<T>> {
    let mut blended: Vec<Choice<T>> = Vec::new();
    for choice in choices {
        if blended.iter().any(|other| other.form == choice.form) {
            continue;
        }
        let chosen = match &choice.integers {
            Some(integers) => raster::choose(integers, shape, detail),
            None if choices.iter().all(|choice| !matches!(choice.form, Form::Lattice(_))) => {
                raster::choose(data, shape, detail)
            }
            None => continue,
        };
        let form = if choice.integers.is_some() { choice.form.clone() } else { Form::Direct(0) };
        let way = Way::Blended(Box::new(chosen));
        blended.push(Choice { form, way, integers: choice.integers.clone(), ..*choice });
    }
    blended
}

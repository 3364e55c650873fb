//! Residuals by context mixing.

use super::around::{ACTIVITIES, SLOPES, Spot, activity, magnitude_of};
use super::symbols::{Symbols, tame};
use crate::shared::mixing::{CLASSES, Matcher, Outlook, Wide, expected};
use crate::shared::multilevel::{ESCAPE, Quantiser, Sample};
use crate::shared::range::{Bit, BitCoder};
use crate::shared::raster::Detail;
use crate::shared::residual::exact::Exact;

/// Contexts of values that are coded as they are: how many bits the distance before took.
const LENGTHS: usize = 65;
/// Marks of a size that neighbours are told apart by.
const MARKS: usize = 9;

/// Sizes of two neighbours that are told apart.
const SIZES: usize = 24;

/// Which contexts a residual has.
pub(super) trait Contexts<const N: usize> {
    /// How many there are of each kind.
    const COUNTS: [usize; N];
    /// Values of a large array that are coded to find out which choice is best, about: two thirds of them.
    const TRIED: usize;
    /// Arrays of at most so many values are coded under every choice that may be best.
    const WHOLE: usize;
    /// Whether there is time to blend several predictors where that may pay, not just where it is sure to.
    const BLENDS: bool;
    /// What several predictors that are blended make of every point.
    const DETAIL: Detail;

    /// Those of a spot.
    fn of(spot: &Spot) -> [usize; N];
}

/// The contexts of [`super::Detail::Four`].
#[derive(Debug)]
pub(super) struct Four;

/// The contexts of [`super::Detail::Nine`].
#[derive(Debug)]
pub(super) struct Nine;

/// Zero, then about every second mark of a size; below [`MARKS`].
#[inline(always)]
fn mark(size: u8) -> usize {
    const MARK: [u8; 24] = [0, 0, 1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7];
    usize::from(MARK.get(usize::from(size)).copied().unwrap_or(8))
}

#[inline(always)]
fn shared(spot: &Spot) -> [usize; 4] {
    let activity = activity(spot.mean);
    let [left, across, around] = spot.near.map(mark);
    [
        expected(magnitude_of(spot.mean)),
        usize::from(spot.kind.min(3)) * ACTIVITIES + activity,
        (left * MARKS + across) * MARKS + around,
        usize::from(spot.slope) * ACTIVITIES + activity,
    ]
}

impl Contexts<4> for Four {
    const COUNTS: [usize; 4] = [CLASSES, 4 * ACTIVITIES, MARKS * MARKS * MARKS, SLOPES * ACTIVITIES];
    const TRIED: usize = 1 << 13;
    const WHOLE: usize = 1 << 13;
    const BLENDS: bool = false;
    const DETAIL: Detail = Detail::Few;

    #[inline(always)]
    fn of(spot: &Spot) -> [usize; 4] {
        shared(spot)
    }
}

impl Contexts<9> for Nine {
    const COUNTS: [usize; 9] = [
        CLASSES,
        4 * ACTIVITIES,
        MARKS * MARKS * MARKS,
        SLOPES * ACTIVITIES,
        8 * ACTIVITIES,
        32 * 12,
        32 * 12,
        SLOPES * MARKS * 5,
        SIZES * SIZES,
    ];
    const TRIED: usize = 1 << 14;
    const WHOLE: usize = 1 << 16;
    const BLENDS: bool = true;
    const DETAIL: Detail = Detail::Many;

    #[inline(always)]
    fn of(spot: &Spot) -> [usize; 9] {
        let [expected, first, second, third] = shared(spot);
        let activity = activity(spot.mean);
        let [along, across] = spot.place.map(usize::from);
        let [left, above, _] = spot.near.map(|size| usize::from(size).min(SIZES - 1));
        [
            expected,
            first,
            second,
            third,
            usize::from(spot.level.min(7)) * ACTIVITIES + activity,
            along * 12 + activity / 4,
            across * 12 + activity / 4,
            (usize::from(spot.slope) * MARKS + mark(spot.near[0])) * 5 + usize::from(spot.tilt),
            left * SIZES + above,
        ]
    }
}

/// Codes residuals with `N` contexts each.
pub(super) struct Mixed<'a, const N: usize, K, C> {
    coder: &'a mut C,
    knows: bool,
    models: Wide<N>,
    escapes: Option<Escapes>,
    matcher: Option<Matcher>,
    /// Whether a value escaped though none was to.
    pub broken: bool,
    kind: std::marker::PhantomData<K>,
}

/// Values that no step reaches.
struct Escapes {
    flags: [Bit; 4],
    before: usize,
    length: usize,
    exact: Exact,
}

impl<'a, const N: usize, K: Contexts<N>, C: BitCoder> Mixed<'a, N, K, C> {
    /// `knows`: whether the values are given; `escapes`: whether some of them may escape; `matches`: how many residuals
    /// there are, if repeats are looked for among them.
    pub fn new(coder: &'a mut C, knows: bool, escapes: bool, matches: Option<usize>) -> Self {
        let fresh = || Escapes { flags: [Bit::default(); 4], before: 0, length: 0, exact: Exact::new(LENGTHS) };
        Mixed {
            coder,
            knows,
            models: Wide::new(K::COUNTS, 15),
            matcher: matches.map(Matcher::new),
            escapes: escapes.then(fresh),
            broken: false,
            kind: std::marker::PhantomData,
        }
    }

    /// Codes whether a value escapes, and if so the value.
    #[inline(never)]
    fn escape<T: Sample>(&mut self, value: T, symbol: i32, prediction: f64) -> Option<T> {
        let escapes = self.escapes.as_mut()?;
        let escaped = self.coder.learnt(symbol == ESCAPE, &mut escapes.flags[escapes.before]);
        escapes.before = escapes.before * 2 % 4 + usize::from(escaped);
        if !escaped {
            return None;
        }
        let (value, length) = escapes.exact.code(value, T::restore(T::settle(prediction)), escapes.length, self.coder);
        escapes.length = length as usize;
        Some(value)
    }
}

impl<T: Sample, const N: usize, K: Contexts<N>, C: BitCoder> Symbols<T> for Mixed<'_, N, K, C> {
    fn knows(&self) -> bool {
        self.knows
    }

    fn state(&mut self, value: u64, bits: u32) -> u64 {
        self.coder.plain(value, bits)
    }

    #[inline(always)]
    fn code(&mut self, value: T, prediction: f64, quantiser: &Quantiser, spot: &Spot) -> (i32, T) {
        let prediction = tame(prediction);
        let (mut symbol, _) = if self.knows { quantiser.quantise(value, prediction) } else { (0, value) };
        if self.escapes.is_some() {
            if let Some(value) = self.escape(value, symbol, prediction) {
                return (ESCAPE, value);
            }
        } else if symbol == ESCAPE {
            self.broken = true;
            symbol = 0;
        }
        let outlook = Outlook {
            contexts: K::of(spot),
            sign: usize::from(spot.tilt) * 3 + usize::from(spot.sign),
            likely: self.matcher.as_ref().map_or((0, 0), Matcher::likely),
        };
        let symbol = self.models.code(symbol, &outlook, self.coder);
        if let Some(matcher) = &mut self.matcher {
            matcher.note(symbol);
        }
        (symbol, quantiser.restore(symbol, prediction))
    }
}

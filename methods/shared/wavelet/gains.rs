//! How large what one coefficient stands for is: by this its error counts.

use std::sync::OnceLock;

use super::filters::Family;
use super::line::Line;
use super::pyramid::MOST_LEVELS;

/// Splits along an axis whose norms are told apart, and one more.
const SPLITS: usize = MOST_LEVELS as usize + 1;

/// Norms of what one coefficient stands for along one axis, of every family: of the low and high coefficients after 0, 1,
/// ... splits. Each is worked out when it is first asked for.
static KNOWN: [[[OnceLock<f64>; 2]; SPLITS]; Family::ALL.len()] =
    [const { [const { [const { OnceLock::new() }; 2] }; SPLITS] }; Family::ALL.len()];

/// Norms of what one coefficient stands for along one axis.
#[derive(Clone, Copy, Debug)]
pub struct Gains {
    family: Family,
}

impl Gains {
    /// Those of a family.
    pub fn new(family: Family) -> Self {
        Gains { family }
    }

    /// Of a coefficient that was low, or high, after `splits` splits.
    pub fn of(&self, splits: usize, high: bool) -> f64 {
        let splits = splits.min(SPLITS - 1);
        let known = &KNOWN[self.family as usize][splits][usize::from(high)];
        *known.get_or_init(|| gain(self.family, splits, high))
    }
}

/// The norm of the inverse transform of one coefficient far from the ends.
fn gain(family: Family, splits: usize, high: bool) -> f64 {
    if splits == 0 {
        return 1.0;
    }
    let length = 32 << splits;
    let mut x = vec![[0.0f64]; 64];
    x[16 + usize::from(high) * 32][0] = 1.0;
    for level in (0..splits).rev() {
        let length = length >> level;
        x.resize(length, [0.0]);
        Line::new(family, length).synthesise(&mut x);
    }
    x.iter().map(|x| x[0] * x[0]).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_one_for_orthogonal_families_and_near_it_for_the_others() {
        for family in Family::ALL {
            let (near, gains) = (family.is_biorthogonal(), Gains::new(family));
            for splits in 0..=MOST_LEVELS as usize {
                let [low, high] = [false, true].map(|high| gains.of(splits, high));
                let slack = if near { 0.8 } else { 1e-9 };
                assert!((low - 1.0).abs() < slack && (high - 1.0).abs() < slack, "{family:?} {low} {high}");
            }
        }
    }
}

//! What the encoder tries: which modes are adapted, and how much of a bound's work the decomposition takes over.

use super::search::{Fine, cost, sample, search, settle, worth};
use super::stream::{Plan, Stream};
use crate::api::Element;
use crate::shared::residual;
use crate::shared::tucker::{Analysis, Effort};

/// Mean errors of the decomposition that are tried under a bound, in bounds: so many, from the first on, by a factor.
const SHARES: (i32, f64, f64) = (12, 0.07, 1.5);
/// Factors by which the best of them is changed at last.
const FINER: [f64; 4] = [0.82, 1.22, 0.91, 1.1];
/// Columns whose norm is below this many steps are left out meanwhile.
const LEAST: f64 = 5.0;
/// Cosines that cost more than this share of principal axes at the same step are not looked at further.
const HOPELESS: f64 = 1.3;
/// Rounds that bring the error of whole numbers to its goal.
const ROUNDS: usize = 4;

impl Stream {
    /// The payload under a mean error: the decomposition alone, or every value as it is where that is shorter.
    pub fn under_mean<T: Element>(&self, data: &[T], tiles: &[Vec<f64>]) -> Vec<u8> {
        let wanted = data.len() as f64;
        let Some(mut plan) = self.cheapest(tiles, wanted) else { return self.write(data, None).0 };
        let (mut goal, mut best) = (wanted, None::<Vec<u8>>);
        for _ in 0..ROUNDS {
            let all: Vec<&Analysis> = plan.tiles.iter().collect();
            let Some(fine) = settle(&all, plan.fine, plan.effort, goal) else { break };
            plan.fine = fine;
            let (payload, error) = self.write(data, Some(&plan));
            let shorter = best.as_ref().is_none_or(|best| payload.len() < best.len());
            if error <= wanted && shorter {
                best = Some(payload);
            }
            // Rounding to whole numbers adds to the error or takes it away.
            if error <= wanted && (T::DTYPE.is_float() || error > 0.98 * wanted) {
                break;
            }
            goal *= (wanted / error.max(wanted / 16.0)).clamp(0.1, 4.0) * 0.999;
        }
        let best = best.unwrap_or_default();
        if !best.is_empty() && best.len() < data.len() * T::DTYPE.size() / 2 {
            return best;
        }
        let exact = self.write(data, None).0;
        if best.is_empty() || exact.len() < best.len() { exact } else { best }
    }

    /// The cheapest decomposition found with a squared error of at most `goal`.
    fn cheapest(&self, tiles: &[Vec<f64>], goal: f64) -> Option<Plan> {
        let own = self.analyses(tiles, &self.adapted);
        let first = search(&own, goal, self.most);
        let cosines = self.analyses(tiles, &vec![false; self.adapted.len()]);
        let hopeless = first.is_some_and(|trial| worth(&cosines, &trial) > HOPELESS * worth(&own, &trial));
        let second = if hopeless { None } else { search(&cosines, goal, self.most) };
        let (tiles, trial) = match (first, second) {
            (Some(first), Some(second)) if second.beats(&first) => (cosines, second),
            (Some(first), _) => (own, first),
            (None, second) => (cosines, second?),
        };
        Some(Plan { tiles, fine: trial.fine, effort: trial.effort })
    }

    fn analyses(&self, tiles: &[Vec<f64>], adapted: &[bool]) -> Vec<Analysis> {
        let shapes = self.field.cut().into_iter().map(|tile| tile.shape);
        tiles.iter().zip(shapes).map(|(values, shape)| Analysis::new(values.clone(), &shape, adapted)).collect()
    }

    /// How much the decomposition does so that values within the bound cost least; nothing if they do without it.
    pub fn under_bound<T: Element>(&self, data: &[T], tiles: &[Vec<f64>]) -> Option<Plan> {
        let analyses = self.analyses(tiles, &self.adapted);
        let effort = Effort { least: LEAST, most: self.most };
        let (chosen, share) = sample(&analyses);
        let left = self.left(data, analyses.len().div_ceil(chosen.len()));
        let mut from = Fine { step: 512, scale: 3, rounding: 1 };
        let mut attempt = |ratio: f64| -> Option<(f64, f64, Fine)> {
            let fine = settle(&chosen, from, effort, ratio * ratio * data.len() as f64 * share)?;
            from = fine;
            let values = |tile: &&Analysis| Some(tile.quantise(fine.choice(), effort)?.values(fine.choice()));
            let models: Vec<Vec<f64>> = chosen.iter().map(values).collect::<Option<_>>()?;
            Some((left(&models) + cost(&chosen, fine, effort)?, ratio, fine))
        };
        let (count, first, factor) = SHARES;
        let coarse = (0..count).filter_map(|power| attempt(first * libm::pow(factor, f64::from(power))));
        let mut best = coarse.min_by(|a, b| a.0.total_cmp(&b.0))?;
        for factor in FINER {
            best = attempt(best.1 * factor).filter(|trial| trial.0 < best.0).unwrap_or(best);
        }
        let zeros: Vec<Vec<f64>> = chosen.iter().map(|tile| vec![0.0; tile.count()]).collect();
        (best.0 < left(&zeros)).then_some(Plan { tiles: analyses, fine: best.2, effort })
    }

    /// Bits that values within the bound take beside models of every `step`-th tile, in units.
    fn left<T: Element>(&self, data: &[T], step: usize) -> impl Fn(&[Vec<f64>]) -> f64 {
        let tiles = self.field.cut().into_iter().step_by(step);
        let pieces: Vec<(Vec<T>, Vec<usize>)> =
            tiles.map(|tile| (tile.gather(&self.field.shape, data, |&value| value), tile.shape)).collect();
        let (unit, bound) = (self.field.unit::<T>(), self.field.bound());
        move |models| {
            let pairs = pieces.iter().zip(models).map(|((values, shape), model)| {
                let model: Vec<f64> = model.iter().map(|value| value * unit).collect();
                residual::cost(values, shape, &model, bound)
            });
            pairs.sum()
        }
    }
}

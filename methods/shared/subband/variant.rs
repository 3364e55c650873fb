//! Which variant of the transform: the one whose coefficients are the smallest, on boxes of the array.

use super::tile::Source;
use super::{Goal, Plan, Transform, precision};
use crate::shared::parallel;
use crate::shared::real::Real;
use crate::shared::tiles::Tile;

/// Most values of a box.
const MOST: usize = 1 << 15;
/// Boxes: this many, or the array itself where it holds no more.
const BOXES: usize = 2;
/// Boxes are cut to multiples of this, so that blocks of most lengths lie in them as they do in the array.
const UNIT: usize = 48;
/// Coefficients whose logarithms are taken together.
const TOGETHER: usize = 8;

/// The first of `variants` variants with the fewest bits; `plan` makes the transform of one.
pub(super) fn choose<P: Transform>(source: &Source<'_>, variants: u8, plan: &Plan<'_, P>) -> u8 {
    let step = match source.goal {
        Goal::MaxAbs(_) => source.goal.error(),
        // An error spread evenly over a step is the step over the root of 12.
        Goal::Rmse(error) => error * 12f64.sqrt(),
    };
    let wide = |tile: Tile| (precision(source, source.largest(&tile), step) != Some(false), tile);
    let boxes: Vec<_> = boxes(source.shape).into_iter().map(wide).collect();
    let total = |variant: u8| {
        let of = |(wide, tile): &(bool, Tile)| {
            let plan = plan(variant, &tile.shape);
            match wide {
                true => bits(source.gather::<f64>(tile), &plan, step),
                false => bits(source.gather::<f32>(tile), &plan, step),
            }
        };
        boxes.iter().map(of).sum::<f64>()
    };
    let totals = parallel::map(0..variants, |variant| (total(variant), variant));
    totals.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0, |best| best.1)
}

/// Bits that coefficients take, about, but for what is the same for all transforms: those of a Gaussian as wide as each
/// of them, to an error of a step.
fn bits<F: Real, P: Transform>(mut values: Vec<F>, plan: &P, step: f64) -> f64 {
    plan.forward(&mut values);
    let mut bits = 0.0;
    for band in plan.bands() {
        let scale = F::from_f64(band.gain / step);
        for row in band.rows() {
            for together in values[row..row + band.row].chunks(TOGETHER) {
                let product = together.iter().fold(1.0, |product, &value| {
                    let steps = (value * scale).to_f64().min(1e18);
                    product * (1.0 + steps * steps)
                });
                bits += libm::log2(product);
            }
        }
    }
    0.5 * bits
}

/// The array itself if it is small, else boxes with all of the last axes.
fn boxes(shape: &[usize]) -> Vec<Tile> {
    let mut edges = shape.to_vec();
    let volume = |edges: &[usize]| edges.iter().product::<usize>();
    if volume(&edges) <= BOXES * MOST {
        return vec![Tile { start: vec![0; shape.len()], shape: edges }];
    }
    for axis in 0..shape.len() {
        let others = volume(&edges) / edges[axis];
        if volume(&edges) > MOST {
            let units = (MOST / others / UNIT).max(1);
            edges[axis] = edges[axis].min(units * UNIT);
        }
    }
    let place = |number: usize| {
        let along = shape.iter().zip(&edges);
        let start = along.map(|(&length, &edge)| (length - edge) * (2 * number + 1) / (2 * BOXES) / UNIT * UNIT);
        Tile { start: start.collect(), shape: edges.clone() }
    };
    (0..BOXES).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_the_array_or_lie_in_it_at_multiples_of_the_unit() {
        assert_eq!(boxes(&[50, 50, 20]), [Tile { start: vec![0; 3], shape: vec![50, 50, 20] }]);
        for shape in [&[1000, 1000][..], &[240, 370, 490], &[3, 100_000_000], &[90_000_000], &[60, 70, 80, 90]] {
            let boxes = boxes(shape);
            assert_eq!(boxes.len(), BOXES);
            for tile in boxes {
                assert!(tile.len() <= 2 * MOST.max(UNIT.pow(shape.len() as u32)), "{tile:?}");
                for ((&start, &edge), &length) in tile.start.iter().zip(&tile.shape).zip(shape) {
                    assert!(start + edge <= length && start.is_multiple_of(UNIT));
                }
            }
        }
    }
}

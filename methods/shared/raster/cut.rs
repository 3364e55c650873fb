//! How an array is cut into parts that are coded by themselves.

use std::ops::Range;

use super::head::Plan;
use super::neighbours::Rows;
use crate::shared::parts;

/// A part of an array: the same run of each of its planes, all of which hold as many elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    run: Range<usize>,
    plane: usize,
    /// Its lengths, as many as the array has.
    pub shape: Vec<usize>,
}

impl Plan {
    /// The parts of an array of `shape`, one axis at least. Channels stay together, and so do mirror images.
    pub fn cuts(&self, shape: &[usize]) -> Vec<Cut> {
        if !self.mirrors.is_empty() {
            let plane = shape.iter().product();
            return vec![Cut { run: 0..plane, plane, shape: shape.to_vec() }];
        }
        let (channels, inner) = shape.split_at(usize::from(Rows::new(shape).are_channels()));
        let plane = inner.iter().product();
        let cut = |part: parts::Part| Cut { run: part.values, plane, shape: [channels, &part.shape].concat() };
        parts::of(inner).into_iter().map(cut).collect()
    }
}

impl Cut {
    /// Its elements of an array.
    pub fn gather(&self, array: &[i64]) -> Vec<i64> {
        array.chunks(self.plane.max(1)).flat_map(|plane| plane[self.run.clone()].iter().copied()).collect()
    }

    /// Puts its elements where they stand in an array.
    pub fn scatter(&self, elements: &[i64], array: &mut [i64]) {
        let runs = elements.chunks(self.run.len().max(1));
        array
            .chunks_mut(self.plane.max(1))
            .zip(runs)
            .for_each(|(plane, run)| plane[self.run.clone()].copy_from_slice(run));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_array_and_channels_stay_together() {
        let plan = Plan { axes: vec![0], several: false, start: 0, mirrors: Vec::new(), common: None };
        for (shape, count) in [
            (&[7usize][..], 1),
            (&[3, 1 << 10, 1 << 11], 4),
            (&[3, 700, 700], 1),
            (&[9, 1 << 18], 4),
            (&[2, 1 << 20], 4),
        ] {
            let array: Vec<i64> = (0..shape.iter().product::<usize>() as i64).collect();
            let (cuts, mut back) = (plan.cuts(shape), vec![-1; array.len()]);
            for cut in &cuts {
                let elements = cut.gather(&array);
                assert_eq!(elements.len(), cut.shape.iter().product::<usize>());
                cut.scatter(&elements, &mut back);
            }
            assert!(cuts.len() == count && back == array, "{shape:?}");
        }
    }
}

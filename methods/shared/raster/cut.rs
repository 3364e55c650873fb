//! How an array is cut into parts that are coded by themselves.

use std::ops::Range;

use super::head::Plan;
use super::neighbours::Rows;
use crate::shared::parts;

/// A part of an array: the same runs of each of its planes, all of which hold as many elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    runs: Vec<Range<usize>>,
    plane: usize,
    /// Its lengths, as many as the array has.
    pub shape: Vec<usize>,
}

impl Plan {
    /// The parts of an array of `shape`, one axis at least. Channels stay together, and so do mirror images.
    pub fn cuts(&self, shape: &[usize]) -> Vec<Cut> {
        let (channels, inner) = shape.split_at(usize::from(Rows::new(shape).are_channels()));
        let plane = inner.iter().product();
        let cut = |runs, shape: &[usize]| Cut { runs, plane, shape: [channels, shape].concat() };
        let wanted = parts::wanted(shape.iter().product());
        let Some((&first, rest)) = inner.split_first().filter(|_| !self.mirrors.is_empty()) else {
            return parts::cut(inner, wanted).into_iter().map(|part| cut(vec![part.values], &part.shape)).collect();
        };
        let folded = self.mirrors.iter().any(|mirror| mirror.axis == rest.len());
        let step: usize = rest.iter().product();
        let slab = |run: &Range<usize>| run.start * step..run.end * step;
        let one = |runs: Vec<Range<usize>>| {
            let length = runs.iter().map(Range::len).sum();
            cut(runs.iter().map(slab).collect(), &[&[length], rest].concat())
        };
        runs(first, wanted, folded).map(one).collect()
    }
}

/// The runs of each of at most `most` parts of an axis; if it is `folded`, they are its own images under a mirror in the
/// middle.
fn runs(length: usize, most: usize, folded: bool) -> impl Iterator<Item = Vec<Range<usize>>> {
    let free = if folded { length / 2 } else { length };
    let images = move |run: Range<usize>| {
        let (image, joined) = (length - run.end..length - run.start, run.start..length - run.start);
        match folded {
            true if run.end == free => vec![joined],
            true => vec![run, image],
            false => vec![run],
        }
    };
    parts::runs(free, most).map(images)
}

impl Cut {
    /// Its elements of an array.
    pub fn gather<T: Copy>(&self, array: &[T]) -> Vec<T> {
        let planes = array.chunks(self.plane.max(1));
        let runs: Vec<&[T]> = planes.flat_map(|plane| self.runs.iter().map(|run| &plane[run.clone()])).collect();
        runs.concat()
    }

    /// Puts its elements where they stand in an array.
    pub fn scatter<T: Copy>(&self, elements: &[T], array: &mut [T]) {
        let mut rest = elements;
        for plane in array.chunks_mut(self.plane.max(1)) {
            for run in &self.runs {
                let (inside, others) = rest.split_at(run.len());
                plane[run.clone()].copy_from_slice(inside);
                rest = others;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mirror::Mirror;
    use super::*;

    /// The parts of an array with mirrors along these axes, which cover it.
    fn cuts(shape: &[usize], axes: &[usize]) -> Vec<Cut> {
        let mirrors = axes.iter().map(|&axis| Mirror { axis, negated: axis == 1 }).collect();
        let plan = Plan { axes: vec![0], several: false, start: 0, mirrors, common: None };
        let array: Vec<i64> = (0..shape.iter().product::<usize>() as i64).collect();
        let (cuts, mut back) = (plan.cuts(shape), vec![-1; array.len()]);
        for cut in &cuts {
            let elements = cut.gather(&array);
            assert_eq!(elements.len(), cut.shape.iter().product::<usize>());
            cut.scatter(&elements, &mut back);
        }
        let covered: usize = cuts.iter().map(|cut| cut.shape.iter().product::<usize>()).sum();
        assert!(covered == array.len() && back == array, "{shape:?} {axes:?}");
        assert!(cuts.len() < 2 * parts::wanted(array.len()), "{shape:?} {axes:?}");
        cuts
    }

    #[test]
    fn parts_cover_the_array_and_channels_stay_together() {
        for (shape, count) in [
            (&[7usize][..], 1),
            (&[3, 1 << 10, 1 << 11], 12),
            (&[3, 500, 500], 1),
            (&[3, 700, 700], 2),
            (&[9, 1 << 18], 4),
            (&[2, 1 << 20], 4),
        ] {
            assert_eq!(cuts(shape, &[]).len(), count, "{shape:?}");
        }
    }

    #[test]
    fn mirrored_arrays_are_cut_along_their_first_axis() {
        let lengths = |shape: &[usize], axes: &[usize], axis: usize| -> Vec<usize> {
            cuts(shape, axes).iter().map(|cut| cut.shape[axis]).collect()
        };
        assert_eq!(lengths(&[7, 9], &[0, 1], 0), [7]);
        // Along another axis: as without mirrors, but never along the next.
        assert_eq!(lengths(&[9, 1 << 18], &[0], 0), [2, 2, 2, 3]);
        assert_eq!(lengths(&[2, 1 << 20], &[0], 0), [1, 1]);
        // Along the first: planes and their images.
        assert_eq!(lengths(&[21, 1 << 17], &[1], 0), [2, 4, 4, 2, 4, 5]);
        assert_eq!(lengths(&[24, 1 << 17], &[0, 1], 0), [4, 4, 4, 4, 4, 4]);
        assert_eq!(lengths(&[(1 << 20) + 3], &[0], 0), [1 << 19, (1 << 19) + 3]);
        assert_eq!(lengths(&[6, 2, 3, 1 << 15], &[3], 0), [2, 4]);
        // Too short for more.
        assert_eq!(lengths(&[3, 1 << 20], &[1], 0), [3]);
        assert_eq!(lengths(&[5, 1 << 20], &[1], 0), [2, 3]);
        // Channels, of which each may be mirrored along its first axis, all along theirs, or a head may state anything.
        assert_eq!(lengths(&[3, 9, 1 << 18], &[1], 1), [2, 2, 2, 3]);
        assert_eq!(lengths(&[4, 9, 1 << 18], &[2], 1), [1; 9]);
        assert_eq!(lengths(&[1 << 20], &[3], 0), [1 << 19; 2]);
    }

    #[test]
    fn parts_of_a_mirrored_array_are_mirrored() {
        const STEP: usize = 1 << 17;
        for (channels, length, count) in [(1, 8, 2), (1, 17, 4), (3, 30, 15), (2, 31, 15)] {
            let shape = [&[channels][..usize::from(channels > 1)], &[length, STEP]].concat();
            let fold = |plane: usize| {
                let (channel, place) = (plane / length, plane % length);
                (channel * length + place.min(length - 1 - place)) as i64
            };
            let array: Vec<i64> = (0..channels * length * STEP).map(|i| fold(i / STEP)).collect();
            let cuts = cuts(&shape, &[1]);
            assert_eq!(cuts.len(), count, "{shape:?}");
            for cut in &cuts {
                let planes: Vec<i64> = cut.gather(&array).into_iter().step_by(STEP).collect();
                for channel in planes.chunks(planes.len() / channels) {
                    assert!(channel.iter().eq(channel.iter().rev()), "{shape:?}: {channel:?}");
                }
            }
        }
    }
}

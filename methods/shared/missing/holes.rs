//! What to put where values are missing: the method sees it, nobody else does.

use crate::api::Element;

/// A way to fill holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shared) enum Filling {
    /// The nearest valid value along the last axis; rows without any repeat the row before them.
    Nearest,
    /// The mean of the valid values of the plane over the last two axes.
    PlaneMean,
}

impl Filling {
    /// Every way, the one for large inputs first.
    pub(in crate::shared) const ALL: [Filling; 2] = [Filling::Nearest, Filling::PlaneMean];

    /// Overwrites the values under `mask`; at least one value must be valid. `data` has the shape `shape`, C order.
    pub(in crate::shared) fn fill<T: Element>(self, shape: &[usize], mask: &[bool], data: &mut [T]) {
        let row = shape.last().copied().unwrap_or(1).max(1);
        match self {
            Filling::Nearest => nearest(row, mask, data),
            Filling::PlaneMean => {
                let rows = if shape.len() >= 2 { shape[shape.len() - 2] } else { 1 };
                plane_mean(row * rows.max(1), mask, data);
            }
        }
    }
}

fn nearest<T: Element>(row: usize, mask: &[bool], data: &mut [T]) {
    let mut first_valid_row = None;
    for (index, mask) in mask.chunks(row).enumerate() {
        let (before, rest) = data.split_at_mut(index * row);
        let values = &mut rest[..mask.len()];
        if mask.iter().any(|missing| !missing) {
            nearest_in_row(mask, values);
            first_valid_row = first_valid_row.or(Some(index));
        } else if first_valid_row.is_some() {
            values.copy_from_slice(&before[before.len() - row..]);
        }
    }
    let first = first_valid_row.unwrap_or(0) * row;
    let (before, rest) = data.split_at_mut(first);
    before.chunks_exact_mut(row).for_each(|values| values.copy_from_slice(&rest[..row]));
}

/// Each gap takes its two valid neighbours, halved in the middle; a gap at an edge has but one.
fn nearest_in_row<T: Element>(mask: &[bool], values: &mut [T]) {
    let mut start = 0;
    while start < mask.len() {
        if !mask[start] {
            start += 1;
            continue;
        }
        let end = mask[start..].iter().position(|missing| !missing).map_or(mask.len(), |length| start + length);
        let left = if start > 0 { Some(values[start - 1]) } else { None };
        let right = values.get(end).copied();
        let middle = match (left, right) {
            (Some(_), Some(_)) => start + (end - start).div_ceil(2),
            (Some(_), None) => end,
            _ => start,
        };
        values[start..middle].fill(left.unwrap_or_default());
        values[middle..end].fill(right.unwrap_or_default());
        start = end;
    }
}

fn plane_mean<T: Element>(plane: usize, mask: &[bool], data: &mut [T]) {
    let mut mean = mask.iter().position(|missing| !missing).map(|index| data[index]).unwrap_or_default();
    for (mask, values) in mask.chunks(plane).zip(data.chunks_mut(plane)) {
        let valid = || mask.iter().zip(&*values).filter(|(missing, _)| !**missing).map(|(_, value)| value.to_f64());
        let count = valid().count();
        if count > 0 {
            // Divided one by one: the sum of the largest numbers would overflow.
            mean = T::from_f64(valid().map(|value| value / count as f64).sum());
        }
        values.iter_mut().zip(mask).filter(|(_, missing)| **missing).for_each(|(value, _)| *value = mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(way: Filling, shape: &[usize], values: &[f32]) -> Vec<f32> {
        let mask: Vec<bool> = values.iter().map(|value| value.is_nan()).collect();
        let mut data = values.to_vec();
        way.fill(shape, &mask, &mut data);
        data
    }

    const GAP: f32 = f32::NAN;

    #[test]
    fn gaps_take_the_nearest_value_along_the_last_axis() {
        let row = [GAP, 1.0, GAP, GAP, GAP, 2.0, GAP];
        assert_eq!(filled(Filling::Nearest, &[7], &row), [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        let rows = [GAP, GAP, GAP, GAP, 5.0, GAP, GAP, GAP];
        assert_eq!(filled(Filling::Nearest, &[4, 2], &rows), [5.0; 8]);
    }

    #[test]
    fn a_plane_takes_its_own_mean_or_that_of_the_plane_before() {
        let planes = [1.0, GAP, 3.0, 2.0, GAP, GAP, GAP, GAP];
        assert_eq!(filled(Filling::PlaneMean, &[2, 2, 2], &planes), [1.0, 2.0, 3.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn the_largest_numbers_have_a_finite_mean() {
        let mut data = [f64::MAX, f64::NAN, f64::MAX, -f64::MAX];
        Filling::PlaneMean.fill(&[4], &[false, true, false, false], &mut data);
        assert!(data[1].is_finite());
    }
}

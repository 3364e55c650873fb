//! What values are on the way through prediction and coding: ranks, whole numbers in the order of the values, each of
//! which has a place on the real line; and cells of ranks, which are what is predicted.

/// Where a prediction lies among the cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// The last cell whose place is not above the prediction.
    pub below: i64,
    /// How far the prediction is on its way to the next cell, 0 to 1.
    pub fraction: f64,
    /// Distance between the places of these two cells; above 0.
    pub gap: f64,
}

/// What a cell leaves open of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// Nothing: the cell has one rank.
    Nothing,
    /// So many bits.
    Bits(u32),
    /// A number, zero before all.
    Number,
}

/// Ranks in cells, and their places.
pub trait Scale {
    /// The place of a rank: finite whatever the rank.
    fn place(&self, rank: i64) -> f64;

    /// Where `place` lies among the cells.
    fn locate(&self, place: f64) -> Located;

    /// The cell of a rank, and what the cell leaves open.
    #[inline(always)]
    fn cell(&self, rank: i64) -> (i64, u64) {
        (rank, 0)
    }

    /// What a cell leaves open.
    #[inline(always)]
    fn open(&self, _cell: i64) -> Open {
        Open::Nothing
    }

    /// The rank in a cell.
    #[inline(always)]
    fn rank_in(&self, cell: i64, _rest: u64) -> i64 {
        cell
    }
}

/// Smallest gap, so that nothing is divided by zero.
const LEAST_GAP: f64 = 1e-300;

/// A place between those of the cell `below` and the next.
#[inline(always)]
pub fn located(below: i64, place: f64, [from, to]: [f64; 2]) -> Located {
    let gap = to - from;
    let gap = if gap > LEAST_GAP { gap } else { LEAST_GAP };
    Located { below, fraction: share((place - from) / gap), gap }
}

/// Held to 0 to 1; NaN becomes 0.
#[inline(always)]
fn share(fraction: f64) -> f64 {
    if fraction > 0.0 { fraction.min(1.0) } else { 0.0 }
}

/// Ranks that are their own places: integers, or floats predicted in the order of their bits.
#[derive(Clone, Copy, Debug)]
pub struct Whole;

impl Scale for Whole {
    #[inline(always)]
    fn place(&self, rank: i64) -> f64 {
        rank as f64
    }

    #[inline(always)]
    fn locate(&self, place: f64) -> Located {
        let below = place as i64;
        let below = below.wrapping_sub(i64::from(below as f64 > place));
        Located { below, fraction: share(place - below as f64), gap: 1.0 }
    }
}

/// Ranks that are numbers of entries of a table, which holds their places, ascending.
#[derive(Clone, Debug)]
pub struct Entries(pub Vec<f64>);

impl Scale for Entries {
    #[inline(always)]
    fn place(&self, rank: i64) -> f64 {
        self.0[rank.clamp(0, self.0.len() as i64 - 1) as usize]
    }

    #[inline(always)]
    fn locate(&self, place: f64) -> Located {
        let below = self.0.partition_point(|&entry| entry <= place) as i64 - 1;
        let from = below.clamp(0, (self.0.len() as i64 - 2).max(0));
        located(below, place, [self.place(from), self.place(from + 1)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_between_their_neighbours() {
        let found = |below, fraction, gap| Located { below, fraction, gap };
        assert_eq!(Whole.locate(-2.25), found(-3, 0.75, 1.0));
        assert_eq!(Whole.locate(7.0), found(7, 0.0, 1.0));
        let table = Entries(vec![1.0, 2.0, 6.0]);
        assert_eq!(table.locate(3.0), found(1, 0.25, 4.0));
        assert_eq!(table.locate(0.0).below, -1);
        assert_eq!(table.locate(9.0).below, 2);
        assert_eq!((table.place(-4), table.place(40)), (1.0, 6.0));
        for extreme in [f64::NAN, 1e300, -1e300] {
            assert!(Whole.locate(extreme).fraction <= 1.0 && Entries(vec![3.0]).locate(extreme).gap > 0.0);
        }
    }
}

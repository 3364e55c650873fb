//! Colours for numbers. Few levels each, so that a picture with all of them fits an indexed PNG.

use super::super::canvas::Colour;

/// Colours between anchors, from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    anchors: [[u8; 3]; 5],
    levels: u8,
}

/// Phase-space density: dark to light, even in lightness (anchors of matplotlib's viridis).
pub const DENSITY: Ramp =
    Ramp { anchors: [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]], levels: 64 };
/// Sizes of errors (anchors of matplotlib's inferno).
pub const ERROR: Ramp =
    Ramp { anchors: [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]], levels: 48 };
/// Numbers of either sign, white at zero (ColorBrewer RdBu).
pub const SIGNED: Ramp =
    Ramp { anchors: [[33, 102, 172], [146, 197, 222], [247, 247, 247], [244, 165, 130], [178, 24, 43]], levels: 41 };
/// A lit surface, from shade to light.
pub const LIT: Ramp =
    Ramp { anchors: [[24, 44, 66], [46, 82, 120], [74, 124, 172], [126, 172, 212], [222, 236, 246]], levels: 36 };

impl Ramp {
    /// The colour at a place; places outside 0 to 1 take the nearest end.
    pub fn at(&self, place: f64) -> Colour {
        let last = f64::from(self.levels - 1);
        let level = (place.clamp(0.0, 1.0) * last).round() / last;
        let along = level * (self.anchors.len() - 1) as f64;
        let from = (along as usize).min(self.anchors.len() - 2);
        let part = along - from as f64;
        let channel = |channel: usize| {
            let (a, b) = (f64::from(self.anchors[from][channel]), f64::from(self.anchors[from + 1][channel]));
            (a + (b - a) * part).round() as u8
        };
        Colour { 0: channel(0), 1: channel(1), 2: channel(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_has_its_anchors_and_no_more_levels_than_it_says() {
        for ramp in [DENSITY, ERROR, SIGNED, LIT] {
            let ends = [ramp.at(-1.0), ramp.at(2.0)].map(|Colour { 0: r, 1: g, 2: b }| [r, g, b]);
            assert_eq!(ends, [ramp.anchors[0], ramp.anchors[4]]);
            let all: std::collections::BTreeSet<_> =
                (0..=10_000).map(|at| ramp.at(f64::from(at) / 1e4)).map(|c| (c.0, c.1, c.2)).collect();
            assert_eq!(all.len(), usize::from(ramp.levels));
        }
        assert_eq!(SIGNED.at(0.5), Colour { 0: 247, 1: 247, 2: 247 });
    }
}

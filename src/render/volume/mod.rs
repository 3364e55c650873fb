//! One picture of an array of three axes and what came back from it: slices, discrete Laplacians, iso-surfaces.
//!
//! Made for velocity distributions, whose values span many decades: colours follow logarithms.

mod colour;
mod grid;
mod page;
mod panel;
mod project;
mod surface;

use super::canvas::Figure;

/// What a picture shows.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// Headline.
    pub title: String,
    /// Lines of text beside the surfaces: what it cost and how good it is.
    pub facts: Vec<String>,
    /// Names of the axes, slowest first.
    pub axes: [String; 3],
    /// Axis lengths, slowest first.
    pub shape: [usize; 3],
    /// Sides of a cell along each axis, for the surfaces.
    pub spacing: [f64; 3],
    /// The original, C order.
    pub original: &'a [f64],
    /// What came back.
    pub decoded: &'a [f64],
    /// Values at or below it count as empty; a millionth of the largest if there is none.
    pub threshold: Option<f64>,
}

/// What a threshold is, as a share of the largest value, where the data has none.
const EMPTY: f64 = 1e-6;

/// A PNG with planes through the largest value of the original (original, reconstruction and size of the error on
/// logarithmic scales, Laplacians on a signed square-root scale) and two iso-surfaces of each.
///
/// # Panics
/// If there is no value, or if the lengths of the values differ from the shape.
pub fn picture(comparison: &Comparison<'_>) -> Vec<u8> {
    let cells: usize = comparison.shape.iter().product();
    assert!(cells > 0 && comparison.original.len() == cells && comparison.decoded.len() == cells, "one value per cell");
    let page = page::Page::new(comparison);
    let draw = |canvas: &mut dyn super::canvas::Canvas| page.draw(canvas);
    Figure { size: page::SIZE, draw: Box::new(draw) }.png()
}

/// The smallest and the largest value that the colours tell apart.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Decades {
    low: f64,
    high: f64,
}

impl Decades {
    /// From the threshold to the largest value of the original.
    fn of(comparison: &Comparison<'_>) -> Self {
        let largest = largest(comparison.original.iter().copied());
        let high = if largest > 0.0 { largest } else { 1.0 };
        let low = comparison.threshold.filter(|&low| low > 0.0 && low < high).unwrap_or(high * EMPTY);
        Decades { low, high }
    }

    /// 0 at the low end, 1 at the high one.
    fn place(&self, value: f64) -> f64 {
        libm::log10(value / self.low) / libm::log10(self.high / self.low)
    }

    /// The value at a place.
    fn value(&self, place: f64) -> f64 {
        self.low * libm::pow(self.high / self.low, place)
    }
}

/// The largest finite value, at least 0.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bump(n: usize, width: f64) -> Vec<f64> {
        let square = |at: usize| (at as f64 - (n - 1) as f64 / 2.0).powi(2);
        let value = |at: usize| libm::exp(-(square(at / n / n) + square(at / n % n) + square(at % n)) / width);
        (0..n * n * n).map(value).collect()
    }

    fn comparison<'a>(original: &'a [f64], decoded: &'a [f64], n: usize) -> Comparison<'a> {
        Comparison {
            title: "bump, method, target".into(),
            facts: vec!["ratio 3".into()],
            axes: ["vz", "vy", "vx"].map(String::from),
            shape: [n; 3],
            spacing: [1.0; 3],
            original,
            decoded,
            threshold: Some(1e-3),
        }
    }

    #[test]
    fn a_picture_is_the_same_bytes_twice_and_depends_on_what_came_back() {
        let (x, y) = (bump(12, 8.0), bump(12, 9.0));
        let same = picture(&comparison(&x, &x, 12));
        assert_eq!(same, picture(&comparison(&x, &x, 12)));
        assert_ne!(same, picture(&comparison(&x, &y, 12)));
    }

    #[test]
    fn nothing_nan_and_single_cells_are_drawn_too() {
        for values in [vec![0.0; 8], vec![-1.0; 8], vec![f64::NAN; 8], vec![f64::INFINITY; 8]] {
            assert!(!picture(&comparison(&values, &values, 2)).is_empty());
        }
        assert!(!picture(&comparison(&[3.0], &[2.0], 1)).is_empty());
    }

    #[test]
    fn decades_run_from_the_threshold_to_the_largest_value() {
        let values = [0.0, 0.1, 10.0];
        let decades = Decades::of(&Comparison { shape: [1, 1, 3], ..comparison(&values, &values, 1) });
        assert_eq!((decades.low, decades.high), (1e-3, 10.0));
        assert!((decades.place(0.1) - 0.5).abs() < 1e-12 && (decades.value(0.25) - 1e-2).abs() < 1e-12);
    }
}

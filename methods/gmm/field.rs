//! Components on the places of an array.

use std::ops::Range;

use super::component::{Component, Ready};

/// Beyond this exponent a component is 0.
const FARTHEST: f64 = 16.0;
/// A row is worked on in pieces of this length.
pub(super) const PIECE: usize = 64;

/// Every so-many-th place of a box in an array along each of three axes, unit axes first if the array has some.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lattice {
    /// Lengths of the array.
    pub shape: [usize; 3],
    /// The first place of the box, and the one behind its last.
    bounds: [[usize; 2]; 3],
    /// Every which place is taken; the first is at half of this, rounded down.
    pub stride: [usize; 3],
}

impl Lattice {
    /// All places of an array of `shape`, of which at most three lengths are above 1.
    pub fn all(shape: &[usize]) -> Self {
        let mut lengths = [1; 3];
        let long = shape.iter().rev().filter(|&&length| length != 1);
        for (length, &given) in lengths.iter_mut().rev().zip(long) {
            *length = given;
        }
        Lattice { shape: lengths, bounds: lengths.map(|length| [0, length]), stride: [1; 3] }
    }

    /// The smallest box, and two places more on every side, so that the squares of `data` on all places of an array
    /// that are left out along an axis sum to at most `most` on either side.
    pub fn boxed(&self, data: &[f64], most: f64) -> Self {
        let mut sums = self.shape.map(|length| vec![0.0; length]);
        let [_, rows, row] = self.shape;
        for (line, values) in data.chunks_exact(row).enumerate() {
            let mut sum = 0.0;
            for (total, value) in sums[2].iter_mut().zip(values) {
                *total += value * value;
                sum += value * value;
            }
            sums[0][line / rows] += sum;
            sums[1][line % rows] += sum;
        }
        let mut small = *self;
        for (bounds, sums) in small.bounds.iter_mut().zip(&sums) {
            let outside = |sums: &mut dyn Iterator<Item = &f64>| {
                let mut sum = 0.0;
                sums.take_while(|slice| {
                    sum += **slice;
                    sum <= most
                })
                .count()
            };
            let (before, behind) = (outside(&mut sums.iter()), outside(&mut sums.iter().rev()));
            if before < sums.len() {
                *bounds = [before.saturating_sub(2), (sums.len() - behind + 2).min(sums.len())];
            }
        }
        small
    }

    /// The finest lattice of at most `most` places, axes thinned out alike.
    pub fn thinned(&self, most: usize) -> Self {
        let mut thin = *self;
        while thin.len() > most {
            let axis = (0..3).max_by_key(|&axis| (thin.counts()[axis], axis)).unwrap_or(2);
            thin.stride[axis] += 1;
        }
        thin
    }

    /// A lattice of at most `enough` places where no axis is thinned out so far that `data`, an array, falls between
    /// its places.
    pub fn sparse(&self, data: &[f64], enough: usize) -> Self {
        let rough = self.roughness(data);
        let mut thin = *self;
        while thin.len() > enough {
            // A Gaussian of deviation s has roughness 3 / 4 s^-4; places as far apart as s show it still.
            let loss = |axis: usize| rough[axis] * ((thin.stride[axis] + 1) as f64).powi(4);
            let long = (0..3).filter(|&axis| thin.counts()[axis] > 8);
            match long.min_by(|&a, &b| loss(a).total_cmp(&loss(b))).filter(|&axis| loss(axis) < 1.0) {
                Some(axis) => thin.stride[axis] += 1,
                None => break,
            }
        }
        thin
    }

    /// For each axis the sum of squares of second differences in the box, relative to the sum of squares.
    fn roughness(&self, data: &[f64]) -> [f64; 3] {
        let mut whole = *self;
        whole.stride = [1; 3];
        let values = whole.pick(data);
        let sum: f64 = values.iter().map(|x| x * x).sum();
        let [_, rows, row] = whole.counts();
        [rows * row, row, 1].map(|step| {
            let ends = values.iter().zip(values.iter().skip(2 * step));
            let second = ends.zip(values.iter().skip(step)).map(|((a, c), b)| a - 2.0 * b + c);
            second.map(|x| x * x).sum::<f64>() / sum.max(f64::MIN_POSITIVE)
        })
    }

    /// Which axes the array has.
    pub fn active(&self) -> [bool; 3] {
        self.shape.map(|length| length > 1)
    }

    fn first(&self, axis: usize) -> usize {
        self.bounds[axis][0] + self.stride[axis] / 2
    }

    /// Places along each axis.
    pub fn counts(&self) -> [usize; 3] {
        std::array::from_fn(|axis| {
            let end = self.bounds[axis][1];
            (end - self.first(axis).min(end)).div_ceil(self.stride[axis])
        })
    }

    pub fn len(&self) -> usize {
        self.counts().iter().product()
    }

    /// Places of the box for each of the lattice.
    pub fn ratio(&self) -> f64 {
        let size: usize = self.bounds.iter().map(|[first, end]| end - first).product();
        size as f64 / self.len() as f64
    }

    /// The coordinate of a place along an axis.
    #[inline(always)]
    pub fn coordinate(&self, axis: usize, at: usize) -> f64 {
        (self.first(axis) + at * self.stride[axis]) as f64
    }

    /// The elements of an array, in C order, that stand on the lattice.
    pub fn pick(&self, data: &[f64]) -> Vec<f64> {
        let [planes, rows, row] = self.counts();
        let place = |axis: usize, at: usize| self.first(axis) + at * self.stride[axis];
        let mut picked = Vec::with_capacity(self.len());
        for line in 0..planes * rows {
            let base = (place(0, line / rows) * self.shape[1] + place(1, line % rows)) * self.shape[2];
            picked.extend((0..row).map(|at| data[base + place(2, at)]));
        }
        picked
    }
}

/// A component in a row: the places from `start` to `end` where it is not 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
    /// The whitened offsets from the mean that are the same all along the row.
    pub y: [f64; 2],
}

impl Ready {
    /// The places along the first or the second axis outside which no row is reached: those within the farthest number
    /// of standard deviations, and one more on either side.
    fn range(&self, lattice: &Lattice, axis: usize) -> Range<usize> {
        let [a, b, c] = self.shears;
        let farther = a * c - b;
        let variance = if axis == 0 { 1.0 + a * a + farther * farther } else { 1.0 + c * c };
        let (reach, count) = ((2.0 * FARTHEST * variance).sqrt() / self.scales[axis], lattice.counts()[axis]);
        if !reach.is_finite() {
            return 0..count;
        }
        let stride = lattice.stride[axis] as f64;
        let place = |at: f64| (at - lattice.coordinate(axis, 0)) / stride;
        let start = (place(self.mean[axis] - reach) - 1.0).clamp(0.0, count as f64) as usize;
        let end = (place(self.mean[axis] + reach) + 2.0).clamp(0.0, count as f64) as usize;
        start..end
    }

    /// Where the component reaches in a row, if anywhere.
    pub fn span(&self, lattice: &Lattice, plane: usize, row: usize, length: usize) -> Option<Span> {
        let y0 = self.scales[0] * (lattice.coordinate(0, plane) - self.mean[0]);
        let y1 = self.scales[1] * (lattice.coordinate(1, row) - self.mean[1]);
        let [a, b, c] = self.shears;
        let z = y0 + a * y1;
        // |z|^2 = square * y^2 + 2 cross * y + rest along the row.
        let (square, cross, rest) = (1.0 + b * b + c * c, z * b + y1 * c, z * z + y1 * y1);
        let under = cross * cross - square * (rest - 2.0 * FARTHEST);
        if under.is_nan() || under < 0.0 {
            return None;
        }
        let (root, step) = (under.sqrt(), self.scales[2] * lattice.stride[2] as f64);
        if step == 0.0 {
            return (rest <= 2.0 * FARTHEST).then_some(Span { start: 0, end: length, y: [y0, y1] });
        }
        let first = self.scales[2] * (lattice.coordinate(2, 0) - self.mean[2]);
        let place = |y: f64| (y - first) / step;
        let start = place((-cross - root) / square).ceil().clamp(0.0, length as f64) as usize;
        let end = (place((-cross + root) / square).floor() + 1.0).clamp(0.0, length as f64) as usize;
        (start < end).then_some(Span { start, end, y: [y0, y1] })
    }

    /// The component's values at places `start..start + values.len()` of a row, and the whitened offsets there.
    #[inline(always)]
    pub fn fill(&self, lattice: &Lattice, span: &Span, start: usize, values: &mut [f64], offsets: &mut [f64]) {
        let step = self.scales[2] * lattice.stride[2] as f64;
        let first = self.scales[2] * (lattice.coordinate(2, start) - self.mean[2]);
        let [a, b, c] = self.shears;
        let [y0, y1] = span.y;
        let z = y0 + a * y1;
        for (i, (value, offset)) in values.iter_mut().zip(offsets.iter_mut()).enumerate() {
            let y = first + f64::from(i as i32) * step;
            let (u, v) = (z + b * y, y1 + c * y);
            *offset = y;
            *value = self.amplitude * exponential((-0.5 * (u * u + v * v + y * y)).max(-700.0));
        }
    }
}

/// `exp(x)` for x from -700 to 700, to 11 digits: powers of two by the bits of a double, the rest by a polynomial. Only
/// sums and products, so that loops over it are vectorised and every machine gets the same bits.
#[inline(always)]
pub(super) fn exponential(x: f64) -> f64 {
    /// One and a half times 2^52: added, it leaves the nearest integer in the low bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let whole = shifted - SHIFT;
    let rest = x - whole * std::f64::consts::LN_2;
    let mut power = 1.0 / 362_880.0;
    for divisor in [40_320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        power = power * rest + 1.0 / divisor;
    }
    power * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// Calls `visit` for every piece of every row that a component reaches, with the index of the piece's first place, the
/// component's values and its whitened offsets along the row.
pub(super) fn sweep(ready: &Ready, lattice: &Lattice, mut visit: impl FnMut(usize, [f64; 2], &[f64], &[f64])) {
    let [_, rows, length] = lattice.counts();
    let (mut values, mut offsets) = ([0.0; PIECE], [0.0; PIECE]);
    for plane in ready.range(lattice, 0) {
        for row in ready.range(lattice, 1) {
            let Some(span) = ready.span(lattice, plane, row, length) else { continue };
            let mut start = span.start;
            while start < span.end {
                let count = (span.end - start).min(PIECE);
                ready.fill(lattice, &span, start, &mut values[..count], &mut offsets[..count]);
                visit((plane * rows + row) * length + start, span.y, &values[..count], &offsets[..count]);
                start += count;
            }
        }
    }
}

/// Adds a component to the values on a lattice.
pub(super) fn add(component: &Component, lattice: &Lattice, field: &mut [f64]) {
    sweep(&component.ready(lattice.active()), lattice, |at, _, values, _| {
        field[at..at + values.len()].iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    });
}

/// The sum of components on a lattice.
pub(super) fn render(components: &[Component], lattice: &Lattice) -> Vec<f64> {
    let mut field = vec![0.0; lattice.len()];
    components.iter().for_each(|component| add(component, lattice, &mut field));
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_ten_digits() {
        for i in -7000..=7000 {
            let x = f64::from(i) * 0.0997;
            assert!((exponential(x) / libm::exp(x) - 1.0).abs() < 1e-10, "{x}");
        }
    }

    #[test]
    fn a_lattice_is_evenly_spread_and_no_larger_than_asked() {
        let all = Lattice::all(&[1, 50, 40, 30]);
        assert_eq!((all.counts(), all.len(), all.active()), ([50, 40, 30], 60_000, [true; 3]));
        let thin = all.thinned(4000);
        assert!(thin.len() <= 4000 && thin.len() > 2000, "{thin:?}");
        assert_eq!(Lattice::all(&[7]).active(), [false, false, true]);
        assert_eq!(all.pick(&vec![2.0; 60_000]).len(), 60_000);
        let mut data = vec![0.0; 60_000];
        data[(20 * 40 + 12) * 30 + 29] = 1.0;
        let small = all.boxed(&data, 0.5);
        assert_eq!((small.counts(), small.coordinate(0, 0), small.pick(&data)[14]), ([5, 5, 3], 18.0, 0.0));
        assert_eq!(small.pick(&data)[(2 * 5 + 2) * 3 + 2], 1.0);
    }

    #[test]
    fn a_component_is_its_formula() {
        let numbers = [0.5, -1.0, -0.5, -0.7, 0.3, -0.2, 0.4, 4.0, 5.0, 6.0];
        let lattice = Lattice::all(&[9, 10, 11]);
        let field = render(&[Component { negative: true, numbers }], &lattice);
        let y: Vec<f64> = (0..3).map(|i| libm::exp(numbers[1 + i]) * ([5.0, 3.0, 7.0][i] - numbers[7 + i])).collect();
        let z = [y[0] + 0.3 * y[1] - 0.2 * y[2], y[1] + 0.4 * y[2], y[2]];
        let expected = -libm::exp(0.5 - 0.5 * z.iter().map(|z| z * z).sum::<f64>());
        assert!((field[(5 * 10 + 3) * 11 + 7] - expected).abs() < 1e-10);
    }
}

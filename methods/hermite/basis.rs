//! Discrete Hermite functions: polynomials times a Gaussian, orthonormal on the values of the box itself.
//!
//! On a long axis they are the Hermite functions (physicists' polynomials, weight `exp(-x^2)`); where the box cuts the
//! Gaussian they stay orthonormal, which samples of Hermite functions do not. They come from the recurrence of Stieltjes
//! (Gautschi, "Orthogonal Polynomials: Computation and Approximation", 2004, section 2.2) on vectors that carry the
//! Gaussian with them, each orthogonalised once more.
//!
//! In a sheared frame the centre of a row moves with the position of the row. Every row then has functions of its own,
//! orthonormal along the row, so that products of the three stay orthonormal over the box, and a transform takes one
//! axis after the other as without a shear.

use super::frame::Frame;

/// Steps of a row's centre in a scale: rows whose centres are equal to a step share their functions.
const STEPS: f64 = 256.0;
/// A function this much shorter than what it was made from is dependent on those before it, and is left out.
const DEPENDENT: f64 = 1e-8;

/// Fills `functions`, a row of `length` values for each order, with those of a Gaussian of `scale` around `centre`, in
/// values of the row. Where no further function exists the row is zero.
pub fn discrete_hermite(length: usize, centre: f64, scale: f64, functions: &mut [f64]) {
    let at = |i: usize| (i as f64 - centre) / scale;
    let nearest = at((centre.round().max(0.0) as usize).min(length - 1)).abs();
    let Some((first, _)) = functions.split_at_mut_checked(length) else { return };
    for (i, value) in first.iter_mut().enumerate() {
        // Relative to the value nearest to the centre, which may be far outside the box.
        *value = libm::exp((nearest * nearest - at(i) * at(i)) / 2.0);
    }
    normalise(first, 0.0);
    for order in 1..functions.len() / length {
        let (before, rest) = functions.split_at_mut(order * length);
        let next = &mut rest[..length];
        let last = &before[(order - 1) * length..];
        for (i, (value, last)) in next.iter_mut().zip(last).enumerate() {
            *value = at(i) * last;
        }
        let size = dot(next, next).sqrt();
        for pass in 0..2 {
            let from = if pass == 0 { order.saturating_sub(2) } else { 0 };
            for other in before.chunks_exact(length).skip(from).rev() {
                let share = dot(next, other);
                next.iter_mut().zip(other).for_each(|(value, other)| *value -= share * other);
            }
        }
        normalise(next, size * DEPENDENT);
    }
}

fn normalise(values: &mut [f64], least: f64) {
    let size = dot(values, values).sqrt();
    let factor = if size > least { 1.0 / size } else { 0.0 };
    values.iter_mut().for_each(|value| *value *= factor);
}

/// Scalar product in four interleaved sums, in an order that does not depend on the machine.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in a4.iter().zip(b4) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

fn add_times(sum: &mut [f64], factor: f64, values: &[f64]) {
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
}

/// Steps that share functions in a coarse basis.
const COARSE: i64 = 8;
/// Most numbers in tables that are kept.
const KEPT: usize = 1 << 18;
/// Most multiplications, about, to make tables that are not.
const MADE: usize = 1 << 28;

/// Functions along one axis, of each row. Where a shear moves the centre they are made when they are asked for.
#[derive(Debug)]
struct Tables {
    length: usize,
    orders: usize,
    place: (f64, f64),
    /// Of each row, how far its centre is moved, in 1/[`STEPS`] scales; empty where no row's is.
    shifts: Vec<i64>,
    /// Shifts whose functions are kept, in rising order.
    keys: Vec<i64>,
    /// The functions of these, or of rows that are not moved.
    kept: Vec<f64>,
}

impl Tables {
    fn new(length: usize, orders: usize, (centre, scale): (f64, f64), shifts: Vec<i64>) -> Self {
        let mut kept = vec![0.0; if shifts.is_empty() { orders * length } else { 0 }];
        if shifts.is_empty() {
            discrete_hermite(length, centre, scale, &mut kept);
        }
        Tables { length, orders, place: (centre, scale), shifts, keys: Vec::new(), kept }
    }

    /// Rounds shifts to `coarse` steps and keeps the functions of all of them.
    fn keep(&mut self, coarse: i64) {
        self.shifts.iter_mut().for_each(|shift| *shift = (*shift + coarse / 2).div_euclid(coarse) * coarse);
        self.keys = self.shifts.clone();
        self.keys.sort_unstable();
        self.keys.dedup();
        let size = self.length * self.orders;
        let (centre, scale) = self.place;
        if !self.keys.is_empty() {
            self.kept = vec![0.0; self.keys.len() * size];
        }
        for (&key, table) in self.keys.iter().zip(self.kept.chunks_exact_mut(size)) {
            discrete_hermite(self.length, centre + key as f64 / STEPS * scale, scale, table);
        }
    }

    /// Work space for [`Tables::of_row`].
    fn space(&self) -> (Option<i64>, Vec<f64>) {
        (None, vec![0.0; if self.shifts.is_empty() { 0 } else { self.orders * self.length }])
    }

    fn of_row<'a>(
        &'a self,
        row: usize,
        (made, space): &'a mut (Option<i64>, Vec<f64>),
    ) -> impl Iterator<Item = &'a [f64]> {
        let table = match self.shifts.get(row) {
            None => &self.kept,
            Some(shift) if !self.keys.is_empty() => {
                let size = self.length * self.orders;
                &self.kept[self.keys.partition_point(|key| key < shift) * size..][..size]
            }
            Some(&shift) => {
                let (centre, scale) = self.place;
                if *made != Some(shift) {
                    *made = Some(shift);
                    discrete_hermite(self.length, centre + shift as f64 / STEPS * scale, scale, space);
                }
                space
            }
        };
        table.chunks_exact(self.length)
    }
}

/// An orthonormal basis of products of discrete Hermite functions.
#[derive(Debug)]
pub struct Basis {
    shape: [usize; 3],
    orders: [usize; 3],
    tables: [Tables; 3],
}

impl Basis {
    /// The basis of orders below `orders` in a box of `shape`, no axis of which is empty; no order may be above the
    /// length of its axis. `None` if it would take too much space or time.
    pub fn new(shape: [usize; 3], orders: [usize; 3], frame: &Frame) -> Option<Self> {
        let shift = |along: usize, by: f64| (by / frame.scale[along] * STEPS).round() as i64;
        let from = |axis: usize, at: usize| at as f64 - frame.centre[axis];
        let rows = |count: usize, sheared: bool| 0..if sheared { count } else { 0 };
        let [s10, s20, s21] = frame.shear;
        let first = rows(shape[0], s10 != 0.0).map(|i| shift(1, s10 * from(0, i)));
        let second = rows(shape[0] * shape[1], s20 != 0.0 || s21 != 0.0)
            .map(|row| shift(2, s20 * from(0, row / shape[1]) + s21 * from(1, row % shape[1])));
        let mut shifts = [Vec::new(), first.collect(), second.collect()];
        let kept: usize = (0..3).map(|axis| shape[axis].saturating_mul(orders[axis])).sum();
        let made = |axis: usize| shifts[axis].len().max(1).saturating_mul(shape[axis] * orders[axis] * orders[axis]);
        if kept > KEPT || (0..3).any(|axis| made(axis) > MADE) {
            return None;
        }
        let tables = std::array::from_fn(|axis| {
            let place = (frame.centre[axis], frame.scale[axis]);
            Tables::new(shape[axis], orders[axis], place, std::mem::take(&mut shifts[axis]))
        });
        Some(Basis { shape, orders, tables })
    }

    /// The same basis but for shears rounded to coarse steps: enough to judge by, and quicker where rows share functions.
    pub fn coarse(mut self) -> Self {
        self.tables.iter_mut().for_each(|tables| tables.keep(COARSE));
        self
    }

    /// Coefficients of `data`, in C order of the three orders.
    pub fn forward(&self, data: &[f64]) -> Vec<f64> {
        let ([n0, n1, n2], [m0, m1, m2]) = (self.shape, self.orders);
        let mut coefficients = vec![0.0; m0 * m1 * m2];
        let (mut line, mut plane) = (vec![0.0; m2], vec![0.0; m1 * m2]);
        let [mut space0, mut space1, mut space2] = self.tables.each_ref().map(Tables::space);
        for i in 0..n0 {
            plane.fill(0.0);
            for j in 0..n1 {
                let row = &data[(i * n1 + j) * n2..][..n2];
                if row.iter().all(|&value| value == 0.0) {
                    continue;
                }
                for (sum, function) in line.iter_mut().zip(self.tables[2].of_row(i * n1 + j, &mut space2)) {
                    *sum = dot(row, function);
                }
                for (sums, function) in plane.chunks_exact_mut(m2).zip(self.tables[1].of_row(i, &mut space1)) {
                    add_times(sums, function[j], &line);
                }
            }
            for (sums, function) in coefficients.chunks_exact_mut(m1 * m2).zip(self.tables[0].of_row(0, &mut space0)) {
                add_times(sums, function[i], &plane);
            }
        }
        coefficients
    }

    /// Adds what `coefficients` stand for, times `factor`, to `data`.
    pub fn inverse(&self, coefficients: &[f64], factor: f64, data: &mut [f64]) {
        let ([n0, n1, n2], [_, m1, m2]) = (self.shape, self.orders);
        let (mut line, mut plane) = (vec![0.0; m2], vec![0.0; m1 * m2]);
        let [mut space0, mut space1, mut space2] = self.tables.each_ref().map(Tables::space);
        for i in 0..n0 {
            plane.fill(0.0);
            for (values, function) in coefficients.chunks_exact(m1 * m2).zip(self.tables[0].of_row(0, &mut space0)) {
                add_times(&mut plane, factor * function[i], values);
            }
            for j in 0..n1 {
                line.fill(0.0);
                for (values, function) in plane.chunks_exact(m2).zip(self.tables[1].of_row(i, &mut space1)) {
                    add_times(&mut line, function[j], values);
                }
                let row = &mut data[(i * n1 + j) * n2..][..n2];
                for (value, function) in line.iter().zip(self.tables[2].of_row(i * n1 + j, &mut space2)) {
                    add_times(row, *value, function);
                }
            }
        }
    }
}

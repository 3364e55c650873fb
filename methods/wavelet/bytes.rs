//! Coefficients cut to bytes, coded by mixing contexts of their neighbours.
//!
//! The coarsest low band is smooth: each of its coefficients is predicted from those around it that are known already. A
//! high band follows the slope of the band that is low where it is high: bior1.3, for one, takes plain differences there.
//! How much of each neighbour and slope enters is fitted to the data (least squares) and stored.

use super::bands::Coefficients;
use crate::api::Error;
use crate::shared::linalg;
use crate::shared::mixing::{Integers, Place};
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};

/// A weight of 1 as it is stored.
const ONE: f64 = 64.0;
/// Most axes whose neighbours predict the low band: `2^axes - 1` weights.
const MOST_AXES: usize = 4;
/// Sizes of neighbours, and their numbers of buckets.
const WIDE: usize = 16;
const FINE: usize = 6;
const CLASSES: usize = 4;

/// Appends all bands: the weights, then the coefficients in the order of the bands.
pub(super) fn write(bands: &[Coefficients], payload: &mut Vec<u8>) {
    let plan = Plan::new(bands.iter().map(|band| (band.name.as_str(), &band.shape[..])));
    // Towards zero, as the seed; what a byte does not hold saturates.
    let cut: Vec<Vec<i32>> =
        bands.iter().map(|band| band.values.iter().map(|&value| i32::from(value as i8)).collect()).collect();
    let mut weights = Vec::new();
    for number in 0..bands.len() {
        weights.extend(plan.fit(number, &cut));
    }
    payload.extend(weights.iter().map(|&weight| weight as u8));
    let mut encoder = RangeEncoder::new();
    plan.code(&weights, Some(&cut), &mut encoder);
    payload.extend(encoder.finish());
}

/// The coefficients of all bands of these names and shapes.
///
/// # Errors
/// `Corrupt` if no encoder wrote the bytes.
pub(super) fn read(bytes: &[u8], bands: &[(String, Vec<usize>)]) -> Result<Vec<f64>, Error> {
    let plan = Plan::new(bands.iter().map(|(name, shape)| (name.as_str(), &shape[..])));
    let count = plan.bands.iter().map(|band| band.causes.len()).sum();
    let Some((weights, coded)) = bytes.split_at_checked(count) else {
        return Err(Error::corrupt(bytes.len(), format!("expected {count} weights")));
    };
    // The coder leaves zeros at the end out: nothing but a stray byte is one.
    if coded.last() == Some(&0) {
        return Err(Error::corrupt(bytes.len(), "a zero behind the last coefficient"));
    }
    let weights: Vec<i8> = weights.iter().map(|&weight| weight as i8).collect();
    let mut decoder = RangeDecoder::new(coded);
    let values = plan.code(&weights, None, &mut decoder);
    if !decoder.is_spent() {
        return Err(Error::corrupt(bytes.len(), "coded bytes are left over behind the last coefficient"));
    }
    Ok(values.into_iter().flatten().map(f64::from).collect())
}

/// What a coefficient is predicted from.
#[derive(Clone, Debug)]
enum Cause {
    /// The coefficient so many places back along some axes, in the same band.
    Before(Vec<usize>),
    /// The rise of a band, coded before, along an axis.
    Slope { band: usize, axis: usize },
}

struct BandPlan {
    shape: Vec<usize>,
    /// How many axes it is high along.
    high: usize,
    causes: Vec<Cause>,
}

struct Plan {
    bands: Vec<BandPlan>,
}

impl Plan {
    fn new<'a>(bands: impl Iterator<Item = (&'a str, &'a [usize])>) -> Self {
        let named: Vec<(&str, &[usize])> = bands.collect();
        let plan = |(number, &(name, shape)): (usize, &(&str, &[usize]))| {
            let high = name.matches('d').count();
            let causes = if number == 0 { corners(shape) } else { slopes(&named[..number], name) };
            BandPlan { shape: shape.to_vec(), high, causes }
        };
        Plan { bands: named.iter().enumerate().map(plan).collect() }
    }

    /// The weights, in 1/64, that predict band `number` best; zeros where nothing predicts it.
    fn fit(&self, number: usize, bands: &[Vec<i32>]) -> Vec<i8> {
        let band = &self.bands[number];
        let columns = band.causes.len();
        let (mut gram, mut right) = (vec![0.0; columns * columns], vec![0.0; columns]);
        let mut found = vec![0i32; columns];
        walk(&band.shape, |at, index| {
            self.causes(number, at, index, bands, &mut found);
            for (row, &a) in found.iter().enumerate().filter(|(_, a)| **a != 0) {
                right[row] += f64::from(a) * f64::from(bands[number][at]);
                for (column, &b) in found.iter().enumerate() {
                    gram[row * columns + column] += f64::from(a) * f64::from(b);
                }
            }
        });
        // So that causes that never vary, or vary together, are no obstacle.
        (0..columns).for_each(|row| gram[row * columns + row] += 1.0);
        let solved = linalg::solve_positive(&gram, &right).unwrap_or_else(|| vec![0.0; columns]);
        solved.into_iter().map(|weight| (weight * ONE).round_ties_even() as i8).collect()
    }

    /// The values of the causes of the coefficient at `index`.
    fn causes(&self, number: usize, at: usize, index: &[usize], bands: &[Vec<i32>], found: &mut [i32]) {
        let band = &self.bands[number];
        for (cause, value) in band.causes.iter().zip(found) {
            *value = match cause {
                Cause::Before(axes) => before(&band.shape, &bands[number], at, index, axes),
                Cause::Slope { band, axis } => {
                    let shape = &self.bands[*band].shape;
                    let beside = |by: isize| {
                        let place = index.iter().enumerate().fold(0, |place, (along, &i)| {
                            let i = if along == *axis { i.saturating_add_signed(by) } else { i };
                            place * shape[along] + i.min(shape[along] - 1)
                        });
                        bands[*band][place]
                    };
                    beside(1) - beside(-1)
                }
            };
        }
    }

    /// Writes `given`, or reads; returns the bands.
    fn code(&self, weights: &[i8], given: Option<&[Vec<i32>]>, coder: &mut impl BitCoder) -> Vec<Vec<i32>> {
        let mut models = Models::new();
        let mut bands: Vec<Vec<i32>> = self.bands.iter().map(|band| vec![0; band.shape.iter().product()]).collect();
        // What predictions missed by: what is left of structure shows there.
        let mut missed = bands.clone();
        let mut rest = weights;
        for (number, band) in self.bands.iter().enumerate() {
            let (own, others) = rest.split_at(band.causes.len());
            rest = others;
            let mut found = vec![0i32; own.len()];
            walk(&band.shape, |at, index| {
                self.causes(number, at, index, &bands, &mut found);
                let sum: i32 = found.iter().zip(own).map(|(&value, &weight)| value * i32::from(weight)).sum();
                let predicted = ((sum + 32) >> 6).clamp(-128, 127);
                let around = self.around(number, at, index, &bands, &missed);
                let value = given.map_or(0, |given| given[number][at]);
                let place = around.place(band.high, predicted);
                let miss = models.0.code(value - predicted, &place, coder);
                bands[number][at] = predicted.saturating_add(miss).clamp(-128, 127);
                missed[number][at] = bands[number][at] - predicted;
            });
        }
        bands
    }

    fn around(&self, number: usize, at: usize, index: &[usize], bands: &[Vec<i32>], missed: &[Vec<i32>]) -> Around {
        let band = &self.bands[number];
        let mut around = Around::default();
        let mut stride = 1;
        for axis in (0..index.len()).rev() {
            if index[axis] > 0 {
                let (value, miss) = (bands[number][at - stride], missed[number][at - stride]);
                around.values += value.unsigned_abs();
                around.misses += 2 * miss.unsigned_abs();
                around.sign += miss.signum();
                if let Some(near) = around.near.get_mut(index.len() - 1 - axis) {
                    *near = miss.unsigned_abs();
                }
                if index[axis] > 1 {
                    around.misses += missed[number][at - 2 * stride].unsigned_abs();
                }
            }
            stride *= band.shape[axis];
        }
        for (before, other) in self.bands[..number].iter().enumerate().rev().take(8) {
            if other.shape == band.shape {
                around.alike += bands[before][at].unsigned_abs().min(32) / if before == 0 { 8 } else { 1 };
                around.alike_misses += missed[before][at].unsigned_abs();
            }
        }
        around
    }
}

/// Every set of axes, of the first few longer than 1, that lie one place back.
fn corners(shape: &[usize]) -> Vec<Cause> {
    let axes: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] > 1).take(MOST_AXES).collect();
    let of = |set: usize| axes.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, &axis)| axis).collect();
    (1..1usize << axes.len()).map(|set| Cause::Before(of(set))).collect()
}

/// The bands of the same level that are low along one axis more, and those axes.
fn slopes(before: &[(&str, &[usize])], name: &str) -> Vec<Cause> {
    let start = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let highs = name.char_indices().filter(|&(_, letter)| letter == 'd');
    let of = |(place, _): (usize, char)| {
        let mut parent = name.to_string();
        parent.replace_range(place..=place, "a");
        let band = before.iter().position(|(known, _)| *known == parent)?;
        Some(Cause::Slope { band, axis: place - start })
    };
    highs.filter_map(of).collect()
}

fn before(shape: &[usize], values: &[i32], at: usize, index: &[usize], axes: &[usize]) -> i32 {
    let mut place = at;
    for &axis in axes {
        if index[axis] == 0 {
            return 0;
        }
        place -= shape[axis + 1..].iter().product::<usize>();
    }
    values[place]
}

/// What is known around a coefficient.
#[derive(Default)]
struct Around {
    /// Sum of the magnitudes one place back along every axis.
    values: u32,
    /// Sum of the misses there, doubled, and two places back.
    misses: u32,
    /// Misses one place back along the last three axes.
    near: [u32; 3],
    /// Magnitudes, and misses, at the same place of bands before.
    alike: u32,
    alike_misses: u32,
    /// Sum of the signs of misses one place back.
    sign: i32,
}

/// 0, 1, 2, 3, 4-5, 6-7, 8-11, ... up to `count - 1`.
fn bucket(size: u32, count: usize) -> usize {
    let bucket = if size < 4 { size } else { 2 * size.ilog2() + (size >> (size.ilog2() - 1) & 1) };
    (bucket as usize).min(count - 1)
}

impl Around {
    fn place(&self, high: usize, predicted: i32) -> Place<6> {
        let class = high.min(CLASSES - 1);
        let [near, alike] = [self.misses, self.alike].map(|size| bucket(size, WIDE));
        let expected = bucket(predicted.unsigned_abs(), 8);
        let [a, b, c] = self.near.map(|size| bucket(size, FINE));
        let contexts = [
            near * CLASSES + class,
            (a * FINE + b) * FINE + c,
            (alike * 8 + expected) * CLASSES + class,
            bucket(self.values, WIDE) * WIDE + near,
            (bucket(self.alike_misses, WIDE) * CLASSES + class) * 4 + bucket(self.misses, 4),
            (bucket(self.values + self.alike, WIDE) * 8 + expected) * 2 + usize::from(high == 0),
        ];
        let sign = ((self.sign.signum() + 1) * 3 + predicted.signum() + 1) as usize * CLASSES + class;
        Place { contexts, sign, set: class }
    }
}

struct Models(Integers<6>);

impl Models {
    fn new() -> Self {
        let contexts =
            [WIDE * CLASSES, FINE * FINE * FINE, WIDE * 8 * CLASSES, WIDE * WIDE, WIDE * CLASSES * 4, WIDE * 8 * 2];
        Models(Integers::new(contexts, 9 * CLASSES, CLASSES))
    }
}

/// Calls `visit(place, index)` for every coefficient of a band in C order.
fn walk(shape: &[usize], mut visit: impl FnMut(usize, &[usize])) {
    let mut index = vec![0usize; shape.len()];
    for at in 0..shape.iter().product() {
        visit(at, &index);
        for axis in (0..index.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

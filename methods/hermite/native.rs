//! Target `native`: the classic expansion, orthonormal Hermite functions around the fitted Maxwellian.
//!
//! Coefficients are sums over the grid, without regard to where the box cuts the functions, and are stored as float32.

use super::maxwell::{self, Maxwellian};
use crate::api::{DType, Element, Error};

/// Shape of the expansion.
#[derive(Clone, Copy, Debug)]
pub struct Native {
    /// Axis lengths, three of them.
    pub shape: [usize; 3],
    /// Orders along each axis.
    pub orders: [usize; 3],
    /// Whether sums over the grid carry the volume of a cell.
    pub volume: bool,
}

/// `n` coordinates evenly from 0 to `n`, both ends among them.
fn coordinates(n: usize) -> Vec<f64> {
    let last = (n - 1).max(1) as f64;
    (0..n).map(|i| i as f64 * n as f64 / last).collect()
}

/// The Hermite functions of orders below `orders`, one row each, at `v`: `exp(-y^2/2) H_m(y) / sqrt(2^m m! sqrt(pi)
/// width)` with `y = (v - drift) / width`, which are orthonormal over the line; by the recurrence over the order.
fn functions(v: &[f64], drift: f64, width: f64, orders: usize) -> Vec<f64> {
    let n = v.len();
    let mut table = vec![0.0; orders * n];
    let norm = 1.0 / (std::f64::consts::PI.sqrt() * width).sqrt();
    for (i, v) in v.iter().enumerate() {
        let y = (v - drift) / width;
        let (mut before, mut value) = (0.0, norm * libm::exp(-y * y / 2.0));
        for m in 0..orders {
            table[m * n + i] = value;
            let next = (m + 1) as f64;
            let after = (2.0 / next).sqrt() * y * value - (m as f64 / next).sqrt() * before;
            (before, value) = (value, after);
        }
    }
    table
}

impl Native {
    fn axes(&self) -> [Vec<f64>; 3] {
        self.shape.map(coordinates)
    }

    fn tables(&self, axes: &[Vec<f64>; 3], fit: &Maxwellian) -> [Vec<f64>; 3] {
        std::array::from_fn(|axis| functions(&axes[axis], fit.drift[axis], fit.width[axis], self.orders[axis]))
    }

    /// The Maxwellian that the expansion stands on, in coordinates from 0 to the length of each axis.
    pub fn fit(&self, data: &[f64]) -> Maxwellian {
        maxwell::fit(data, &self.axes())
    }

    /// Appends the fit, in the precision of the type, and the coefficients, as float32, of `data`.
    pub fn compress<T: Element>(&self, data: &[T], payload: &mut Vec<u8>) {
        let data: Vec<f64> = data.iter().map(|value| value.to_f64()).collect();
        let axes = self.axes();
        let fit = stored::<T>(maxwell::fit(&data, &axes), self.shape, payload);
        let mut coefficients = data.iter().map(|value| value / fit.amplitude).collect::<Vec<f64>>();
        let mut volume = 1.0;
        for (axis, table) in self.tables(&axes, &fit).iter().enumerate() {
            let n = self.shape[axis];
            if self.volume && n > 1 {
                volume *= n as f64 / (n - 1) as f64;
            }
            coefficients = along(&coefficients, table, (n, self.orders[axis]), |m, i| m * n + i);
        }
        payload.extend(coefficients.iter().flat_map(|value| ((value * volume) as f32).to_le_bytes()));
    }

    /// Fills `data` from what [`Native::compress`] wrote.
    ///
    /// # Errors
    /// `Corrupt` if the length is wrong.
    pub fn decompress<T: Element>(&self, payload: &[u8], data: &mut [T]) -> Result<(), Error> {
        let mut at = 0;
        let fit = read_fit::<T>(payload, &mut at, self.shape)?;
        let count: usize = self.orders.iter().product();
        if payload.len() - at != 4 * count {
            return Err(Error::corrupt(at, format!("{count} coefficients of 4 bytes expected")));
        }
        let stored = payload[at..].as_chunks::<4>().0;
        let mut values: Vec<f64> = stored.iter().map(|&chunk| f64::from(f32::from_le_bytes(chunk))).collect();
        for (axis, table) in self.tables(&self.axes(), &fit).iter().enumerate() {
            let n = self.shape[axis];
            values = along(&values, table, (self.orders[axis], n), |i, m| m * n + i);
        }
        data.iter_mut().zip(values).for_each(|(y, value)| *y = T::from_f64(value * fit.amplitude));
        Ok(())
    }
}

/// Contracts the first axis of `data`, of length `from`, with a table into one of length `to` that becomes the last.
fn along(data: &[f64], table: &[f64], (from, to): (usize, usize), at: impl Fn(usize, usize) -> usize) -> Vec<f64> {
    let rest = data.len() / from.max(1);
    let mut result = vec![0.0; rest * to];
    let mut line = vec![0.0; rest];
    for k in 0..to {
        line.fill(0.0);
        for (i, values) in data.chunks_exact(rest.max(1)).enumerate() {
            let factor = table[at(k, i)];
            line.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
        }
        line.iter().enumerate().for_each(|(j, value)| result[j * to + k] = *value);
    }
    result
}

/// Whether numbers of the fit are stored as float64.
fn is_wide(dtype: DType) -> bool {
    !matches!(dtype, DType::F32 | DType::I8 | DType::U8 | DType::I16 | DType::U16)
}

/// Appends the fit and returns it as the decoder will have it.
fn stored<T: Element>(fit: Maxwellian, shape: [usize; 3], payload: &mut Vec<u8>) -> Maxwellian {
    let mut numbers = vec![fit.amplitude];
    for axis in (0..3).filter(|&axis| shape[axis] > 1) {
        numbers.extend([fit.drift[axis], fit.width[axis]]);
    }
    let start = payload.len();
    for value in numbers {
        if is_wide(T::DTYPE) {
            payload.extend(value.to_le_bytes());
        } else {
            // An amplitude that underflows must not divide.
            let narrow = if value as f32 == 0.0 { f32::MIN_POSITIVE } else { value as f32 };
            payload.extend(narrow.to_le_bytes());
        }
    }
    read_fit::<T>(&payload[start..], &mut 0, shape).unwrap_or(fit)
}

fn read_fit<T: Element>(payload: &[u8], at: &mut usize, shape: [usize; 3]) -> Result<Maxwellian, Error> {
    let mut number = || {
        let size = if is_wide(T::DTYPE) { 8 } else { 4 };
        let bytes = payload.get(*at..*at + size).ok_or_else(|| Error::corrupt(*at, "the fit is cut off"))?;
        *at += size;
        let mut word = [0u8; 8];
        word[..size].copy_from_slice(bytes);
        let word = u64::from_le_bytes(word);
        Ok::<f64, Error>(if size == 8 { f64::from_bits(word) } else { f64::from(f32::from_bits(word as u32)) })
    };
    let mut fit = Maxwellian { amplitude: number()?, drift: [0.0; 3], width: [1.0; 3] };
    for axis in (0..3).filter(|&axis| shape[axis] > 1) {
        (fit.drift[axis], fit.width[axis]) = (number()?, number()?);
    }
    Ok(fit)
}

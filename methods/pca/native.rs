//! Target `native`: scores, components and mean as numbers, all of them stored.
//!
//! Form `matrix` is principal component analysis as the seed has it (scikit-learn's `PCA` on rows): rows less their mean,
//! projected on the principal directions of the columns (Jolliffe, Principal Component Analysis, 2002, chapter 3). Form
//! `tucker` is the truncated HOSVD (De Lathauwer et al. 2000). The logarithm is the seed's: of values held above a floor.

use crate::api::{Element, Error};
use crate::shared::linalg::symmetric_eigen;
use crate::shared::tucker::finite;
use crate::shared::tucker::modes::{gram, multiply, multiply_transposed, transpose};

/// Most rows or columns, whichever are fewer, of a matrix whose principal axes are sought.
const LONGEST: usize = 1024;

/// What is stored for arrays of one shape.
#[derive(Clone, Debug)]
pub(super) struct Native {
    /// Lengths above 1.
    pub shape: Vec<usize>,
    /// Form `matrix`: the axis whose slices are the rows.
    pub rows: Option<usize>,
    /// Components, or most columns of a mode.
    pub components: usize,
    /// The floor of the logarithm, if there is one.
    pub floor: Option<f64>,
}

/// Bytes of a stored number: those of float32 or float64.
pub(super) fn number_size<T: Element>() -> usize {
    let narrow = T::DTYPE.size() <= 2 || T::DTYPE == crate::api::DType::F32;
    if narrow { 4 } else { 8 }
}

impl Native {
    /// Lengths of what is stored, in order: scores, components and mean, or factors and core.
    pub fn parts(&self) -> Vec<(&'static str, usize)> {
        let Some(axis) = self.rows else {
            let ranks = self.ranks();
            let factors = self.shape.iter().zip(&ranks).map(|(length, rank)| length * rank).sum();
            return vec![("factors", factors), ("core", ranks.iter().product())];
        };
        let (rows, columns) = (self.shape[axis], self.columns(axis));
        let rank = self.components.min(rows).min(columns);
        vec![("scores", rows * rank), ("components", rank * columns), ("mean", columns)]
    }

    fn columns(&self, axis: usize) -> usize {
        self.shape[..axis].iter().chain(&self.shape[axis + 1..]).product()
    }

    fn ranks(&self) -> Vec<usize> {
        self.shape.iter().map(|&length| length.min(self.components)).collect()
    }

    /// Appends the payload: the exponent of the scale, then the numbers.
    ///
    /// # Errors
    /// `Unsupported` where axes are too long to decompose.
    pub fn compress<T: Element>(&self, data: &[T], payload: &mut Vec<u8>) -> Result<(), Error> {
        let mut values: Vec<f64> = data.iter().map(|value| self.there(value.to_f64())).collect();
        let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        let exponent = libm::frexp(largest).1;
        payload.extend_from_slice(&(exponent as i16).to_le_bytes());
        values.iter_mut().for_each(|value| *value = libm::ldexp(*value, -exponent));
        let numbers = match self.rows {
            Some(axis) => self.matrix(values, axis)?,
            None => self.tucker(values)?,
        };
        for number in numbers {
            match number_size::<T>() {
                4 => payload.extend_from_slice(&(number as f32).to_le_bytes()),
                _ => payload.extend_from_slice(&number.to_le_bytes()),
            }
        }
        Ok(())
    }

    /// Fills `data` from a payload.
    ///
    /// # Errors
    /// `Corrupt` if the payload has another length.
    pub fn decompress<T: Element>(&self, payload: &[u8], data: &mut [T]) -> Result<(), Error> {
        let count: usize = self.parts().iter().map(|(_, count)| count).sum();
        let size = number_size::<T>();
        if payload.len() != 2 + count * size {
            let expected = 2 + count * size;
            return Err(Error::corrupt(payload.len(), format!("{} bytes, not {expected}", payload.len())));
        }
        let exponent = i32::from(i16::from_le_bytes([payload[0], payload[1]]));
        let number = |bytes: &[u8]| match *bytes {
            [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
            _ => f64::from_le_bytes(bytes.try_into().unwrap_or_default()),
        };
        let numbers: Vec<f64> = payload[2..].chunks_exact(size).map(number).collect();
        let values = match self.rows {
            Some(axis) => self.of_matrix(&numbers, axis),
            None => self.of_tucker(&numbers),
        };
        let back = values.iter().map(|&value| finite(self.back(libm::ldexp(value, exponent))));
        data.iter_mut().zip(back).for_each(|(to, value)| *to = value);
        Ok(())
    }

    fn there(&self, value: f64) -> f64 {
        self.floor.map_or(value, |floor| libm::log10(value.max(floor)))
    }

    fn back(&self, value: f64) -> f64 {
        let Some(floor) = self.floor else { return value };
        let power = libm::exp10(value);
        if power <= floor { 0.0 } else { power }
    }

    fn matrix(&self, mut values: Vec<f64>, axis: usize) -> Result<Vec<f64>, Error> {
        let (rows, columns) = (self.shape[axis], self.columns(axis));
        if rows.min(columns) > LONGEST {
            let reason = format!("a matrix of {rows} by {columns}; the shorter side may be {LONGEST}");
            return Err(Error::unsupported(reason));
        }
        values = self.rows_first(&values, axis);
        let mean = take_mean(&mut values, rows, columns);
        let rank = self.components.min(rows).min(columns);
        let side = rows.min(columns);
        let (squares, vectors) = symmetric_eigen(&gram(&values, &[rows, columns], usize::from(rows > columns)), side);
        let axes = &vectors[..rank * side];
        let mut numbers = Vec::new();
        if rows <= columns {
            // Principal axes of the rows lead to those of the columns.
            let sizes: Vec<f64> = squares.iter().map(|square| square.max(0.0).sqrt()).collect();
            let directions = transpose(axes, rank, rows);
            let mut components = multiply(&values, &[rows, columns], 0, &directions, rank);
            for (row, &size) in components.chunks_exact_mut(columns).zip(&sizes) {
                row.iter_mut().for_each(|value| *value *= if size > 0.0 { 1.0 / size } else { 0.0 });
            }
            let scores = directions.chunks_exact(rank).flat_map(|row| row.iter().zip(&sizes));
            numbers.extend(scores.map(|(direction, size)| direction * size));
            numbers.extend(components);
        } else {
            numbers.extend(multiply(&values, &[rows, columns], 1, &transpose(axes, rank, columns), rank));
            numbers.extend(axes);
        }
        numbers.extend(mean);
        Ok(numbers)
    }

    fn of_matrix(&self, numbers: &[f64], axis: usize) -> Vec<f64> {
        let (rows, columns) = (self.shape[axis], self.columns(axis));
        let rank = self.components.min(rows).min(columns);
        let (scores, rest) = numbers.split_at(rows * rank);
        let (components, mean) = rest.split_at(rank * columns);
        let mut values = multiply(scores, &[rows, rank], 1, components, columns);
        values.chunks_exact_mut(columns).for_each(|row| row.iter_mut().zip(mean).for_each(|(x, mean)| *x += mean));
        let before: usize = self.shape[..axis].iter().product();
        let after = columns / before;
        let from = |at: usize| (at / after % rows * before + at / after / rows) * after + at % after;
        (0..values.len()).map(|at| values[from(at)]).collect()
    }

    /// The array with `axis` before all others.
    fn rows_first(&self, values: &[f64], axis: usize) -> Vec<f64> {
        let (rows, before): (usize, usize) = (self.shape[axis], self.shape[..axis].iter().product());
        let after = self.columns(axis) / before;
        let from = |at: usize| (at / after % before * rows + at / after / before) * after + at % after;
        (0..values.len()).map(|at| values[from(at)]).collect()
    }

    fn tucker(&self, values: Vec<f64>) -> Result<Vec<f64>, Error> {
        if let Some(length) = self.shape.iter().find(|&&length| length > LONGEST) {
            return Err(Error::unsupported(format!("an axis of {length}; form `tucker` takes up to {LONGEST}")));
        }
        let (mut shape, mut core, mut numbers) = (self.shape.clone(), values.clone(), Vec::new());
        for (mode, rank) in self.ranks().into_iter().enumerate() {
            let (length, (_, vectors)) = (shape[mode], symmetric_eigen(&gram(&values, &self.shape, mode), shape[mode]));
            let factor = transpose(&vectors[..rank * length], rank, length);
            core = multiply(&core, &shape, mode, &factor, rank);
            shape[mode] = rank;
            numbers.extend(factor);
        }
        numbers.extend(core);
        Ok(numbers)
    }

    fn of_tucker(&self, numbers: &[f64]) -> Vec<f64> {
        let mut shape = self.ranks();
        let count: usize = shape.iter().product();
        let (mut factors, core) = numbers.split_at(numbers.len() - count);
        let mut values = core.to_vec();
        for (mode, &length) in self.shape.iter().enumerate() {
            let (factor, rest) = factors.split_at(length * shape[mode]);
            values = multiply_transposed(&values, &shape, mode, factor, length);
            (factors, shape[mode]) = (rest, length);
        }
        values
    }
}

/// Takes the mean row off every row, and returns it.
fn take_mean(values: &mut [f64], rows: usize, columns: usize) -> Vec<f64> {
    let mut mean = vec![0.0; columns];
    for row in values.chunks_exact(columns) {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / rows as f64);
    }
    values.chunks_exact_mut(columns).for_each(|row| row.iter_mut().zip(&mean).for_each(|(x, mean)| *x -= mean));
    mean
}

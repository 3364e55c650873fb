//! Orthonormal columns from as many numbers as they have degrees of freedom: a chain of Householder reflections.
//!
//! A column that is orthogonal to those before it has one number less to tell than its length for each of them. After
//! every column, the space that is left is turned so that the column lies on one coordinate, its pivot; later columns
//! are zero there, and what was coded is exactly orthonormal whatever the quantiser did to it (Golub and Van Loan,
//! Matrix Computations, section 5.1).

/// Columns so far.
#[derive(Clone, Debug)]
pub struct Frame {
    length: usize,
    /// Of each column its mirror vector, the reciprocal of half its squared norm, and its pivot.
    mirrors: Vec<(Vec<f64>, f64, usize)>,
}

/// The pivot of a column: the first of its largest magnitudes.
pub fn pivot(symbols: &[i32]) -> usize {
    let largest = symbols.iter().map(|symbol| symbol.unsigned_abs()).max().unwrap_or(0);
    symbols.iter().position(|symbol| symbol.unsigned_abs() == largest).unwrap_or(0)
}

impl Frame {
    /// No column yet, of columns of `length`.
    pub fn new(length: usize) -> Self {
        Frame { length, mirrors: Vec::new() }
    }

    /// Turns `column` as the space was turned; what it has at the pivots becomes zero.
    pub fn turn(&self, column: &mut [f64]) {
        for (mirror, share, pivot) in &self.mirrors {
            reflect(column, mirror, *share);
            column[*pivot] = 0.0;
        }
    }

    /// Adds a column that was turned and quantised, not all of it zero. Zero at the pivots.
    pub fn push(&mut self, symbols: &[i32]) {
        let energy: f64 = symbols.iter().map(|&symbol| f64::from(symbol) * f64::from(symbol)).sum();
        let scale = 1.0 / energy.max(1.0).sqrt();
        let mut mirror: Vec<f64> = symbols.iter().map(|&symbol| f64::from(symbol) * scale).collect();
        let pivot = pivot(symbols);
        let largest = mirror[pivot];
        mirror[pivot] += if largest < 0.0 { -1.0 } else { 1.0 };
        self.mirrors.push((mirror, 1.0 / (1.0 + largest.abs()), pivot));
    }

    /// The orthonormal columns, one after another.
    pub fn columns(&self) -> Vec<f64> {
        let mut columns = vec![0.0; self.mirrors.len() * self.length];
        for (number, column) in columns.chunks_exact_mut(self.length.max(1)).enumerate() {
            // A reflection is its own inverse: the column itself is what the pivot's unit vector is turned into.
            let (mirror, _, pivot) = &self.mirrors[number];
            column[*pivot] = if mirror[*pivot] < 0.0 { 1.0 } else { -1.0 };
            for (mirror, share, _) in self.mirrors[..=number].iter().rev() {
                reflect(column, mirror, *share);
            }
        }
        columns
    }
}

fn reflect(column: &mut [f64], mirror: &[f64], share: f64) {
    let along: f64 = column.iter().zip(mirror).map(|(a, b)| a * b).sum::<f64>() * share;
    column.iter_mut().zip(mirror).for_each(|(value, mirror)| *value -= along * mirror);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_orthonormal_and_turning_them_gives_back_what_was_pushed() {
        let (mut frame, n) = (Frame::new(7), 7);
        let mut turned = Vec::new();
        for seed in 1..=7i32 {
            let mut column: Vec<f64> =
                (0..7).map(|i| f64::from((i * i * seed + seed * 5 + i * seed * seed) % 13 - 6) * 300.0).collect();
            frame.turn(&mut column);
            let symbols: Vec<i32> = column.iter().map(|value| value.round() as i32).collect();
            assert!(symbols.iter().any(|&symbol| symbol != 0));
            frame.push(&symbols);
            turned.push(symbols);
        }
        let columns = frame.columns();
        let dot = |a: usize, b: usize| (0..n).map(|i| columns[a * n + i] * columns[b * n + i]).sum::<f64>();
        for a in 0..n {
            (0..n).for_each(|b| assert!((dot(a, b) - f64::from(u8::from(a == b))).abs() < 1e-14, "{a} {b}"));
        }
        // The first column is what was pushed, but for its length.
        let norm = turned[0].iter().map(|&symbol| f64::from(symbol * symbol)).sum::<f64>().sqrt();
        assert!((0..n).all(|i| (columns[i] * norm - f64::from(turned[0][i])).abs() < 1e-12));
    }
}

//! Arrays seen along one mode: multiplication by a matrix, and the Gram matrix.
//!
//! Additions happen in one fixed order: results are the same on every machine.

/// The array `x` of shape `shape` with mode `mode` multiplied by `matrix`, which has a row for every index of that mode
/// and `to` columns: `y[.., p, ..] = sum x[.., q, ..] matrix[q][p]`.
pub fn multiply(x: &[f64], shape: &[usize], mode: usize, matrix: &[f64], to: usize) -> Vec<f64> {
    let (from, inner) = (shape[mode], shape[mode + 1..].iter().product::<usize>());
    let outer: usize = shape[..mode].iter().product();
    let mut y = vec![0.0; outer * to * inner];
    if from * inner * to == 0 {
        return y;
    }
    for (x, y) in x.chunks_exact(from * inner).zip(y.chunks_exact_mut(to * inner)) {
        if inner == 1 {
            for (&value, row) in x.iter().zip(matrix.chunks_exact(to)) {
                y.iter_mut().zip(row).for_each(|(sum, factor)| *sum += factor * value);
            }
            continue;
        }
        for (x, row) in x.chunks_exact(inner).zip(matrix.chunks_exact(to)) {
            for (y, &factor) in y.chunks_exact_mut(inner).zip(row) {
                y.iter_mut().zip(x).for_each(|(sum, value)| *sum += factor * value);
            }
        }
    }
    y
}

/// The same with the transpose of `matrix`, which has `to` rows, one column for every index of the mode.
pub fn multiply_transposed(x: &[f64], shape: &[usize], mode: usize, matrix: &[f64], to: usize) -> Vec<f64> {
    multiply(x, shape, mode, &transpose(matrix, to, shape[mode]), to)
}

/// The transpose of a matrix of `rows` by `columns`.
pub fn transpose(matrix: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| matrix[row * columns + column])).collect()
}

/// The products of all slices along a mode with each other, a symmetric matrix of `shape[mode]` rows.
pub fn gram(x: &[f64], shape: &[usize], mode: usize) -> Vec<f64> {
    let (n, inner) = (shape[mode], shape[mode + 1..].iter().product::<usize>());
    let mut sums = vec![0.0; n * n];
    let mut fibre = vec![0.0; n];
    for slab in x.chunks_exact((n * inner).max(1)) {
        for i in 0..inner {
            fibre.iter_mut().zip(slab[i..].iter().step_by(inner)).for_each(|(to, &from)| *to = from);
            for (a, &value) in fibre.iter().enumerate().filter(|&(_, &value)| value != 0.0) {
                let row = &mut sums[a * n + a..(a + 1) * n];
                row.iter_mut().zip(&fibre[a..]).for_each(|(sum, other)| *sum += value * other);
            }
        }
    }
    for a in 0..n {
        (0..a).for_each(|b| sums[a * n + b] = sums[b * n + a]);
    }
    sums
}

/// The orthonormal discrete cosine transform of type II of length `n` (Ahmed, Natarajan and Rao 1974) as a matrix of
/// `n` by `n`: row `j`, column `k` is the value at `j` of the cosine of order `k`.
pub fn cosines(n: usize) -> Vec<f64> {
    let entry = |j: usize, k: usize| {
        let scale = if k == 0 { 1.0 } else { 2.0 } / n as f64;
        // The angle, in units of pi / (2 n), modulo one turn: exact before the cosine.
        let angle = ((2 * j + 1) * k % (4 * n)) as f64 / (2 * n) as f64;
        scale.sqrt() * libm::cos(std::f64::consts::PI * angle)
    };
    (0..n).flat_map(|j| (0..n).map(move |k| entry(j, k))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_is_orthonormal_and_undoes_itself() {
        let (x, shape): (Vec<f64>, _) = ((0..60).map(|i| f64::from(i * i % 17)).collect(), [3, 4, 5]);
        for (mode, &n) in shape.iter().enumerate() {
            let basis = cosines(n);
            let there = multiply(&x, &shape, mode, &basis, n);
            let back = multiply_transposed(&there, &shape, mode, &basis, n);
            assert!(x.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-12));
            let energy = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
            let trace = (0..n).map(|i| gram(&x, &shape, mode)[i * n + i]).sum::<f64>();
            assert!((energy(&x) - trace).abs() < 1e-9 && (energy(&there) - trace).abs() < 1e-9);
        }
    }
}

//! Dense linear algebra on small matrices: nalgebra's decompositions behind plain slices.
//!
//! Matrices are row-major. nalgebra is built without run-time SIMD dispatch, so that results are equal on every CPU;
//! these functions are not generic, so that it is compiled once.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Eigenvalues of a symmetric matrix of `n` rows in falling order, and its eigenvectors, one per row, each of unit norm
/// and with its largest element positive.
///
/// # Panics
/// If `matrix` has other than `n * n` elements.
pub fn symmetric_eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(matrix.len(), n * n, "a matrix of {n} rows");
    let eigen = SymmetricEigen::new(DMatrix::from_row_slice(n, n, matrix));
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let values = order.iter().map(|&column| eigen.eigenvalues[column]).collect();
    let mut vectors = Vec::with_capacity(n * n);
    for &column in &order {
        let vector = eigen.eigenvectors.column(column);
        let largest = vector.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
        vectors.extend(vector.iter().map(|value| if largest < 0.0 { -value } else { *value }));
    }
    (values, vectors)
}

/// Orthonormal columns that span those of `matrix`, `rows` by `columns` with at least as many rows as columns; a
/// column that depends on those before it comes out as some unit vector orthogonal to them.
///
/// # Panics
/// If `matrix` has other than `rows * columns` elements, or more columns than rows.
pub fn orthonormal(matrix: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    assert!(matrix.len() == rows * columns && columns <= rows, "{rows} by {columns}");
    let q = DMatrix::from_row_slice(rows, columns, matrix).qr().q();
    q.row_iter().flat_map(|row| row.iter().copied().collect::<Vec<_>>()).collect()
}

/// Solves the positive definite system `matrix * x = right`; `None` if the matrix is not positive definite.
///
/// # Panics
/// If `matrix` has other than `n * n` elements for the `n` of `right`.
pub fn solve_positive(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    assert_eq!(matrix.len(), n * n, "a matrix of {n} rows");
    let cholesky = DMatrix::from_row_slice(n, n, matrix).cholesky()?;
    Some(cholesky.solve(&DVector::from_column_slice(right)).iter().copied().collect())
}

/// The `x` for which `matrix * x` is nearest to `right` in the mean square, `matrix` having at least as many rows as
/// columns; `None` if its columns depend on each other.
///
/// # Panics
/// If `matrix` is not `right.len()` by `columns`.
pub fn least_squares(matrix: &[f64], columns: usize, right: &[f64]) -> Option<Vec<f64>> {
    let rows = right.len();
    assert!(matrix.len() == rows * columns && columns <= rows, "{rows} by {columns}");
    let qr = DMatrix::from_row_slice(rows, columns, matrix).qr();
    let mut projected = DVector::from_column_slice(right);
    qr.q_tr_mul(&mut projected);
    let top = DVector::from_iterator(columns, projected.iter().copied().take(columns));
    let solution = qr.r().solve_upper_triangular(&top)?;
    solution.iter().all(|value| value.is_finite()).then(|| solution.iter().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: &[f64], expected: &[f64]) {
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close && found.len() == expected.len(), "{found:?} is not {expected:?}");
    }

    #[test]
    fn eigenvalues_fall_and_vectors_are_rows() {
        let (values, vectors) = symmetric_eigen(&[2.0, 1.0, 1.0, 2.0], 2);
        near(&values, &[3.0, 1.0]);
        let h = 0.5f64.sqrt();
        near(&vectors[..2], &[h, h]);
        assert!((vectors[2] + vectors[3]).abs() < 1e-12);
    }

    #[test]
    fn orthonormal_columns_span_the_same_space() {
        let q = orthonormal(&[3.0, 1.0, 4.0, 1.0, 0.0, 5.0], 3, 2);
        let dot = |a: usize, b: usize| (0..3).map(|row| q[row * 2 + a] * q[row * 2 + b]).sum::<f64>();
        near(&[dot(0, 0), dot(1, 1), dot(0, 1)], &[1.0, 1.0, 0.0]);
        near(&[q[0].abs(), q[2].abs(), q[4].abs()], &[0.6, 0.8, 0.0]);
    }

    #[test]
    fn systems_are_solved_or_refused() {
        near(&solve_positive(&[4.0, 2.0, 2.0, 3.0], &[10.0, 9.0]).expect("positive definite"), &[1.5, 2.0]);
        assert_eq!(solve_positive(&[1.0, 2.0, 2.0, 1.0], &[1.0, 1.0]), None);
        let line = least_squares(&[1.0, 0.0, 1.0, 1.0, 1.0, 2.0], 2, &[1.0, 2.0, 4.0]).expect("independent columns");
        near(&line, &[5.0 / 6.0, 1.5]);
        assert_eq!(least_squares(&[0.0, 0.0, 0.0, 0.0], 2, &[1.0, 2.0]), None);
    }
}

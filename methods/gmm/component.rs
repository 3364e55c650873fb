//! One Gaussian and its ten numbers.

/// Numbers of a component: the logarithm of its amplitude; those of its scales along the three axes; three shears; its
/// mean.
pub(super) const NUMBERS: usize = 10;
/// Where the scales, the shears and the mean stand among them.
pub(super) const SCALES: usize = 1;
pub(super) const SHEARS: usize = 4;
pub(super) const MEAN: usize = 7;
/// The two axes of each shear.
pub(super) const PAIRS: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];

/// `sign * exp(n0) * exp(-|z|^2 / 2)` where `z = (I + R) y`, `y_i = exp(n_i) (v_i - mean_i)` and `R` holds the shears
/// above its diagonal: every covariance has exactly one such form, and all ten numbers weigh alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Component {
    pub negative: bool,
    pub numbers: [f64; NUMBERS],
}

/// A component with its exponentials taken; axes that an array does not have get scale 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub amplitude: f64,
    pub scales: [f64; 3],
    pub shears: [f64; 3],
    pub mean: [f64; 3],
}

impl Component {
    pub fn ready(&self, active: [bool; 3]) -> Ready {
        let n = &self.numbers;
        let size = libm::exp(n[0].clamp(-700.0, 700.0));
        let scale = |axis: usize| if active[axis] { libm::exp(n[SCALES + axis].clamp(-50.0, 50.0)) } else { 0.0 };
        Ready {
            amplitude: if self.negative { -size } else { size },
            scales: std::array::from_fn(scale),
            shears: [n[SHEARS], n[SHEARS + 1], n[SHEARS + 2]],
            mean: [n[MEAN], n[MEAN + 1], n[MEAN + 2]],
        }
    }

    /// The logarithm of the norm of the component over all space, without that of its amplitude: half that of the
    /// integral of `exp(-|z|^2)`.
    pub fn log_width(&self, active: [bool; 3]) -> f64 {
        const LOG_ROOT_PI: f64 = 0.572_364_942_924_700_1;
        (0..3).filter(|&axis| active[axis]).map(|axis| (LOG_ROOT_PI - self.numbers[SCALES + axis]) * 0.5).sum()
    }

    /// The logarithm of the norm over all space.
    pub fn log_norm(&self, active: [bool; 3]) -> f64 {
        self.numbers[0] + self.log_width(active)
    }

    /// From the logarithm of the amplitude, the mean and the covariance; nothing if that is not positive definite.
    pub fn from_moments(
        log_amplitude: f64,
        mean: [f64; 3],
        covariance: [[f64; 3]; 3],
        active: [bool; 3],
    ) -> Option<Self> {
        let mut covariance = covariance;
        for axis in (0..3).filter(|&axis| !active[axis]) {
            covariance[axis] = [0.0; 3];
            covariance.iter_mut().for_each(|row| row[axis] = 0.0);
            covariance[axis][axis] = 1.0;
        }
        // The upper triangular W with W^T W equal to the inverse of the covariance, row by row from the inverse's
        // lower triangular Cholesky factor.
        let precision = inverse(covariance)?;
        let mut lower = [[0.0; 3]; 3];
        for i in 0..3 {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                let rest = precision[i][j] - sum;
                lower[i][j] = if i == j { rest.sqrt() } else { rest / lower[j][j] };
            }
        }
        let mut numbers = [log_amplitude, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, mean[0], mean[1], mean[2]];
        for axis in 0..3 {
            numbers[SCALES + axis] = libm::log(lower[axis][axis]);
        }
        for (shear, (i, j)) in PAIRS.into_iter().enumerate() {
            numbers[SHEARS + shear] = lower[j][i] / lower[j][j];
        }
        numbers.iter().all(|number| number.is_finite()).then_some(Component { negative: false, numbers })
    }
}

/// The inverse of a symmetric matrix, by cofactors; nothing if it is not positive definite.
fn inverse(m: [[f64; 3]; 3]) -> Option<[[f64; 3]; 3]> {
    let minor = |i: usize, j: usize| {
        let (a, b) = ((i + 1) % 3, (i + 2) % 3);
        let (c, d) = ((j + 1) % 3, (j + 2) % 3);
        m[a][c] * m[b][d] - m[a][d] * m[b][c]
    };
    let determinant: f64 = (0..3).map(|j| m[0][j] * minor(0, j)).sum();
    let positive = m[0][0] > 0.0 && minor(2, 2) > 0.0 && determinant > 0.0 && determinant.is_finite();
    positive.then(|| std::array::from_fn(|i| std::array::from_fn(|j| minor(j, i) / determinant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_become_numbers_that_whiten_them() {
        let covariance = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.7], [0.5, -0.7, 2.0]];
        let component =
            Component::from_moments(0.0, [1.0, 2.0, 3.0], covariance, [true; 3]).expect("positive definite");
        let ready = component.ready([true; 3]);
        let [a, b, c] = ready.shears;
        let w = [
            [ready.scales[0], a * ready.scales[1], b * ready.scales[2]],
            [0.0, ready.scales[1], c * ready.scales[2]],
            [0.0, 0.0, ready.scales[2]],
        ];
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 =
                    (0..3).map(|k| (0..3).map(|l| w[i][k] * covariance[k][l] * w[j][l]).sum::<f64>()).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "{i} {j}: {product}");
            }
        }
        assert!(Component::from_moments(0.0, [0.0; 3], [[0.0; 3]; 3], [true; 3]).is_none());
        assert!(Component::from_moments(0.0, [0.0; 3], [[0.0; 3]; 3], [false; 3]).is_some());
    }
}

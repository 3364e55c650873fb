//! Real solid harmonics, many points at a time.

/// Points treated together: what the compiler turns into vector instructions.
pub const LANES: usize = 16;

/// One number for each of a group of points.
pub type Lanes = [f64; LANES];

/// Harmonics up to a degree.
pub const fn count(degree: usize) -> usize {
    (degree + 1) * (degree + 1)
}

/// The index of order `m`, from `-l` to `l`, of degree `l`.
pub const fn index(l: usize, m: isize) -> usize {
    (l * l + l).wrapping_add_signed(m)
}

/// Coefficients of the recurrences, which depend on the degree alone.
#[derive(Clone, Debug)]
pub struct Harmonics {
    degree: usize,
    /// Of degree and order `m`, before the powers of the coordinates.
    diagonal: Vec<f64>,
    /// `(a, a * b)` of degree `l` and order `m < l`, at `l * (degree + 1) + m`.
    steps: Vec<(f64, f64)>,
}

impl Harmonics {
    /// Harmonics of degrees 0 to `degree`, orthonormal over the unit sphere.
    pub fn new(degree: usize) -> Self {
        let mut diagonal = Vec::with_capacity(degree + 1);
        let mut square = 1.0 / (4.0 * std::f64::consts::PI);
        for m in 0..=degree {
            if m > 0 {
                square *= (2 * m + 1) as f64 / (2 * m) as f64;
            }
            let twice = if m > 0 { 2.0 } else { 1.0 };
            diagonal.push((square * twice).sqrt());
        }
        let mut steps = vec![(0.0, 0.0); count(degree)];
        for l in 1..=degree {
            for m in 0..l {
                let square = |x: usize| (x * x) as f64;
                let a = ((4.0 * square(l) - 1.0) / (square(l) - square(m))).sqrt();
                let b = ((square(l - 1) - square(m)) / (4.0 * square(l - 1) - 1.0)).max(0.0).sqrt();
                steps[l * (degree + 1) + m] = (a, a * b);
            }
        }
        Harmonics { degree, diagonal, steps }
    }

    /// Calls `visit` with the index and the values of `|u|^l Y_lm(u / |u|)` at the points `u`, for every `l` and `m`.
    ///
    /// The normalised associated Legendre functions follow the three-term recurrence in the degree at constant order,
    /// which is stable upwards (Holmes and Featherstone, "A unified approach to the Clenshaw summation and the
    /// recursive computation of very high degree and order normalised associated Legendre functions", 2002, equation
    /// 11); sines and cosines of the azimuth are powers of the complex number of the first two coordinates.
    #[inline(always)]
    pub fn walk(&self, u: &[Lanes; 3], mut visit: impl FnMut(usize, &Lanes)) {
        let [x, y, z] = u;
        let square: Lanes = std::array::from_fn(|i| x[i] * x[i] + y[i] * y[i] + z[i] * z[i]);
        let (mut cosine, mut sine) = ([1.0; LANES], [0.0; LANES]);
        for m in 0..=self.degree {
            let (mut before, mut now) = ([0.0; LANES], [self.diagonal[m]; LANES]);
            for l in m..=self.degree {
                if l > m {
                    let (a, ab) = self.steps[l * (self.degree + 1) + m];
                    let next: Lanes = std::array::from_fn(|i| a * z[i] * now[i] - ab * square[i] * before[i]);
                    (before, now) = (now, next);
                }
                let even: Lanes = std::array::from_fn(|i| now[i] * cosine[i]);
                visit(index(l, m as isize), &even);
                if m > 0 {
                    let odd: Lanes = std::array::from_fn(|i| now[i] * sine[i]);
                    visit(index(l, -(m as isize)), &odd);
                }
            }
            let turned: Lanes = std::array::from_fn(|i| cosine[i] * x[i] - sine[i] * y[i]);
            sine = std::array::from_fn(|i| cosine[i] * y[i] + sine[i] * x[i]);
            cosine = turned;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(degree: usize, point: [f64; 3]) -> Vec<f64> {
        let mut values = vec![0.0; count(degree)];
        Harmonics::new(degree).walk(&point.map(|x| [x; LANES]), |index, lanes| values[index] = lanes[3]);
        values
    }

    #[test]
    fn low_degrees_are_the_known_polynomials() {
        let (x, y, z) = (0.3, -0.5, 0.7);
        let found = at(2, [x, y, z]);
        let pi = std::f64::consts::PI;
        let (s, p, d) = ((0.25 / pi).sqrt(), (0.75 / pi).sqrt(), (3.75 / pi).sqrt());
        let square = x * x + y * y + z * z;
        let top = (5.0 / pi).sqrt() / 4.0 * (3.0 * z * z - square);
        let known = [s, p * y, p * z, p * x, d * x * y, d * y * z, top, d * x * z, d / 2.0 * (x * x - y * y)];
        for (index, (found, known)) in found.iter().zip(known).enumerate() {
            let sign = found.signum() * f64::signum(known);
            assert!((found * sign - known).abs() < 1e-14, "{index}: {found}, not {known}");
        }
    }

    #[test]
    fn the_squares_of_a_degree_add_up_to_a_constant_on_the_sphere() {
        for point in [[0.0, 0.0, 1.0], [0.6, 0.0, -0.8], [0.48, 0.6, 0.64]] {
            let values = at(30, point);
            for l in 0..=30 {
                let sum: f64 = values[l * l..(l + 1) * (l + 1)].iter().map(|value| value * value).sum();
                let known = (2 * l + 1) as f64 / (4.0 * std::f64::consts::PI);
                assert!((sum / known - 1.0).abs() < 1e-12, "degree {l}: {sum}, not {known}");
            }
        }
    }
}

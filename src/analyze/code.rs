//! Values as whole numbers, so that differences are exact and can be counted; and the entropy of such numbers.

use codecbench_methods::api::Element;

use super::Lattice;

/// How values become whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Code {
    /// Integers are what they are.
    Integer,
    /// Floats that are multiples of a step: the number of steps.
    Lattice(Lattice),
    /// Other floats: their bits, made to grow with the value.
    Bits,
}

impl Code {
    /// The number of a value.
    #[inline(always)]
    pub fn of<T: Element>(self, value: T) -> i64 {
        match self {
            Code::Integer => match T::DTYPE.size() {
                8 => value.to_bits() as i64,
                _ => value.to_f64() as i64,
            },
            Code::Lattice(lattice) => ((value.to_f64() - lattice.offset) / lattice.step).round() as i64,
            Code::Bits if T::DTYPE.size() == 4 => {
                let bits = value.to_bits() as u32 as i32;
                i64::from(bits ^ (bits >> 31 & i32::MAX))
            }
            Code::Bits => {
                let bits = value.to_bits() as i64;
                bits ^ (bits >> 63 & i64::MAX)
            }
        }
    }
}

/// Distinct numbers, and their entropy in bits per number (0 of none). Sorts `numbers`.
pub fn entropy(numbers: &mut [i64]) -> (usize, f64) {
    numbers.sort_unstable();
    let (total, mut distinct, mut bits) = (numbers.len() as f64, 0, 0.0);
    for run in numbers.chunk_by(|a, b| a == b) {
        let share = run.len() as f64 / total;
        distinct += 1;
        bits -= share * libm::log2(share);
    }
    // Of one number it is zero, not minus zero.
    (distinct, f64::max(bits, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_a_coin_a_die_and_nothing() {
        assert_eq!(entropy(&mut [1, 0, 0, 1]), (2, 1.0));
        assert_eq!(entropy(&mut [7, 7, 7]), (1, 0.0));
        assert_eq!(entropy(&mut []), (0, 0.0));
        assert!((entropy(&mut [1, 2, 3, 4, 5, 6]).1 - libm::log2(6.0)).abs() < 1e-12);
    }

    #[test]
    fn numbers_grow_with_the_values() {
        let ascending = [f32::MIN, -1.5, -1e-45, 0.0, 1e-45, 2.0, f32::MAX];
        assert!(ascending.map(|x| Code::Bits.of(x)).is_sorted_by(|a, b| a < b));
        assert!(ascending.map(|x| Code::Bits.of(f64::from(x))).is_sorted_by(|a, b| a < b));
        assert_eq!((Code::Integer.of(-3i16), Code::Integer.of(200u8), Code::Integer.of(i64::MIN)), (-3, 200, i64::MIN));
        assert_eq!(Code::Lattice(Lattice { step: 0.25, offset: 1.0, steps: 9 }).of(1.5f64), 2);
    }
}

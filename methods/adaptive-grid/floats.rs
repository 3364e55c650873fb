//! Floats that are better coded as integers: on a lattice, or where the bound is finer than the type.
//!
//! Data that were packed, or that lie in one octave, are whole multiples of a power of two. Where the bound is only a few
//! of those, the largest odd multiple that keeps it is a wider step than twice the bound, or loses nothing at all.

use crate::shared::multilevel::{Sample, TRIM_UNITS, trim};
use std::ops::Range;

use super::payload::{self, LATTICE, ORDERED, Setting};
use crate::api::{DType, Error};
use crate::shared::varint;

/// A lattice this much finer than the bound is not worth looking for.
const FINEST: f64 = 16.0;
/// Bytes of an integer that stands for a float.
const INTEGER: usize = 4;

/// Appends the payload of `data`, any of the element types.
pub(super) fn write<T: Sample>(data: &[T], setting: &Setting<'_>, payload: &mut Vec<u8>) {
    if let Some(exponent) = lattice(data, setting) {
        let scale = power_of_two(-exponent);
        let integers: Vec<i32> = data.iter().map(|value| (value.to_f64() * scale) as i32).collect();
        let mut prefix = Vec::new();
        varint::write((exponent << 1 ^ exponent >> 31) as u32 as u64, &mut prefix);
        return payload::write(integers, &on_lattice(setting, exponent), (LATTICE, &prefix), payload);
    }
    // Above this trim, the bound is within about 0.8 units in the last place of the largest value.
    let unresolved = setting.lossless || trim(data, setting.bound) >= (TRIM_UNITS * 0.6) as u32;
    if T::DTYPE == DType::F32 && unresolved {
        let integers: Vec<i32> = data.iter().map(|value| ordered(value.to_bits() as u32)).collect();
        return payload::write(integers, &Setting { bound: 0.0, ..setting.clone() }, (ORDERED, &[]), payload);
    }
    payload::write(data.to_vec(), setting, (0, &[]), payload);
}

/// Fills `data` from a payload of [`write`].
pub(super) fn read<T: Sample>(payload: &[u8], setting: &Setting<'_>, data: &mut [T]) -> Result<(), Error> {
    let (at, exponent) = prefix(payload)?;
    if payload[0] & (LATTICE | ORDERED) == 0 || !T::DTYPE.is_float() {
        return payload::read(payload, at, setting, data);
    }
    let mut integers = vec![0i32; data.len()];
    let Some(exponent) = exponent else {
        payload::read(payload, at, &Setting { bound: 0.0, ..setting.clone() }, &mut integers)?;
        let values = integers.into_iter().map(|integer| T::from_bits(u64::from(ordered(integer as u32) as u32)));
        data.iter_mut().zip(values).for_each(|(value, float)| *value = float);
        return Ok(());
    };
    payload::read(payload, at, &on_lattice(setting, exponent), &mut integers)?;
    let unit = power_of_two(exponent);
    data.iter_mut().zip(integers).for_each(|(value, integer)| *value = T::restore(f64::from(integer) * unit));
    Ok(())
}

/// Where the values that escaped start and end in a payload of elements of `size` bytes.
pub(super) fn escaped(payload: &[u8], size: usize) -> Result<Range<usize>, Error> {
    let (at, _) = prefix(payload)?;
    payload::escaped(payload, at, if payload[0] & (LATTICE | ORDERED) == 0 { size } else { INTEGER })
}

/// Where the prefix ends, and the lattice's exponent if there is one.
fn prefix(payload: &[u8]) -> Result<(usize, Option<i32>), Error> {
    let flags = *payload.first().ok_or_else(|| Error::corrupt(0, "the payload is empty"))?;
    let mut at = 1;
    if flags & LATTICE == 0 {
        return Ok((at, None));
    }
    let zigzag = varint::read_length(payload, &mut at, 4096)? as i32;
    Ok((at, Some(zigzag >> 1 ^ -(zigzag & 1))))
}

/// The same setting for the integers.
fn on_lattice<'a>(setting: &Setting<'a>, exponent: i32) -> Setting<'a> {
    Setting { bound: setting.bound / power_of_two(exponent), ..setting.clone() }
}

/// `2^exponent`; far outside the range of `f64`, 0 or infinity.
fn power_of_two(exponent: i32) -> f64 {
    libm::ldexp(1.0, exponent)
}

/// The largest power of two of which all values are whole multiples, if coding the multiples is worth while.
fn lattice<T: Sample>(data: &[T], setting: &Setting<'_>) -> Option<i32> {
    // Multiples, and what an odd step makes of them, must be exact in the type of the data.
    let most = match T::DTYPE {
        DType::F32 => f64::from(1 << 24),
        DType::F64 => f64::from(1 << 30),
        _ => return None,
    };
    let (mut exponent, mut largest) = (i32::MAX, 0.0f64);
    for value in data {
        let value = value.to_f64();
        if !value.is_finite() || (setting.lossless && value == 0.0 && value.is_sign_negative()) {
            return None;
        }
        if value != 0.0 {
            largest = largest.max(value.abs());
            let finer = lowest_bit(value);
            if finer < exponent {
                exponent = finer;
                let unit = power_of_two(exponent);
                if unit * FINEST < setting.bound || largest / unit > most {
                    return None;
                }
            }
        }
    }
    if exponent == i32::MAX || power_of_two(-exponent).is_infinite() || power_of_two(exponent) == 0.0 {
        return None;
    }
    let units = setting.bound / power_of_two(exponent);
    let step = 2.0 * units.floor() + 1.0;
    (largest / power_of_two(exponent) + units < most && step >= 2.0 * units).then_some(exponent)
}

/// Exponent of the lowest bit that is set in a number that is finite and not zero.
fn lowest_bit(value: f64) -> i32 {
    let bits = value.to_bits();
    let (biased, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let (exponent, significand) = if biased == 0 { (-1074, fraction) } else { (biased - 1075, fraction | 1 << 52) };
    exponent + significand.trailing_zeros() as i32
}

/// Bit patterns of floats as integers in the same order; its own inverse.
fn ordered(bits: u32) -> i32 {
    let bits = bits as i32;
    bits ^ ((bits >> 31) as u32 >> 1) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::multilevel::Rule;

    fn setting(bound: f64, lossless: bool) -> Setting<'static> {
        Setting { shape: &[4], axes: &[0], depth: 0, rule: Rule::Cubic, bound, lossless }
    }

    #[test]
    fn a_lattice_is_found_where_it_pays_and_nowhere_else() {
        let packed = [286.125f32, 0.0, -3.0, 299.25];
        assert_eq!(lattice(&packed, &setting(0.01, false)), Some(-3));
        assert_eq!(lattice(&packed, &setting(0.13, false)), Some(-3));
        assert_eq!(
            lattice(&packed, &setting(0.12, false)),
            None,
            "an odd step of one is narrower than twice the bound"
        );
        assert_eq!(lattice(&packed, &setting(100.0, false)), None);
        assert_eq!(lattice(&[1e30f32, 1.0], &setting(1e-3, false)), None);
        assert_eq!(lattice(&[f32::NAN, 1.0], &setting(1e-3, false)), None);
        assert_eq!(lattice(&[-0.0f32, 1.0], &setting(0.0, true)), None);
        assert_eq!(lattice(&[3i32, 6], &setting(0.1, false)), None);
    }

    #[test]
    fn the_lowest_bit_of_normal_and_denormal_numbers() {
        assert_eq!([1.0, 0.75, -6.0, 5e-324, f64::MIN_POSITIVE].map(lowest_bit), [0, -2, 1, -1074, -1022]);
    }

    #[test]
    fn ordered_integers_rise_with_the_floats_and_lead_back() {
        let floats = [f32::NEG_INFINITY, -1.5, -1e-45, -0.0, 0.0, 1e-45, 1.0, f32::MAX];
        let integers = floats.map(|value| ordered(value.to_bits()));
        assert!(integers.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(integers.map(|integer| ordered(integer as u32) as u32), floats.map(f32::to_bits));
    }
}

//! Values within a bound: the nearest points of one lattice, whose numbers come back bit for bit; or every bit, where no
//! lattice keeps the bound.

use super::exact;
use super::kernel::Word;
use super::params::Effort;
use crate::api::Error;
use crate::shared::lattice::Lattice;
use crate::shared::multilevel::Sample;
use crate::shared::range::{RangeDecoder, RangeEncoder};
use crate::shared::varint;

/// Appends `data`, an array of `shape`, every value of which is to come back within `bound`: bytes of the lattice as a
/// varint, none if there is no lattice; the lattice; the payload of numbers or values.
///
/// # Errors
/// `Backend` if a library fails, which no input makes it do.
pub fn write<T: Word + Sample>(
    data: &[T],
    shape: &[usize],
    bound: f64,
    effort: Effort,
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    // A lattice as fine as the type's own values only moves them; integers are on one.
    let lossless = !T::DTYPE.is_float() && bound < 1.0;
    let Some((lattice, numbers)) = (!lossless).then(|| Lattice::find(data, bound)).flatten() else {
        varint::write(0, payload);
        return exact::write(data, shape, effort, payload);
    };
    let mut encoder = RangeEncoder::new();
    Lattice::state(Some(&lattice), &mut encoder);
    let stated = encoder.finish();
    varint::write(stated.len() as u64 + 1, payload);
    payload.extend_from_slice(&stated);
    exact::write(&numbers, shape, effort, payload)
}

/// Fills `data`, an array of `shape`, with what [`write`] wrote.
///
/// # Errors
/// `Corrupt` if `payload` is nothing that it writes.
pub fn read<T: Word + Sample>(
    payload: &[u8],
    shape: &[usize],
    bound: f64,
    effort: Effort,
    data: &mut [T],
) -> Result<(), Error> {
    let mut at = 0;
    let Some(length) = varint::read_length(payload, &mut at, payload.len() + 1)?.checked_sub(1) else {
        return exact::read(&payload[at..], shape, effort, data);
    };
    let stated =
        payload.get(at..at + length).ok_or_else(|| Error::corrupt(at, "the lattice ends behind the payload"))?;
    let lattice = Lattice::<T>::state(None, &mut RangeDecoder::new(stated));
    let mut numbers = vec![0i32; data.len()];
    exact::read(&payload[at + length..], shape, effort, &mut numbers)?;
    lattice.values(&numbers, bound, data);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<T: Word + Sample>(data: &[T], shape: &[usize], bound: f64) -> [usize; 3] {
        [Effort::Fast, Effort::Balanced, Effort::Max].map(|effort| {
            let mut payload = Vec::new();
            write(data, shape, bound, effort, &mut payload).expect("writes");
            let mut back = vec![T::default(); data.len()];
            read(&payload, shape, bound, effort, &mut back).expect("reads");
            assert!(back.iter().zip(data).all(|(back, value)| back.within(*value, bound)), "{effort:?} {bound}");
            payload.len()
        })
    }

    #[test]
    fn bounds_hold_and_wide_ones_take_few_bytes() {
        let floats: Vec<f32> = (0..6000).map(|i| (i as f32 * 0.013).sin() * 30.0 + (i / 60) as f32).collect();
        let integers: Vec<i16> = floats.iter().map(|value| (value * 20.0) as i16).collect();
        for bound in [0.0, 1e-7, 1e-3, 0.5, 7.0, 1e30] {
            size(&floats, &[100, 60], bound);
            size(&integers, &[100, 60], bound);
            size(&[0.0f64, -1e300, 1e-300, 5.0], &[4], bound);
        }
        let [wide, narrow] = [0.1, 1e-4].map(|bound| size(&floats, &[100, 60], bound)[2]);
        assert!(wide * 2 < narrow && narrow < 15_000, "{wide} {narrow}");
    }
}

//! Streams that keep a promise: a bound on every value, or every bit. What was kept of the blocks is one byte before them.

use super::ffi::{self, Limits};
use super::native::Native;
use crate::api::{Element, Error};

/// First byte: everything was kept.
const REVERSIBLE: i8 = -128;
/// First byte: the elements follow as they are. `decode` does not know it: see [`raw`].
const RAW: i8 = 127;
/// By how many bits zfp may be told a smaller tolerance than asked before everything is kept.
const TIGHTEN: i8 = 6;
/// By how many bits the search may raise it.
const RAISE: i8 = -24;

/// The elements behind a payload's first byte, if that says that they follow as they are.
pub fn raw(payload: &[u8]) -> Option<&[u8]> {
    payload.split_first().filter(|(first, _)| **first == RAW as u8).map(|(_, rest)| rest)
}

/// What zfp keeps so that errors are about `2^exponent`, in units of the elements.
///
/// Integers have no accuracy mode: there the bit planes are chosen that it would choose (zfp 1.0 manual, section "Fixed-
/// accuracy mode": `2 (d + 1)` planes of headroom, two of which integers do not have).
pub fn limits<T: Native>(exponent: i32, rank: usize) -> Limits {
    if T::Scalar::DTYPE.is_float() {
        return Limits::accuracy(exponent);
    }
    let width = T::Scalar::DTYPE.size() as i32 * 8;
    let planes = width.saturating_sub(exponent.saturating_add(T::SHIFT)).saturating_add(2 * rank as i32);
    Limits::precision(planes.clamp(1, width) as u32)
}

/// The largest `exponent` with `2^exponent <= bound`. `bound` is above zero.
pub fn exponent(bound: f64) -> i32 {
    libm::ilogb(bound)
}

/// Values on their way through zfp.
pub struct Job<'a, T: Native> {
    /// The elements, C order.
    pub data: &'a [T],
    /// The same in zfp's type.
    pub promoted: Vec<T::Scalar>,
    /// One to four axes.
    pub shape: &'a [usize],
}

impl<T: Native> Job<'_, T> {
    /// Appends everything: reversibly, or as it is if that is not larger. Checked bit for bit.
    ///
    /// # Errors
    /// `Backend` if the library fails.
    pub fn exact(&self, payload: &mut Vec<u8>) -> Result<(), Error> {
        let stream = ffi::compress(&self.promoted, self.shape, Limits::REVERSIBLE)?;
        let same = |(a, b): (&T, &T)| a.to_bits() == b.to_bits();
        let back = self.decoded(&stream, Limits::REVERSIBLE)?;
        if stream.len() < size_of_val(self.data) && self.data.iter().zip(&back).all(same) {
            payload.push(REVERSIBLE as u8);
            payload.extend_from_slice(&stream);
            return Ok(());
        }
        payload.push(RAW as u8);
        let size = size_of::<T>();
        self.data.iter().for_each(|value| payload.extend_from_slice(&value.to_bits().to_le_bytes()[..size]));
        Ok(())
    }

    /// Appends a stream from which every value comes back within `bound`; `search` for the coarsest one. Each is decoded
    /// and compared, and where no tolerance holds the bound everything is kept.
    ///
    /// # Errors
    /// `Backend` if the library fails.
    pub fn bounded(&self, bound: f64, search: bool, payload: &mut Vec<u8>) -> Result<(), Error> {
        let exact_anyway = bound == 0.0 || (bound < 1.0 && !T::DTYPE.is_float());
        let mut found = None;
        // Half of zfp's headroom is plenty for most integers, and what the rest saves from is seen.
        let start = if T::DTYPE.is_float() { 0 } else { -(self.shape.len() as i8) };
        for tighter in if exact_anyway { 0..0 } else { start..TIGHTEN } {
            found = self.attempt(bound, tighter)?;
            if found.is_some() {
                break;
            }
        }
        let Some((mut tighter, mut stream)) = found else { return self.exact(payload) };
        let coarser = if search && tighter <= 0 { RAISE..tighter } else { 0..0 };
        for raised in coarser.rev() {
            let Some(attempt) = self.attempt(bound, raised)? else { break };
            if attempt.1.len() < stream.len() {
                (tighter, stream) = attempt;
            }
        }
        let start = payload.len();
        if stream.len() * 2 > size_of_val(self.data) {
            self.exact(payload)?;
        }
        // Near the size of the elements everything can be cheaper than a part.
        if payload.len() == start || payload.len() - start > stream.len() + 1 {
            payload.truncate(start);
            payload.push(tighter as u8);
            payload.extend_from_slice(&stream);
        }
        Ok(())
    }

    /// The stream for a tolerance `2^tighter` below that of `bound`, if every value comes back within `bound`.
    fn attempt(&self, bound: f64, tighter: i8) -> Result<Option<(i8, Vec<u8>)>, Error> {
        let limits = limits::<T>(exponent(bound).saturating_sub(tighter.into()), self.shape.len());
        let stream = ffi::compress(&self.promoted, self.shape, limits)?;
        let back = self.decoded(&stream, limits)?;
        let kept = self.data.iter().zip(back).all(|(&value, back)| Element::within(value, back, bound));
        Ok(kept.then_some((tighter, stream)))
    }

    fn decoded(&self, stream: &[u8], limits: Limits) -> Result<Vec<T>, Error> {
        let mut values = vec![T::Scalar::default(); self.data.len()];
        ffi::decompress(stream, self.shape, limits, &mut values)?;
        Ok(values.into_iter().map(T::demoted).collect())
    }
}

/// What was kept of a payload with a first byte, and the stream behind it. `bound` is that of the encoder, if it had one.
///
/// # Errors
/// `Corrupt` if there is no first byte or it makes no sense.
pub fn open<T: Native>(payload: &[u8], bound: Option<f64>, rank: usize) -> Result<(Limits, &[u8]), Error> {
    let Some((&first, stream)) = payload.split_first() else {
        return Err(Error::corrupt(0, "the payload has no first byte"));
    };
    match (first as i8, bound) {
        (REVERSIBLE, _) => Ok((Limits::REVERSIBLE, stream)),
        (tighter @ RAISE..=TIGHTEN, Some(bound)) if bound > 0.0 => {
            Ok((limits::<T>(exponent(bound).saturating_sub(tighter.into()), rank), stream))
        }
        _ => Err(Error::corrupt(0, format!("{first} does not say what was kept"))),
    }
}

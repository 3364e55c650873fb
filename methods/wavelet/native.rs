//! The seeds' codecs: coefficients kept where they are large, or cut to bytes; of the decimated transform or the
//! stationary one.

use super::Expansion;
use super::bands::Coefficients;
use super::bytes;
use super::expand;
use super::stationary;
use crate::api::{Element, Error};
use crate::shared::entropy;
use crate::shared::subband::{Band, Transform};
use crate::shared::wavelet::{Family, Gains, Level, Pyramid};

/// The largest value is scaled to this before the transform, a third of what a byte holds: three splits nearly triple it.
const SCALED: f64 = 127.0 / 3.0;

/// What is done to coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Store {
    /// Kept if their magnitude is no less than this, else zero.
    Threshold(f64),
    /// Cut to integers of 8 bits.
    Int8,
}

/// The transform of whole arrays of one shape (no axis empty).
#[derive(Debug)]
pub(super) struct Native {
    pub family: Family,
    /// Without unit axes.
    pub shape: Vec<usize>,
    pub levels: Vec<Level>,
    /// Axes that may be split, and how often.
    pub axes: Vec<usize>,
    pub depth: u32,
    pub transform: Expansion,
    /// Coefficients of the stationary transform below this become zero before anything else, where it denoises.
    pub denoise: f64,
}

impl Native {
    /// Refuses what would take too much room.
    ///
    /// # Errors
    /// `Unsupported` if the stationary transform has too many coefficients per value.
    pub fn check(&self) -> Result<(), Error> {
        let (times, most) = (stationary::redundancy(&self.levels), stationary::MOST);
        match self.transform {
            Expansion::Stationary | Expansion::Denoised if times > most => Err(Error::unsupported(format!(
                "{times} coefficients per value of the stationary transform, at most {most}; take fewer levels or axes"
            ))),
            _ => Ok(()),
        }
    }

    /// All bands, the coarsest first.
    pub fn forward(&self, mut values: Vec<f64>) -> Vec<Coefficients> {
        match self.transform {
            Expansion::Stationary => {
                return stationary::forward(self.family, &self.shape, &self.levels, values);
            }
            Expansion::Denoised => values = self.denoised(values),
            Expansion::Decimated | Expansion::None => {}
        }
        if self.family.filters().is_some() {
            return expand::forward(self.family, &self.shape, &self.levels, values);
        }
        let pyramid = self.pyramid();
        pyramid.forward(&mut values);
        let names = self.names();
        let taken = |(band, name): (&Band, String)| {
            let values = band.rows().into_iter().flat_map(|row| values[row..row + band.row].iter().copied()).collect();
            Coefficients { name, shape: shape_of(band), values }
        };
        pyramid.bands().iter().zip(names).map(taken).collect()
    }

    /// Without what is small in the stationary transform: as a threshold in the decimated one, averaged over all shifts
    /// (Coifman and Donoho, "Translation-invariant de-noising", 1995).
    fn denoised(&self, values: Vec<f64>) -> Vec<f64> {
        let mut bands = stationary::forward(self.family, &self.shape, &self.levels, values);
        for value in bands.iter_mut().skip(1).flat_map(|band| &mut band.values) {
            *value = if value.abs() >= self.denoise { *value } else { 0.0 };
        }
        stationary::inverse(self.family, &self.levels, bands)
    }

    fn inverse(&self, bands: Vec<Coefficients>) -> Vec<f64> {
        if self.transform == Expansion::Stationary {
            return stationary::inverse(self.family, &self.levels, bands);
        }
        if self.family.filters().is_some() {
            let shapes = expand::shapes(self.family, &self.shape, &self.levels);
            return expand::inverse(self.family, &shapes.boxes, &self.levels, bands);
        }
        let pyramid = self.pyramid();
        let mut values = vec![0.0; self.shape.iter().product()];
        for (band, coefficients) in pyramid.bands().iter().zip(bands) {
            let rows = coefficients.values.chunks_exact(band.row.max(1));
            band.rows()
                .into_iter()
                .zip(rows)
                .for_each(|(place, row)| values[place..place + band.row].copy_from_slice(row));
        }
        pyramid.inverse(&mut values);
        values
    }

    /// Shapes of the bands, the coarsest first.
    fn shapes(&self) -> Vec<Vec<usize>> {
        match self.family.filters() {
            _ if self.transform == Expansion::Stationary => {
                vec![self.shape.clone(); stationary::redundancy(&self.levels)]
            }
            Some(_) => expand::shapes(self.family, &self.shape, &self.levels).bands,
            None => self.pyramid().bands().iter().map(shape_of).collect(),
        }
    }

    fn pyramid(&self) -> Pyramid {
        Pyramid::new(&self.shape, &self.axes, self.family, self.depth, &Gains::new(self.family))
    }

    fn names(&self) -> Vec<String> {
        let mut names = vec![format!("{}{}", self.levels.len(), "a".repeat(self.shape.len()))];
        // Bands of lifting steps follow the bits of their number from the first axis, those of filters C order.
        let lifted = self.family.filters().is_none() && self.transform != Expansion::Stationary;
        for (number, level) in self.levels.iter().enumerate().rev() {
            for high in 1..1usize << level.axes.len() {
                let bit = |i: usize| if lifted { i } else { level.axes.len() - 1 - i };
                let is_high =
                    |axis| level.axes.iter().position(|&split| split == axis).is_some_and(|i| high >> bit(i) & 1 == 1);
                let letters: String = (0..self.shape.len()).map(|axis| if is_high(axis) { 'd' } else { 'a' }).collect();
                names.push(format!("{}{letters}", number + 1));
            }
        }
        names
    }

    /// Appends the payload of `data`.
    pub fn compress<T: Element>(&self, data: &[T], store: Store, payload: &mut Vec<u8>) {
        let mut values: Vec<f64> = data.iter().map(|value| value.to_f64()).collect();
        match store {
            Store::Threshold(threshold) => write_kept::<T>(&self.forward(values), threshold, payload),
            Store::Int8 => {
                let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
                let norm = if largest > 0.0 && largest.is_finite() { largest / SCALED } else { 1.0 };
                values.iter_mut().for_each(|value| *value /= norm);
                payload.extend_from_slice(&norm.to_le_bytes());
                bytes::write(&self.forward(values), payload);
            }
        }
    }

    /// Fills `data`.
    ///
    /// # Errors
    /// `Corrupt` if no encoder wrote the payload.
    pub fn decompress<T: Element>(&self, payload: &[u8], store: Store, data: &mut [T]) -> Result<(), Error> {
        let shapes = self.shapes();
        let count = shapes.iter().map(|shape| shape.iter().product::<usize>()).sum::<usize>();
        let (all, norm) = match store {
            Store::Threshold(_) => (read_kept::<T>(payload, count)?, 1.0),
            Store::Int8 => {
                let split = payload.split_first_chunk();
                let (norm, rest) =
                    split.ok_or_else(|| Error::corrupt(payload.len(), "the payload ends in its norm"))?;
                let bands: Vec<(String, Vec<usize>)> = self.names().into_iter().zip(shapes.iter().cloned()).collect();
                (bytes::read(rest, &bands)?, f64::from_le_bytes(*norm))
            }
        };
        let mut rest = all.as_slice();
        let band = |shape: Vec<usize>| {
            let (values, others) = rest.split_at(shape.iter().product());
            rest = others;
            Coefficients { name: "a".repeat(shape.len()), shape, values: values.to_vec() }
        };
        let bands = shapes.into_iter().map(band).collect();
        data.iter_mut().zip(self.inverse(bands)).for_each(|(y, value)| *y = T::from_f64(value * norm));
        Ok(())
    }
}

fn shape_of(band: &Band) -> Vec<usize> {
    band.offsets.iter().map(|axis| axis.len()).chain([band.row]).collect()
}

/// Bytes of a coefficient: as the elements for floats; for integers, as a float that holds them.
fn stored<T: Element>() -> usize {
    let wide = T::DTYPE.size() == 8 || (T::DTYPE.size() == 4 && !T::DTYPE.is_float());
    if wide { 8 } else { 4 }
}

/// The context of a gap: the number of bits of the one before, by twos.
fn gap_context(gap: i32) -> u8 {
    1 + ((33 - gap.leading_zeros()) / 2) as u8
}

/// The number kept and the gaps between those kept (entropy stage), then their values.
fn write_kept<T: Element>(bands: &[Coefficients], threshold: f64, payload: &mut Vec<u8>) {
    let (mut gaps, mut contexts, mut values) = (vec![0], vec![0], Vec::new());
    let mut gap = 0i32;
    for &value in bands.iter().flat_map(|band| &band.values) {
        // Longer gaps are broken by a zero that is kept.
        if value.abs() >= threshold && value != 0.0 || gap == i32::MAX || value.is_nan() {
            contexts.push(gap_context(gaps[gaps.len() - 1]));
            gaps.push(gap);
            gap = 0;
            match stored::<T>() {
                8 => values.extend_from_slice(&value.to_le_bytes()),
                _ => values.extend_from_slice(&(value as f32).to_le_bytes()),
            }
        } else {
            gap += 1;
        }
    }
    gaps[0] = (gaps.len() - 1) as i32;
    // The count is no gap: the first gap has the context of none before.
    if let Some(first) = contexts.get_mut(1) {
        *first = gap_context(0);
    }
    entropy::encode(&gaps, &contexts, payload);
    payload.append(&mut values);
}

fn read_kept<T: Element>(payload: &[u8], count: usize) -> Result<Vec<f64>, Error> {
    let mut decoder = entropy::Decoder::new(payload)?;
    let kept = usize::try_from(decoder.next(0)).ok().filter(|&kept| kept <= count);
    let kept = kept.ok_or_else(|| Error::corrupt(0, format!("more than {count} coefficients kept")))?;
    let (mut places, mut at, mut before) = (Vec::with_capacity(kept), 0usize, 0);
    for _ in 0..kept {
        before = decoder.next(gap_context(before));
        let place = usize::try_from(before).ok().and_then(|gap| at.checked_add(gap)).filter(|&place| place < count);
        let place = place.ok_or_else(|| Error::corrupt(0, "a coefficient lies outside the bands"))?;
        places.push(place);
        at = place + 1;
    }
    let start = decoder.finish()?;
    let values = payload.get(start..).unwrap_or_default();
    if values.len() != kept * stored::<T>() {
        return Err(Error::corrupt(start, format!("expected the values of {kept} coefficients")));
    }
    let mut all = vec![0.0; count];
    for (place, bytes) in places.into_iter().zip(values.chunks_exact(stored::<T>())) {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(word);
        all[place] = if bytes.len() == 8 { f64::from_bits(bits) } else { f64::from(f32::from_bits(bits as u32)) };
    }
    Ok(all)
}

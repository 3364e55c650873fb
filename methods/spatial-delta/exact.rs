//! Values that come back bit for bit: as packed numbers where it has to be fast, else coded in raster order, or as bytes
//! through Zstandard where those are fewer.

use super::kernel::Word;
use super::packed;
use super::params::Effort;
use crate::api::Error;
use crate::shared::raster::{self, Detail};
use crate::shared::shuffle::{shuffle, unshuffle};
use crate::shared::{tiles, zstd};

/// First byte: coded in raster order.
const RASTER: u8 = 0;
/// First byte: bytes through Zstandard; those of equal place together.
const BYTES: [u8; 2] = [1, 2];
/// Levels of Zstandard to see what it does, and to write with.
const LEVELS: [u8; 2] = [3, 19];
/// The higher level takes at least this part of what the lower one takes, about.
const GAIN: f64 = 0.7;

fn detail(effort: Effort) -> Option<Detail> {
    match effort {
        Effort::Fast => None,
        Effort::Balanced => Some(Detail::Few),
        Effort::Max => Some(Detail::Many),
    }
}

/// Appends `data`, an array of `shape`.
///
/// # Errors
/// `Backend` if a library fails, which no input makes it do.
pub fn write<T: Word>(data: &[T], shape: &[usize], effort: Effort, payload: &mut Vec<u8>) -> Result<(), Error> {
    let shape = tiles::squeeze(shape);
    let Some(detail) = detail(effort) else { return packed::write(data, &shape, payload) };
    let (stream, repeats) = raster::encode(data, &shape, detail);
    let start = payload.len();
    payload.push(RASTER);
    payload.extend_from_slice(&stream);
    if repeats {
        replace_by_bytes(data, payload, start)?;
    }
    Ok(())
}

/// Replaces the payload from `start` on by bytes through Zstandard if those are fewer.
fn replace_by_bytes<T: Word>(data: &[T], payload: &mut Vec<u8>, start: usize) -> Result<(), Error> {
    let bytes = packed::bytes(data);
    for (kind, bytes) in BYTES.into_iter().zip([bytes.clone(), shuffle(&bytes, size_of::<T>())]) {
        let (mut quick, mut best) = (Vec::new(), vec![kind]);
        zstd::compress(&bytes, LEVELS[0], &mut quick)?;
        if quick.len() as f64 * GAIN > (payload.len() - start) as f64 {
            continue;
        }
        zstd::compress(&bytes, LEVELS[1], &mut best)?;
        if best.len() < payload.len() - start {
            payload.truncate(start);
            payload.append(&mut best);
        }
    }
    Ok(())
}

/// Fills `data`, an array of `shape`, with what [`write`] wrote.
///
/// # Errors
/// `Corrupt` if `payload` is nothing that it writes.
pub fn read<T: Word>(payload: &[u8], shape: &[usize], effort: Effort, data: &mut [T]) -> Result<(), Error> {
    let shape = tiles::squeeze(shape);
    let Some(detail) = detail(effort) else { return packed::read(payload, &shape, data) };
    let (&first, rest) = payload.split_first().ok_or_else(|| Error::corrupt(0, "an empty payload"))?;
    if first == RASTER {
        return raster::decode(rest, &shape, detail, data);
    }
    let size = size_of::<T>();
    let bytes = match first {
        _ if first == BYTES[0] => zstd::decompress(rest, size_of_val(data))?,
        _ if first == BYTES[1] => unshuffle(&zstd::decompress(rest, size_of_val(data))?, size),
        _ => return Err(Error::corrupt(0, format!("a payload of unknown kind {first}"))),
    };
    packed::fill(&bytes, data);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Balanced, Effort::Max];

    fn sizes<T: Word>(data: &[T], shape: &[usize]) -> [usize; 3] {
        EFFORTS.map(|effort| {
            let mut payload = Vec::new();
            write(data, shape, effort, &mut payload).expect("writes");
            let mut back = vec![T::default(); data.len()];
            read(&payload, shape, effort, &mut back).expect("reads");
            assert!(back.iter().zip(data).all(|(a, b)| a.to_bits() == b.to_bits()), "{effort:?} {shape:?}");
            payload.len()
        })
    }

    fn noise(i: usize) -> u64 {
        (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn every_kind<T: Word>() {
        for shape in
            [&[1usize][..], &[40], &[1, 9, 3], &[6, 7, 3], &[3, 4, 5, 2], &[2, 2, 3, 2, 5], &[90, 70], &[1, 9, 1, 8, 3]]
        {
            let count = shape.iter().product();
            let random: Vec<T> = (0..count).map(|i| T::from_bits(noise(i))).collect();
            let few: Vec<T> = (0..count).map(|i| random[(noise(i / 7) >> 40) as usize % 3 % count]).collect();
            let smooth: Vec<T> = (0..count).map(|i| T::from_f64((i as f64 * 0.02).sin() * 90.0)).collect();
            let small: Vec<T> = (0..count).map(|i| T::from_bits(noise(i) & 15)).collect();
            for data in [random, few, smooth, small] {
                sizes(&data, shape);
            }
        }
    }

    #[test]
    fn every_type_shape_and_effort_comes_back_bit_for_bit() {
        every_kind::<f32>();
        every_kind::<f64>();
        every_kind::<i8>();
        every_kind::<u8>();
        every_kind::<i16>();
        every_kind::<u16>();
        every_kind::<i32>();
        every_kind::<u32>();
        every_kind::<i64>();
        every_kind::<u64>();
        let special = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 5e-324, f64::MAX, f64::MIN];
        sizes(&special.repeat(40), &[20, 18]);
        sizes(&special.map(|value| value as f32).repeat(40), &[360]);
    }

    #[test]
    fn what_is_in_the_data_is_found() {
        let wave = |i: usize| ((i % 100) as f64 * 0.07).sin() + ((i / 100) as f64 * 0.05).cos();
        let packed: Vec<f32> = (0..10_000).map(|i| ((wave(i) * 500.0).round() * 0.0173 + 250.0) as f32).collect();
        let [_, balanced, max] = sizes(&packed, &[100, 100]);
        assert!(max < 8_000 && balanced < 8_000, "few values: {balanced}, {max}");
        let single: Vec<f64> = (0..10_000).map(|i| f64::from((wave(i) * 10.0) as f32)).collect();
        assert!(sizes(&single, &[100, 100])[2] < 25_000, "singles stored as doubles");
        let half: Vec<f64> = (0..10_000).map(|i| noise(i % 100 + 100 * (i / 100).min(99 - i / 100)) as f64).collect();
        let sizes = sizes(&half, &[100, 100]);
        assert!(sizes[1] < 40_000 && sizes[2] < 40_000, "a mirror image: {sizes:?}");
    }

    #[test]
    fn any_bytes_are_read() {
        let shape = [7, 9];
        let data: Vec<f32> = (0..63).map(|i| (i % 9) as f32 * 0.3).collect();
        for effort in EFFORTS {
            let mut payload = Vec::new();
            write(&data, &shape, effort, &mut payload).expect("writes");
            let mut back = vec![0f32; 63];
            for bit in 0..payload.len() * 8 {
                let mut bad = payload.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                let _ = read(&bad, &shape, effort, &mut back);
            }
            for start in 0..=255u8 {
                let _ = read(&[start; 30], &shape, effort, &mut back);
            }
        }
    }
}

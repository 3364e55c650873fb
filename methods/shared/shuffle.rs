//! Byte shuffle: the first bytes of all elements, then their second bytes, and so on, so that bytes of one meaning stand together.
//!
//! The filter of HDF5 (Masui et al. 2015, section 2.2, doi:10.1016/j.ascom.2015.07.002), over the whole buffer at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Elements handled together: a block of the widest elements and its planes stay in the first-level cache.
const BLOCK: usize = 1024;

/// Order of the bytes that a byte codec is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shuffle {
    /// The bytes of an element stay together.
    None,
    /// Bytes of equal place stand together: all first bytes, then all second bytes, and so on.
    #[default]
    Byte,
}

/// `bytes`, elements of `size` bytes, with bytes of equal place standing together.
///
/// # Panics
/// If `size` is 0 or does not divide the length.
pub fn shuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    check(bytes.len(), size);
    let mut planes = vec![0; bytes.len()];
    match size {
        1 => planes.copy_from_slice(bytes),
        2 => split::<2>(bytes, &mut planes),
        4 => split::<4>(bytes, &mut planes),
        8 => split::<8>(bytes, &mut planes),
        _ => {
            let count = bytes.len() / size;
            for (index, element) in bytes.chunks_exact(size).enumerate() {
                for (place, &byte) in element.iter().enumerate() {
                    planes[place * count + index] = byte;
                }
            }
        }
    }
    planes
}

/// Undoes [`shuffle`].
///
/// # Panics
/// If `size` is 0 or does not divide the length.
pub fn unshuffle(planes: &[u8], size: usize) -> Vec<u8> {
    check(planes.len(), size);
    let mut bytes = vec![0; planes.len()];
    match size {
        1 => bytes.copy_from_slice(planes),
        2 => join::<2>(planes, &mut bytes),
        4 => join::<4>(planes, &mut bytes),
        8 => join::<8>(planes, &mut bytes),
        _ => {
            let count = planes.len() / size;
            for (index, element) in bytes.chunks_exact_mut(size).enumerate() {
                for (place, byte) in element.iter_mut().enumerate() {
                    *byte = planes[place * count + index];
                }
            }
        }
    }
    bytes
}

fn check(length: usize, size: usize) {
    assert!(size > 0 && length.is_multiple_of(size), "{length} bytes are not elements of {size} bytes");
}

/// Elements of `N` bytes into `N` planes.
fn split<const N: usize>(bytes: &[u8], planes: &mut [u8]) {
    let count = bytes.len() / N;
    for (index, block) in bytes.chunks(BLOCK * N).enumerate() {
        let start = index * BLOCK;
        for place in 0..N {
            let plane = &mut planes[place * count + start..][..block.len() / N];
            for (byte, element) in plane.iter_mut().zip(block.as_chunks::<N>().0) {
                *byte = element[place];
            }
        }
    }
}

/// `N` planes into elements of `N` bytes.
fn join<const N: usize>(planes: &[u8], bytes: &mut [u8]) {
    let count = planes.len() / N;
    for (index, block) in bytes.chunks_mut(BLOCK * N).enumerate() {
        let start = index * BLOCK;
        for place in 0..N {
            let plane = &planes[place * count + start..][..block.len() / N];
            for (&byte, element) in plane.iter().zip(block.as_chunks_mut::<N>().0) {
                element[place] = byte;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_equal_place_come_to_stand_together() {
        assert_eq!(shuffle(&[1, 2, 3, 4, 5, 6], 2), [1, 3, 5, 2, 4, 6]);
        assert_eq!(shuffle(&[1, 2, 3, 4, 5, 6], 3), [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn every_element_size_round_trips_across_block_borders() {
        for size in 1..=9 {
            for count in [0, 1, 7, BLOCK - 1, BLOCK, 2 * BLOCK + 3] {
                let bytes: Vec<u8> = (0..count * size).map(|i| (i * 131 + i / 251) as u8).collect();
                let planes = shuffle(&bytes, size);
                for (index, element) in bytes.chunks_exact(size).enumerate() {
                    assert!(element.iter().enumerate().all(|(place, &byte)| planes[place * count + index] == byte));
                }
                assert_eq!(unshuffle(&planes, size), bytes, "{count} elements of {size} bytes");
            }
        }
    }

    #[test]
    #[should_panic(expected = "5 bytes are not elements of 2 bytes")]
    fn a_broken_element_is_refused() {
        shuffle(&[0; 5], 2);
    }
}

//! Byte and bit shuffle: the first bytes (bits) of all elements, then their second ones, and so on, so that what means the
//! same stands together.
//!
//! The filters of HDF5 (Masui et al. 2015, section 2.2, doi:10.1016/j.ascom.2015.07.002), over the whole buffer at once.

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
    /// Bits of equal place stand together: all lowest bits, then all second ones, and so on.
    Bit,
}

impl Shuffle {
    /// `bytes`, elements of `size` bytes, in this order.
    ///
    /// # Panics
    /// If `size` is 0 or does not divide the length.
    pub fn apply(self, bytes: Vec<u8>, size: usize) -> Vec<u8> {
        match self {
            Shuffle::None => bytes,
            Shuffle::Byte => shuffle(&bytes, size),
            Shuffle::Bit => shuffle_bits(&bytes, size),
        }
    }

    /// Undoes [`Shuffle::apply`].
    ///
    /// # Panics
    /// If `size` is 0 or does not divide the length.
    pub fn undo(self, bytes: Vec<u8>, size: usize) -> Vec<u8> {
        match self {
            Shuffle::None => bytes,
            Shuffle::Byte => unshuffle(&bytes, size),
            Shuffle::Bit => unshuffle_bits(&bytes, size),
        }
    }
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
    let mut bytes = vec![0; planes.len()];
    unshuffle_some(planes, size, 0, &mut bytes);
    bytes
}

/// Fills `bytes` with elements of `size` bytes, from that number `first` on, of what [`unshuffle`] would give.
///
/// # Panics
/// If `size` is 0 or does not divide a length, or if there are not so many elements.
pub fn unshuffle_some(planes: &[u8], size: usize, first: usize, bytes: &mut [u8]) {
    check(planes.len(), size);
    check(bytes.len(), size);
    match size {
        1 => bytes.copy_from_slice(&planes[first..first + bytes.len()]),
        2 => join::<2>(planes, first, bytes),
        4 => join::<4>(planes, first, bytes),
        8 => join::<8>(planes, first, bytes),
        _ => {
            let count = planes.len() / size;
            for (index, element) in bytes.chunks_exact_mut(size).enumerate() {
                for (place, byte) in element.iter_mut().enumerate() {
                    *byte = planes[place * count + first + index];
                }
            }
        }
    }
}

/// `bytes`, elements of `size` bytes, with bits of equal place standing together: of every eight elements a byte in each of
/// `8 * size` planes, the first element in its lowest bit. Elements beyond a multiple of eight follow as they are.
///
/// # Panics
/// If `size` is 0 or does not divide the length.
pub fn shuffle_bits(bytes: &[u8], size: usize) -> Vec<u8> {
    let whole = whole_groups(bytes.len(), size);
    let mut bits = shuffle(&bytes[..whole], size);
    let count = whole / size;
    let mut planes = vec![0; count];
    for plane in bits.chunks_exact_mut(count.max(1)) {
        for (index, group) in plane.as_chunks::<8>().0.iter().enumerate() {
            for (bit, byte) in transposed(*group).into_iter().enumerate() {
                planes[bit * (count / 8) + index] = byte;
            }
        }
        plane.copy_from_slice(&planes);
    }
    bits.extend_from_slice(&bytes[whole..]);
    bits
}

/// Undoes [`shuffle_bits`].
///
/// # Panics
/// If `size` is 0 or does not divide the length.
pub fn unshuffle_bits(bits: &[u8], size: usize) -> Vec<u8> {
    let whole = whole_groups(bits.len(), size);
    let count = whole / size;
    let mut planes = vec![0; whole];
    for (plane, bits) in planes.chunks_exact_mut(count.max(1)).zip(bits.chunks_exact(count.max(1))) {
        for (index, group) in plane.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *group = transposed(std::array::from_fn(|bit| bits[bit * (count / 8) + index]));
        }
    }
    let mut bytes = unshuffle(&planes, size);
    bytes.extend_from_slice(&bits[whole..]);
    bytes
}

/// Bytes of the elements that come in groups of eight.
fn whole_groups(length: usize, size: usize) -> usize {
    check(length, size);
    length - length % (8 * size)
}

/// Nine bytes as the rows of a matrix of bits, transposed (Warren, Hacker's Delight, 2nd edition, section 7-3).
fn transposed(rows: [u8; 8]) -> [u8; 8] {
    let mut bits = u64::from_le_bytes(rows);
    for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
        let swapped = (bits ^ (bits >> shift)) & mask;
        bits ^= swapped ^ (swapped << shift);
    }
    bits.to_le_bytes()
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

/// `N` planes, from element `first` on, into elements of `N` bytes.
fn join<const N: usize>(planes: &[u8], first: usize, bytes: &mut [u8]) {
    let count = planes.len() / N;
    for (index, block) in bytes.chunks_mut(BLOCK * N).enumerate() {
        let start = first + index * BLOCK;
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
                let mut some = vec![0; (count / 3) * size];
                unshuffle_some(&planes, size, count / 2, &mut some);
                assert_eq!(some, bytes[count / 2 * size..][..some.len()], "{count} elements of {size} bytes");
            }
        }
    }

    #[test]
    fn bits_of_equal_place_come_to_stand_together() {
        // Nine elements of two bytes: element i has bit i of its first byte set, and all have bit 7 of the second.
        let bytes: Vec<u8> = (0..8).flat_map(|i| [1 << i, 0x80]).collect();
        let bits = shuffle_bits(&bytes, 2);
        assert_eq!(bits[..8], [1, 2, 4, 8, 16, 32, 64, 128]);
        assert_eq!(bits[8..], [0, 0, 0, 0, 0, 0, 0, 0xff]);
        // The ninth element stays as it is.
        assert_eq!(shuffle_bits(&[&bytes[..], &[5, 6]].concat(), 2)[16..], [5, 6]);
    }

    #[test]
    fn every_order_of_every_element_size_round_trips() {
        for order in [Shuffle::None, Shuffle::Byte, Shuffle::Bit] {
            for size in 1..=9 {
                for count in [0, 1, 7, 8, 9, 64, 1023, 2051] {
                    let bytes: Vec<u8> = (0..count * size).map(|i| (i * 131 + i / 251) as u8).collect();
                    let back = order.undo(order.apply(bytes.clone(), size), size);
                    assert_eq!(back, bytes, "{order:?}: {count} elements of {size} bytes");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "5 bytes are not elements of 2 bytes")]
    fn a_broken_element_is_refused() {
        shuffle(&[0; 5], 2);
    }
}

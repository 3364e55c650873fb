//! Changes to bytes that tend to reach what a parser forgot: lengths, signs, repeats, pieces of other inputs.

use crate::values::Random;

/// Longest input, bytes: what is longer takes time and finds nothing more.
const LONGEST: usize = 1 << 14;

/// Numbers around which sizes and signs go wrong.
const NUMBERS: [u64; 18] = [
    0,
    1,
    2,
    3,
    7,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    u64::MAX,
];

/// Changes `bytes` in one to a few places; pieces come from `other` and from `tokens`, words of the format.
pub fn mutate(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8], tokens: &[&str]) {
    let rounds = 1 + random.below(3) * random.below(4);
    for _ in 0..rounds {
        let kinds = if tokens.is_empty() { 13 } else { 17 };
        match random.below(kinds) {
            0..=5 => overwrite(random, bytes),
            6..=8 => rearrange(random, bytes),
            9 => splice(random, bytes, other),
            10 => grow(random, bytes),
            11 => varint(random, bytes),
            12 => bytes.truncate(random.below(bytes.len() + 1)),
            _ => token(random, bytes, tokens),
        }
        bytes.truncate(LONGEST);
    }
}

fn place(random: &mut Random, bytes: &[u8]) -> usize {
    // Headers and lengths stand in front: half of the changes go there.
    let end = if random.below(2) == 0 { bytes.len().min(24) } else { bytes.len() };
    random.below(end.max(1))
}

fn overwrite(random: &mut Random, bytes: &mut [u8]) {
    if bytes.is_empty() {
        return;
    }
    let at = place(random, bytes);
    match random.below(5) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = random.next() as u8,
        3 => bytes[at] = bytes[at].wrapping_add(random.below(9) as u8).wrapping_sub(4),
        _ => {
            let number = NUMBERS[random.below(NUMBERS.len())].to_le_bytes();
            let size = (1 << random.below(4)).min(bytes.len() - at);
            bytes[at..at + size].copy_from_slice(&number[..size]);
        }
    }
}

/// Removes, repeats or moves a piece.
fn rearrange(random: &mut Random, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let (from, to) = (place(random, bytes), random.below(bytes.len()));
    let longest = (bytes.len() - from).min(1 + random.below(64));
    let length = 1 + random.below(longest);
    match random.below(3) {
        0 => drop(bytes.drain(from..from + length)),
        1 => {
            let piece = bytes[from..from + length].to_vec();
            bytes.splice(to..to, piece);
        }
        _ => {
            let end = from + length.min(bytes.len() - to.max(from));
            bytes.copy_within(from..end, to);
        }
    }
}

/// The front of one input and the back of another, or a piece of the other in place of one of the same length.
fn splice(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    if other.is_empty() {
        return;
    }
    let from = random.below(other.len());
    let at = random.below(bytes.len() + 1);
    if random.below(2) == 0 {
        bytes.truncate(at);
        bytes.extend_from_slice(&other[from..]);
    } else {
        let length = (1 + random.below(32)).min(other.len() - from).min(bytes.len() - at);
        bytes[at..at + length].copy_from_slice(&other[from..from + length]);
    }
}

fn grow(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = if random.below(3) == 0 { bytes.len() } else { random.below(bytes.len() + 1) };
    let length = 1 + random.below(16);
    let kind = random.below(3);
    let more: Vec<u8> = (0..length).map(|_| [0, 0xff, random.next() as u8][kind]).collect();
    bytes.splice(at..at, more);
}

/// A LEB128 number of any size, over what stands there.
fn varint(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = place(random, bytes).min(bytes.len());
    let mut number = NUMBERS[random.below(NUMBERS.len())].wrapping_add(random.below(3) as u64).wrapping_sub(1);
    let mut coded = Vec::new();
    while number >= 0x80 {
        coded.push(number as u8 | 0x80);
        number >>= 7;
    }
    coded.push(number as u8);
    let end = (at + [coded.len(), 1][random.below(2)]).min(bytes.len());
    bytes.splice(at..end, coded);
}

fn token(random: &mut Random, bytes: &mut Vec<u8>, tokens: &[&str]) {
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(2) * random.below(12)).min(bytes.len());
    bytes.splice(at..end, tokens[random.below(tokens.len())].bytes());
}

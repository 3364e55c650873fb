//! A residual as a byte, of which four make an octave, and raw low bits; and how large it was, for those that follow.
//!
//! With `z = 2r` for `r >= 0`, else `-2r - 1`: below 8, `z` is the byte; above, the byte names the leading bit of `z` and
//! the two under it. Everything runs over whole chunks of [`LANES`]: what is behind a row's end is 0.

use super::lane::ESCAPE;
use crate::shared::simd::Kernel;

/// Rows are taken so many points at a time.
pub(super) const LANES: usize = 16;
/// The byte of a value that is stored as it is.
pub(super) const ESCAPED: u8 = 126;
/// Bytes below this have no raw bits.
const PLAIN: u8 = 8;
/// Sizes are told apart up to this.
const LARGEST: u8 = 63;

/// The length of a row of `len` points with what fills it up.
pub(super) fn padded(len: usize) -> usize {
    len.next_multiple_of(LANES)
}

#[inline(always)]
pub(super) fn zigzag(residual: i32) -> u32 {
    ((residual << 1) ^ (residual >> 31)) as u32
}

#[inline(always)]
fn unzigzag(z: u32) -> i32 {
    (z >> 1) as i32 ^ -((z & 1) as i32)
}

#[inline(always)]
fn token(residual: i32) -> u8 {
    let z = zigzag(residual);
    let half = z >> 1;
    // Without the bit below those that count, rounding cannot reach them.
    let octave = ((half & !(half >> 3)) as i32 as f32).to_bits() >> 21;
    let token = if z < u32::from(PLAIN) { z } else { octave.wrapping_sub(508) };
    if residual == ESCAPE { ESCAPED } else { token as u8 }
}

/// Linear up to 8, then four an octave.
#[inline(always)]
fn size(token: u8) -> u8 {
    ((token + 1) >> 1).max(token.saturating_sub(4)).min(LARGEST)
}

/// Raw bits that follow a byte.
#[inline(always)]
fn raw_bits(token: u8) -> u32 {
    if token < PLAIN { 0 } else { u32::from(token) / 4 - 1 }
}

/// From residuals to bytes and sizes, for rows of `len` points, `pitch` from one to the next.
pub(super) struct Tokens<'a> {
    pub residuals: &'a [i32],
    pub len: usize,
    pub pitch: usize,
    pub tokens: &'a mut [u8],
    pub sizes: &'a mut [u8],
}

impl Kernel for Tokens<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let found = self.tokens.as_chunks_mut::<LANES>().0.iter_mut().zip(self.sizes.as_chunks_mut::<LANES>().0);
        for (residuals, (tokens, sizes)) in self.residuals.as_chunks::<LANES>().0.iter().zip(found) {
            for lane in 0..LANES {
                tokens[lane] = token(residuals[lane]);
                sizes[lane] = size(tokens[lane]);
            }
        }
        for (tokens, sizes) in self.tokens.chunks_mut(self.pitch).zip(self.sizes.chunks_mut(self.pitch)) {
            tokens[self.len..].fill(0);
            sizes[self.len..].fill(0);
        }
    }
}

/// From bytes without raw bits, those of a row of `len` points behind those of the row before, to residuals and sizes,
/// `pitch` from row to row; says whether there are others.
pub(super) struct Residuals<'a> {
    pub tokens: &'a [u8],
    pub len: usize,
    pub pitch: usize,
    pub residuals: &'a mut [i32],
    pub sizes: &'a mut [u8],
}

impl Kernel for Residuals<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut largest = [0u8; LANES];
        let rows = self.residuals.chunks_mut(self.pitch).zip(self.sizes.chunks_mut(self.pitch));
        for ((residuals, sizes), tokens) in rows.zip(self.tokens.chunks(self.len)) {
            let (chunks, rest) = tokens.as_chunks::<LANES>();
            let (residuals, last_residuals) = residuals.as_chunks_mut::<LANES>().0.split_at_mut(chunks.len());
            let (sizes, last_sizes) = sizes.as_chunks_mut::<LANES>().0.split_at_mut(chunks.len());
            for ((residuals, sizes), tokens) in residuals.iter_mut().zip(sizes).zip(chunks) {
                take(tokens, residuals, sizes, &mut largest);
            }
            let mut last = [0; LANES];
            last[..rest.len()].copy_from_slice(rest);
            for (residuals, sizes) in last_residuals.iter_mut().zip(last_sizes) {
                take(&last, residuals, sizes, &mut largest);
                last = [0; LANES];
            }
        }
        largest.into_iter().any(|token| token >= PLAIN)
    }
}

#[inline(always)]
fn take(tokens: &[u8; LANES], residuals: &mut [i32; LANES], sizes: &mut [u8; LANES], largest: &mut [u8; LANES]) {
    for lane in 0..LANES {
        residuals[lane] = unzigzag(u32::from(tokens[lane]));
        sizes[lane] = size(tokens[lane]);
        largest[lane] = largest[lane].max(tokens[lane]);
    }
}

/// Whether any of eight bytes has raw bits.
#[inline(always)]
fn any_raw(tokens: &[u8; 8]) -> bool {
    u64::from_le_bytes(*tokens) & 0xf8f8_f8f8_f8f8_f8f8 != 0
}

/// Calls `visit` for every byte that has raw bits, or stands for a value as it is.
#[inline(always)]
pub(super) fn with_raw(tokens: &[u8], mut visit: impl FnMut(usize, u8, u32)) {
    let (chunks, rest) = tokens.as_chunks::<8>();
    for (chunk, tokens) in chunks.iter().enumerate() {
        if any_raw(tokens) {
            for (lane, &token) in tokens.iter().enumerate() {
                if token >= PLAIN {
                    visit(8 * chunk + lane, token, raw_bits(token));
                }
            }
        }
    }
    for (lane, &token) in rest.iter().enumerate().filter(|(_, token)| **token >= PLAIN) {
        visit(8 * chunks.len() + lane, token, raw_bits(token));
    }
}

/// The residual of a byte and its raw bits.
#[inline(always)]
pub(super) fn join(token: u8, raw: u64, bits: u32) -> i32 {
    unzigzag((4 + u32::from(token) % 4) << bits | raw as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residuals_come_back_from_bytes_and_raw_bits() {
        let around = |value: i32| (-9..10).map(move |offset| value.wrapping_add(offset));
        let values = (0..32).flat_map(|bit| around(1i32.wrapping_shl(bit))).flat_map(|value| [value, -(value + 1)]);
        for value in values.filter(|value| *value != ESCAPE) {
            let (token, z) = (token(value), zigzag(value));
            assert!(token < 124, "{value}");
            let bits = raw_bits(token);
            let back = if token < PLAIN {
                unzigzag(u32::from(token))
            } else {
                join(token, u64::from(z) & ((1 << bits) - 1), bits)
            };
            assert_eq!(back, value);
        }
        assert_eq!(token(ESCAPE), ESCAPED);
    }

    #[test]
    fn sizes_rise_with_the_residual() {
        assert_eq!(
            [0, 1, -1, 2, -4, 4, 8, 16, 1000].map(|residual| size(token(residual))),
            [0, 1, 1, 2, 4, 4, 8, 12, 35]
        );
    }
}

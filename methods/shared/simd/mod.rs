//! Loops compiled several times, for every CPU of the architecture and for those with wider vectors, and chosen at run
//! time.
//!
//! All copies are the same Rust code: the same operations in the same order, none of them fused, so that they give the
//! same results.

#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calls functions that need features seen at run time, and asks for memory ahead")
)]

mod doubles;
mod lanes;

pub use doubles::{Doubles, DoublesKernel, eights, fours};
pub use lanes::{LANES, Lanes, OCTAVE};

/// A loop that is worth compiling for wider vectors. `run` must be `#[inline(always)]`, and so must what it calls.
pub trait Kernel {
    /// What it gives.
    type Output;

    /// Runs it.
    fn run(self) -> Self::Output;
}

/// Runs `kernel` with vectors of 256 bits where there are some.
#[inline]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2") {
        // SAFETY: the features that the function is compiled for are there.
        return unsafe { wide(kernel) };
    }
    kernel.run()
}

/// As [`run`], with vectors of 512 bits where there are some: for loops that are worth a third copy.
#[inline]
pub fn run_widest<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if has_512_bits() {
        // SAFETY: the features that the function is compiled for are there.
        return unsafe { widest(kernel) };
    }
    run(kernel)
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_512_bits() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("bmi2")
}

/// A computation on sixteen numbers at a time. `run` must be `#[inline(always)]`, and so must what it calls.
pub trait LanesKernel {
    /// What it gives.
    type Output;

    /// Runs it.
    fn run<L: Lanes>(self) -> Self::Output;
}

/// Runs `kernel` with the widest vectors there are.
#[inline]
pub fn lanes<K: LanesKernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the feature that the function is compiled for is there.
        return unsafe { wide_lanes(kernel) };
    }
    kernel.run::<[f32; LANES]>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_lanes<K: LanesKernel>(kernel: K) -> K::Output {
    kernel.run::<lanes::Avx>()
}

/// Fills lanes with the first values of a row, and those for which it has none with zeros.
#[inline(always)]
pub fn load<V: Copy + Default, const N: usize>(row: &[V], lanes: &mut [V; N]) {
    match row.first_chunk() {
        Some(row) => *lanes = *row,
        None => {
            lanes[..row.len()].copy_from_slice(row);
            lanes[row.len()..].fill(V::default());
        }
    }
}

/// Fills the first values of a row from lanes, as far as there are any.
#[inline(always)]
pub fn store<V: Copy, const N: usize>(lanes: &[V; N], row: &mut [V]) {
    match row.first_chunk_mut() {
        Some(row) => *row = *lanes,
        None => row.copy_from_slice(&lanes[..row.len()]),
    }
}

/// Asks for the memory of a slice that will be read soon. It changes no result.
#[inline(always)]
pub fn prefetch<T>(slice: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..size_of_val(slice).div_ceil(CACHE_LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction is there on every CPU of the architecture, and accepts any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().cast::<i8>().wrapping_add(line * CACHE_LINE)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = slice;
}

/// Bytes of a line of a cache.
pub const CACHE_LINE: usize = 64;

/// The sum, the second half added to the first again and again: an order that vectors of any width can follow.
#[inline(always)]
pub fn halves<T: Copy + std::ops::AddAssign, const N: usize>(mut terms: [T; N]) -> T {
    let mut count = N;
    while count > 1 {
        let half = count.div_ceil(2);
        for i in half..count {
            let term = terms[i];
            terms[i - half] += term;
        }
        count = half;
    }
    terms[0]
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn wide<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl")]
fn widest<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

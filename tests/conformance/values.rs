//! Tensors that are hard on a codec, made from integers and the four operations alone: the same bits everywhere.

use codecbench_methods::api::{DType, Element, Tensor};
use codecbench_methods::with_element;
use ndarray::{ArrayD, IxDyn};

/// What the elements look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// All bits zero.
    Zeros,
    /// One value everywhere.
    Constant,
    /// Steps of one, from below zero where the type allows.
    Ramp,
    /// A polynomial of the coordinates.
    Smooth,
    /// The same with noise of a few units.
    Noisy,
    /// The least and the greatest finite value in turn.
    Extremes,
    /// Any bits, made finite.
    RandomBits,
    /// Subnormal floats of both signs; tiny integers.
    Denormals,
    /// Zeros of both signs, and a one now and then.
    SignedZeros,
    /// Zeros, and every eleventh element any finite value.
    Spikes,
    /// A few units in the last place around one; integers near the top of their range.
    NearOne,
    /// Multiples of one half: ties of every rounding.
    Ties,
    /// NaNs of several bit patterns and infinities among smooth values; smooth integers.
    Missing,
    /// Nothing but NaNs.
    AllNan,
    /// Smooth, and every third element [`fill_value`].
    Filled,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Pattern; 15] = [
        Pattern::Zeros,
        Pattern::Constant,
        Pattern::Ramp,
        Pattern::Smooth,
        Pattern::Noisy,
        Pattern::Extremes,
        Pattern::RandomBits,
        Pattern::Denormals,
        Pattern::SignedZeros,
        Pattern::Spikes,
        Pattern::NearOne,
        Pattern::Ties,
        Pattern::Missing,
        Pattern::AllNan,
        Pattern::Filled,
    ];

    /// The fill value that the compressor is told.
    pub fn fill(self, dtype: DType) -> Option<f64> {
        (self == Pattern::Filled).then(|| fill_value(dtype))
    }
}

/// A value that the type can hold and that lies far from the smooth ones.
fn fill_value(dtype: DType) -> f64 {
    match dtype {
        DType::U8 => 255.0,
        DType::I8 => -128.0,
        DType::U16 | DType::U32 | DType::U64 => 65535.0,
        _ => -9999.0,
    }
}

/// Shapes of every rank from 0 to 6: empty, single, prime, unit and unequal axes.
pub const SHAPES: [&[usize]; 17] = [
    &[],
    &[0],
    &[3, 0, 2],
    &[1],
    &[2],
    &[7],
    &[97],
    &[1, 1, 1],
    &[13, 11],
    &[1, 31],
    &[5, 1, 13],
    &[3, 5, 7],
    &[9, 8, 4],
    &[1, 17, 1, 3],
    &[2, 3, 5, 7],
    &[2, 3, 2, 3, 4],
    &[2, 1, 3, 2, 1, 5],
];

/// A tensor of `dtype` and `shape` in C order.
pub fn tensor(dtype: DType, shape: &[usize], pattern: Pattern) -> Tensor {
    with_element!(dtype, T => Tensor::from(ArrayD::<T>::from_shape_vec(IxDyn(shape), elements(shape, pattern))
        .expect("one value per element")))
}

/// The bytes of a tensor: what `Exact` compares.
pub fn bytes(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = Vec::new();
    tensor.view().write_le(&mut bytes);
    bytes
}

/// A fixed sequence of 64-bit numbers (SplitMix64, Steele et al. 2014): the golden payloads rest on it for ever.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn elements<T: Element>(shape: &[usize], pattern: Pattern) -> Vec<T> {
    let mut random = Random(shape.len() as u64 + 1);
    (0..shape.iter().product()).map(|index| element(pattern, index, smooth(shape, index), &mut random)).collect()
}

fn element<T: Element>(pattern: Pattern, index: usize, smooth: f64, random: &mut Random) -> T {
    let scale = if T::DTYPE.size() == 1 { 12.0 } else { 300.0 };
    let unit = if T::DTYPE.is_float() { 0.01 } else { 1.0 };
    match pattern {
        Pattern::Zeros => T::from_bits(0),
        Pattern::Constant => T::from_f64(77.7),
        Pattern::Ramp => T::from_f64(index as f64 - 50.0),
        Pattern::Smooth => T::from_f64(smooth * scale),
        Pattern::Noisy => T::from_f64(smooth * scale + random.below(7) as f64 * unit),
        Pattern::Extremes => extreme(index.is_multiple_of(2)),
        Pattern::RandomBits => finite(random.next()),
        Pattern::Denormals => T::from_bits(random.next() & 3 | sign_bit::<T>(random.next() & 1 == 1)),
        Pattern::SignedZeros if index % 29 == 28 => T::from_f64(1.0),
        Pattern::SignedZeros => T::from_bits(sign_bit::<T>(T::DTYPE.is_float() && index % 3 == 1)),
        Pattern::Spikes if index % 11 == 5 => finite(random.next()),
        Pattern::Spikes => T::from_bits(0),
        Pattern::NearOne => near_one(random.next() % 5),
        Pattern::Ties => T::from_f64(index as f64 * 0.5),
        Pattern::Missing => missing(index).unwrap_or_else(|| T::from_f64(smooth * scale)),
        Pattern::AllNan => missing(5 * (index % 3)).unwrap_or_else(|| T::from_f64(smooth * scale)),
        Pattern::Filled if index.is_multiple_of(3) => T::from_f64(fill_value(T::DTYPE)),
        Pattern::Filled => T::from_f64(smooth * scale),
    }
}

/// A polynomial of the coordinates, each in 0..1; between 0 and 8 for the ranks used here.
fn smooth(shape: &[usize], mut index: usize) -> f64 {
    let mut sum = 0.5;
    for (axis, &length) in shape.iter().enumerate().rev() {
        let x = (index % length) as f64 / length as f64;
        index /= length;
        sum += x * (1.5 - x) * (1.0 + axis as f64 * 0.25);
    }
    sum
}

fn sign_bit<T: Element>(negative: bool) -> u64 {
    u64::from(negative) << (T::DTYPE.size() * 8 - 1)
}

fn extreme<T: Element>(greatest: bool) -> T {
    let magnitude = match T::DTYPE {
        DType::F32 => u64::from(f32::MAX.to_bits()),
        DType::F64 => f64::MAX.to_bits(),
        _ => return T::from_f64(if greatest { f64::MAX } else { f64::MIN }),
    };
    T::from_bits(magnitude | sign_bit::<T>(!greatest))
}

/// The value with these bits; a float loses the top bit of its exponent, so it is finite.
fn finite<T: Element>(bits: u64) -> T {
    match T::DTYPE {
        DType::F32 => T::from_bits(bits & 0xbfff_ffff),
        DType::F64 => T::from_bits(bits & !(1 << 62)),
        _ => T::from_bits(bits),
    }
}

fn near_one<T: Element>(steps: u64) -> T {
    if T::DTYPE.is_float() {
        T::from_bits(T::from_f64(1.0).to_bits() + steps - 2)
    } else {
        T::from_bits(extreme::<T>(true).to_bits() - steps)
    }
}

/// NaNs of several bit patterns and the infinities, at some indices and for floats only.
fn missing<T: Element>(index: usize) -> Option<T> {
    // Exponent all ones; then: quiet NaN, negative quiet NaN with a payload, signalling NaN, infinities.
    let (sign, mantissa) = match index % 23 {
        0 | 1 => (false, 1u64 << 51),
        5 => (true, 1 << 51 | 5 << 29),
        10 | 11 => (false, 1 << 29),
        12 => (false, 0),
        17 => (true, 0),
        _ => return None,
    };
    let sign = sign_bit::<T>(sign);
    match T::DTYPE {
        DType::F32 => Some(T::from_bits(sign | 0x7f80_0000 | mantissa >> 29)),
        DType::F64 => Some(T::from_bits(sign | 0x7ff0_0000_0000_0000 | mantissa)),
        _ => None,
    }
}

//! A stream of bits, low bits of each byte first.

/// Collects bits into bytes.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

/// Hands out the bits that a [`BitWriter`] collected. Past the end it hands out zeros.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bits read so far.
    at: usize,
}

impl BitWriter {
    /// An empty stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// A stream that goes on behind `bytes`, whose end is its start.
    pub fn behind(bytes: Vec<u8>) -> Self {
        BitWriter { bytes, ..Self::default() }
    }

    /// Appends the low `bits` bits of `value`, lowest first; the bits above them must be zero.
    ///
    /// # Panics
    /// In debug builds, if `bits > 32` or `value` has more bits than that.
    #[inline(always)]
    pub fn write(&mut self, value: u64, bits: u32) {
        debug_assert!(bits <= 32 && value >> bits == 0, "{value} in {bits} bits");
        self.held |= value << self.count;
        self.count += bits;
        if self.count >= 32 {
            self.spill();
        }
    }

    /// Moves the whole bytes out of the register: afterwards fewer than eight bits are held.
    #[inline(always)]
    fn spill(&mut self) {
        let whole = (self.count / 8) as usize;
        self.bytes.extend_from_slice(&self.held.to_le_bytes()[..whole]);
        self.held >>= 8 * whole;
        self.count %= 8;
    }

    /// Bits written so far, and those of the bytes that were there before.
    pub fn bit_len(&self) -> usize {
        self.bytes.len() * 8 + self.count as usize
    }

    /// The bytes; the last one is filled up with zero bits.
    pub fn finish(mut self) -> Vec<u8> {
        self.count = self.count.next_multiple_of(8);
        self.spill();
        self.bytes
    }
}

impl<'a> BitReader<'a> {
    /// Starts at the first bit of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, at: 0 }
    }

    /// The next `bits` bits, at most 57 of them, lowest first.
    #[inline(always)]
    pub fn read(&mut self, bits: u32) -> u64 {
        // A load for every field: it waits for nothing but the place, where a register that is refilled waits for itself.
        let value = self.word(self.at / 8) >> (self.at % 8) & ((1u64 << bits) - 1);
        self.at += bits as usize;
        value
    }

    /// Eight bytes from `at` on, those behind the last one zero.
    #[inline(always)]
    fn word(&self, at: usize) -> u64 {
        match self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            Some(eight) => u64::from_le_bytes(*eight),
            None => self.last_word(at),
        }
    }

    #[cold]
    fn last_word(&self, at: usize) -> u64 {
        let rest = self.bytes.get(at..).unwrap_or(&[]);
        let mut word = [0u8; 8];
        word[..rest.len()].copy_from_slice(rest);
        u64::from_le_bytes(word)
    }

    /// Whole bytes touched by what was read so far; above the length of the stream if it was read past its end.
    pub fn bytes_read(&self) -> usize {
        self.at.div_ceil(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_width_round_trip() {
        let fields: Vec<(u64, u32)> =
            (0..4000u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15), (i % 33) as u32)).collect();
        let mut writer = BitWriter::new();
        for &(value, bits) in &fields {
            writer.write(value & ((1u64 << bits) - 1), bits);
        }
        let bits: usize = fields.iter().map(|field| field.1 as usize).sum();
        assert_eq!(writer.bit_len(), bits);
        let bytes = writer.finish();
        assert_eq!(bytes.len(), bits.div_ceil(8));
        let mut reader = BitReader::new(&bytes);
        for &(value, bits) in &fields {
            assert_eq!(reader.read(bits), value & ((1u64 << bits) - 1));
        }
        assert_eq!(reader.bytes_read(), bytes.len());
    }

    #[test]
    fn past_the_end_there_are_zeros_and_the_count_tells() {
        let mut reader = BitReader::new(&[0xff]);
        assert_eq!((reader.read(4), reader.bytes_read()), (15, 1));
        assert_eq!(reader.read(40), 15);
        assert!(reader.bytes_read() > 1);
        assert_eq!(BitReader::new(&[]).read(57), 0);
    }
}

//! A method's own encoder and decoder, ready to be timed.

use std::hint::black_box;

use codecbench_methods::api::{Compressor, Error, Tensor, TensorRef};
use serde::{Deserialize, Serialize};

use super::executor::{Work, poisoned};
use super::probe::{Measured, Probe};
use super::{alloc, system};

/// Bytes that a timed copy moves at least: a single copy of a tiny array is shorter than the clock can see.
const COPY_AT_LEAST: usize = 1 << 16;

/// What is timed. Each call does the whole work once.
pub(super) trait Timed {
    fn encode(&mut self) -> Result<(), Error>;
    fn decode(&mut self) -> Result<(), Error>;
    /// Copies the raw array, and says how often.
    fn copy(&mut self) -> usize;
}

/// The raw bytes of an array and a place to copy them to: one for all cells of a data set in a round.
pub(super) struct Raw {
    bytes: Vec<u8>,
    copy: Vec<u8>,
}

impl Raw {
    pub fn new(input: &TensorRef<'_>) -> Self {
        let mut bytes = Vec::new();
        input.write_le(&mut bytes);
        Raw { copy: vec![0; bytes.len()], bytes }
    }

    fn copy(&mut self) -> usize {
        let times = (COPY_AT_LEAST / self.bytes.len().max(1)).clamp(1, COPY_AT_LEAST);
        for _ in 0..times {
            self.copy.copy_from_slice(black_box(&self.bytes));
            black_box(&self.copy);
        }
        times
    }
}

/// One direction of the first call of a cell, and the memory it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct First {
    /// The first call of a fresh instance, after other cells have run.
    pub cold: Measured,
    /// Peak of what Rust's allocator held beyond what it held before, bytes.
    pub peak_bytes: Option<u64>,
    /// Growth of resident memory at its peak, bytes.
    pub resident_bytes: Option<u64>,
}

/// A method's own encoder and decoder in this process.
pub(super) struct InProcess<'a, 'r> {
    input: TensorRef<'a>,
    encoder: Box<dyn Compressor>,
    decoder: Box<dyn Compressor>,
    payload: Vec<u8>,
    output: Tensor,
    raw: &'r mut Raw,
}

impl<'a, 'r> InProcess<'a, 'r> {
    /// Fresh instances; nothing has run yet.
    pub fn new(work: &Work<'a>, raw: &'r mut Raw) -> Result<Self, Error> {
        let compressor = || work.entry.compressor(work.params, work.target, work.fill);
        let output = poisoned(work.input.dtype(), work.input.shape());
        let (encoder, decoder, input) = (compressor()?, compressor()?, work.input.clone());
        Ok(InProcess { input, encoder, decoder, payload: Vec::new(), output, raw })
    }

    /// Times the first call of each direction, then counts the memory of another one outside the clock.
    pub fn first(&mut self, probe: &mut dyn Probe) -> Result<[First; 2], Error> {
        let cold = [probe.measure(&mut || self.encode())?, probe.measure(&mut || self.decode())?];
        // A payload that has its memory already would not count.
        self.payload = Vec::new();
        let encode = memory(|| self.encode())?;
        let decode = memory(|| self.decode())?;
        let with = |cold, (peak_bytes, resident_bytes)| First { cold, peak_bytes, resident_bytes };
        Ok([with(cold[0], encode), with(cold[1], decode)])
    }
}

fn memory(work: impl FnOnce() -> Result<(), Error>) -> Result<(Option<u64>, Option<u64>), Error> {
    let ((outcome, peak), resident) = system::resident_peak(|| alloc::peak(work));
    outcome.map(|()| (peak, resident))
}

impl Timed for InProcess<'_, '_> {
    fn encode(&mut self) -> Result<(), Error> {
        self.payload.clear();
        self.encoder.compress(black_box(self.input.clone()), black_box(&mut self.payload))
    }

    fn decode(&mut self) -> Result<(), Error> {
        self.decoder.decompress(black_box(&self.payload), black_box(self.output.view_mut()))
    }

    fn copy(&mut self) -> usize {
        self.raw.copy()
    }
}

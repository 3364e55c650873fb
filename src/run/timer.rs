//! The clock. Encode, copy and decode take turns, so that a machine that slows down slows all of them.

use std::hint::black_box;
use std::time::Instant;

use codecbench_methods::api::{Compressor, Error, Tensor, TensorRef};

use super::alloc;
use super::executor::{Work, poisoned};
use super::stats::{Spread, median, spread};
use crate::plan::TimingPlan;
use crate::record::Timing;

/// The interval of the median is narrow enough at this share of the median.
const NARROW: f64 = 0.01;
/// Bytes that a timed copy moves at least: a single copy of a tiny array is shorter than the clock can see.
const COPY_AT_LEAST: usize = 1 << 16;

/// Nanoseconds since some fixed moment.
pub(super) trait Clock {
    fn now(&mut self) -> f64;
}

/// The system's monotonic clock.
pub(super) struct SystemClock(Instant);

impl SystemClock {
    pub fn start() -> Self {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&mut self) -> f64 {
        self.0.elapsed().as_nanos() as f64
    }
}

/// What is timed. Each call does the whole work once.
pub(super) trait Timed {
    fn encode(&mut self) -> Result<(), Error>;
    fn decode(&mut self) -> Result<(), Error>;
    /// Copies the raw array, and says how often.
    fn copy(&mut self) -> usize;
}

/// Nanoseconds per call, one entry per repeat.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub encode: Vec<f64>,
    pub decode: Vec<f64>,
    pub copy: Vec<f64>,
}

/// Warms up, then repeats until both intervals are narrow, the budget is spent or the repeats are.
pub(super) fn sample(plan: &TimingPlan, clock: &mut dyn Clock, timed: &mut dyn Timed) -> Result<Samples, Error> {
    let start = clock.now();
    loop {
        timed.encode()?;
        timed.copy();
        timed.decode()?;
        if clock.now() - start >= plan.warmup_ms as f64 * 1e6 {
            break;
        }
    }
    let (start, mut samples) = (clock.now(), Samples::default());
    while samples.encode.len() < plan.max_repeats {
        round(clock, timed, &mut samples)?;
        let repeats = samples.encode.len();
        let spent = clock.now() - start >= plan.budget_ms as f64 * 1e6;
        // The bootstrap itself takes time; every fifth repeat is often enough to stop.
        let stable = repeats % 5 == 0 && is_narrow(&samples.encode) && is_narrow(&samples.decode);
        if repeats >= plan.min_repeats && (spent || stable) {
            break;
        }
    }
    Ok(samples)
}

fn round(clock: &mut dyn Clock, timed: &mut dyn Timed, samples: &mut Samples) -> Result<(), Error> {
    let before = clock.now();
    timed.encode()?;
    let encoded = clock.now();
    let copies = timed.copy();
    let copied = clock.now();
    timed.decode()?;
    let decoded = clock.now();
    samples.encode.push(encoded - before);
    samples.copy.push((copied - encoded) / copies as f64);
    samples.decode.push(decoded - copied);
    Ok(())
}

fn is_narrow(samples: &[f64]) -> bool {
    let Spread { median, low, high, .. } = spread(samples);
    high - low <= NARROW * median
}

/// Times the work of a cell; memory is counted in a run of its own, outside the clock.
///
/// # Errors
/// What the method returns.
pub(super) fn time(plan: &TimingPlan, work: &Work<'_>) -> Result<(usize, Timing, Timing), Error> {
    let (mut timed, encode_peak, decode_peak) = InProcess::new(work)?;
    let samples = sample(plan, &mut SystemClock::start(), &mut timed)?;
    let copy_ns = median(&mut samples.copy.clone());
    let bytes = work.input.byte_len() as f64;
    let timing = |samples: &[f64], peak_bytes| summarise(samples, copy_ns, bytes, peak_bytes);
    Ok((samples.encode.len(), timing(&samples.encode, encode_peak), timing(&samples.decode, decode_peak)))
}

fn summarise(samples: &[f64], copy_ns: f64, bytes: f64, peak_bytes: Option<u64>) -> Timing {
    let Spread { median, mad, low, high } = spread(samples);
    Timing {
        median_ns: median,
        mad_ns: mad,
        ci_low_ns: low,
        ci_high_ns: high,
        // Bytes per nanosecond are 1e9 bytes per second.
        mb_s: bytes / median * 1e3,
        memcpy_ratio: copy_ns / median,
        peak_bytes,
    }
}

/// A method's own encoder and decoder.
struct InProcess<'a> {
    input: TensorRef<'a>,
    encoder: Box<dyn Compressor>,
    decoder: Box<dyn Compressor>,
    payload: Vec<u8>,
    output: Tensor,
    raw: Vec<u8>,
    copy: Vec<u8>,
}

impl<'a> InProcess<'a> {
    /// Runs both directions once, and says how many bytes each held at most.
    fn new(work: &Work<'a>) -> Result<(Self, Option<u64>, Option<u64>), Error> {
        let compressor = || work.entry.compressor(work.params, work.target, work.fill);
        let (encoder, decoder, input) = (compressor()?, compressor()?, work.input.clone());
        let mut payload = Vec::new();
        let (encoded, encode_peak) = alloc::peak(|| encoder.compress(input.clone(), &mut payload));
        encoded?;
        let mut output = poisoned(input.dtype(), input.shape());
        let (decoded, decode_peak) = alloc::peak(|| decoder.decompress(&payload, output.view_mut()));
        decoded?;
        let mut raw = Vec::new();
        input.write_le(&mut raw);
        let copy = vec![0; raw.len()];
        Ok((InProcess { input, encoder, decoder, payload, output, raw, copy }, encode_peak, decode_peak))
    }
}

impl Timed for InProcess<'_> {
    fn encode(&mut self) -> Result<(), Error> {
        self.payload.clear();
        self.encoder.compress(black_box(self.input.clone()), black_box(&mut self.payload))
    }

    fn decode(&mut self) -> Result<(), Error> {
        self.decoder.decompress(black_box(&self.payload), black_box(self.output.view_mut()))
    }

    fn copy(&mut self) -> usize {
        let times = (COPY_AT_LEAST / self.raw.len().max(1)).clamp(1, COPY_AT_LEAST);
        for _ in 0..times {
            self.copy.copy_from_slice(black_box(&self.raw));
            black_box(&self.copy);
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that only work moves.
    #[derive(Default)]
    struct Fake {
        now: std::rc::Rc<std::cell::Cell<f64>>,
    }

    impl Clock for Fake {
        fn now(&mut self) -> f64 {
            self.now.get()
        }
    }

    /// Work that takes 1 ms to encode, 2 ms to decode and 4 x 0.1 ms to copy, with some jitter on the encoder.
    struct Work {
        now: std::rc::Rc<std::cell::Cell<f64>>,
        calls: usize,
        jitter: f64,
    }

    impl Timed for Work {
        fn encode(&mut self) -> Result<(), Error> {
            self.calls += 1;
            self.now.set(self.now.get() + 1e6 + self.jitter * (self.calls % 7) as f64);
            Ok(())
        }

        fn decode(&mut self) -> Result<(), Error> {
            self.now.set(self.now.get() + 2e6);
            Ok(())
        }

        fn copy(&mut self) -> usize {
            self.now.set(self.now.get() + 4e5);
            4
        }
    }

    fn run(plan: TimingPlan, jitter: f64) -> (Samples, usize) {
        let mut clock = Fake::default();
        let mut work = Work { now: clock.now.clone(), calls: 0, jitter };
        let samples = sample(&plan, &mut clock, &mut work).expect("nothing fails");
        (samples, work.calls)
    }

    #[test]
    fn steady_work_stops_early_and_each_direction_gets_its_own_time() {
        let plan = TimingPlan { warmup_ms: 10, ..TimingPlan::default() };
        let (samples, calls) = run(plan, 0.0);
        assert_eq!(samples.encode, [1e6; 5]);
        assert_eq!((samples.decode[0], samples.copy[0]), (2e6, 1e5));
        assert_eq!(calls, 3 + 5, "three rounds of 3.4 ms fill 10 ms of warm-up");
    }

    #[test]
    fn jittery_work_goes_on_until_the_budget_or_the_repeats_are_spent() {
        let plan = TimingPlan { warmup_ms: 0, budget_ms: 100, ..TimingPlan::default() };
        let (samples, _) = run(plan, 2e5);
        assert!((20..30).contains(&samples.encode.len()), "{} rounds of about 4 ms", samples.encode.len());
        let (samples, _) = run(TimingPlan { budget_ms: 10_000, ..plan }, 2e5);
        assert_eq!(samples.encode.len(), plan.max_repeats);
    }

    #[test]
    fn speeds_are_in_megabytes_per_second_and_relative_to_the_copy() {
        // 4e6 bytes in 2 ms are 2000 MB/s; the copy took 0.5 ms.
        let timing = summarise(&[2e6; 5], 5e5, 4e6, Some(7));
        assert_eq!((timing.mb_s, timing.memcpy_ratio, timing.peak_bytes), (2000.0, 0.25, Some(7)));
    }
}

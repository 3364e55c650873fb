//! Compressing and decompressing once, whatever happens.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use codecbench_methods::api::{DType, Element, Entry, Error, ParamsJson, Target, Tensor, TensorRef, ViewMut};
use codecbench_methods::for_dtype;

use super::spent::{self, On};
use crate::plan::reason;
use crate::record::Status;

/// What to compress, and how.
#[derive(Clone, Debug)]
pub struct Work<'a> {
    /// The method.
    pub entry: &'static Entry,
    /// Its parameters.
    pub params: &'a ParamsJson,
    /// Its target, resolved.
    pub target: Target,
    /// The original.
    pub input: TensorRef<'a>,
    /// The value that stands for "no data".
    pub fill: Option<f64>,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Product {
    /// The payload.
    pub payload: Vec<u8>,
    /// What a fresh decoder instance made of it.
    pub decoded: Tensor,
}

/// Why nothing came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// `unsupported`, `failed`, or how a worker ended.
    pub status: Status,
    /// One line.
    pub reason: String,
}

/// Does the work somewhere: in this process, or in a test not at all.
pub trait Executor: Sync {
    /// Compresses, and decompresses with a fresh instance.
    ///
    /// # Errors
    /// A failure is a result like any other: it becomes a row.
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure>;
}

/// Runs methods in this process. A panic is caught; an abort or an endless loop is not.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess {
    /// Compress twice and compare the payloads of methods that call themselves deterministic.
    pub twice: bool,
}

/// Answers from a function instead of a method, so that scheduling and bookkeeping are tested on every outcome.
pub struct Mock<F>(pub F);

impl<F: Fn(&Work<'_>) -> Result<Product, Failure> + Sync> Executor for Mock<F> {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        self.0(work)
    }
}

/// Books the time of another executor.
pub(super) struct Booked<'a>(pub &'a dyn Executor);

impl Executor for Booked<'_> {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        spent::on(On::Codecs, || self.0.execute(work))
    }
}

impl Executor for InProcess {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        let payload = guarded("encode", || encode(work))?;
        if self.twice && work.entry.capabilities().is_ok_and(|facts| facts.deterministic) {
            let again = guarded("encode", || encode(work))?;
            if again != payload {
                return Err(failed("encode: equal input gave other bytes the second time"));
            }
        }
        let decoded = guarded("decode", || decode(work, &payload)).map_err(|failure| match failure.status {
            // What was encoded must decode: here nothing is unsupported any more.
            Status::Unsupported => failed(format!("decode: {}", failure.reason)),
            _ => failure,
        })?;
        Ok(Product { payload, decoded })
    }
}

fn encode(work: &Work<'_>) -> Result<Vec<u8>, Error> {
    let mut payload = Vec::new();
    let encoder = work.entry.compressor(work.params, work.target, work.fill)?;
    encoder.compress(work.input.clone(), &mut payload)?;
    Ok(payload)
}

fn decode(work: &Work<'_>, payload: &[u8]) -> Result<Tensor, Error> {
    let mut decoded = poisoned(work.input.dtype(), work.input.shape());
    let decoder = work.entry.compressor(work.params, work.target, work.fill)?;
    decoder.decompress(payload, decoded.view_mut())?;
    Ok(decoded)
}

/// A tensor full of an unlikely pattern: a decoder that leaves elements unwritten does not pass by luck.
pub(super) fn poisoned(dtype: DType, shape: &[usize]) -> Tensor {
    fn fill<T: Element>(view: ViewMut<'_, T>) {
        view.into_data().fill(T::from_bits(0xa5a5_a5a5_a5a5_a5a5));
    }
    let mut tensor = Tensor::zeros(dtype, shape);
    for_dtype!(TensorMut, tensor.view_mut(), view => fill(view));
    tensor
}

fn failed(reason: impl Into<String>) -> Failure {
    Failure { status: Status::Failed, reason: reason.into() }
}

fn guarded<T>(stage: &str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
    RUNNING.fetch_add(1, Ordering::Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    RUNNING.fetch_sub(1, Ordering::Relaxed);
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error @ Error::Unsupported(_))) => Err(Failure { status: Status::Unsupported, reason: reason(&error) }),
        Ok(Err(error)) => Err(failed(format!("{stage}: {error}"))),
        Err(panic) => Err(failed(format!("{stage} panicked: {}", panic_text(panic.as_ref())))),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    text.and_then(|text| text.lines().next()).unwrap_or("no message")
}

/// Methods running right now, in all threads.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Name of every thread in which cells run.
pub(super) const WORKER: &str = "codecbench-cell";

/// Keeps a method's panic off the terminal, where it would tear the progress bar; the row tells of it. Panics elsewhere
/// are reported as ever. Call it once.
pub fn silence_method_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let in_worker = std::thread::current().name().is_some_and(|name| name.starts_with(WORKER));
        if !(in_worker && RUNNING.load(Ordering::Relaxed) > 0) {
            report(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_with_its_first_line() {
        let failure = guarded::<()>("encode", || panic!("index {}\nand more", 7)).expect_err("it panicked");
        assert_eq!(failure, failed("encode panicked: index 7"));
    }

    #[test]
    fn only_unsupported_is_no_failure() {
        let unsupported = guarded::<()>("encode", || Err(Error::unsupported("rank 9"))).expect_err("an error");
        assert_eq!((unsupported.status, unsupported.reason.as_str()), (Status::Unsupported, "rank 9"));
        let corrupt = guarded::<()>("decode", || Err(Error::corrupt(3, "no"))).expect_err("an error");
        assert_eq!(corrupt, failed("decode: corrupt payload at byte 3: no"));
    }

    #[test]
    fn the_output_of_a_decoder_starts_out_wrong() {
        let tensor = poisoned(DType::I16, &[3]);
        assert_ne!(tensor, Tensor::zeros(DType::I16, &[3]));
    }
}

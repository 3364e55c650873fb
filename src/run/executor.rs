//! Compressing and decompressing once, whatever happens.

use std::any::Any;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Context;
use codecbench_methods::api::{
    Compressor, DType, Element, Entry, Error, ParamsJson, Target, Tensor, TensorMut, TensorRef, ViewMut,
};
use codecbench_methods::for_dtype;
use rayon::{ThreadPool, ThreadPoolBuilder};

pub use super::product::Product;
use super::spent::{self, On};
use crate::plan::reason;
use crate::record::{Repetition, Status};

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
    /// When the cell began: a limit on its time counts from here.
    pub since: Instant,
}

impl<'a> Work<'a> {
    /// Work that begins now.
    pub fn new(
        entry: &'static Entry,
        params: &'a ParamsJson,
        target: Target,
        input: TensorRef<'a>,
        fill: Option<f64>,
    ) -> Self {
        Work { entry, params, target, input, fill, since: Instant::now() }
    }

    fn compressor(&self) -> Result<Box<dyn Compressor>, Error> {
        self.entry.compressor(self.params, self.target, self.fill)
    }
}

/// Whether doing it again elsewhere gives the same. Absent: not tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Decoding the payload in another process than the one that encoded, against the decoded values, bit for bit.
    pub cold_decode: Option<Repetition>,
    /// Compressing equal input again, on another thread, against the payload.
    pub repeat_encode: Option<Repetition>,
}

impl Checks {
    /// Of two parts of a whole: it differs where either does.
    pub(super) fn and(self, other: Checks) -> Checks {
        Checks {
            cold_decode: self.cold_decode.max(other.cold_decode),
            repeat_encode: self.repeat_encode.max(other.repeat_encode),
        }
    }
}

/// Why nothing came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// `unsupported`, `failed`, or how a worker ended.
    pub status: Status,
    /// One line.
    pub reason: String,
}

/// Does the work somewhere: in this process, in another one, or in a test not at all.
pub trait Executor: Sync {
    /// Compresses, and decompresses with a fresh instance on another thread.
    ///
    /// # Errors
    /// A failure is a result like any other: it becomes a row.
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure>;

    /// Does it again elsewhere. By default nothing is tried.
    ///
    /// # Errors
    /// As [`Executor::execute`].
    fn check(&self, _work: &Work<'_>, _product: &Product) -> Result<Checks, Failure> {
        Ok(Checks::default())
    }

    /// An executor for many cells of one array, or of parts of it; `None` where this one serves any array as well.
    fn for_array<'a>(&'a self, _array: &TensorRef<'a>) -> Option<Box<dyn Executor + 'a>> {
        None
    }
}

/// Runs methods in this process. A panic is caught; an abort or an endless loop is not.
#[derive(Debug, Default)]
pub struct InProcess {
    second: SecondThread,
}

/// Answers from a function instead of a method, so that scheduling and bookkeeping are tested on every outcome.
pub struct Mock<F>(pub F);

impl<F: Fn(&Work<'_>) -> Result<Product, Failure> + Sync> Executor for Mock<F> {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        self.0(work)
    }
}

/// Books the time of another executor.
pub(super) struct Booked<E>(pub E);

impl<E: Deref<Target: Executor> + Sync> Executor for Booked<E> {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        spent::on(On::Codecs, || self.0.execute(work))
    }

    fn check(&self, work: &Work<'_>, product: &Product) -> Result<Checks, Failure> {
        spent::on(On::Codecs, || self.0.check(work, product))
    }

    fn for_array<'a>(&'a self, array: &TensorRef<'a>) -> Option<Box<dyn Executor + 'a>> {
        let own = self.0.for_array(array)?;
        Some(Box::new(Booked(own)))
    }
}

impl Executor for InProcess {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        let payload = encode(work)?;
        let (dtype, shape) = (work.input.dtype(), work.input.shape());
        let decoded = self.second.run(|| decode(|| work.compressor(), (dtype, shape), &payload))??;
        Ok(Product::new(payload, decoded))
    }

    fn check(&self, work: &Work<'_>, product: &Product) -> Result<Checks, Failure> {
        let again = self.second.run(|| encode(work))??;
        Ok(Checks { repeat_encode: Some(Repetition::of(again == product.payload())), cold_decode: None })
    }
}

/// Threads beside those that cells run in: what a method does must not depend on the thread.
#[derive(Debug, Default)]
pub(super) struct SecondThread(Mutex<Vec<ThreadPool>>);

impl SecondThread {
    /// Runs `work` in a pool of as many threads as the current one has, none of them the same.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
        let idle = || self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let spare = idle().pop();
        let threads = rayon::current_num_threads();
        let pool = match spare.filter(|pool| pool.current_num_threads() == threads) {
            Some(pool) => pool,
            None => pool(threads).map_err(|error| failed(format!("{error:#}")))?,
        };
        let result = pool.install(work);
        idle().push(pool);
        Ok(result)
    }
}

/// A pool of threads in which cells run.
pub(super) fn pool(threads: usize) -> anyhow::Result<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(threads.max(1)).stack_size(8 << 20);
    builder.thread_name(|at| format!("{WORKER}-{at}")).build().context("cannot start the worker threads")
}

/// Compresses with a fresh instance.
fn encode(work: &Work<'_>) -> Result<Vec<u8>, Failure> {
    let mut payload = Vec::new();
    encode_into(work, &mut payload).map(|()| payload)
}

/// Compresses with a fresh instance, behind what `payload` holds.
pub(super) fn encode_into(work: &Work<'_>, payload: &mut Vec<u8>) -> Result<(), Failure> {
    guarded("encode", || work.compressor()?.compress(work.input.clone(), payload))
}

/// Decompresses with a fresh instance.
fn decode(
    compressor: impl FnOnce() -> Result<Box<dyn Compressor>, Error>,
    (dtype, shape): (DType, &[usize]),
    payload: &[u8],
) -> Result<Tensor, Failure> {
    let mut decoded = Tensor::zeros(dtype, shape);
    decode_into(compressor, payload, decoded.view_mut()).map(|()| decoded)
}

/// Decompresses with a fresh instance into `output`, whatever stands there.
pub(super) fn decode_into(
    compressor: impl FnOnce() -> Result<Box<dyn Compressor>, Error>,
    payload: &[u8],
    mut output: TensorMut<'_>,
) -> Result<(), Failure> {
    let decoded = guarded("decode", || {
        poison(output.reborrow());
        compressor()?.decompress(payload, output)
    });
    decoded.map_err(|failure| match failure.status {
        // What was encoded must decode: here nothing is unsupported any more.
        Status::Unsupported => failed(format!("decode: {}", failure.reason)),
        _ => failure,
    })
}

/// A tensor full of an unlikely pattern.
pub(super) fn poisoned(dtype: DType, shape: &[usize]) -> Tensor {
    let mut tensor = Tensor::zeros(dtype, shape);
    poison(tensor.view_mut());
    tensor
}

/// Fills a tensor with an unlikely pattern: a decoder that leaves elements unwritten does not pass by luck.
fn poison(output: TensorMut<'_>) {
    fn fill<T: Element>(view: ViewMut<'_, T>) {
        view.into_data().fill(T::from_bits(0xa5a5_a5a5_a5a5_a5a5));
    }
    for_dtype!(TensorMut, output, view => fill(view));
}

pub(super) fn failed(reason: impl Into<String>) -> Failure {
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
const WORKER: &str = "codecbench-cell";

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
    fn what_is_done_again_runs_on_another_thread_and_the_threads_are_kept() {
        let second = SecondThread::default();
        let here = pool(1).expect("a thread starts");
        let thread = || std::thread::current().id();
        let (first, others) = here.install(|| (thread(), [0; 3].map(|_| second.run(thread).expect("a thread starts"))));
        assert!(first != others[0] && others == [others[0]; 3]);
    }

    #[test]
    fn the_output_of_a_decoder_starts_out_wrong() {
        let tensor = poisoned(DType::I16, &[3]);
        assert_ne!(tensor, Tensor::zeros(DType::I16, &[3]));
    }
}

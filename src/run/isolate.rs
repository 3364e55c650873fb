//! Cells in worker processes of this program: what a codec does there to itself, it does not do to the sweep.
//!
//! A worker lives from cell to cell and maps each array once; payloads and decoded arrays are read where it wrote them, in
//! memory that both sides have mapped and use again, and only small messages pass through a socket. A crash, a hang or an endless allocation ends the worker
//! and is the cell's row; the next cell gets a new worker.

mod end;
mod memory;
mod message;
mod proc;
mod region;
mod serve;
mod worker;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use codecbench_methods::api::{Entry, TensorRef};

use super::executor::{Checks, Executor, Failure, InProcess, Work, failed};
use super::product::Product;
use crate::plan::{Isolation, Limits};
use crate::record::Repetition;
use memory::{Memory, bytes_of};
use message::{Answer, Job, Place, Request, Thread};
use region::Exchange;
pub(super) use region::Written;
pub use serve::serve;
pub use worker::Program;
use worker::{Deadline, Worker};

/// Runs methods in worker processes, all of them or those that need it, and decodes every payload once more in a worker
/// that has encoded nothing.
#[derive(Debug)]
pub struct Isolated {
    program: Program,
    isolation: Isolation,
    limits: Limits,
    in_process: InProcess,
    /// Idle workers that compress.
    encoders: Mutex<Vec<Worker>>,
    /// Idle workers that only decompress.
    decoders: Mutex<Vec<Worker>>,
}

impl Isolated {
    /// Workers are started by `program` when they are first needed.
    pub fn new(program: Program, isolation: Isolation, limits: Limits) -> Self {
        let (in_process, encoders, decoders) = Default::default();
        Isolated { program, isolation, limits, in_process, encoders, decoders }
    }

    /// Whether the method compresses in a worker.
    fn isolates(&self, entry: &Entry) -> bool {
        match self.isolation {
            Isolation::All => true,
            // What a Cargo feature switches on is somebody else's native code.
            Isolation::Auto => entry.feature().is_some(),
            Isolation::None => false,
        }
    }

    fn request(&self, work: &Work<'_>, job: Job, on: Thread) -> Request {
        Request {
            job,
            on,
            method: work.entry.id().to_string(),
            params: work.params.clone(),
            target: work.target.kind(),
            value: work.target.value().map(f64::to_bits),
            fill: work.fill.map(f64::to_bits),
            dtype: work.input.dtype(),
            shape: work.input.shape().to_vec(),
            threads: rayon::current_num_threads(),
            memory: self.limits.memory(work.input.byte_len()),
        }
    }

    fn deadline(&self, work: &Work<'_>) -> Deadline {
        let allowed = Duration::from_secs_f64(self.limits.wall_s);
        // Nobody limits what runs in this process; what it took there is not held against its decoder elsewhere.
        let since = if self.isolates(work.entry) { work.since } else { Instant::now() };
        Deadline { at: since + allowed, allowed }
    }

    /// Has something done by an idle worker, or by a new one.
    fn with<T>(
        &self,
        idle: &Mutex<Vec<Worker>>,
        work: impl FnOnce(&mut Worker) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut spare = locked(idle).pop();
        // One that was killed while it had nothing to do is no cell's fault.
        spare.take_if(|worker| !worker.lives());
        let mut worker = match spare {
            Some(worker) => worker,
            None => Worker::start(&self.program)
                .map_err(|error| failed(format!("cannot start a worker, {}: {error}", self.program.path.display())))?,
        };
        let result = work(&mut worker);
        if worker.lives() {
            locked(idle).push(worker);
        }
        result
    }
}

/// Executes the cells of one array.
struct OnArray<'a> {
    isolated: &'a Isolated,
    /// Unique in this process, and never 0.
    number: u64,
    /// Its elements as they lie in memory.
    array: &'a [u8],
    /// Bytes of the exchanges that payloads and decoded arrays of it need.
    sizes: [usize; 2],
    /// The array where workers can map it, once the first one needs it.
    shared: Mutex<Option<Arc<Memory>>>,
}

impl OnArray<'_> {
    fn shared(&self) -> Result<Arc<Memory>, Failure> {
        let mut shared = locked(&self.shared);
        if let Some(shared) = &*shared {
            return Ok(shared.clone());
        }
        let memory = Memory::holding(self.array).map_err(|error| failed(format!("cannot share the array: {error}")))?;
        Ok(shared.insert(Arc::new(memory)).clone())
    }

    /// Where a part of the array begins in it, bytes.
    fn offset(&self, part: &TensorRef<'_>) -> Result<usize, Failure> {
        let (whole, part) = (self.array, bytes_of(part));
        let offset = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        let inside = offset.checked_add(part.len()).is_some_and(|end| end <= whole.len());
        match (part.is_empty(), inside) {
            (true, _) => Ok(0),
            (false, true) => Ok(offset),
            (false, false) => Err(failed("the array is not part of the one that is shared")),
        }
    }

    /// Has the array compressed.
    fn encode(&self, worker: &mut Worker, work: &Work<'_>) -> Result<(Written, Option<String>), Failure> {
        let exchange = worker.exchange(room(&work.input))?;
        worker.share(&exchange)?;
        let job = Job::Encode { offset: self.offset(&work.input)?, payload: exchange.number };
        let request = self.isolated.request(work, job, Thread::First);
        // A method has its payload in memory that it was allowed to take; more than that is no payload.
        let allowed = request.memory;
        let length = |answer: &Answer| match *answer {
            Answer::Payload(length) => Some(length).filter(|&length| length as u64 <= allowed),
            _ => None,
        };
        self.ask(worker, exchange, ("encode", request, work), length)
    }

    /// Has a payload decompressed.
    fn decode(
        &self,
        worker: &mut Worker,
        work: &Work<'_>,
        payload: &Written,
        (stage, on): (&str, Thread),
    ) -> Result<(Written, Option<String>), Failure> {
        let size = work.input.byte_len();
        let exchange = worker.exchange(size)?;
        worker.share(payload.exchange())?;
        worker.share(&exchange)?;
        let job = Job::Decode { payload: place(payload), decoded: exchange.number };
        let length = |answer: &Answer| (*answer == Answer::Decoded).then_some(size);
        self.ask(worker, exchange, (stage, self.isolated.request(work, job, on), work), length)
    }

    /// Has an exchange written; `length` tells from the answer how many bytes of it. Returns them, and what the worker
    /// wrote to stderr.
    fn ask(
        &self,
        worker: &mut Worker,
        mut exchange: Exchange,
        (stage, request, work): (&str, Request, &Work<'_>),
        length: impl FnOnce(&Answer) -> Option<usize>,
    ) -> Result<(Written, Option<String>), Failure> {
        let answered = worker.run(stage, request, self.isolated.deadline(work));
        let seen = answered.and_then(|(answer, printed)| {
            let length = length(&answer).ok_or_else(|| wrong(stage, &answer))?;
            exchange.region.bytes(length).map_err(unreachable)?;
            Ok((length, printed))
        });
        // Also where nothing came out: the next cell finds its memory there.
        let exchange = worker.keep(exchange);
        seen.map(|(length, printed)| (Written::new(exchange, length), printed))
    }

    /// Turns a worker to this array, which it maps.
    fn prepare(&self, worker: &mut Worker) -> Result<(), Failure> {
        worker.turn_to(self.number, &self.sizes)?;
        worker.map(&*self.shared()?, self.array.len())
    }

    fn execute_isolated(&self, worker: &mut Worker, work: &Work<'_>) -> Result<Product, Failure> {
        self.prepare(worker)?;
        let (payload, printed) = self.encode(worker, work)?;
        let (decoded, more) = self.decode(worker, work, &payload, ("decode", Thread::Second))?;
        let shape = (work.input.dtype(), work.input.shape());
        Ok(Product::written(payload, decoded, shape).printing(printed.or(more)))
    }

    /// Has the array compressed again and compared with the payload, which the worker cannot write to.
    fn repeat(&self, worker: &mut Worker, work: &Work<'_>, product: &Product) -> Result<Repetition, Failure> {
        self.prepare(worker)?;
        let payload = self.payload(worker, work, product)?;
        worker.share(payload.exchange())?;
        let job = Job::Repeat { offset: self.offset(&work.input)?, payload: place(&payload) };
        let request = self.isolated.request(work, job, Thread::Second);
        match worker.run("encode", request, self.isolated.deadline(work))? {
            (Answer::Repeated(equal), _) => Ok(Repetition::of(equal)),
            (answer, _) => Err(wrong("encode", &answer)),
        }
    }

    /// Decodes in a worker that knows the payload only.
    fn cold(&self, worker: &mut Worker, work: &Work<'_>, product: &Product) -> Result<Repetition, Failure> {
        worker.turn_to(self.number, &self.sizes)?;
        let payload = self.payload(worker, work, product)?;
        let stage = ("decode in another process", Thread::First);
        let (decoded, _) = self.decode(worker, work, &payload, stage)?;
        Ok(Repetition::of(decoded.bytes() == bytes_of(&product.decoded())))
    }

    /// The payload where workers can map it.
    fn payload(&self, worker: &mut Worker, work: &Work<'_>, product: &Product) -> Result<Written, Failure> {
        if let Some(payload) = product.written_payload() {
            return Ok(payload.clone());
        }
        let (mut exchange, payload) = (worker.exchange(room(&work.input))?, product.payload());
        exchange.region.write(payload).map_err(unreachable)?;
        exchange.region.bytes(payload.len()).map_err(unreachable)?;
        Ok(Written::new(worker.keep(exchange), payload.len()))
    }
}

impl Executor for OnArray<'_> {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        let Isolated { in_process, encoders, .. } = self.isolated;
        if !self.isolated.isolates(work.entry) {
            return in_process.execute(work);
        }
        self.isolated.with(encoders, |worker| self.execute_isolated(worker, work))
    }

    fn check(&self, work: &Work<'_>, product: &Product) -> Result<Checks, Failure> {
        let Isolated { isolation, in_process, encoders, decoders, .. } = self.isolated;
        let mut checks = if self.isolated.isolates(work.entry) {
            let repeat = self.isolated.with(encoders, |worker| self.repeat(worker, work, product))?;
            Checks { repeat_encode: Some(repeat), cold_decode: None }
        } else {
            in_process.check(work, product)?
        };
        if *isolation != Isolation::None {
            checks.cold_decode = Some(self.isolated.with(decoders, |worker| self.cold(worker, work, product))?);
        }
        Ok(checks)
    }
}

impl Executor for Isolated {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        self.on(&work.input).execute(work)
    }

    fn check(&self, work: &Work<'_>, product: &Product) -> Result<Checks, Failure> {
        self.on(&work.input).check(work, product)
    }

    fn for_array<'a>(&'a self, array: &TensorRef<'a>) -> Option<Box<dyn Executor + 'a>> {
        Some(Box::new(self.on(array)))
    }
}

impl Isolated {
    fn on<'a, 'd: 'a>(&'a self, array: &TensorRef<'d>) -> OnArray<'a> {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let sizes = [room(array), array.byte_len()];
        OnArray { isolated: self, number, array: bytes_of(array), sizes, shared: Mutex::default() }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bytes of an exchange for payloads: most fit, and what is not written takes no memory.
fn room(input: &TensorRef<'_>) -> usize {
    2 * input.byte_len() + (1 << 16)
}

fn place(written: &Written) -> Place {
    Place { region: written.exchange().number, bytes: written.bytes().len() }
}

fn wrong(stage: &str, answer: &Answer) -> Failure {
    failed(format!("{stage}: the worker answered {answer:?}"))
}

fn unreachable(error: io::Error) -> Failure {
    failed(format!("what the worker hands over cannot be reached: {error}"))
}

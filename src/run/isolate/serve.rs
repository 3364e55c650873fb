//! A worker process, seen from inside.

use std::os::fd::{AsFd, OwnedFd};

use anyhow::{Context, Result, bail, ensure};
use codecbench_methods::api::{Entry, Target};
use rayon::ThreadPool;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, Signal, getpid, kill_process, setrlimit};

use super::memory::{Mapped, tensor_mut};
use super::message::{Answer, Job, Message, Place, Request, receive, send};
use super::proc::with_limit;
use super::region::Region;
use crate::run::executor::{Failure, Work, decode_into, encode_into, failed, pool, silence_method_panics};

/// Works for the sweep at the other end of stdin until that is gone. `flush` writes out what methods have printed.
///
/// # Errors
/// Nobody is there, or talks as nobody of this build does.
pub fn serve(registry: &'static [Entry], flush: &dyn Fn()) -> Result<()> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned().context("stdin is closed")?;
    end_with_the_sweep(socket.try_clone()?)?;
    // A crash is reported by its signal; the image of the memory would only fill the disk.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    silence_method_panics();
    let mut worker = Inside::new(registry);
    let what = "this verb is for `codecbench sweep`, which starts it";
    while let Some((message, file)) = receive::<Message>(&socket).context(what)? {
        match (message, file) {
            (Message::Region(number), Some(file)) => worker.regions.push((number, file.into())),
            (Message::Forget(number), _) => worker.regions.retain(|(known, _)| *known != number),
            (Message::Input(bytes), Some(file)) => {
                worker.input = Mapped::new(&file.into(), bytes).context("cannot map the array")?;
            }
            (Message::Run(request), _) => {
                let answer = worker.answer(&request);
                flush();
                send(&socket, &answer, None)?;
            }
            (Message::Region(_) | Message::Input(_), None) => bail!("a file is missing"),
        }
    }
    Ok(())
}

/// Ends this process when the other end of `socket` is gone, whatever a method is doing: nobody would wait for it.
fn end_with_the_sweep(socket: OwnedFd) -> Result<()> {
    let watch = move || {
        loop {
            let mut polled = [PollFd::new(&socket, PollFlags::RDHUP)];
            if poll(&mut polled, None).is_ok() && !polled[0].revents().is_empty() {
                let _ = kill_process(getpid(), Signal::KILL);
            }
        }
    };
    std::thread::Builder::new().name("codecbench-watch".into()).spawn(watch).context("cannot start a thread")?;
    Ok(())
}

struct Inside {
    registry: &'static [Entry],
    input: Mapped,
    /// Where payloads and decoded arrays are exchanged, by number.
    regions: Vec<(u64, Region)>,
    /// The last payload, for its memory.
    payload: Vec<u8>,
    /// The threads of `Thread::First` and `Thread::Second`.
    pools: Vec<ThreadPool>,
}

impl Inside {
    fn new(registry: &'static [Entry]) -> Self {
        Inside { registry, input: Mapped::default(), regions: Vec::new(), payload: Vec::new(), pools: Vec::new() }
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let answer = self.prepare(request).map_err(|error| failed(format!("{error:#}")));
        match answer.and_then(|()| self.work(request)) {
            Ok(answer) => answer,
            Err(Failure { status, reason }) => Answer::Failed { status, reason },
        }
    }

    fn prepare(&mut self, request: &Request) -> Result<()> {
        if self.pools.first().is_none_or(|pool| pool.current_num_threads() != request.threads) {
            self.pools = [(); 2].map(|()| pool(request.threads)).into_iter().collect::<Result<_>>()?;
        }
        ensure!(self.registry.iter().any(|entry| entry.id() == request.method), "no method {}", request.method);
        Ok(())
    }

    fn work(&mut self, request: &Request) -> Result<Answer, Failure> {
        match request.job {
            Job::Encode { offset, payload } => {
                self.encode(request, offset)?;
                region(&mut self.regions, payload)?.write(&self.payload).map_err(handing_over)?;
                Ok(Answer::Payload(self.payload.len()))
            }
            Job::Repeat { offset, payload: Place { region: number, bytes } } => {
                self.encode(request, offset)?;
                let first = region(&mut self.regions, number)?.bytes(bytes).map_err(handing_over)?;
                Ok(Answer::Repeated(first == self.payload))
            }
            Job::Decode { payload, decoded } => self.decode(request, payload, decoded),
        }
    }

    /// Compresses into `payload`.
    fn encode(&mut self, request: &Request, offset: usize) -> Result<(), Failure> {
        let (entry, target, fill) = self.method(request)?;
        let input = self.input.tensor(request.dtype, &request.shape, offset).ok_or_else(nonsense)?;
        // What a payload much larger than its array took is not kept.
        self.payload.clear();
        self.payload.shrink_to(2 * input.byte_len());
        let work = Work::new(entry, &request.params, target, input, fill);
        let pool = self.pools.get(request.on as usize).ok_or_else(nonsense)?;
        with_limit(request.memory, || pool.install(|| encode_into(&work, &mut self.payload)))
    }

    fn decode(&mut self, request: &Request, payload: Place, decoded: u64) -> Result<Answer, Failure> {
        let (entry, target, fill) = self.method(request)?;
        let (dtype, shape) = (request.dtype, &request.shape[..]);
        let size =
            shape.iter().try_fold(dtype.size(), |size, &length| size.checked_mul(length)).ok_or_else(nonsense)?;
        let at = self.regions.iter().position(|(known, _)| *known == decoded).ok_or_else(nonsense)?;
        // Out of the list for as long as it is written: the payload stands in another one.
        let (_, mut output) = self.regions.swap_remove(at);
        let pool = self.pools.get(request.on as usize).ok_or_else(nonsense)?;
        let source = region(&mut self.regions, payload.region)?.bytes(payload.bytes).map_err(handing_over)?;
        let done = output.fill(size, |bytes| {
            let output = tensor_mut(bytes, dtype, shape).ok_or_else(nonsense)?;
            let compressor = || entry.compressor(&request.params, target, fill);
            with_limit(request.memory, || pool.install(|| decode_into(compressor, source, output)))
        });
        self.regions.push((decoded, output));
        done.map_err(handing_over)?.map(|()| Answer::Decoded)
    }

    fn method(&self, request: &Request) -> Result<(&'static Entry, Target, Option<f64>), Failure> {
        let entry = self.registry.iter().find(|entry| entry.id() == request.method).ok_or_else(nonsense)?;
        Ok((entry, request.target().ok_or_else(nonsense)?, request.fill.map(f64::from_bits)))
    }
}

fn region(regions: &mut [(u64, Region)], number: u64) -> Result<&mut Region, Failure> {
    regions.iter_mut().find(|(known, _)| *known == number).map(|(_, region)| region).ok_or_else(nonsense)
}

fn nonsense() -> Failure {
    failed("the worker was asked for what makes no sense")
}

fn handing_over(error: std::io::Error) -> Failure {
    failed(format!("the worker cannot hand over what came out: {error}"))
}

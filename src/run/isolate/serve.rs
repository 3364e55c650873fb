//! A worker process, seen from inside.

use std::os::fd::{AsFd, OwnedFd};

use anyhow::{Context, Result, bail, ensure};
use codecbench_methods::api::Entry;
use rayon::ThreadPool;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, Signal, getpid, kill_process, setrlimit};

use super::memory::{Mapped, Memory, bytes_of};
use super::message::{Answer, Job, Message, Request, behind, receive, send};
use super::proc::with_limit;
use crate::run::executor::{Failure, Work, decode, encode, failed, pool, silence_method_panics};

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
    let mut worker = Inside { registry, exchange: Memory::new()?, input: Mapped::default(), pools: Vec::new() };
    let what = "this verb is for `codecbench sweep`, which starts it";
    while let Some((message, file)) = receive::<Message>(&socket).context(what)? {
        match (message, file) {
            (Message::Exchange, Some(file)) => worker.exchange = file.into(),
            (Message::Input(bytes), Some(file)) => {
                worker.input = Mapped::new(&file.into(), bytes).context("cannot map the array")?;
            }
            (Message::Run(request), _) => {
                let answer = worker.answer(&request);
                flush();
                send(&socket, &answer, None)?;
            }
            (Message::Exchange | Message::Input(_), None) => bail!("a file is missing"),
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
    exchange: Memory,
    input: Mapped,
    /// The threads of `Thread::First` and `Thread::Second`.
    pools: Vec<ThreadPool>,
}

impl Inside {
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

    fn work(&self, request: &Request) -> Result<Answer, Failure> {
        let nonsense = || failed("the worker was asked for what makes no sense");
        let entry = self.registry.iter().find(|entry| entry.id() == request.method).ok_or_else(nonsense)?;
        let (target, fill) = (request.target().ok_or_else(nonsense)?, request.fill.map(f64::from_bits));
        let pool = self.pools.get(request.on as usize).ok_or_else(nonsense)?;
        match request.job {
            Job::Encode { offset } => {
                let input = self.input.tensor(request.dtype, &request.shape, offset).ok_or_else(nonsense)?;
                let work = Work::new(entry, &request.params, target, input, fill);
                let payload = with_limit(request.memory, || pool.install(|| encode(&work)))?;
                self.exchange.write(&payload, 0).map_err(exchange)?;
                Ok(Answer::Payload(payload.len()))
            }
            Job::Decode { payload: length } => {
                let mut payload = vec![0; length];
                self.exchange.read(&mut payload, 0).map_err(exchange)?;
                let compressor = || entry.compressor(&request.params, target, fill);
                let shape = (request.dtype, &request.shape[..]);
                let decoded = with_limit(request.memory, || pool.install(|| decode(compressor, shape, &payload)))?;
                self.exchange.write(bytes_of(&decoded.view()), behind(length)).map_err(exchange)?;
                Ok(Answer::Decoded)
            }
        }
    }
}

fn exchange(error: std::io::Error) -> Failure {
    failed(format!("the worker cannot hand over what came out: {error}"))
}

//! A worker process, seen from the sweep: asked, listened to, and ended when its time is up.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, read};

use super::end::{ended, first_line};
use super::memory::Memory;
use super::message::{Answer, Message, Request, connection, receive, send};
use super::proc::data_bytes;
use super::region::Exchange;
use crate::record::Status;
use crate::run::executor::{Failure, failed};

/// Time between two looks at how much memory a worker holds.
const LOOK: Duration = Duration::from_millis(50);

/// Time in which a process that has let go of everything ends: the system may have gigabytes of it to clear away.
const PATIENCE: Duration = Duration::from_secs(10);

/// Regions that a worker has mapped at most. Two are in use at a time.
const KNOWN: usize = 8;

/// The command that starts a worker.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// A running worker. It ends with this value.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    socket: OwnedFd,
    /// What it writes to: those that nobody else has are free.
    exchanges: Vec<Arc<Exchange>>,
    /// Numbers of the regions that it has, the one needed last behind.
    known: Vec<u64>,
    stdout: Heard,
    stderr: Heard,
    /// Number of the array that it works on; 0: none.
    array: u64,
    /// Whether it has mapped that array.
    mapped: bool,
    lives: bool,
}

impl Worker {
    /// Starts a worker.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start(program: &Program) -> io::Result<Self> {
        let (ours, theirs) = connection()?;
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).stdin(Stdio::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = Heard::new(child.stdout.take().map(OwnedFd::from))?;
        let stderr = Heard::new(child.stderr.take().map(OwnedFd::from))?;
        let (exchanges, known, array, mapped) = (Vec::new(), Vec::new(), 0, false);
        Ok(Worker { child, socket: ours, exchanges, known, stdout, stderr, array, mapped, lives: true })
    }

    /// Whether it can be asked again.
    pub fn lives(&mut self) -> bool {
        self.lives && matches!(self.child.try_wait(), Ok(None))
    }

    /// Turns to an array: what the last one needed is not kept for it, unless it needs exchanges of just these sizes.
    ///
    /// # Errors
    /// It is gone.
    pub fn turn_to(&mut self, array: u64, sizes: &[usize]) -> Result<(), Failure> {
        if self.array != array {
            self.exchanges.retain(|exchange| sizes.contains(&exchange.size));
            let kept = |number: &u64| self.exchanges.iter().any(|exchange| exchange.number == *number);
            let (known, forgotten) = self.known.iter().partition(|number| kept(number));
            (self.known, self.array, self.mapped) = (known, array, false);
            Vec::into_iter(forgotten).try_for_each(|number| self.tell(&Message::Forget(number)))?;
        }
        Ok(())
    }

    /// An exchange of this size, to be written: where possible one whose memory is there already.
    ///
    /// # Errors
    /// The system lacks memory.
    pub fn exchange(&mut self, size: usize) -> Result<Exchange, Failure> {
        let free = |exchange: &Arc<Exchange>| exchange.size == size && Arc::strong_count(exchange) == 1;
        let at = self.exchanges.iter().rposition(free);
        match at.and_then(|at| Arc::into_inner(self.exchanges.remove(at))) {
            Some(exchange) => Ok(exchange),
            None => {
                Exchange::new(size).map_err(|error| failed(format!("no memory to exchange what comes out: {error}")))
            }
        }
    }

    /// Keeps an exchange for the next ones who need one, when nobody has it any more.
    pub fn keep(&mut self, exchange: Exchange) -> Arc<Exchange> {
        let exchange = Arc::new(exchange);
        self.exchanges.push(exchange.clone());
        exchange
    }

    /// Lets the worker have an exchange, if it has not yet.
    ///
    /// # Errors
    /// It is gone.
    pub fn share(&mut self, exchange: &Exchange) -> Result<(), Failure> {
        match self.known.iter().position(|&number| number == exchange.number) {
            Some(at) => self.known[at..].rotate_left(1),
            None => {
                if self.known.len() == KNOWN {
                    let oldest = self.known.remove(0);
                    self.tell(&Message::Forget(oldest))?;
                }
                let told = send(&self.socket, &Message::Region(exchange.number), Some(exchange.region.as_fd()));
                told.map_err(|error| self.broken(&error))?;
                self.known.push(exchange.number);
            }
        }
        Ok(())
    }

    fn tell(&mut self, message: &Message) -> Result<(), Failure> {
        send(&self.socket, message, None).map_err(|error| self.broken(&error))
    }

    /// Lets the worker map the array that it works on, if it has not yet.
    ///
    /// # Errors
    /// It is gone.
    pub fn map(&mut self, array: &Memory, bytes: usize) -> Result<(), Failure> {
        if !self.mapped {
            let told = send(&self.socket, &Message::Input(bytes), Some(array.as_fd()));
            told.map_err(|error| self.broken(&error))?;
            self.mapped = true;
        }
        Ok(())
    }

    /// Has a piece of work done; `stage` names it where it fails. Returns the answer, and what it wrote to stderr.
    ///
    /// # Errors
    /// What the method returned; a method that writes to stdout; a worker that died or was out of time.
    pub fn run(
        &mut self,
        stage: &str,
        request: Request,
        deadline: Deadline,
    ) -> Result<(Answer, Option<String>), Failure> {
        let allowed = request.memory;
        self.stdout.forget();
        self.stderr.forget();
        self.tell(&Message::Run(request))?;
        let answer = match self.wait(deadline) {
            Ok(Heart::Answered(answer)) => answer,
            Ok(Heart::Late) => return Err(self.late(stage, deadline)),
            Ok(Heart::Stopped(used)) => return Err(self.stopped(stage, used, allowed)),
            Err(error) => return Err(self.broken(&error)),
        };
        self.listen().map_err(|error| self.broken(&error))?;
        match answer {
            Answer::Failed { status, reason } => Err(Failure { status, reason }),
            _ if !self.stdout.text.is_empty() => {
                let line = first_line(&self.stdout.text).unwrap_or_default();
                Err(failed(format!("{stage}: it printed to stdout, where results go: {line}")))
            }
            answer => Ok((answer, first_line(&self.stderr.text))),
        }
    }

    /// Listens until there is an answer, the time is up or the worker is gone.
    fn wait(&mut self, deadline: Deadline) -> io::Result<Heart> {
        let mut used = 0;
        loop {
            let left = deadline.at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Heart::Late);
            }
            if self.poll(left.min(LOOK))? {
                return Ok(match receive(&self.socket)? {
                    Some((answer, _)) => Heart::Answered(answer),
                    None => Heart::Stopped(used),
                });
            }
            // A process that is being cleared away holds nothing any more.
            used = data_bytes(self.child.id()).filter(|&bytes| bytes > 0).unwrap_or(used);
            self.listen()?;
        }
    }

    /// Whether there is something to receive, after `time` at most; less if the worker prints.
    fn poll(&self, time: Duration) -> io::Result<bool> {
        let mut polled = vec![PollFd::new(&self.socket, PollFlags::IN)];
        polled.extend(self.stdout.poll());
        polled.extend(self.stderr.poll());
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() };
        match poll(&mut polled, Some(&time)) {
            Ok(_) => Ok(!polled[0].revents().is_empty()),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn listen(&mut self) -> io::Result<()> {
        self.stdout.drain()?;
        self.stderr.drain()
    }

    fn late(&mut self, stage: &str, deadline: Deadline) -> Failure {
        self.end();
        let reason = format!("{stage}: the {} s that a cell has were over", deadline.allowed.as_secs_f64());
        Failure { status: Status::Timeout, reason }
    }

    fn stopped(&mut self, stage: &str, used: u64, allowed: u64) -> Failure {
        self.lives = false;
        match self.last_words() {
            Ok(Some(status)) => ended(stage, status, &self.stderr.text, (used, allowed)),
            Ok(None) => {
                self.end();
                failed(format!("{stage}: it closed the worker's stdin"))
            }
            Err(error) => self.broken(&error),
        }
    }

    /// How a worker ended that has left the connection; `None` if it has not ended.
    fn last_words(&mut self) -> io::Result<Option<ExitStatus>> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                self.listen()?;
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(None)
    }

    fn broken(&mut self, error: &io::Error) -> Failure {
        self.end();
        failed(format!("the worker cannot be reached: {error}"))
    }

    fn end(&mut self) {
        self.lives = false;
        // It may be gone already; what counts is that it is.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

/// When a cell's time is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub at: Instant,
    /// The time that it had.
    pub allowed: Duration,
}

/// What became of a request.
enum Heart {
    Answered(Answer),
    Late,
    /// The worker is gone; the bytes that it held when last looked at.
    Stopped(u64),
}

/// What a worker writes to one of its streams: the beginning is kept, and all of it is read, so that it never waits.
#[derive(Debug)]
struct Heard {
    pipe: Option<OwnedFd>,
    text: Vec<u8>,
}

impl Heard {
    /// Bytes that are kept.
    const KEPT: usize = 4096;

    fn new(pipe: Option<OwnedFd>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            fcntl_setfl(pipe, OFlags::NONBLOCK)?;
        }
        Ok(Heard { pipe, text: Vec::new() })
    }

    fn forget(&mut self) {
        self.text.clear();
    }

    fn poll(&self) -> Option<PollFd<'_>> {
        self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN))
    }

    /// Reads what there is.
    fn drain(&mut self) -> io::Result<()> {
        let mut buffer = [0; Self::KEPT];
        while let Some(pipe) = &self.pipe {
            match read(pipe, &mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(length) => {
                    let room = Self::KEPT - self.text.len();
                    self.text.extend_from_slice(&buffer[..length.min(room)]);
                    if length < buffer.len() {
                        break;
                    }
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

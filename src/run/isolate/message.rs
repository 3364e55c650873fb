//! What a sweep and its workers say to each other: one packet per message, with at most one file handed along.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use codecbench_methods::api::{DType, ParamsJson, Target, TargetKind};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::record::Status;

/// Bytes of a message at most: parameters and a shape, or a reason.
const LONGEST: usize = 1 << 16;

/// From the sweep to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Message {
    /// The file handed along is the region of this number.
    Region(u64),
    /// The region of this number is not needed any more.
    Forget(u64),
    /// The file handed along holds the array of this many bytes that is compressed from now on.
    Input(usize),
    /// Do this and answer.
    Run(Request),
}

/// A piece of work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub job: Job,
    pub on: Thread,
    pub method: String,
    pub params: ParamsJson,
    pub target: TargetKind,
    /// Bits of the target's number.
    pub value: Option<u64>,
    /// Bits of the value that stands for "no data".
    pub fill: Option<u64>,
    pub dtype: DType,
    pub shape: Vec<usize>,
    /// Threads that the method may use.
    pub threads: usize,
    /// Bytes that it may allocate.
    pub memory: u64,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Job {
    /// Compress the array that begins this many bytes into the input; the payload goes to a region.
    Encode { offset: usize, payload: u64 },
    /// Compress the array that begins this many bytes into the input, and compare with a payload.
    Repeat { offset: usize, payload: Place },
    /// Decompress a payload; the array goes to a region.
    Decode { payload: Place, decoded: u64 },
}

/// The first bytes of a region.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Number of the region.
    pub region: u64,
    /// How many.
    pub bytes: usize,
}

/// Where in the worker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Thread {
    First,
    Second,
}

/// From a worker to the sweep.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The payload has this many bytes and stands in its region.
    Payload(usize),
    /// Whether the payload was the same again.
    Repeated(bool),
    /// The decoded array stands in its region.
    Decoded,
    /// Nothing came out.
    Failed { status: Status, reason: String },
}

impl Request {
    /// The target; `None` if it makes no sense.
    pub fn target(&self) -> Option<Target> {
        Target::from_parts(self.target, self.value.map(f64::from_bits)).ok()
    }
}

/// Two ends of a connection that keeps messages apart.
pub(super) fn connection() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends a message, and a file along with it.
pub(super) fn send(socket: impl AsFd, message: &impl Serialize, file: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let files: Vec<_> = file.into_iter().collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&files));
    }
    // A worker that is gone is an error here and no signal.
    let sent = sendmsg(socket, &[IoSlice::new(&text)], &mut control, SendFlags::NOSIGNAL)?;
    if sent == text.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Waits for a message; `None` when the other end is gone.
pub(super) fn receive<M: DeserializeOwned>(socket: impl AsFd) -> io::Result<Option<(M, Option<OwnedFd>)>> {
    let mut text = vec![0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut text)], &mut control, RecvFlags::CMSG_CLOEXEC);
    let received = match received {
        Err(rustix::io::Errno::CONNRESET) => return Ok(None),
        received => received?,
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.contains(ReturnFlags::TRUNC) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
    }
    let file = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    Ok(Some((serde_json::from_slice(&text[..received.bytes])?, file)))
}

#[cfg(test)]
mod tests {
    use super::super::memory::{Mapped, Memory};
    use super::*;

    #[test]
    fn messages_arrive_whole_with_their_file_and_an_end_that_is_gone_is_told() {
        let (ours, theirs) = connection().expect("a connection");
        let memory = Memory::holding(b"abc").expect("memory");
        send(&ours, &Message::Input(3), Some(memory.as_fd())).expect("somebody listens");
        send(&ours, &Message::Forget(4), None).expect("somebody listens");
        let (message, file) = receive::<Message>(&theirs).expect("it reads").expect("it came");
        assert!(matches!(message, Message::Input(3)));
        let found = Mapped::new(&Memory::from(file.expect("a file")), 3).expect("a mapping");
        assert_eq!(found.bytes(), b"abc");
        let (message, file) = receive::<Message>(&theirs).expect("it reads").expect("it came");
        assert!(matches!(message, Message::Forget(4)) && file.is_none());
        drop(theirs);
        assert!(send(&ours, &Message::Forget(4), None).is_err());
        assert!(receive::<Answer>(&ours).expect("it reads").is_none());
    }

    #[test]
    fn numbers_cross_bit_for_bit() {
        let value = f64::from_bits(0x3ff8_0000_0000_0001);
        let request = Request {
            job: Job::Decode { payload: Place { region: 3, bytes: 7 }, decoded: 4 },
            on: Thread::Second,
            method: "zlib".into(),
            params: ParamsJson::new(),
            target: TargetKind::MaxAbs,
            value: Some(value.to_bits()),
            fill: Some(f64::NAN.to_bits()),
            dtype: DType::F32,
            shape: vec![2, 3],
            threads: 1,
            memory: 1 << 30,
        };
        let text = serde_json::to_vec(&request).expect("it is text");
        let back: Request = serde_json::from_slice(&text).expect("it was just written");
        assert_eq!(back.target(), Some(Target::MaxAbs(value)));
        assert!(back.fill.map(f64::from_bits).is_some_and(f64::is_nan));
    }
}

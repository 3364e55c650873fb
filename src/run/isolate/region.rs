//! Where payloads and decoded arrays pass from a worker to the sweep: memory that is used again from cell to cell, since
//! memory that is new costs more than what is done with it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codecbench_methods::api::{DType, TensorRef};

use super::memory::{Mapped, Memory, tensor};

/// Memory and what this process has mapped of it.
#[derive(Debug)]
pub(super) struct Region {
    memory: Memory,
    map: Mapped,
}

impl Region {
    /// A region of this many bytes, full of zeros.
    pub fn new(bytes: usize) -> io::Result<Self> {
        Ok(Region { memory: Memory::new(bytes)?, map: Mapped::default() })
    }

    /// Its first bytes, `length` of them.
    ///
    /// # Errors
    /// It is shorter, whatever somebody says who has written to it; or it cannot be mapped.
    pub fn bytes(&mut self, length: usize) -> io::Result<&[u8]> {
        self.map(length)?;
        Ok(self.mapped(length))
    }

    /// As [`Region::bytes`] once gave them.
    ///
    /// # Panics
    /// If it has not.
    fn mapped(&self, length: usize) -> &[u8] {
        &self.map.bytes()[..length]
    }

    /// Lets `work` write the first bytes, `length` of them, in place.
    ///
    /// # Errors
    /// As [`Region::bytes`].
    pub fn fill<T>(&mut self, length: usize, work: impl FnOnce(&mut [u8]) -> T) -> io::Result<T> {
        self.map(length)?;
        self.map.write(|bytes| work(&mut bytes[..length]))
    }

    /// Copies bytes to its start; it becomes longer where that is needed.
    ///
    /// # Errors
    /// The system lacks memory.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.memory.grow(bytes.len())?;
        self.fill(bytes.len(), |place| place.copy_from_slice(bytes))
    }

    /// Maps all of it unless as much as is needed is mapped already.
    fn map(&mut self, length: usize) -> io::Result<()> {
        if self.map.bytes().len() < length {
            let all = self.memory.len()?;
            if all < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.map = Mapped::new(&self.memory, all)?;
        }
        Ok(())
    }
}

impl From<OwnedFd> for Region {
    fn from(file: OwnedFd) -> Self {
        Region { memory: file.into(), map: Mapped::default() }
    }
}

impl AsFd for Region {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

/// A region of the sweep's. Its workers know it by its number.
#[derive(Debug)]
pub(super) struct Exchange {
    pub number: u64,
    /// Bytes that it was made for; it may have grown.
    pub size: usize,
    pub region: Region,
}

impl Exchange {
    /// A new one for this many bytes.
    pub fn new(size: usize) -> io::Result<Self> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        Ok(Exchange { number: NUMBERS.fetch_add(1, Ordering::Relaxed), size, region: Region::new(size)? })
    }
}

/// Bytes that a worker wrote, where they stand. They stay as they are: the worker is asked for something else there only
/// when nobody has them any more.
#[derive(Clone, Debug)]
pub(in crate::run) struct Written {
    exchange: Arc<Exchange>,
    length: usize,
}

impl Written {
    /// The first bytes, `length` of them, which [`Region::bytes`] has given.
    pub(super) fn new(exchange: Arc<Exchange>, length: usize) -> Self {
        Written { exchange, length }
    }

    pub(super) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.exchange.region.mapped(self.length)
    }

    /// The tensor that they are the elements of; `None` if they cannot be.
    pub fn tensor(&self, dtype: DType, shape: &[usize]) -> Option<TensorRef<'_>> {
        tensor(self.bytes(), dtype, shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_read_where_it_was_written_and_grows() {
        let mut region = Region::new(4).expect("memory");
        assert_eq!(region.bytes(4).expect("zeros"), [0; 4]);
        region.fill(2, |bytes| bytes.copy_from_slice(b"ab")).expect("there is room");
        assert_eq!(region.bytes(4).expect("as before"), b"ab\0\0");
        region.write(b"longer than it was").expect("memory");
        assert_eq!(region.bytes(18).expect("it is mapped again"), b"longer than it was");
    }

    #[test]
    fn a_length_that_is_a_lie_is_an_error() {
        let mut region = Region::new(4).expect("memory");
        assert!(region.bytes(5).is_err() && region.bytes(usize::MAX).is_err() && region.fill(5, |_| ()).is_err());
        assert!(region.bytes(0).expect("nothing").is_empty());
    }

    #[test]
    fn the_other_side_sees_what_is_written_now() {
        let mut ours = Region::new(4).expect("memory");
        let mut theirs = Region::from(ours.as_fd().try_clone_to_owned().expect("a descriptor"));
        for text in [b"abcd", b"efgh"] {
            theirs.fill(4, |bytes| bytes.copy_from_slice(text)).expect("there is room");
            assert_eq!(ours.bytes(4).expect("it is mapped"), text);
        }
    }
}

//! Memory that two processes see: a file without a name that lives in memory.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use codecbench_methods::api::{DType, Tensor, TensorRef, View};
use codecbench_methods::{for_dtype, with_element};
use memmap2::{Mmap, MmapOptions};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::{Errno, pread, pwrite};

/// Bytes that are compared at a time.
const CHUNK: usize = 1 << 18;

/// A file in memory. It is gone when the last process that has it open is.
#[derive(Debug)]
pub(super) struct Memory(OwnedFd);

impl Memory {
    pub fn new() -> io::Result<Self> {
        Ok(Memory(memfd_create("codecbench", MemfdFlags::CLOEXEC)?))
    }

    /// Memory that holds these bytes.
    pub fn holding(bytes: &[u8]) -> io::Result<Self> {
        let memory = Memory::new()?;
        memory.write(bytes, 0)?;
        Ok(memory)
    }

    /// Gives all of it back to the system.
    pub fn clear(&self) -> io::Result<()> {
        Ok(ftruncate(&self.0, 0)?)
    }

    /// Writes at an offset; what lies before it reads as zeros where nothing was written.
    pub fn write(&self, mut bytes: &[u8], mut offset: usize) -> io::Result<()> {
        while !bytes.is_empty() {
            match pwrite(&self.0, bytes, offset as u64) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => (bytes, offset) = (&bytes[written..], offset + written),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Fills `bytes` from an offset.
    pub fn read(&self, mut bytes: &mut [u8], mut offset: usize) -> io::Result<()> {
        while !bytes.is_empty() {
            match pread(&self.0, &mut *bytes, offset as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => (bytes, offset) = (&mut bytes[read..], offset + read),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether these very bytes stand at an offset.
    pub fn holds(&self, bytes: &[u8], offset: usize) -> io::Result<bool> {
        let mut chunk = vec![0; CHUNK.min(bytes.len())];
        for (at, expected) in bytes.chunks(CHUNK).enumerate() {
            let found = &mut chunk[..expected.len()];
            self.read(found, offset + at * CHUNK)?;
            if found != expected {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A tensor whose elements stand at an offset, in this machine's byte order.
    pub fn tensor(&self, dtype: DType, shape: &[usize], offset: usize) -> io::Result<Tensor> {
        let mut tensor = Tensor::zeros(dtype, shape);
        for_dtype!(TensorMut, tensor.view_mut(), view => self.read(bytemuck::cast_slice_mut(view.into_data()), offset))?;
        Ok(tensor)
    }
}

impl AsFd for Memory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for Memory {
    fn from(file: OwnedFd) -> Self {
        Memory(file)
    }
}

/// The elements as they lie in memory.
pub(super) fn bytes_of<'a>(tensor: &TensorRef<'a>) -> &'a [u8] {
    for_dtype!(TensorRef, tensor, view => bytemuck::cast_slice(view.data()))
}

/// An array of the sweep, seen by a worker.
#[derive(Debug, Default)]
pub(super) struct Mapped(Option<Mmap>);

impl Mapped {
    /// Maps `bytes` bytes, to be read only.
    #[expect(unsafe_code, reason = "a mapping is a slice only while nobody else writes to it")]
    pub fn new(memory: &Memory, bytes: usize) -> io::Result<Self> {
        if bytes == 0 {
            return Ok(Mapped(None));
        }
        // SAFETY: the sweep fills the memory before it hands it over, and never writes to it again or makes it shorter.
        let map = unsafe { MmapOptions::new().len(bytes).map(&memory.0)? };
        Ok(Mapped(Some(map)))
    }

    /// The tensor that begins `offset` bytes in; `None` if it does not lie there.
    pub fn tensor(&self, dtype: DType, shape: &[usize], offset: usize) -> Option<TensorRef<'_>> {
        let length = shape.iter().try_fold(dtype.size(), |product, &length| product.checked_mul(length))?;
        let bytes = self.0.as_deref().unwrap_or_default().get(offset..offset.checked_add(length)?)?;
        with_element!(dtype, T => {
            // Nothing at all lies nowhere, and so at no boundary of a type.
            let values: &[T] = if bytes.is_empty() { &[] } else { bytemuck::try_cast_slice(bytes).ok()? };
            Some(TensorRef::from(View::from_slice(shape, values).ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_tensor_comes_back_from_any_place_in_memory() {
        let tensor = Tensor::from(Array2::from_shape_fn((3, 5), |(i, j)| (i * 10 + j) as i16).into_dyn());
        let view = tensor.view();
        let memory = Memory::holding(bytes_of(&view)).expect("memory");
        let map = Mapped::new(&memory, view.byte_len()).expect("a mapping");
        assert_eq!(map.tensor(DType::I16, &[3, 5], 0).expect("all of it").to_tensor(), tensor);
        let row = map.tensor(DType::I16, &[5], 20).expect("the last row").to_tensor();
        assert_eq!(row, Tensor::from(ndarray::arr1(&[20i16, 21, 22, 23, 24]).into_dyn()));
        assert!(map.tensor(DType::I16, &[5], 22).is_none() && map.tensor(DType::U64, &[usize::MAX], 0).is_none());
        memory.write(&[7; 10], 64).expect("memory");
        assert_eq!(memory.tensor(DType::I16, &[3, 5], 0).expect("it was written"), tensor);
        assert!(memory.holds(&[7; 10], 64).expect("as many bytes") && !memory.holds(&[8; 10], 64).expect("as many"));
        assert!(memory.tensor(DType::U8, &[11], 64).is_err(), "there are ten");
    }

    #[test]
    fn an_empty_tensor_needs_no_mapping() {
        let map = Mapped::new(&Memory::holding(&[]).expect("memory"), 0).expect("nothing to map");
        assert!(map.tensor(DType::F32, &[0, 3], 0).is_some_and(|tensor| tensor.is_empty()));
    }
}

//! Memory that two processes see: a file without a name that lives in memory.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use codecbench_methods::api::{DType, TensorMut, TensorRef, View, ViewMut};
use codecbench_methods::{for_dtype, with_element};
use memmap2::{Mmap, MmapMut, MmapOptions};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fstat, ftruncate, memfd_create};
use rustix::io::{Errno, pwrite};

/// A file in memory. It is gone when the last process that has it open or mapped is.
#[derive(Debug)]
pub(super) struct Memory(OwnedFd);

impl Memory {
    /// Memory of this many zeros, none of which takes room before it is written. It never becomes shorter: what has been
    /// mapped of it stays there.
    pub fn new(bytes: usize) -> io::Result<Self> {
        let file = memfd_create("codecbench", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, bytes as u64)?;
        fcntl_add_seals(&file, SealFlags::SHRINK)?;
        Ok(Memory(file))
    }

    /// Memory that holds these bytes.
    pub fn holding(bytes: &[u8]) -> io::Result<Self> {
        let memory = Memory::new(bytes.len())?;
        memory.write(bytes)?;
        Ok(memory)
    }

    /// Its length, bytes.
    pub fn len(&self) -> io::Result<usize> {
        usize::try_from(fstat(&self.0)?.st_size).map_err(io::Error::other)
    }

    /// Makes it longer, unless it has as many bytes.
    pub fn grow(&self, bytes: usize) -> io::Result<()> {
        if self.len()? < bytes {
            ftruncate(&self.0, bytes as u64)?;
        }
        Ok(())
    }

    /// Writes from the start on: faster than through a mapping where nothing has been written before.
    fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        let mut offset = 0;
        while !bytes.is_empty() {
            match pwrite(&self.0, bytes, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => (bytes, offset) = (&bytes[written..], offset + written as u64),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
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

/// The tensor that `bytes` are the elements of; `None` if they are too few or too many, or lie at no boundary of the type.
pub(super) fn tensor<'a>(bytes: &'a [u8], dtype: DType, shape: &[usize]) -> Option<TensorRef<'a>> {
    with_element!(dtype, T => {
        // Nothing at all lies nowhere, and so at no boundary of a type.
        let values: &[T] = if bytes.is_empty() { &[] } else { bytemuck::try_cast_slice(bytes).ok()? };
        Some(TensorRef::from(View::from_slice(shape, values).ok()?))
    })
}

/// As [`tensor`], to be written.
pub(super) fn tensor_mut<'a>(bytes: &'a mut [u8], dtype: DType, shape: &[usize]) -> Option<TensorMut<'a>> {
    with_element!(dtype, T => {
        let values: &mut [T] = if bytes.is_empty() { &mut [] } else { bytemuck::try_cast_slice_mut(bytes).ok()? };
        Some(TensorMut::from(ViewMut::from_slice(shape, values).ok()?))
    })
}

/// Memory as this process sees it, read-only; at first nothing of it.
#[derive(Debug, Default)]
pub(super) struct Mapped(Option<Mmap>);

impl Mapped {
    /// Maps the first bytes, `bytes` of them.
    #[expect(unsafe_code, reason = "a mapping is a slice only while nobody else writes to it")]
    pub fn new(memory: &Memory, bytes: usize) -> io::Result<Self> {
        if bytes == 0 {
            return Ok(Mapped(None));
        }
        // SAFETY: the memory never becomes shorter, and has one writer at a time: the sweep before it asks for something,
        // then the worker that was asked until it answers, which maps it read-only again before it does. Nobody else
        // reads meanwhile. An array of the sweep is filled before it is handed over, and never written again.
        let map = unsafe { MmapOptions::new().len(bytes).map(&memory.0)? };
        Ok(Mapped(Some(map)))
    }

    /// What is mapped.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Lets `work` write what is mapped. When it is done, whoever still writes there dies of it.
    pub fn write<T>(&mut self, work: impl FnOnce(&mut [u8]) -> T) -> io::Result<T> {
        let mut writable = self.0.take().map(Mmap::make_mut).transpose()?;
        let result = work(writable.as_deref_mut().unwrap_or_default());
        self.0 = writable.map(MmapMut::make_read_only).transpose()?;
        Ok(result)
    }

    /// The tensor that begins `offset` bytes in; `None` if it does not lie there.
    pub fn tensor(&self, dtype: DType, shape: &[usize], offset: usize) -> Option<TensorRef<'_>> {
        let length = shape.iter().try_fold(dtype.size(), |product, &length| product.checked_mul(length))?;
        tensor(self.bytes().get(offset..offset.checked_add(length)?)?, dtype, shape)
    }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_tensor_comes_back_from_any_place_in_memory() {
        let array = Tensor::from(Array2::from_shape_fn((3, 5), |(i, j)| (i * 10 + j) as i16).into_dyn());
        let view = array.view();
        let memory = Memory::holding(bytes_of(&view)).expect("memory");
        let map = Mapped::new(&memory, view.byte_len()).expect("a mapping");
        assert_eq!(map.tensor(DType::I16, &[3, 5], 0).expect("all of it").to_tensor(), array);
        let row = map.tensor(DType::I16, &[5], 20).expect("the last row").to_tensor();
        assert_eq!(row, Tensor::from(ndarray::arr1(&[20i16, 21, 22, 23, 24]).into_dyn()));
        assert!(map.tensor(DType::I16, &[5], 22).is_none() && map.tensor(DType::U64, &[usize::MAX], 0).is_none());
        assert!(
            tensor(&map.bytes()[..8], DType::I16, &[5]).is_none()
                && tensor(&map.bytes()[1..3], DType::I16, &[1]).is_none()
        );
    }

    #[test]
    fn an_empty_tensor_needs_no_mapping() {
        let mut map = Mapped::new(&Memory::holding(&[]).expect("memory"), 0).expect("nothing to map");
        assert!(map.tensor(DType::F32, &[0, 3], 0).is_some_and(|tensor| tensor.is_empty()));
        assert!(map.write(|bytes| tensor_mut(bytes, DType::F32, &[0, 3]).is_some()).expect("nothing to write"));
    }

    #[test]
    fn memory_grows_and_never_shrinks() {
        let memory = Memory::holding(b"ab").expect("memory");
        memory.grow(3).and_then(|()| memory.grow(1)).expect("memory");
        assert_eq!(Mapped::new(&memory, memory.len().expect("a length")).expect("a mapping").bytes(), b"ab\0");
        assert!(ftruncate(&memory, 2).is_err());
    }

    #[test]
    fn what_was_written_is_seen_by_others_and_read_only_from_then_on() {
        let memory = Memory::new(1).expect("memory");
        let mut map = Mapped::new(&memory, 1).expect("a mapping");
        let within = map.write(|bytes| {
            bytes[0] = 7;
            permissions(bytes)
        });
        assert_eq!((within.expect("it writes").as_str(), permissions(map.bytes()).as_str()), ("rw-s", "r--s"));
        assert_eq!(Mapped::new(&memory, 1).expect("a mapping").bytes(), [7]);
    }

    /// What the kernel lets this process do there.
    fn permissions(bytes: &[u8]) -> String {
        let start = format!("{:x}-", bytes.as_ptr() as usize);
        let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
        let line = maps.lines().find(|line| line.starts_with(&start)).expect("it is mapped");
        line.split(' ').nth(1).unwrap_or_default().to_string()
    }
}

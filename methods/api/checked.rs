//! What every method would have to check, checked once.

use super::{Compressor, DType, Error, Method, Section, Target, TensorMut, TensorRef};

/// A method that never sees what its capabilities leave out, nor an array without values, whose payload is empty.
#[derive(Debug)]
pub struct Checked<M> {
    method: M,
    target: Target,
}

impl<M: Method> Checked<M> {
    /// Fixes parameters and target.
    ///
    /// # Errors
    /// `InvalidParam` for a parameter or target out of range, `Unsupported` for a target that is not served.
    pub fn new(params: M::Params, target: Target) -> Result<Self, Error> {
        target.validate()?;
        let _ = M::CAPABILITIES.rows(target.kind())?;
        Ok(Checked { method: M::new(params, target)?, target })
    }

    fn admit(&self, dtype: DType, rank: usize) -> Result<(), Error> {
        M::CAPABILITIES.promise(dtype, rank, self.target.kind()).map(|_| ())
    }
}

impl<M: Method> Compressor for Checked<M> {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        self.admit(input.dtype(), input.shape().len())?;
        if input.is_empty() { Ok(()) } else { self.method.compress(input, payload) }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        self.admit(output.dtype(), output.shape().len())?;
        match (output.is_empty(), payload.is_empty()) {
            (false, _) => self.method.decompress(payload, output),
            (true, true) => Ok(()),
            (true, false) => Err(Error::corrupt(0, "bytes where there is no value")),
        }
    }

    fn sections(&self, dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        if payload.is_empty() { Ok(Vec::new()) } else { self.method.sections(dtype, payload) }
    }
}

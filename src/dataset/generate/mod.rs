//! Data sets that this program makes itself: deterministic by seed, of any size, each like something that is really measured.
//!
//! Random numbers come from ChaCha8, transcendental functions from `libm`, sums run in a fixed order: the same bytes on
//! every machine and for any number of threads.

mod climate;
mod edge;
mod gray_scott;
mod labels;
mod lattice;
mod leaves;
mod random;
mod sensor;
mod terrain;
mod turbulence;
mod two_stream;
mod vdf;

use std::ops::RangeInclusive;

use codecbench_methods::api::{DType, Tensor};
use thiserror::Error;

use super::Kind;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Axis lengths, slowest first.
    pub shape: &'a [usize],
    /// Seed of the random numbers.
    pub seed: u64,
    /// Element type.
    pub dtype: DType,
    /// Which of the generator's variants; the first if absent.
    pub variant: Option<&'a str>,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The elements.
    pub tensor: Tensor,
    /// Value that stands for "no data".
    pub fill_value: Option<f64>,
    /// Spacing of the velocity grid per axis, m/s.
    pub velocity_spacing: Option<Vec<f64>>,
    /// Cells at or below this are stored as zero.
    pub sparsity_threshold: Option<f64>,
    /// True optical flow of a video: frames - 1, rows, columns, (down, right), pixels.
    pub flow: Option<Tensor>,
}

impl From<Tensor> for Generated {
    fn from(tensor: Tensor) -> Self {
        Generated { tensor, fill_value: None, velocity_spacing: None, sparsity_threshold: None, flow: None }
    }
}

/// A family of data sets.
#[derive(Clone, Debug)]
pub struct Generator {
    /// Name in manifests.
    pub id: &'static str,
    /// What the arrays hold.
    pub kind: Kind,
    /// The family in a line.
    pub summary: &'static str,
    /// Variants, the default first; empty if there is only one.
    pub variants: &'static [&'static str],
    /// Element types it can make.
    pub dtypes: &'static [DType],
    /// Numbers of axes it can make.
    pub ranks: RangeInclusive<usize>,
    make: fn(&Request<'_>) -> Generated,
}

/// Why nothing was made.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// No such generator.
    #[error("unknown generator {id:?}; known: {known}")]
    Unknown {
        /// What was asked for.
        id: String,
        /// The known ones.
        known: String,
    },
    /// The generator does not make this.
    #[error("generator {id} makes no {what}; it makes {known}")]
    Unsupported {
        /// The generator.
        id: &'static str,
        /// What was asked for.
        what: String,
        /// What it can make.
        known: String,
    },
    /// More elements than fit.
    #[error("{shape:?} has more than {limit} elements")]
    TooLarge {
        /// What was asked for.
        shape: Vec<usize>,
        /// The limit.
        limit: usize,
    },
}

/// Most elements made at once.
const LIMIT: usize = 1 << 32;

/// Every generator, in the order of lists.
pub static GENERATORS: &[Generator] = &[
    vdf::VDF,
    two_stream::TWO_STREAM,
    gray_scott::GRAY_SCOTT,
    turbulence::TURBULENCE,
    terrain::TERRAIN,
    climate::CLIMATE,
    leaves::LEAVES,
    leaves::LEAVES_VIDEO,
    sensor::SENSOR,
    labels::LABELS,
    edge::CONSTANT,
    edge::RAMP,
    edge::NOISE,
    edge::CHECKERBOARD,
];

/// Makes a data set.
///
/// # Errors
/// An unknown generator or variant, an element type or rank it does not make, too many elements; the known ones are named.
pub fn generate(id: &str, request: &Request<'_>) -> Result<Generated, GenerateError> {
    let Some(generator) = GENERATORS.iter().find(|generator| generator.id == id) else {
        let known: Vec<_> = GENERATORS.iter().map(|generator| generator.id).collect();
        return Err(GenerateError::Unknown { id: id.to_string(), known: known.join(", ") });
    };
    generator.check(request)?;
    Ok((generator.make)(request))
}

impl Generator {
    fn check(&self, request: &Request<'_>) -> Result<(), GenerateError> {
        let refuse = |what, known| Err(GenerateError::Unsupported { id: self.id, what, known });
        if request.variant.is_some_and(|variant| !self.variants.contains(&variant)) {
            let what = format!("variant {:?}", request.variant.unwrap_or_default());
            return refuse(what, format!("variants {}", self.variants.join(", ")));
        }
        if !self.dtypes.contains(&request.dtype) {
            let known: Vec<_> = self.dtypes.iter().map(|dtype| dtype.name()).collect();
            return refuse(request.dtype.to_string(), known.join(", "));
        }
        if !self.ranks.contains(&request.shape.len()) {
            let known = format!("{} to {} axes", self.ranks.start(), self.ranks.end());
            return refuse(format!("array of {} axes", request.shape.len()), known);
        }
        let elements = request.shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length));
        match elements {
            Some(elements) if elements <= LIMIT => Ok(()),
            _ => Err(GenerateError::TooLarge { shape: request.shape.to_vec(), limit: LIMIT }),
        }
    }
}

impl<'a> Request<'a> {
    /// Number of elements; [`generate`] has checked that it does not overflow.
    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether this variant was asked for.
    fn is(&self, variant: &str) -> bool {
        self.variant == Some(variant)
    }
}

/// Rounds values to the element type asked for.
fn tensor(request: &Request<'_>, values: impl IntoIterator<Item = f64>) -> Tensor {
    use codecbench_methods::api::Element;
    codecbench_methods::with_element!(request.dtype, T => {
        let values: Vec<T> = values.into_iter().map(<T as Element>::from_f64).collect();
        let shape = ndarray::IxDyn(request.shape);
        Tensor::from(ndarray::ArrayD::from_shape_vec(shape, values).expect("a generator makes as many values as asked"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_generator_does_not_make_is_refused_by_name() {
        let request = Request { shape: &[4, 4], seed: 0, dtype: DType::F32, variant: None };
        let message = |id, request: &Request<'_>| generate(id, request).expect_err("refused").to_string();
        assert!(message("soup", &request).contains("checkerboard"));
        assert!(message("ramp", &Request { variant: Some("steep"), ..request }).contains("steep"));
        assert!(message("ramp", &Request { shape: &[1 << 40, 1 << 40], ..request }).contains("elements"));
    }

    #[test]
    fn every_generator_makes_any_seed_odd_unit_and_empty_shapes() {
        for generator in GENERATORS {
            for rank in generator.ranks.clone().take(5) {
                for lengths in [[13, 7, 5, 3, 3], [1, 9, 1, 6, 1], [5, 0, 3, 2, 2]] {
                    for variant in generator.variants.iter().map(|variant| Some(*variant)).chain([None]) {
                        let dtype = generator.dtypes[0];
                        let request = Request { shape: &lengths[..rank], seed: 12345, dtype, variant };
                        let made = generate(generator.id, &request).expect(generator.id).tensor;
                        assert_eq!((made.shape(), made.dtype()), (request.shape, dtype), "{}", generator.id);
                    }
                }
            }
        }
    }
}

//! Stacks: arrays whose first axis numbers distributions, compressed as a whole or one by one.

use codecbench_methods::api::{Tensor, TensorRef, View};
use codecbench_methods::for_dtype;

use super::executor::{Checks, Executor, Failure, Product, Work};
use crate::metrics::{Metric, Metrics};
use crate::record::Status;

/// Compresses each distribution of a stack by itself: for methods that take no stack, and for the ratio of each.
///
/// The payload is each payload behind its length, so that a decoder finds them; the target is the same for all, so a
/// bound on each is the bound on the whole.
pub(super) struct OneByOne<'e>(pub &'e dyn Executor);

impl Executor for OneByOne<'_> {
    fn execute(&self, work: &Work<'_>) -> Result<Product, Failure> {
        let (mut payload, mut bytes, mut printed) = (Vec::new(), Vec::new(), None);
        for (at, input) in members(&work.input).into_iter().enumerate() {
            let product = self.0.execute(&Work { input, ..work.clone() }).map_err(|failure| of_entry(at, failure))?;
            put_length(product.payload().len(), &mut payload);
            payload.extend_from_slice(product.payload());
            product.decoded().write_le(&mut bytes);
            printed = printed.or(product.printed);
        }
        let decoded = Tensor::from_le_bytes(work.input.dtype(), work.input.shape(), &bytes);
        let decoded = decoded.map_err(|error| Failure { status: Status::Failed, reason: error.to_string() })?;
        Ok(Product::new(payload, decoded).printing(printed))
    }

    fn check(&self, work: &Work<'_>, product: &Product) -> Result<Checks, Failure> {
        let (inputs, decoded) = (members(&work.input), product.decoded());
        let parts = inputs.into_iter().zip(members(&decoded)).zip(payloads(product.payload()));
        let mut checks = Checks::default();
        for (at, ((input, decoded), payload)) in parts.enumerate() {
            let part = Product::new(payload.to_vec(), decoded.to_tensor());
            let of_part = self.0.check(&Work { input, ..work.clone() }, &part);
            checks = checks.and(of_part.map_err(|failure| of_entry(at, failure))?);
        }
        Ok(checks)
    }
}

fn of_entry(at: usize, failure: Failure) -> Failure {
    Failure { reason: format!("entry {at}: {}", failure.reason), ..failure }
}

/// The entries along the first axis, in order.
pub(super) fn members<'a>(stack: &TensorRef<'a>) -> Vec<TensorRef<'a>> {
    let shape = stack.shape().get(1..).unwrap_or_default();
    let length = shape.iter().product::<usize>();
    if length == 0 {
        return Vec::new();
    }
    for_dtype!(TensorRef, stack, view => {
        let entries = view.data().chunks_exact(length);
        entries.filter_map(|data| View::from_slice(shape, data).ok().map(TensorRef::from)).collect()
    })
}

/// A length in base 128, low digits first (LEB128).
fn put_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 128 {
        out.push(length as u8 | 128);
        length >>= 7;
    }
    out.push(length as u8);
}

/// The lengths of the payloads in a payload of [`OneByOne`].
pub(super) fn lengths(payload: &[u8]) -> Vec<usize> {
    payloads(payload).iter().map(|payload| payload.len()).collect()
}

/// The payloads in a payload of [`OneByOne`].
fn payloads(payload: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut payloads) = (payload, Vec::new());
    while !rest.is_empty() {
        let digits = rest.iter().position(|&byte| byte < 128).map_or(rest.len(), |last| last + 1);
        let length = rest[..digits].iter().rev().fold(0, |length, &byte| length << 7 | usize::from(byte & 127));
        let end = rest.len().min(digits + length);
        payloads.push(&rest[digits..end]);
        rest = &rest[end..];
    }
    payloads
}

/// Ratios of distributions of `bytes` each, compressed one by one into payloads of these lengths: the smallest, the
/// largest, and all bytes over all bytes. Never a mean of ratios: that of a stack is not what the stack compresses to.
pub(super) fn set_ratios(metrics: &mut Metrics, bytes: u64, lengths: &[usize]) {
    let ratio = |length: usize| if length > 0 { bytes as f64 / length as f64 } else { f64::NAN };
    let (shortest, longest) = (lengths.iter().min(), lengths.iter().max());
    if let (Some(&shortest), Some(&longest)) = (shortest, longest) {
        metrics.set(Metric::VdfRatioMin, ratio(longest));
        metrics.set(Metric::VdfRatioMax, ratio(shortest));
        let total = lengths.iter().sum::<usize>();
        metrics.set(Metric::VdfRatioTotal, ratio(total) * lengths.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::METHODS;
    use codecbench_methods::api::{ParamsJson, Target};
    use ndarray::Array3;

    use super::*;
    use crate::record::Repetition;
    use crate::run::executor::{InProcess, Mock};

    #[test]
    fn a_stack_comes_back_entry_by_entry() {
        let tensor =
            Tensor::from(Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (i * 100 + j * 5 + k) as f32).into_dyn());
        let entry = METHODS.iter().find(|entry| entry.id() == "identity").expect("built in");
        let params = ParamsJson::new();
        let work = Work::new(entry, &params, Target::Lossless, tensor.view(), None);
        let in_process = InProcess::default();
        let whole = OneByOne(&in_process).execute(&work).expect("identity takes it");
        assert_eq!(whole.decoded().to_tensor(), tensor);
        let checks = OneByOne(&in_process).check(&work, &whole).expect("identity takes it again");
        assert_eq!(checks.repeat_encode, Some(Repetition::Equal));
        let mut other = whole.payload().to_vec();
        *other.last_mut().expect("not empty") ^= 1;
        let other = Product::new(other, tensor.clone());
        let checks = OneByOne(&in_process).check(&work, &other).expect("identity takes it again");
        assert_eq!(checks.repeat_encode, Some(Repetition::Differs), "one of three differs");
        assert_eq!(lengths(whole.payload()).len(), 3);
        assert_eq!(lengths(whole.payload()).iter().sum::<usize>() + 3, whole.payload().len());
        let shapes = |work: &Work<'_>| {
            assert_eq!(work.input.shape(), [4, 5]);
            Err(Failure { status: Status::Unsupported, reason: "no".into() })
        };
        let failure = OneByOne(&Mock(shapes)).execute(&work).expect_err("the mock refuses");
        assert_eq!((failure.status, failure.reason.as_str()), (Status::Unsupported, "entry 0: no"));
    }

    #[test]
    fn the_ratio_of_a_stack_is_all_bytes_over_all_bytes() {
        let mut metrics = Metrics::default();
        set_ratios(&mut metrics, 1000, &[100, 400]);
        let found = [Metric::VdfRatioMin, Metric::VdfRatioMax, Metric::VdfRatioTotal].map(|metric| metrics.get(metric));
        assert_eq!(found, [Some(2.5), Some(10.0), Some(4.0)], "the mean of ratios would be 6.25");
    }

    #[test]
    fn lengths_of_any_size_read_back() {
        for length in [0, 1, 127, 128, 300, 20_000] {
            let mut payload = Vec::new();
            put_length(length, &mut payload);
            payload.resize(payload.len() + length, 7);
            assert_eq!(lengths(&payload), [length]);
        }
    }
}

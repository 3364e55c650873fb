//! Whether a decoded array keeps the promise that came with it.

use codecbench_methods::api::{Element, Promise, Target, TensorRef, View};
use codecbench_methods::for_pair;

use crate::metrics::{Metric, Metrics, Original};
use crate::record::Status;

/// Slack for a bound on a sum: encoder and harness may add in another order.
const SUM_SLACK: f64 = 1e-12;

/// The status of a cell that ran, and the reason where it is not `ok`.
pub(super) fn judge(
    original: &Original<'_>,
    decoded: &TensorRef<'_>,
    metrics: &Metrics,
    payload_bytes: usize,
    (target, promise): (Target, Promise),
) -> (Status, String) {
    let missing = metrics.get(Metric::MissingMismatch).unwrap_or(0.0);
    if missing > 0.0 {
        return (Status::Mismatch, format!("{missing} missing values did not come back"));
    }
    match promise {
        Promise::Exact => exact(original, decoded),
        Promise::Bounded => bounded(original, decoded, metrics, payload_bytes, target),
        Promise::Approximate | Promise::None => (Status::Ok, String::new()),
    }
}

fn exact(original: &Original<'_>, decoded: &TensorRef<'_>) -> (Status, String) {
    let changed = count(original, decoded, Comparison::Bits);
    verdict(changed, Status::Mismatch, || format!("{changed} values are not bit for bit the same"))
}

fn bounded(
    original: &Original<'_>,
    decoded: &TensorRef<'_>,
    metrics: &Metrics,
    payload_bytes: usize,
    target: Target,
) -> (Status, String) {
    let violated = Status::BoundViolated;
    match target {
        Target::Lossless => exact(original, decoded),
        Target::MaxAbs(bound) => {
            let far = count(original, decoded, Comparison::Within(bound));
            let largest = metrics.get(Metric::MaxAbsErr).unwrap_or(f64::NAN);
            verdict(far, violated, || {
                format!("{far} values are off by more than {bound:e}; the largest error is {largest:e}")
            })
        }
        Target::PointwiseRel(bound) => {
            let far = count(original, decoded, Comparison::Pointwise(bound));
            verdict(far, violated, || format!("{far} values are off by more than {bound:e} of themselves"))
        }
        Target::Rmse(bound) => {
            let rmse = metrics.get(Metric::Rmse).unwrap_or(0.0);
            let over = usize::from(rmse > bound * (1.0 + SUM_SLACK));
            verdict(over, violated, || format!("the RMS error is {rmse:e}, the bound is {bound:e}"))
        }
        Target::BitsPerValue(bits) => {
            let allowed = (bits * original.tensor().len() as f64 / 8.0).ceil();
            let over = usize::from(payload_bytes as f64 > allowed);
            verdict(over, violated, || format!("the payload takes {payload_bytes} bytes, {allowed} are allowed"))
        }
        Target::Native => (Status::Ok, String::new()),
    }
}

fn verdict(offences: usize, status: Status, reason: impl FnOnce() -> String) -> (Status, String) {
    if offences == 0 { (Status::Ok, String::new()) } else { (status, reason()) }
}

#[derive(Clone, Copy)]
enum Comparison {
    Bits,
    Within(f64),
    Pointwise(f64),
}

/// Values that fail the comparison. Missing values have been checked before, and count only for bit equality.
fn count(original: &Original<'_>, decoded: &TensorRef<'_>, comparison: Comparison) -> usize {
    for_pair!(
        (TensorRef, original.tensor()), (TensorRef, decoded),
        (x, y) => failing(x, y, original, comparison),
        else => original.tensor().len()
    )
}

fn failing<T: Element>(x: &View<'_, T>, y: &View<'_, T>, original: &Original<'_>, comparison: Comparison) -> usize {
    let pairs = x.data().iter().zip(y.data()).enumerate();
    let fails = |&(at, (&x, &y)): &(usize, (&T, &T))| match comparison {
        Comparison::Bits => x.to_bits() != y.to_bits(),
        Comparison::Within(bound) => !x.within(y, bound) && original.is_valid(at),
        Comparison::Pointwise(bound) => !within_relative(x, y, bound) && original.is_valid(at),
    };
    pairs.filter(fails).count()
}

fn within_relative<T: Element>(x: T, y: T, bound: f64) -> bool {
    if x == T::default() { y == T::default() } else { x.within(y, bound * x.to_f64().abs()) }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::View;

    use super::*;
    use crate::dataset::Kind;
    use crate::metrics::measure;

    fn status(x: &[f32], y: &[f32], target: Target, promise: Promise) -> Status {
        let view = |data| View::from_slice(&[x.len()], data).expect("as many values in both");
        let original = Original::new(view(x).into(), Kind::Field, None);
        let decoded = view(y).into();
        let metrics = measure(&original, &decoded, None);
        let (status, reason) = judge(&original, &decoded, &metrics, 9, (target, promise));
        assert_eq!(status == Status::Ok, reason.is_empty(), "{reason}");
        status
    }

    #[test]
    fn exact_means_equal_bits() {
        let judge = |x: f32, y: f32| status(&[x], &[y], Target::Lossless, Promise::Exact);
        assert_eq!(judge(1.5, 1.5), Status::Ok);
        assert_eq!(judge(0.0, -0.0), Status::Mismatch);
        assert_eq!(judge(f32::NAN, -f32::NAN), Status::Mismatch);
    }

    #[test]
    fn a_bound_holds_for_every_value_that_is_not_missing() {
        let judge = |y: &[f32]| status(&[0.0, f32::NAN], y, Target::MaxAbs(0.5), Promise::Bounded);
        assert_eq!(judge(&[0.5, f32::NAN]), Status::Ok);
        assert_eq!(judge(&[0.500_001, f32::NAN]), Status::BoundViolated);
        assert_eq!(judge(&[f32::NAN, f32::NAN]), Status::BoundViolated);
        assert_eq!(judge(&[0.5, 0.0]), Status::Mismatch);
    }

    #[test]
    fn a_pointwise_bound_keeps_zeros() {
        let judge = |y: &[f32]| status(&[0.0, -8.0], y, Target::PointwiseRel(0.25), Promise::Bounded);
        assert_eq!(judge(&[-0.0, -6.0]), Status::Ok);
        assert_eq!(judge(&[0.0, -5.9]), Status::BoundViolated);
        assert_eq!(judge(&[1e-30, -8.0]), Status::BoundViolated);
    }

    #[test]
    fn bounds_on_the_whole_array_are_checked_too() {
        let judge = |target| status(&[0.0, 0.0, 0.0, 0.0], &[1.0, 0.0, 0.0, 0.0], target, Promise::Bounded);
        assert_eq!(judge(Target::Rmse(0.5)), Status::Ok);
        assert_eq!(judge(Target::Rmse(0.49)), Status::BoundViolated);
        assert_eq!(judge(Target::BitsPerValue(18.0)), Status::Ok);
        assert_eq!(judge(Target::BitsPerValue(16.0)), Status::BoundViolated);
    }

    #[test]
    fn where_nothing_is_promised_nothing_is_broken() {
        assert_eq!(status(&[0.0], &[9.0], Target::MaxAbs(0.5), Promise::Approximate), Status::Ok);
        assert_eq!(status(&[f32::NAN], &[9.0], Target::Native, Promise::None), Status::Mismatch);
    }
}

//! Reaching a target that a method lacks through the bound that it has.

use codecbench_methods::api::{Target, TargetKind};

use super::executor::{Executor, Failure, Product, Work};
use super::spent::{self, On};
use crate::metrics::{Original, moments_err, rmse};
use crate::record::Status;
use crate::spec::number_text;

/// Halvings of the logarithm of the bound. Fixed, so that the result is; a thousandfold bracket narrows to 0.7 %.
const RMSE_STEPS: usize = 10;
/// The bracket for a size is 2^40 wide; this narrows it to 0.7 %.
const SIZE_STEPS: usize = 12;
/// Halvings of the target for moments, from the RMS of the data or its range.
const MOMENT_STEPS: u32 = 24;
/// Smallest bound tried for a size, as a fraction of the value range.
const SIZE_BRACKET: f64 = 1.0 / (1u64 << 40) as f64;

/// What a search found.
pub(super) struct Found {
    pub product: Product,
    /// The method's own target that gave it.
    pub target: Target,
}

const NOTE: &str = "searched ";

/// The note that a searched row carries.
pub(super) fn note(target: Target) -> String {
    format!("{NOTE}{}={}", target.kind(), number_text(target.value().unwrap_or(0.0)))
}

/// The target in a row's reason, if it was searched.
pub(super) fn searched_target(reason: &str) -> Option<Target> {
    let (name, value) = reason.strip_prefix(NOTE)?.split(';').next()?.split_once('=')?;
    let kind = [TargetKind::MaxAbs, TargetKind::Rmse].into_iter().find(|kind| kind.name() == name)?;
    Target::from_parts(kind, value.parse().ok()).ok()
}

/// The smallest payload found whose root mean square error is at most `goal`; of equals that of the loosest bound.
///
/// `goal` itself as a bound always serves, as no RMS error exceeds the largest error; looser ones are tried by bisection
/// up to the value range. Of a method that chooses by the bound, the loosest one need not give the smallest payload.
///
/// # Errors
/// The method's own failure.
pub(super) fn for_rmse(
    executor: &dyn Executor,
    work: &Work<'_>,
    original: &Original<'_>,
    goal: f64,
) -> Result<Found, Failure> {
    let (mut low, mut high) = (goal, widest(original).max(goal));
    let mut best: Option<Found> = None;
    for _ in 0..RMSE_STEPS {
        let bound = between(low, high);
        if !(low < bound && bound < high) {
            break;
        }
        let product = run(executor, work, bound)?;
        if spent::on(On::Metrics, || rmse(original, &product.decoded())) <= goal {
            low = bound;
            let least = best.as_ref().map_or(usize::MAX, |found| found.product.payload().len());
            if product.payload().len() <= least {
                best = Some(Found { product, target: Target::MaxAbs(bound) });
            }
        } else {
            high = bound;
        }
    }
    match best {
        Some(found) => Ok(found),
        None => Ok(Found { product: run(executor, work, goal)?, target: Target::MaxAbs(goal) }),
    }
}

/// The tightest bound found whose payload takes at most `goal` bytes.
///
/// # Errors
/// `unsupported` if even a bound as wide as the value range does not get there; the method's own failure.
pub(super) fn for_size(
    executor: &dyn Executor,
    work: &Work<'_>,
    original: &Original<'_>,
    goal: f64,
) -> Result<Found, Failure> {
    let mut high = widest(original);
    let fits = |product: &Product| product.payload().len() as f64 <= goal;
    let product = run(executor, work, high)?;
    if !fits(&product) {
        let (goal, bound, bytes) = (number_text(goal), number_text(high), product.payload().len());
        let reason = format!("{goal} bytes are out of reach: abs={bound}, the value range, gives {bytes}");
        return Err(Failure { status: Status::Unsupported, reason });
    }
    let mut low = high * SIZE_BRACKET;
    let mut best = Found { product, target: Target::MaxAbs(high) };
    for step in 0..=SIZE_STEPS {
        let bound = if step == 0 { low } else { between(low, high) };
        if !(low <= bound && bound < high) {
            break;
        }
        let product = run(executor, work, bound)?;
        if fits(&product) {
            high = bound;
            best = Found { product, target: Target::MaxAbs(bound) };
        } else {
            low = bound;
        }
    }
    Ok(best)
}

/// The loosest target of the kind of `work.target`, a bound or an RMS error, found for which density and temperature
/// of a distribution are off by at most `goal`, relatively.
///
/// These errors do not fall steadily with the target: the first that serves is taken on the way from the loosest down,
/// by halves, and then once more halfway back.
///
/// # Errors
/// `unsupported` for data without moments, and if none serves; the method's own failure.
pub(super) fn for_moments(
    executor: &dyn Executor,
    work: &Work<'_>,
    original: &Original<'_>,
    goal: f64,
) -> Result<Found, Failure> {
    let unsupported = |reason: &str| Failure { status: Status::Unsupported, reason: reason.to_string() };
    let (kind, widest) = (work.target.kind(), work.target.value().unwrap_or(0.0));
    let attempt = |value: f64| -> Result<Option<Found>, Failure> {
        let target = Target::from_parts(kind, Some(value)).map_err(|error| unsupported(&error.to_string()))?;
        let product = executor.execute(&Work { target, ..work.clone() })?;
        let error = spent::on(On::Metrics, || moments_err(original, &product.decoded()));
        let error =
            error.ok_or_else(|| unsupported("moments: the data is no velocity distribution of one to three axes"))?;
        Ok((error <= goal).then_some(Found { product, target }))
    };
    for halvings in 0..MOMENT_STEPS {
        let value = widest / f64::from(1u32 << halvings);
        if let Some(found) = attempt(value)? {
            let looser = if halvings == 0 { None } else { attempt(value * std::f64::consts::SQRT_2)? };
            return Ok(looser.unwrap_or(found));
        }
    }
    Err(unsupported(&format!("moments={} is out of reach of every {kind} tried", number_text(goal))))
}

/// The value range: no sensible bound is wider.
fn widest(original: &Original<'_>) -> f64 {
    original.summary().range.unwrap_or(0.0).min(f64::MAX)
}

/// The geometric mean, without overflow.
fn between(low: f64, high: f64) -> f64 {
    low.sqrt() * high.sqrt()
}

fn run(executor: &dyn Executor, work: &Work<'_>, bound: f64) -> Result<Product, Failure> {
    executor.execute(&Work { target: Target::MaxAbs(bound), ..work.clone() })
}

#[cfg(test)]
mod tests {
    use codecbench_methods::METHODS;
    use codecbench_methods::api::{ParamsJson, Tensor, TensorRef};
    use ndarray::Array1;

    use super::*;
    use crate::dataset::Kind;
    use crate::run::executor::Mock;

    /// Adds half the bound everywhere and takes 100 / bound bytes, 1000 at most.
    fn halves(work: &Work<'_>) -> Result<Product, Failure> {
        takes(work, |bound| (100.0 / bound).min(1e3))
    }

    /// Adds half the bound everywhere and takes as many bytes as is said.
    fn takes(work: &Work<'_>, bytes: impl Fn(f64) -> f64) -> Result<Product, Failure> {
        let bound = work.target.value().expect("an absolute bound");
        let TensorRef::F64(view) = &work.input else { panic!("the tests use f64") };
        let decoded = Tensor::from(view.array().mapv(|value| value + bound / 2.0));
        Ok(Product::new(vec![0; bytes(bound) as usize], decoded))
    }

    fn with<T>(search: impl FnOnce(&Work<'_>, &Original<'_>) -> T) -> T {
        let tensor = Tensor::from(Array1::linspace(0.0, 64.0, 65).into_dyn());
        let (entry, params) = (&METHODS[0], ParamsJson::new());
        let work = Work::new(entry, &params, Target::Native, tensor.view(), None);
        search(&work, &Original::new(tensor.view(), Kind::Field, None))
    }

    #[test]
    fn the_loosest_bound_that_keeps_the_rms_error_is_found() {
        let found = with(|work, original| for_rmse(&Mock(halves), work, original, 0.25)).expect("nothing fails");
        let bound = found.target.value().expect("a bound");
        assert!(bound <= 0.5 && bound > 0.49, "{bound}");
        assert_eq!(searched_target(&note(found.target)), Some(found.target));
    }

    #[test]
    fn of_bounds_that_keep_the_rms_error_the_smallest_payload_is_found() {
        // Bounds up to .6 keep it, of which .586 is tried first; from .59 on another choice takes more bytes.
        let jumps = |work: &Work<'_>| takes(work, |bound| 100.0 / bound + if bound > 0.59 { 300.0 } else { 0.0 });
        let found = with(|work, original| for_rmse(&Mock(jumps), work, original, 0.3)).expect("nothing fails");
        let bound = found.target.value().expect("a bound");
        assert!(bound < 0.59 && found.product.payload().len() < 200, "{bound}");
        let loosest = with(|work, original| for_rmse(&Mock(halves), work, original, 0.3)).expect("nothing fails");
        assert!(loosest.target.value().is_some_and(|bound| bound > 0.59));
    }

    #[test]
    fn the_tightest_bound_that_fits_the_size_is_found() {
        let found = with(|work, original| for_size(&Mock(halves), work, original, 50.0)).expect("nothing fails");
        let bound = found.target.value().expect("a bound");
        assert!(found.product.payload().len() == 50 && bound <= 2.0, "{bound}");
    }

    /// Adds half the target everywhere: the density of 0, 1, ... 64 is off by 65 halves of 2080.
    #[test]
    fn the_loosest_target_that_keeps_the_moments_is_found() {
        let tensor = Tensor::from(Array1::linspace(0.0, 64.0, 65).into_dyn());
        let (entry, params) = (&METHODS[0], ParamsJson::new());
        let work = Work::new(entry, &params, Target::Rmse(64.0), tensor.view(), None);
        let search = |kind| for_moments(&Mock(halves), &work, &Original::new(tensor.view(), kind, None), 0.05);
        let found = search(Kind::Vdf).expect("within reach");
        let value = found.target.value().expect("an RMS error");
        assert!(value * 65.0 / 2.0 / 2080.0 <= 0.05 && value > 0.2, "{value}");
        assert_eq!(searched_target(&note(found.target)), Some(Target::Rmse(value)));
        assert!(search(Kind::Field).is_err_and(|failure| failure.status == Status::Unsupported));
    }

    #[test]
    fn a_size_out_of_reach_says_how_far_it_got() {
        let failure = with(|work, original| for_size(&Mock(halves), work, original, 0.5)).err().expect("too small");
        assert_eq!(failure.status, Status::Unsupported);
        assert!(failure.reason.contains("abs=64") && failure.reason.ends_with("gives 1"), "{}", failure.reason);
    }
}

//! Reaching a target that a method lacks through the bound that it has.

use codecbench_methods::api::Target;

use super::executor::{Executor, Failure, Product, Work};
use crate::metrics::{Original, rmse};
use crate::record::Status;
use crate::spec::number_text;

/// Halvings of the logarithm of the bound. Fixed, so that the result is; a thousandfold bracket narrows to 0.7 %.
const RMSE_STEPS: usize = 10;
/// The bracket for a size is 2^40 wide; this narrows it to 0.7 %.
const SIZE_STEPS: usize = 12;
/// Smallest bound tried for a size, as a fraction of the value range.
const SIZE_BRACKET: f64 = 1.0 / (1u64 << 40) as f64;

/// What a search found.
pub(super) struct Found {
    pub product: Product,
    /// The absolute bound that gave it.
    pub bound: f64,
}

const NOTE: &str = "searched abs=";

/// The note that a searched row carries.
pub(super) fn note(bound: f64) -> String {
    format!("{NOTE}{}", number_text(bound))
}

/// The bound in a row's reason, if it was searched.
pub(super) fn searched_bound(reason: &str) -> Option<f64> {
    reason.strip_prefix(NOTE)?.split(';').next()?.parse().ok()
}

/// The loosest bound found whose root mean square error is at most `goal`.
///
/// `goal` itself as a bound always serves, as no RMS error exceeds the largest error; looser ones are tried by bisection
/// up to the value range.
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
    let mut best = None;
    for _ in 0..RMSE_STEPS {
        let bound = between(low, high);
        if !(low < bound && bound < high) {
            break;
        }
        let product = run(executor, work, bound)?;
        if rmse(original, &product.decoded.view()) <= goal {
            low = bound;
            best = Some(Found { product, bound });
        } else {
            high = bound;
        }
    }
    match best {
        Some(found) => Ok(found),
        None => Ok(Found { product: run(executor, work, goal)?, bound: goal }),
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
    let fits = |product: &Product| product.payload.len() as f64 <= goal;
    let product = run(executor, work, high)?;
    if !fits(&product) {
        let (goal, bound, bytes) = (number_text(goal), number_text(high), product.payload.len());
        let reason = format!("{goal} bytes are out of reach: abs={bound}, the value range, gives {bytes}");
        return Err(Failure { status: Status::Unsupported, reason });
    }
    let mut low = high * SIZE_BRACKET;
    let mut best = Found { product, bound: high };
    for step in 0..=SIZE_STEPS {
        let bound = if step == 0 { low } else { between(low, high) };
        if !(low <= bound && bound < high) {
            break;
        }
        let product = run(executor, work, bound)?;
        if fits(&product) {
            high = bound;
            best = Found { product, bound };
        } else {
            low = bound;
        }
    }
    Ok(best)
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
        let bound = work.target.value().expect("an absolute bound");
        let TensorRef::F64(view) = &work.input else { panic!("the tests use f64") };
        let decoded = Tensor::from(view.array().mapv(|value| value + bound / 2.0));
        Ok(Product { payload: vec![0; (100.0 / bound).min(1e3) as usize], decoded })
    }

    fn with<T>(search: impl FnOnce(&Work<'_>, &Original<'_>) -> T) -> T {
        let tensor = Tensor::from(Array1::linspace(0.0, 64.0, 65).into_dyn());
        let (entry, params) = (&METHODS[0], ParamsJson::new());
        let work = Work { entry, params: &params, target: Target::Native, input: tensor.view(), fill: None };
        search(&work, &Original::new(tensor.view(), Kind::Field, None))
    }

    #[test]
    fn the_loosest_bound_that_keeps_the_rms_error_is_found() {
        let found = with(|work, original| for_rmse(&Mock(halves), work, original, 0.25)).expect("nothing fails");
        assert!(found.bound <= 0.5 && found.bound > 0.49, "{}", found.bound);
        assert_eq!(searched_bound(&note(found.bound)), Some(found.bound));
    }

    #[test]
    fn the_tightest_bound_that_fits_the_size_is_found() {
        let found = with(|work, original| for_size(&Mock(halves), work, original, 50.0)).expect("nothing fails");
        assert!(found.product.payload.len() == 50 && found.bound < 2.0, "{}", found.bound);
    }

    #[test]
    fn a_size_out_of_reach_says_how_far_it_got() {
        let failure = with(|work, original| for_size(&Mock(halves), work, original, 0.5)).err().expect("too small");
        assert_eq!(failure.status, Status::Unsupported);
        assert!(failure.reason.contains("abs=64") && failure.reason.ends_with("gives 1"), "{}", failure.reason);
    }
}

//! What comes back, against what was promised.

use codecbench_methods::api::{DType, Element, Promise, Target, Tensor};
use codecbench_methods::for_pair;

use crate::cases::{Case, Failures, Setting, built};
use crate::values::{Pattern, SHAPES, bytes};

/// Shapes on which every pattern is tried; every shape is tried with a few patterns.
const MAIN_SHAPES: [&[usize]; 3] = [&[97], &[13, 11], &[3, 5, 7]];
const MAIN_PATTERNS: [Pattern; 4] = [Pattern::Smooth, Pattern::RandomBits, Pattern::Missing, Pattern::Filled];

fn is_tried(shape: &[usize], pattern: Pattern, setting: &Setting) -> bool {
    let main_shape = MAIN_SHAPES.contains(&shape);
    let main_pattern = MAIN_PATTERNS.contains(&pattern);
    if setting.params.is_empty() { main_shape || main_pattern } else { main_shape && main_pattern }
}

fn run(keep: impl Fn(Promise) -> bool, check: impl Fn(&Case<'_>) -> Result<(), String>) {
    let mut failures = Failures::default();
    for entry in built() {
        for dtype in DType::ALL {
            for setting in Setting::all(entry, dtype) {
                for shape in SHAPES {
                    if !setting.promise(dtype, shape.len()).is_ok_and(&keep) {
                        continue;
                    }
                    for pattern in Pattern::ALL.into_iter().filter(|&pattern| is_tried(shape, pattern, &setting)) {
                        let case = Case { setting: &setting, dtype, shape, pattern };
                        failures.check(&case, || check(&case));
                    }
                }
            }
        }
    }
    failures.report();
}

/// Compresses, checks the sections, and gives what a fresh decoder made of the payload.
fn round_trip(case: &Case<'_>, tensor: &Tensor) -> Result<Tensor, String> {
    let payload = case.setting.compress(tensor, case.fill()).map_err(|error| format!("compress: {error}"))?;
    let compressor = case.setting.compressor(case.fill()).map_err(|error| error.to_string())?;
    let sections = compressor.sections(case.dtype, &payload).map_err(|error| format!("sections: {error}"))?;
    let sum: usize = sections.iter().map(|(_, bytes)| bytes).sum();
    if sum != payload.len() {
        return Err(format!("sections add up to {sum}, the payload has {} bytes", payload.len()));
    }
    case.setting.decompress(&payload, tensor, case.fill()).map_err(|error| format!("decompress: {error}"))
}

#[test]
fn exact_methods_give_back_every_bit() {
    run(
        |promise| promise == Promise::Exact,
        |case| {
            let tensor = case.tensor();
            let back = round_trip(case, &tensor)?;
            if bytes(&back) == bytes(&tensor) { Ok(()) } else { Err("other bits came back".into()) }
        },
    );
}

#[test]
fn bounded_methods_keep_their_bound_for_every_value_and_missing_values_bit_for_bit() {
    run(
        |promise| promise == Promise::Bounded,
        |case| {
            let tensor = case.tensor();
            let back = round_trip(case, &tensor)?;
            for_pair!((Tensor, &tensor), (Tensor, &back), (x, y) => {
                compare(x.iter().copied().zip(y.iter().copied()), case, bound_of(case.setting.target))
            }, else => Err("the element type changed".into()))
        },
    );
}

#[test]
fn methods_that_promise_less_still_keep_missing_values_and_decode_what_they_wrote() {
    run(
        |promise| matches!(promise, Promise::Approximate | Promise::None),
        |case| {
            let tensor = case.tensor();
            let back = round_trip(case, &tensor)?;
            for_pair!((Tensor, &tensor), (Tensor, &back), (x, y) => {
                compare(x.iter().copied().zip(y.iter().copied()), case, Bound::Any)
            }, else => Err("the element type changed".into()))
        },
    );
}

#[derive(Clone, Copy)]
enum Bound {
    Absolute(f64),
    Relative(f64),
    Any,
}

fn bound_of(target: Target) -> Bound {
    match target {
        Target::MaxAbs(bound) => Bound::Absolute(bound),
        Target::PointwiseRel(bound) => Bound::Relative(bound),
        other => panic!("no bound can be promised for target `{}`", other.kind()),
    }
}

fn compare<T: Element>(pairs: impl Iterator<Item = (T, T)>, case: &Case<'_>, bound: Bound) -> Result<(), String> {
    let fill = case.fill().map(T::from_f64);
    for (index, (x, y)) in pairs.enumerate() {
        let missing = !x.is_finite() || fill == Some(x);
        let kept = match bound {
            _ if missing => x.to_bits() == y.to_bits(),
            Bound::Absolute(bound) => x.within(y, bound),
            // A bound that overflows admits everything finite.
            Bound::Relative(bound) => x.within(y, (bound * x.to_f64().abs()).min(f64::MAX)),
            Bound::Any => true,
        };
        if !kept {
            let what = if missing { "missing value" } else { "value" };
            return Err(format!("{what} {x} at {index} came back as {y} (bits {:x}, {:x})", x.to_bits(), y.to_bits()));
        }
    }
    Ok(())
}

//! Equal input, equal bytes: run again, with one thread and with two.

use codecbench_methods::api::{DType, Tensor};
use rayon::ThreadPoolBuilder;

use crate::cases::{Failures, Setting, built};
use crate::values::{self, Pattern, bytes};

/// Large enough that work is shared between threads: for the default parameters, each kind of target once.
const LARGE: [&[usize]; 2] = [&[70_001], &[16, 17, 18]];
/// For every parameter set: some methods take seconds to fit the large ones.
const SMALL: [&[usize]; 2] = [&[701], &[10, 11, 13]];

/// Payload and decoded bytes of a tensor, computed in a pool of `threads`.
fn run(setting: &Setting, tensor: &Tensor, fill: Option<f64>, threads: usize) -> Result<(Vec<u8>, Vec<u8>), String> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| error.to_string())?;
    pool.install(|| {
        let payload = setting.compress(tensor, fill).map_err(|error| format!("compress: {error}"))?;
        let back = setting.decompress(&payload, tensor, fill).map_err(|error| format!("decompress: {error}"))?;
        Ok((payload, bytes(&back)))
    })
}

#[test]
fn deterministic_methods_give_the_same_bytes_again_and_for_one_and_two_threads() {
    let mut failures = Failures::default();
    for entry in built().filter(|entry| entry.capabilities().is_ok_and(|capabilities| capabilities.deterministic)) {
        for (dtype, pattern) in
            [(DType::F32, Pattern::Missing), (DType::F64, Pattern::Noisy), (DType::I16, Pattern::Filled)]
        {
            let settings = Setting::all(entry, dtype);
            let sensible =
                |setting: &&Setting| setting.target.value().is_none_or(|value| (1e-3..=2.5).contains(&value));
            let mut kinds = Vec::new();
            for setting in settings.iter().filter(sensible) {
                let kind = setting.target.kind();
                let first = dtype == DType::F32 && setting.params.is_empty() && !kinds.contains(&kind);
                kinds.push(kind);
                for shape in
                    if first { LARGE } else { SMALL }.iter().filter(|shape| setting.promise(dtype, shape.len()).is_ok())
                {
                    let tensor = values::tensor(dtype, shape, pattern);
                    failures.check(setting, || {
                        let first = run(setting, &tensor, pattern.fill(dtype), 1)?;
                        let second = run(setting, &tensor, pattern.fill(dtype), 2)?;
                        match (first.0 == second.0, first.1 == second.1) {
                            (true, true) => Ok(()),
                            (false, _) => Err(format!("{dtype} {shape:?}: other payload bytes")),
                            (true, false) => Err(format!("{dtype} {shape:?}: other decoded values")),
                        }
                    });
                }
            }
        }
    }
    failures.report();
}

#[test]
fn payloads_are_appended_and_what_stood_there_is_left_alone() {
    let mut failures = Failures::default();
    for entry in built() {
        let tensor = values::tensor(DType::F32, &[4, 5, 6], Pattern::Missing);
        for setting in Setting::all(entry, DType::F32) {
            failures.check(&setting, || {
                let alone = setting.compress(&tensor, None).map_err(|error| error.to_string())?;
                let mut buffer = b"header".to_vec();
                let compressor = setting.compressor(None).map_err(|error| error.to_string())?;
                compressor.compress(tensor.view(), &mut buffer).map_err(|error| error.to_string())?;
                let kept = buffer.strip_prefix(b"header").ok_or("the bytes before the payload were changed")?;
                if kept == alone { Ok(()) } else { Err("the payload depends on what stood before it".into()) }
            });
        }
    }
    failures.report();
}

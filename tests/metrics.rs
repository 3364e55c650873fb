//! Metrics against independent implementations: what NumPy, SciPy and scikit-image say is stored in
//! `tests/oracles/metrics.json`, and `tests/oracles/metrics.py` wrote it.

use std::collections::BTreeMap;

use codecbench::dataset::Kind;
use codecbench::metrics::{Metric, Metrics, Original, measure};
use codecbench_methods::api::{DType, Element, Tensor};
use codecbench_methods::with_element;
use ndarray::{ArrayD, IxDyn};
use serde::Deserialize;

/// One pair of arrays, and what others measured on it.
#[derive(Deserialize)]
struct Case {
    name: String,
    kind: Kind,
    dtype: DType,
    shape: Vec<usize>,
    recipe: String,
    values: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Number(f64),
    /// JSON has no infinity.
    Text(String),
}

impl Value {
    fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) => text.parse().expect("inf"),
        }
    }
}

impl Case {
    /// The original's element at a flat index, and what is added to it: whole numbers over powers of two.
    fn element(&self, at: usize) -> (f64, f64) {
        let index = self.index(at);
        let rank = index.len();
        let (last, before) = (index[rank - 1], if rank > 1 { index[rank - 2] } else { 0 });
        let axes = || index.iter().zip(&self.shape).enumerate();
        match self.recipe.as_str() {
            "rough" => ((at * 7919 % 1009) as f64 / 16.0 - 20.0, ((at * 31 % 17) as f64 - 8.0) / 64.0),
            "smooth" => {
                let x: usize = axes().map(|(axis, (i, n))| (axis + 2) * i * (n - i)).sum();
                (x as f64 / 8.0, ((at * 131 % 29) as f64 - 13.0) / 32.0)
            }
            "picture" => {
                let plane = if rank > 2 { index[0] * 11 } else { 0 };
                let x = ((before * before * 3 + last * last * 5 + plane) / 37 % 256) as f64;
                let moved = x + ((before * 31 + last * 17) % 25) as f64 - 12.0;
                (x, moved.clamp(0.0, 255.0) - x)
            }
            "moving" => {
                let teeth = |n: i64, period: i64| (n.rem_euclid(2 * period) - period).abs();
                let [t, y, x] = [index[0], before, last].map(|at| at as i64);
                let x = 40 + teeth(x + 2 * t, 16) * 4 + teeth(y + t, 12) * 5 + teeth(x - y, 9) * 6;
                (x as f64, (at * 37 % 5) as f64 - 2.0)
            }
            "bump" => {
                let distance =
                    |(axis, (i, n)): (usize, (&usize, &usize))| 4 * *i as i64 - 2 * *n as i64 - 3 + axis as i64;
                let square: i64 = axes().map(distance).map(|part| part * part).sum();
                let x = 4096.0 / (64 + square) as f64 - 2.0;
                ((x * 1024.0).round_ties_even() / 1024.0, ((at * 37 % 11) as f64 - 5.0) / 128.0)
            }
            other => panic!("{}: no recipe {other}", self.name),
        }
    }

    fn index(&self, mut at: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (place, length) in index.iter_mut().zip(&self.shape).rev() {
            *place = at % length;
            at /= length;
        }
        index
    }

    fn tensor(&self, moved: bool) -> Tensor {
        with_element!(self.dtype, T => {
            let value = |at: usize| {
                let (x, e) = self.element(at);
                let x = T::from_f64(x);
                if moved { T::from_f64(x.to_f64() + e) } else { x }
            };
            let values = (0..self.shape.iter().product()).map(value).collect();
            Tensor::from(ArrayD::<T>::from_shape_vec(IxDyn(&self.shape), values).expect("one value per element"))
        })
    }

    fn measure(&self) -> Metrics {
        let (x, y) = (self.tensor(false), self.tensor(true));
        let mut original = Original::new(x.view(), self.kind, None);
        if self.kind == Kind::Vdf {
            original = original.on_velocity_grid(Some(vec![1.5, 2.0, 1.0]), Some(0.25));
        }
        measure(&original, &y.view(), None)
    }
}

#[test]
fn metrics_are_what_numpy_scipy_and_scikit_image_compute() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("oracles/metrics.json")).expect("stored by the script");
    let (mut wrong, mut compared) = (Vec::new(), BTreeMap::<String, usize>::new());
    for case in &cases {
        let metrics = case.measure();
        for (name, value) in &case.values {
            let metric = Metric::ALL.iter().find(|metric| metric.name() == name).expect("a metric");
            let (expected, found) = (value.number(), metrics.get(*metric).unwrap_or(f64::NAN));
            // Displacements are kept in single precision; lines of prime length are transformed by convolution, and a
            // spectrum spans many magnitudes. A bias of 0 has no relative error.
            let precision = match name.as_str() {
                "flow_epe" | "flow_epe_p95" => 1e-5,
                "spectral_err" => 1e-10,
                _ => 1e-11,
            };
            let near = (found - expected).abs() <= precision * expected.abs().max(1e-3) || found == expected;
            if !near {
                wrong.push(format!("{}: {name} is {found}, not {expected}", case.name));
            }
            *compared.entry(name.clone()).or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{} values differ:\n  {}", wrong.len(), wrong.join("\n  "));
    assert!(compared.len() > 25, "only {} metrics were compared", compared.len());
}

#[test]
fn every_case_measures_the_same_on_one_and_on_three_threads() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("oracles/metrics.json")).expect("stored by the script");
    for case in &cases {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
            pool.install(|| case.measure())
        };
        assert_eq!(with(1), with(3), "{}", case.name);
    }
}

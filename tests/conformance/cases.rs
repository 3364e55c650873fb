//! One thing to try: a method, its parameters, a target and a tensor; and how to try many and name those that fail.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use codecbench_methods::METHODS;
use codecbench_methods::api::{Compressor, DType, Entry, Error, ParamsJson, Promise, Target, TargetKind, Tensor};
use serde_json::Value;

use crate::values::{self, Pattern};

/// Methods that are part of this build; if `CODECBENCH_METHOD` names one, that one alone.
pub fn built() -> impl Iterator<Item = &'static Entry> {
    let only = only();
    METHODS.iter().filter(move |entry| entry.is_built() && only.as_ref().is_none_or(|only| only == entry.id()))
}

fn only() -> Option<String> {
    std::env::var("CODECBENCH_METHOD").ok()
}

/// A method with parameters and a target.
#[derive(Clone)]
pub struct Setting {
    pub entry: &'static Entry,
    pub params: ParamsJson,
    pub target: Target,
}

/// Numbers asked for: nothing, next to nothing, sensible, absurd.
pub fn targets(kind: TargetKind, dtype: DType) -> Vec<Target> {
    let numbers: &[f64] = match kind {
        TargetKind::Lossless => return vec![Target::Lossless],
        TargetKind::Native => return vec![Target::Native],
        TargetKind::MaxAbs if dtype == DType::F32 => &[0.0, 1e-45, 1.1920929e-7, 1e-3, 1.0, 1e30, f64::MAX],
        TargetKind::MaxAbs if dtype == DType::F64 => &[0.0, 5e-324, f64::EPSILON, 1e-3, 1.0, 1e300, f64::MAX],
        TargetKind::MaxAbs => &[0.0, 0.5, 1.0, 2.5, 100.0, 4e9, f64::MAX],
        TargetKind::PointwiseRel => &[0.0, 1e-3, 0.5, 3.0],
        TargetKind::Rmse => &[0.0, 1e-3, 10.0],
        TargetKind::BitsPerValue => &[1e-3, 1.0, 7.5, 100.0],
    };
    numbers.iter().map(|&number| Target::from_parts(kind, Some(number)).expect("a sensible target")).collect()
}

/// Default parameters first, then the rest of the grid.
pub fn params_of(entry: &Entry) -> Vec<ParamsJson> {
    let mut params = vec![ParamsJson::new()];
    params.extend(entry.grid().expect("built").into_iter().filter(|params| !params.is_empty()));
    params
}

impl Setting {
    /// Every setting of a method for tensors of `dtype`: capability rows x numbers x parameters.
    /// Parameters other than the defaults may refuse a target, as `Method::new` allows; those are left out.
    pub fn all(entry: &'static Entry, dtype: DType) -> Vec<Setting> {
        let capabilities = entry.capabilities().expect("built");
        let rows = capabilities.targets.iter().filter(|row| row.dtypes.contains(&dtype));
        let targets: Vec<_> = rows.flat_map(|row| targets(row.target, dtype)).collect();
        let mut settings = Vec::new();
        for params in params_of(entry) {
            for &target in &targets {
                let setting = Setting { entry, params: params.clone(), target };
                let refused = matches!(setting.compressor(None), Err(Error::Unsupported(_)));
                if params.is_empty() || !refused {
                    settings.push(setting);
                }
            }
        }
        settings
    }

    /// A fresh compressor, with the shared mask where the method needs it.
    pub fn compressor(&self, fill: Option<f64>) -> Result<Box<dyn Compressor>, Error> {
        self.entry.compressor(&self.params, self.target, fill)
    }

    /// What the method promises for tensors of this type and rank.
    pub fn promise(&self, dtype: DType, rank: usize) -> Result<Promise, Error> {
        self.entry.capabilities()?.promise(dtype, rank, self.target.kind())
    }

    /// Payload of a tensor.
    pub fn compress(&self, tensor: &Tensor, fill: Option<f64>) -> Result<Vec<u8>, Error> {
        let mut payload = Vec::new();
        self.compressor(fill)?.compress(tensor.view(), &mut payload)?;
        Ok(payload)
    }

    /// What a fresh decoder makes of a payload.
    pub fn decompress(&self, payload: &[u8], like: &Tensor, fill: Option<f64>) -> Result<Tensor, Error> {
        // Not zeros: a decoder that leaves elements as they are must not pass.
        let bytes = vec![0xa5; like.byte_len()];
        let mut output = Tensor::from_le_bytes(like.dtype(), like.shape(), &bytes)?;
        self.compressor(fill)?.decompress(payload, output.view_mut())?;
        Ok(output)
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = Value::Object(self.params.clone());
        write!(f, "{} {params} {}", self.entry.id(), self.target.kind())?;
        self.target.value().map_or(Ok(()), |value| write!(f, "={value:e}"))
    }
}

/// A setting and a tensor to try it on.
pub struct Case<'a> {
    pub setting: &'a Setting,
    pub dtype: DType,
    pub shape: &'a [usize],
    pub pattern: Pattern,
}

impl Case<'_> {
    /// The tensor.
    pub fn tensor(&self) -> Tensor {
        values::tensor(self.dtype, self.shape, self.pattern)
    }

    /// The fill value the compressor is told.
    pub fn fill(&self) -> Option<f64> {
        self.pattern.fill(self.dtype)
    }
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {:?} {} {:?}", self.setting, self.pattern, self.dtype, self.shape)
    }
}

/// Failures of a suite, all of them counted and the first ones told.
#[derive(Default)]
pub struct Failures {
    tried: usize,
    told: Vec<String>,
    failed: usize,
}

impl Failures {
    /// Runs one check; a panic in it is a failure like any other.
    pub fn check(&mut self, name: &dyn fmt::Display, check: impl FnOnce() -> Result<(), String>) {
        self.tried += 1;
        let failure = match catch_unwind(AssertUnwindSafe(check)) {
            Ok(Ok(())) => return,
            Ok(Err(reason)) => reason,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_string()));
                format!("panicked: {}", text.unwrap_or_default())
            }
        };
        self.failed += 1;
        if self.told.len() < 40 {
            self.told.push(format!("{name}: {failure}"));
        }
    }

    /// Panics if anything failed, or if nothing was tried.
    pub fn report(self) {
        let some = self.tried > 0 || only().is_some();
        assert!(some, "nothing was tried: the suite proves nothing");
        let (failed, tried, told) = (self.failed, self.tried, self.told.join("\n  "));
        assert!(failed == 0, "{failed} of {tried} checks failed; the first ones:\n  {told}");
    }
}

//! A method with its types erased: one row of the registry.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Capabilities, Checked, Compressor, DType, Error, Method, Promise, Target, TargetKind, TargetRow};

/// Parameters as JSON: an object from parameter name to value.
pub type ParamsJson = Map<String, Value>;

/// One row of the registry. Help, lists, schemas, the conformance suite and reports are all computed from these rows.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    id: &'static str,
    feature: Option<&'static str>,
    facts: Option<Facts>,
}

/// Makes a compressor from parameters and a target.
type Build = fn(&ParamsJson, Target) -> Result<Box<dyn Compressor>, Error>;

/// What is known of a method that is part of this build.
#[derive(Clone, Copy, Debug)]
struct Facts {
    format: u8,
    capabilities: Capabilities,
    schema: fn() -> Value,
    grid: fn() -> Vec<ParamsJson>,
    canonical: fn(&ParamsJson) -> Result<ParamsJson, Error>,
    build: Build,
}

/// The targets of a method, with the one that logarithms add.
struct Served<M>(std::marker::PhantomData<M>);

/// More rows than any method has.
const MOST: usize = 16;

impl<M: Method> Served<M> {
    const RELATIVE: TargetRow = TargetRow::new(TargetKind::PointwiseRel, Promise::Bounded, &[DType::F32, DType::F64]);
    const ROWS: [TargetRow; MOST] = {
        let mut rows = [Self::RELATIVE; MOST];
        let mut index = 0;
        while index < M::CAPABILITIES.targets.len() {
            rows[index] = M::CAPABILITIES.targets[index];
            index += 1;
        }
        rows
    };
    const ALL: &'static [TargetRow; MOST] = &Self::ROWS;
    const CAPABILITIES: Capabilities = {
        let own = M::CAPABILITIES;
        let targets = if own.logarithms { Self::ALL.split_at(own.targets.len() + 1).0 } else { own.targets };
        Capabilities { targets, ..own }
    };
}

impl Entry {
    /// The row of method `M`.
    pub const fn of<M: Method>() -> Self {
        let facts = Facts {
            format: M::FORMAT,
            capabilities: Served::<M>::CAPABILITIES,
            schema: || schemars::schema_for!(M::Params).to_value(),
            grid: || M::grid().iter().map(|params| non_default::<M>(params).unwrap_or_default()).collect(),
            canonical: |params| non_default::<M>(&parse::<M>(params)?),
            build: |params, target| Ok(Box::new(Checked::<M>::new(parse::<M>(params)?, target)?)),
        };
        Entry { id: M::ID, feature: None, facts: Some(facts) }
    }

    /// The row of a method whose code this build leaves out.
    pub const fn not_built(id: &'static str, feature: &'static str) -> Self {
        Entry { id, feature: Some(feature), facts: None }
    }

    /// The same row, saying which Cargo feature switches the method on.
    pub const fn with_feature(self, feature: &'static str) -> Self {
        Entry { feature: Some(feature), ..self }
    }

    /// The method's name: kebab-case, unique.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The Cargo feature that switches the method on, if it is optional.
    pub fn feature(&self) -> Option<&'static str> {
        self.feature
    }

    /// Whether the method is part of this build.
    pub fn is_built(&self) -> bool {
        self.facts.is_some()
    }

    /// Version of the payload's meaning.
    ///
    /// # Errors
    /// `Unsupported` if the method is not part of this build; so for every method below.
    pub fn format(&self) -> Result<u8, Error> {
        Ok(self.facts()?.format)
    }

    /// What can be said about the method before it runs.
    ///
    /// # Errors
    /// `Unsupported` if the method is not part of this build.
    pub fn capabilities(&self) -> Result<&Capabilities, Error> {
        Ok(&self.facts()?.capabilities)
    }

    /// JSON schema of the parameters.
    ///
    /// # Errors
    /// `Unsupported` if the method is not part of this build.
    pub fn schema(&self) -> Result<Value, Error> {
        Ok((self.facts()?.schema)())
    }

    /// The parameter sets a sweep tries when its recipe names none, non-default values only.
    ///
    /// # Errors
    /// `Unsupported` if the method is not part of this build.
    pub fn grid(&self) -> Result<Vec<ParamsJson>, Error> {
        Ok((self.facts()?.grid)())
    }

    /// The parameters in the one form that keys and tables use: validated, non-default values only, names sorted.
    ///
    /// # Errors
    /// `InvalidParam` for an unknown name or a value of the wrong type; `Unsupported` if the method is not built.
    pub fn canonical(&self, params: &ParamsJson) -> Result<ParamsJson, Error> {
        (self.facts()?.canonical)(params)
    }

    /// A bare compressor: values that are missing are the caller's business, and so are targets that the method is served
    /// with through logarithms. Most callers want [`Entry::compressor`].
    ///
    /// # Errors
    /// `InvalidParam` for bad parameters or a bad target, `Unsupported` for a target these parameters do not serve.
    pub fn build(&self, params: &ParamsJson, target: Target) -> Result<Box<dyn Compressor>, Error> {
        (self.facts()?.build)(params, target)
    }

    fn facts(&self) -> Result<&Facts, Error> {
        self.facts.as_ref().ok_or_else(|| {
            let feature = self.feature.unwrap_or(self.id);
            Error::unsupported(format!("{} is not part of this build; add `--features {feature}`", self.id))
        })
    }
}

fn parse<M: Method>(params: &ParamsJson) -> Result<M::Params, Error> {
    serde_json::from_value(Value::Object(params.clone())).map_err(|error| Error::invalid(M::ID, error.to_string()))
}

fn non_default<M: Method>(params: &M::Params) -> Result<ParamsJson, Error> {
    let defaults = object(&M::Params::default())?;
    let mut params = object(params)?;
    params.retain(|name, value| defaults.get(name) != Some(value));
    params.sort_keys();
    Ok(params)
}

fn object(params: &impl Serialize) -> Result<ParamsJson, Error> {
    match serde_json::to_value(params).map_err(Error::backend)? {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => Err(Error::invalid("params", format!("parameters must be a struct, got {other}"))),
    }
}

//! Recipe x methods x data sets -> cells. Pure: nothing is read, loaded or run here.

mod limits;
mod recipe;
mod relative;
mod select;

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use codecbench_methods::api::{Capabilities, DType, Entry, Error, ParamsJson, Target, TargetKind};

pub use limits::{Isolation, Limits};
pub use recipe::{Exclude, Illustration, Published, Recipe, TimingPlan};
pub use relative::{Group, Patterns, Relative};
pub use select::{narrow_methods, select_methods};

use crate::dataset::{Dataset, Kind};
use crate::spec::{MethodSpec, TargetSpec, params_text};

/// A data set as far as it is known before its bytes are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Unique name.
    pub name: String,
    /// What the array holds.
    pub kind: Option<Kind>,
    /// Element type.
    pub dtype: Option<DType>,
    /// Axis lengths, slowest first.
    pub shape: Option<Vec<usize>>,
    /// Whether the first axis numbers distributions.
    pub stack: bool,
    /// SHA-256 of the data, lower-case hex.
    pub sha256: Option<String>,
    /// Whether the bytes follow from this program alone, so that rows of the same build hold without looking at them.
    pub generated: bool,
    /// Why nothing can run on it, for instance because its bytes are not here.
    pub absent: Option<String>,
}

impl Subject {
    /// What the subject turned out to be, once its data is here.
    pub fn with(&self, dataset: &Dataset) -> Subject {
        Subject {
            kind: Some(dataset.kind),
            dtype: Some(dataset.tensor.dtype()),
            shape: Some(dataset.tensor.shape().to_vec()),
            stack: dataset.stack,
            sha256: Some(dataset.sha256.clone()),
            ..self.clone()
        }
    }

    /// Whether a row can be written without the data.
    pub fn is_known(&self) -> bool {
        self.kind.is_some() && self.dtype.is_some() && self.shape.is_some() && self.sha256.is_some()
    }
}

/// One data set x method x parameters x target.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Index into [`Plan::subjects`].
    pub subject: usize,
    /// The method.
    pub entry: &'static Entry,
    /// Canonical parameters, non-default only.
    pub params: ParamsJson,
    /// What the user asked for.
    pub target: TargetSpec,
    /// Why the cell is not run, where that is known before the data is. It is a row all the same.
    pub skip: Option<String>,
}

/// All cells of a sweep, data set by data set, in the order of the report.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The data sets.
    pub subjects: Vec<Subject>,
    /// The cells, sorted by data set.
    pub cells: Vec<Cell>,
}

impl Cell {
    /// The parameters as they stand in tables.
    pub fn params_text(&self) -> String {
        params_text(&self.params)
    }

    /// Stable hash of the data's SHA-256, method, format, canonical parameters and target: 16 hex digits.
    pub fn hash(&self, data_sha256: &str) -> String {
        let format = self.entry.format().map(|format| format.to_string()).unwrap_or_default();
        let fields = [data_sha256, self.entry.id(), &format, &self.params_text(), &self.target.to_string()];
        blake3::hash(fields.join("\n").as_bytes()).to_hex()[..16].to_string()
    }
}

/// Plans every combination once.
///
/// # Errors
/// A parameter that the method does not take, or an empty list: nothing to run is a mistake, not a result.
pub fn plan(
    subjects: Vec<Subject>,
    methods: &[MethodSpec],
    targets: &[TargetSpec],
    exclude: &[Exclude],
) -> Result<Plan> {
    ensure!(!subjects.is_empty(), "no data set to sweep over");
    ensure!(!methods.is_empty(), "no method to sweep over");
    ensure!(!targets.is_empty(), "no target to sweep over");
    let methods = methods.iter().map(resolve_method).collect::<Result<Vec<_>>>()?;
    let rules = recipe::compile(exclude)?;
    let (mut cells, mut seen) = (Vec::new(), BTreeSet::new());
    for (index, subject) in subjects.iter().enumerate() {
        for (entry, params) in &methods {
            for &target in targets {
                let mut cell = Cell { subject: index, entry, params: params.clone(), target, skip: None };
                if seen.insert((index, entry.id(), cell.params_text(), target.to_string())) {
                    cell.skip = skip(&cell, subject, &rules);
                    cells.push(cell);
                }
            }
        }
    }
    Ok(Plan { subjects, cells })
}

fn resolve_method(spec: &MethodSpec) -> Result<(&'static Entry, ParamsJson)> {
    let entry = select::find(&spec.id)?;
    if !entry.is_built() {
        return Ok((entry, spec.params.clone()));
    }
    let params = entry.canonical(&spec.params).and_then(|params| check_values(entry, params));
    Ok((entry, params.with_context(|| format!("method {:?}", spec.to_string()))?))
}

/// Refuses values that no target of the method makes sense of, such as a level out of range.
fn check_values(entry: &Entry, params: ParamsJson) -> Result<ParamsJson, Error> {
    let mut refusal = None;
    for row in entry.capabilities()?.targets {
        let target = Target::from_parts(row.target, None).or_else(|_| Target::from_parts(row.target, Some(1.0)))?;
        match entry.build(&params, target) {
            Err(error @ Error::InvalidParam { .. }) => refusal = Some(error),
            _ => return Ok(params),
        }
    }
    refusal.map_or(Ok(params), Err)
}

const EXCLUDED: &str = "excluded by the recipe: ";

/// Whether a row's reason says that the recipe excluded it: the one reason that another recipe may lift.
pub fn is_exclusion(reason: &str) -> bool {
    reason.starts_with(EXCLUDED)
}

fn skip(cell: &Cell, subject: &Subject, rules: &[recipe::Rule]) -> Option<String> {
    if let Some(rule) = rules.iter().find(|rule| rule.matches(&subject.name, &cell.label(), cell.target)) {
        return Some(format!("{EXCLUDED}{}", rule.reason));
    }
    if let Err(error) = cell.entry.capabilities() {
        return Some(reason(&error));
    }
    if let (Some(dtype), Some(shape)) = (subject.dtype, &subject.shape) {
        let rank = working_rank(cell.entry, dtype, (shape.len(), subject.stack), subject.kind, cell.target);
        if let Err(unsupported) = rank {
            return Some(unsupported);
        }
    }
    subject.absent.clone()
}

impl Cell {
    /// The method with its parameters, as written.
    pub fn label(&self) -> String {
        MethodSpec { id: self.entry.id().to_string(), params: self.params.clone() }.to_string()
    }
}

/// Why a method cannot serve a target on data of this type, rank and kind; `None` if it can, on its own or by search.
pub fn outside(entry: &Entry, dtype: DType, rank: usize, kind: Option<Kind>, target: TargetSpec) -> Option<String> {
    let capabilities = match entry.capabilities() {
        Ok(capabilities) => capabilities,
        Err(error) => return Some(reason(&error)),
    };
    let first = match promise(capabilities, dtype, rank, target) {
        Ok(()) if kind == Some(Kind::Labels) && target != TargetSpec::Lossless => {
            return Some("labels have no arithmetic; only lossless makes sense".into());
        }
        Ok(()) => return None,
        Err(first) => first,
    };
    Some(first)
}

/// The number of axes a method works on: all of them, or one less where it takes a stack's distributions one by one.
///
/// # Errors
/// Why the method cannot serve the target, as [`outside`].
pub fn working_rank(
    entry: &Entry,
    dtype: DType,
    (rank, stack): (usize, bool),
    kind: Option<Kind>,
    target: TargetSpec,
) -> Result<usize, String> {
    match outside(entry, dtype, rank, kind, target) {
        None => Ok(rank),
        Some(_) if stack && rank > 1 && outside(entry, dtype, rank - 1, kind, target).is_none() => Ok(rank - 1),
        Some(reason) => Err(reason),
    }
}

fn promise(capabilities: &Capabilities, dtype: DType, rank: usize, target: TargetSpec) -> Result<(), String> {
    let kinds = kinds(target);
    let mut first = None;
    for &kind in kinds {
        match capabilities.promise(dtype, rank, kind) {
            Ok(_) => return Ok(()),
            Err(error) => first = first.or(Some(reason(&error))),
        }
    }
    Err(first.unwrap_or_default())
}

/// The targets of a method that can serve what the user asked for: its own first, then the one that is searched.
pub fn kinds(target: TargetSpec) -> &'static [TargetKind] {
    match target {
        TargetSpec::Lossless => &[TargetKind::Lossless],
        TargetSpec::Abs(_) | TargetSpec::Rel(_) => &[TargetKind::MaxAbs],
        TargetSpec::Pwrel(_) => &[TargetKind::PointwiseRel],
        TargetSpec::Psnr(_) | TargetSpec::L2(_) | TargetSpec::Rmse(_) | TargetSpec::Moments(_) => {
            &[TargetKind::Rmse, TargetKind::MaxAbs]
        }
        TargetSpec::Bpv(_) | TargetSpec::Ratio(_) => &[TargetKind::BitsPerValue, TargetKind::MaxAbs],
        TargetSpec::Native => &[TargetKind::Native],
    }
}

/// An error's text without the word that the `status` column already says.
pub fn reason(error: &Error) -> String {
    let text = error.to_string();
    text.strip_prefix("unsupported: ").map(str::to_string).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str) -> Subject {
        let (dtype, shape) = (Some(DType::F32), Some(vec![4, 4]));
        Subject { name: name.into(), dtype, shape, ..Subject::default() }
    }

    fn specs(text: &str) -> Vec<MethodSpec> {
        MethodSpec::parse(text).expect("well formed")
    }

    #[test]
    fn every_combination_is_a_cell_once() {
        let targets = [TargetSpec::Lossless, TargetSpec::Rel(1e-3), TargetSpec::Lossless];
        let plan = plan(vec![subject("a"), subject("b")], &specs("identity"), &targets, &[]).expect("a small plan");
        let shape: Vec<_> = plan.cells.iter().map(|cell| (cell.subject, cell.target, cell.skip.is_some())).collect();
        let (lossless, rel) = (TargetSpec::Lossless, TargetSpec::Rel(1e-3));
        assert_eq!(shape, [(0, lossless, false), (0, rel, true), (1, lossless, false), (1, rel, true)]);
        assert!(plan.cells[1].skip.as_ref().is_some_and(|reason| reason.contains("supported: lossless")));
    }

    #[test]
    fn an_excluded_cell_says_why_and_so_does_absent_data() {
        let rule = Exclude { dataset: "a*".into(), method: "*".into(), target: "*".into(), reason: "too slow".into() };
        let away = Subject { absent: Some("data not present".into()), ..subject("b") };
        let plan = plan(vec![subject("a"), away], &specs("identity"), &[TargetSpec::Lossless], &[rule]);
        let skips: Vec<_> = plan.expect("a small plan").cells.into_iter().filter_map(|cell| cell.skip).collect();
        assert_eq!(skips, ["excluded by the recipe: too slow", "data not present"]);
    }

    #[test]
    fn labels_are_not_compressed_with_loss() {
        let zlib = select::find("identity").expect("built in");
        let rank = |target| outside(zlib, DType::I8, 2, Some(Kind::Labels), target);
        assert_eq!(rank(TargetSpec::Lossless), None);
        assert!(rank(TargetSpec::Rel(1e-2)).is_some());
    }

    #[test]
    fn an_unknown_parameter_and_an_empty_list_are_errors() {
        let error = plan(vec![subject("a")], &specs("identity:level=3"), &[TargetSpec::Lossless], &[]);
        let error = format!("{:#}", error.expect_err("identity has no level"));
        assert!(error.contains("identity:level=3") && error.contains("level"), "{error}");
        assert!(plan(vec![], &specs("identity"), &[TargetSpec::Lossless], &[]).is_err());
    }

    #[test]
    fn the_hash_of_a_cell_depends_on_everything_that_names_it() {
        let cells = |method: &str, target| {
            let plan = plan(vec![subject("a")], &specs(method), &[target], &[]).expect("a small plan");
            plan.cells[0].clone()
        };
        let cell = cells("identity", TargetSpec::Lossless);
        let other = cells("identity", TargetSpec::Native);
        let hashes: BTreeSet<_> = [cell.hash("x"), cell.hash("y"), other.hash("x")].into_iter().collect();
        assert_eq!((hashes.len(), cell.hash("x").len()), (3, 16));
        // Committed baselines are found by this value: it changes only on purpose.
        assert_eq!(cell.hash("x"), "c35496589552fb88");
    }
}

//! One cell of a report once more, from what its row says.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::data::Data;
use super::{Job, SweepArgs, silent};
use crate::cli::raw::RawArgs;
use crate::plan::{Limits, Plan, Recipe, Subject, plan};
use crate::record::Record;
use crate::run::Settings;
use crate::run::executor::silence_method_panics;
use crate::spec::{MethodSpec, TargetSpec};

/// Where the bytes of a row's data set come from, where its name does not say.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// A name, manifest or file in its place.
    pub dataset: Option<String>,
    /// Layout of a raw file.
    pub raw: RawArgs,
    /// Download data that is not here.
    pub fetch: bool,
}

/// Runs the cell of `row`, a row of the report in `folder`, and returns its row of now.
///
/// # Errors
/// Data that is not here or is not what the row was measured on; a method, parameter or target that there is no more.
pub fn again(row: &Record, folder: &Path, source: &Source) -> Result<Record> {
    let args = SweepArgs { quiet: true, raw: source.raw.clone(), fetch: source.fetch, ..SweepArgs::default() };
    let recipe = recipe(folder)?;
    let mut data = Data::open(&args)?;
    let subject = subject(row, folder, &recipe, source, &mut data)?;
    let method = MethodSpec::parse(&row.method_spec())?;
    let target = TargetSpec::from_parts(&row.target, row.target_value)?;
    let plan = plan(vec![subject], &method, &[target], &recipe.exclude)?;
    ensure!(plan.cells.len() == 1, "{} stands for {} cells", row.label(), plan.cells.len());
    let now = run(&args, plan, (folder, recipe.limits), data)?;
    same_data(row, &now)?;
    Ok(now)
}

fn recipe(folder: &Path) -> Result<Recipe> {
    let path = folder.join("sweep.toml");
    if !path.exists() {
        return Ok(Recipe::default());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Recipe::parse(&text, &path.display().to_string())
}

/// The data set of a row: the one that was named for it, that of the recipe, or that of the catalogue.
fn subject(row: &Record, folder: &Path, recipe: &Recipe, source: &Source, data: &mut Data) -> Result<Subject> {
    if let Some(named) = &source.dataset {
        let mut found = data.subjects(&[], folder, std::slice::from_ref(named))?;
        found.retain(|subject| subject.sha256.is_none() || row.data_sha256.is_empty() || is_data_of(row, subject));
        ensure!(found.len() == 1, "--dataset {named:?} is not the data that {} was measured on", row.cell);
        // Its name is that of the row, whatever the file is called now; it loads under its own.
        return Ok(found.remove(0));
    }
    // A recipe may name files that are not here any more; the catalogue may still know the data set.
    let of_recipe = data.subjects(&recipe.datasets, folder, &[]).unwrap_or_default();
    if let Some(subject) = of_recipe.into_iter().find(|subject| subject.name == row.dataset) {
        return Ok(subject);
    }
    let found = data.subjects(std::slice::from_ref(&row.dataset), folder, &[]);
    let mut found = found.context("name a file or manifest with `--dataset`")?;
    ensure!(found.len() == 1, "{:?} names {} data sets; name one with `--dataset`", row.dataset, found.len());
    Ok(found.remove(0))
}

fn is_data_of(row: &Record, subject: &Subject) -> bool {
    subject.sha256.as_ref() == Some(&row.data_sha256)
}

fn run(args: &SweepArgs, plan: Plan, (folder, limits): (&Path, Limits), data: Data) -> Result<Record> {
    let settings = Settings { jobs: 1, threads: 1, timing: None };
    if let Some(reason) = plan.subjects.iter().find_map(|subject| subject.absent.as_deref()) {
        bail!("{reason}");
    }
    silence_method_panics();
    let job = Job { plan, out: folder.to_path_buf(), settings, limits };
    silent(args, &job, data)?.pop().context("a cell is a row")
}

/// Other data gives another row, and that would say nothing.
fn same_data(row: &Record, now: &Record) -> Result<()> {
    let (was, is) = (&row.data_sha256, &now.data_sha256);
    ensure!(
        was.is_empty() || was == is,
        "the data is not what the row was measured on: sha256 {is}, the row says {was}; name it with `--dataset`"
    );
    ensure!(
        !was.is_empty() || row.format != now.format || row.cell == now.cell,
        "the data is not what the row was measured on: the cell is {} now; name the data with `--dataset`",
        now.cell
    );
    Ok(())
}

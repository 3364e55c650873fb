//! `sweep.toml`: what a report measures, and what its gate tolerates.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail, ensure};
use codecbench_methods::METHODS;
use globset::GlobMatcher;
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::relative::Relative;
use super::select::glob;
use crate::record::result_columns;
use crate::spec::TargetSpec;

/// A report's recipe.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Heading of the report.
    pub title: String,
    /// What the report is for, in a sentence or two.
    pub description: String,
    /// Globs over data set names, and paths.
    pub datasets: Vec<String>,
    /// Method specs and globs.
    pub methods: Vec<String>,
    /// Target specs.
    pub targets: Vec<String>,
    /// Cells that are not run, with the reason.
    pub exclude: Vec<Exclude>,
    /// What others published on these data sets.
    pub published: Vec<Published>,
    /// Pictures that stand beside the recipe, in tables `[[illustration]]`.
    #[serde(rename = "illustration")]
    pub illustrations: Vec<Illustration>,
    /// What the methods are compared with.
    pub relative: Option<Relative>,
    /// How cells are timed.
    pub timing: TimingPlan,
    /// What a cell may take that runs in a process of its own.
    pub limits: Limits,
    /// Relative change that the gate tolerates, per column of `results.csv`.
    pub tolerances: BTreeMap<String, f64>,
}

/// Cells that are not run. Each pattern is a glob; what is left out matches everything.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclude {
    /// Glob over data set names.
    #[serde(default = "everything")]
    pub dataset: String,
    /// Glob over methods with their parameters, as in `zlib:level=9`.
    #[serde(default = "everything")]
    pub method: String,
    /// Glob over targets, as in `rel=1e-3`.
    #[serde(default = "everything")]
    pub target: String,
    /// Why.
    pub reason: String,
}

fn everything() -> String {
    "*".into()
}

/// A result that others published, for the page of the report.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The data set.
    pub dataset: String,
    /// What it was: method and settings.
    pub name: String,
    /// The method here that has the same idea.
    pub method: String,
    /// Its error, over the norm of the original.
    pub l2: f64,
    /// The ratio that was printed.
    pub printed: Option<f64>,
    /// The ratio with every byte counted that a decoder needs.
    pub honest: Option<f64>,
}

/// A picture for the page of the report, as `codecbench compare` draws them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Illustration {
    /// Path from the recipe's folder, with `/` between its parts.
    pub file: String,
    /// What it shows.
    pub caption: String,
    /// The command that draws it, for the page.
    pub command: String,
}

/// How cells are timed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimingPlan {
    /// Whether a sweep times at all; `--time` switches it on.
    pub enabled: bool,
    /// Fewest repeats.
    pub min_repeats: usize,
    /// Most repeats.
    pub max_repeats: usize,
    /// Time after which no repeat of a cell is started, milliseconds.
    pub budget_ms: u64,
    /// Time spent running before the first timed repeat of a visit, milliseconds.
    pub warmup_ms: u64,
    /// Visits to a cell that its repeats and its budget are spread over, with other cells in between.
    pub visits: usize,
    /// Decides the order of the cells.
    pub seed: u64,
}

impl Default for TimingPlan {
    fn default() -> Self {
        TimingPlan {
            enabled: false,
            min_repeats: 5,
            max_repeats: 50,
            budget_ms: 1000,
            warmup_ms: 20,
            visits: 8,
            seed: 0,
        }
    }
}

impl Recipe {
    /// Reads a recipe; `file` names it in errors.
    ///
    /// # Errors
    /// One line with file and line number: an unknown key (the known ones are listed), a bad value, a tolerance for a
    /// column that does not exist.
    pub fn parse(text: &str, file: &str) -> Result<Recipe> {
        let recipe: Recipe = toml::from_str(text).map_err(|error| located(&error, text, file))?;
        recipe.check().with_context(|| file.to_string())?;
        Ok(recipe)
    }

    /// Every target, lists and ranges written out.
    ///
    /// # Errors
    /// As [`TargetSpec::parse`].
    pub fn target_specs(&self) -> Result<Vec<TargetSpec>> {
        Ok(self.targets.iter().map(|text| TargetSpec::parse(text)).collect::<Result<Vec<_>>>()?.concat())
    }

    fn check(&self) -> Result<()> {
        let columns = result_columns();
        for (column, tolerance) in &self.tolerances {
            ensure!(columns.contains(&column.as_str()), "[tolerances] `{column}` is no column of results.csv");
            ensure!(*tolerance >= 0.0 && tolerance.is_finite(), "[tolerances] `{column}` must be 0 or more");
        }
        let (fewest, most) = (self.timing.min_repeats, self.timing.max_repeats);
        ensure!(0 < fewest && fewest <= most, "[timing] needs 0 < min_repeats <= max_repeats");
        ensure!(self.timing.visits > 0, "[timing] needs visits of 1 or more");
        self.limits.check()?;
        let known = |row: &Published| METHODS.iter().any(|entry| entry.id() == row.method);
        if let Some(row) = self.published.iter().find(|row| !known(row)) {
            bail!("[[published]] `{}` names the method {:?}, which does not exist", row.name, row.method);
        }
        self.relative.as_ref().map_or(Ok(()), Relative::check)?;
        ensure!(self.exclude.iter().all(|rule| !rule.reason.is_empty()), "[[exclude]] needs a reason");
        compile(&self.exclude).map(drop)
    }
}

/// `file:line: message`, on one line.
fn located(error: &toml::de::Error, text: &str, file: &str) -> anyhow::Error {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().replace('\n', " ").replace("unknown field", "unknown key");
    anyhow!("{file}:{line}: {message}")
}

/// An [`Exclude`] with its patterns compiled.
pub(super) struct Rule {
    dataset: GlobMatcher,
    method: GlobMatcher,
    target: GlobMatcher,
    pub reason: String,
}

impl Rule {
    pub fn matches(&self, dataset: &str, method: &str, target: TargetSpec) -> bool {
        self.dataset.is_match(dataset) && self.method.is_match(method) && self.target.is_match(target.to_string())
    }
}

pub(super) fn compile(exclude: &[Exclude]) -> Result<Vec<Rule>> {
    let rule = |rule: &Exclude| -> Result<Rule> {
        Ok(Rule {
            dataset: glob(&rule.dataset)?,
            method: glob(&rule.method)?,
            target: glob(&rule.target)?,
            reason: rule.reason.clone(),
        })
    };
    exclude.iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_read_and_what_it_leaves_out_has_a_default() {
        let text = r#"
            title = "Reference"
            datasets = ["gen-*"]
            methods = ["zlib:level=1,9"]
            targets = ["lossless", "rel=1e-2..1e-4"]
            [[exclude]]
            method = "zlib*"
            reason = "lossless only"
            [timing]
            max_repeats = 9
            [limits]
            wall_s = 2.5
            [tolerances]
            payload_bytes = 0.01
        "#;
        let recipe = Recipe::parse(text, "sweep.toml").expect("well formed");
        assert_eq!(recipe.target_specs().map(|targets| targets.len()).ok(), Some(4));
        assert_eq!((recipe.exclude[0].dataset.as_str(), recipe.timing.min_repeats), ("*", 5));
        assert_eq!(recipe.tolerances["payload_bytes"], 0.01);
        assert_eq!((recipe.limits.wall_s, recipe.limits.memory(1 << 28)), (2.5, 8 << 30));
    }

    #[test]
    fn an_unknown_key_is_one_line_with_file_line_and_the_known_keys() {
        for (text, known) in [
            ("title = \"a\"\nmetods = [\"zlib\"]", "methods"),
            ("[timing]\nrepeats = 3", "min_repeats"),
            ("[[exclude]]\nwhy = \"x\"", "reason"),
        ] {
            let error = format!("{:#}", Recipe::parse(text, "dir/sweep.toml").expect_err("a slip of the pen"));
            assert!(error.starts_with("dir/sweep.toml:2: unknown key") && error.contains(known), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "[tolerances]\nspeed = 0.1",
            "[tolerances]\nrmse = -1",
            "[timing]\nmin_repeats = 0",
            "[timing]\nvisits = 0",
            "[limits]\nwall_s = 0",
            "[limits]\nwall_s = nan",
            "[limits]\nmemory_mib = 0",
            "[[exclude]]\nmethod = \"[\"\nreason = \"x\"",
            "[[exclude]]\nmethod = \"zlib\"",
            "title = 3",
            "[[published]]\ndataset = \"a\"\nname = \"b\"\nmethod = \"c\"\nl2 = 0.1",
        ] {
            let error = format!("{:#}", Recipe::parse(text, "sweep.toml").expect_err(text));
            assert!(error.starts_with("sweep.toml"), "{error}");
        }
    }
}

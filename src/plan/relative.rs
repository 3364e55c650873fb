//! What a report compares its methods with: a method of reference, and those that others would pick instead.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use globset::GlobMatcher;
use serde::Deserialize;

use super::select::glob;

/// The table `[relative]` of a recipe. Methods are named by globs, over their ids or over ids with parameters as the tables
/// show them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relative {
    /// Method, with parameters unless they are the defaults, whose sizes and speeds count as 1.
    pub to: String,
    /// Methods of others; whatever else the report holds is ours.
    pub peers: Vec<String>,
    /// Methods that the map of sizes shows, besides the smallest of all peers; all that are ours where none is named.
    #[serde(default)]
    pub show: Vec<String>,
    /// Bytes that a data set must have for its speeds to count.
    #[serde(default = "half_a_megabyte")]
    pub speed_from: u64,
    /// Selections of the data sets that get tables of their own, besides all of them: tables `[[relative.group]]`.
    #[serde(default, rename = "group")]
    pub groups: Vec<Group>,
    /// By data set: why a peer is smaller there.
    #[serde(default)]
    pub why: BTreeMap<String, String>,
}

/// A selection of a report's data sets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What they are, after "the data sets": `without ...`.
    pub name: String,
    /// Globs over the names of those left out.
    pub without: Vec<String>,
}

fn half_a_megabyte() -> u64 {
    500_000
}

/// A list of globs, any of which may match.
pub struct Patterns(Vec<GlobMatcher>);

impl Patterns {
    /// Compiles the globs.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn new(texts: &[String]) -> Result<Self> {
        texts.iter().map(|text| glob(text)).collect::<Result<Vec<_>>>().map(Patterns)
    }

    /// Whether one of them matches `text`.
    pub fn match_any(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.is_match(text))
    }
}

impl Relative {
    /// Refuses what cannot be compared.
    ///
    /// # Errors
    /// No peers, or a pattern that is none.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(!self.peers.is_empty(), "[relative] needs `peers`: globs over the methods of others");
        let lists = [&self.peers, &self.show].into_iter().chain(self.groups.iter().map(|group| &group.without));
        lists.into_iter().try_for_each(|list| Patterns::new(list).map(drop)).context("[relative]")
    }
}

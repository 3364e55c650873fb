//! How long each target was fuzzed, as committed: `tests/fuzz/history.csv`, one row per target, ascending.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The longest run of a target in its present format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub target: String,
    /// That of the method; absent for what is none.
    pub format: Option<u8>,
    /// Time of one processor.
    pub seconds: u64,
    pub inputs: u64,
    /// Edges and how often they were passed, in orders of magnitude; 0 in a program that does not count them.
    pub reached: usize,
    pub failures: usize,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/history.csv")
}

/// Notes a run, unless a longer one of the same format is there.
///
/// # Errors
/// As the file system and the format of the file say.
pub fn note(run: Run) -> csv::Result<()> {
    let rows = if path().exists() {
        csv::Reader::from_path(path())?.into_deserialize().collect::<csv::Result<Vec<Run>>>()?
    } else {
        Vec::new()
    };
    let mut known: BTreeMap<String, Run> = rows.into_iter().map(|run| (run.target.clone(), run)).collect();
    let longer = |old: &Run| old.format == run.format && old.seconds > run.seconds && old.failures <= run.failures;
    if !known.get(&run.target).is_some_and(longer) {
        known.insert(run.target.clone(), run);
    }
    let mut file = csv::Writer::from_path(path())?;
    known.values().try_for_each(|run| file.serialize(run))?;
    Ok(file.flush()?)
}

//! Where cells run, and what one may take.

use std::str::FromStr;

use anyhow::{Result, ensure};
use serde::Deserialize;

/// Which methods run in a process of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Those that rest on native code.
    #[default]
    Auto,
    /// All of them.
    All,
    /// None; nothing is decoded in another process either.
    None,
}

impl FromStr for Isolation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "auto" => Ok(Isolation::Auto),
            "all" => Ok(Isolation::All),
            "none" => Ok(Isolation::None),
            _ => Err("it is `auto`, `all` or `none`".into()),
        }
    }
}

/// What a cell that runs in a process of its own may take.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Time from the first call of the method to the last one, seconds.
    pub wall_s: f64,
    /// Memory that the method may allocate, MiB; where absent, 4 GiB or 32 times the array, whichever is more.
    pub memory_mib: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { wall_s: 600.0, memory_mib: None }
    }
}

impl Limits {
    /// Bytes that a method may allocate on an array of this many.
    pub fn memory(&self, array: usize) -> u64 {
        match self.memory_mib {
            Some(mib) => mib.saturating_mul(1 << 20),
            None => (array as u64).saturating_mul(32).max(4 << 30),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        ensure!(self.wall_s > 0.0 && self.wall_s <= 1e9, "[limits] wall_s must be between 0 and 1e9 seconds");
        ensure!(self.memory_mib != Some(0), "[limits] memory_mib must be more than 0");
        Ok(())
    }
}

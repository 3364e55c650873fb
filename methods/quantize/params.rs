//! Parameters of `quantize`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Error;
use crate::shared::{pco, zstd};

/// What codes the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Both are tried, the smaller is kept.
    #[default]
    Auto,
    /// Pco.
    Pco,
    /// Zstandard behind a byte shuffle.
    Zstd,
}

/// Parameters of `quantize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// What codes the numbers: `pco`, `zstd` behind a byte shuffle, or `auto` for the smaller of the two.
    pub codec: Codec,
    /// Effort of Pco: 0 is fastest, 12 is smallest.
    #[schemars(range(min = 0, max = 12))]
    pub pco_level: u8,
    /// Effort of Zstandard: 1 is fastest, 22 is smallest.
    #[schemars(range(min = 1, max = 22))]
    pub zstd_level: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { codec: Codec::Auto, pco_level: 8, zstd_level: 19 }
    }
}

impl Params {
    /// Checks the ranges.
    ///
    /// # Errors
    /// `InvalidParam` naming the parameter.
    pub fn check(&self) -> Result<(), Error> {
        if self.pco_level > pco::MAX_LEVEL {
            let reason = format!("{}; it must be 0 to {}", self.pco_level, pco::MAX_LEVEL);
            return Err(Error::invalid("pco_level", reason));
        }
        if !(1..=zstd::MAX_LEVEL).contains(&self.zstd_level) {
            let reason = format!("{}; it must be 1 to {}", self.zstd_level, zstd::MAX_LEVEL);
            return Err(Error::invalid("zstd_level", reason));
        }
        Ok(())
    }
}

//! Parameters, and what of them goes together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Error, Target};
use crate::shared::axes::Axes;
use crate::shared::predictive;

/// How a point is predicted from the next coarser grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Predictor {
    /// The coarser point at or before it along every axis (the seed's first version).
    NearestLeft,
    /// The coarser point at or behind it along every axis (the seed's order 0).
    NearestRight,
    /// The mean of its two neighbours (the seed's order 1).
    Linear,
    /// Four points; where the loop is closed and entropy-coded, each level takes the better of cubic and linear.
    #[default]
    Cubic,
}

/// What the encoder predicts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loop {
    /// The original values: errors add up over the levels, and no bound holds.
    Open,
    /// What the decoder has: no error exceeds the bound.
    #[default]
    Closed,
}

/// How residuals are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// Each kept residual with a key of eight bytes (a dictionary of keys, as in the seed).
    Dok,
    /// A bit per point, and the kept residuals.
    Bitmask,
    /// The entropy stage; residuals are quantised where the loop is closed.
    #[default]
    Entropy,
}

/// How much time coding may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Static tables.
    #[default]
    Fast,
    /// Four contexts, mixed; lattices and palettes.
    Balanced,
    /// Nine contexts, mixed; lattices and palettes.
    Max,
}

impl Effort {
    /// Every effort, ascending.
    pub const ALL: [Effort; 3] = [Effort::Fast, Effort::Balanced, Effort::Max];
}

/// Parameters of `adaptive-grid`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Axes that levels halve: `all`, or numbers joined by `+`. The entropy store may leave out axes that do not pay.
    pub axes: Axes,
    /// How a point is predicted from the next coarser grid.
    pub predictor: Predictor,
    /// What the encoder predicts from: `open` is for target `native` only.
    #[serde(rename = "loop")]
    pub feedback: Loop,
    /// How residuals are stored.
    pub store: Store,
    /// Number of levels; 0: as many as it takes to leave one point along each halved axis.
    #[schemars(range(max = 60))]
    pub depth: u32,
    /// How much time coding may take; above `fast`, for bounds only, with the default predictor, loop, store and depth.
    pub effort: Effort,
    /// Target `native`: residuals up to this are dropped (closed loop: the bound), in the unit of the data.
    #[schemars(range(min = 0.0))]
    pub eps: f64,
}

impl Params {
    /// How much is made of every residual where they are mixed.
    pub(super) fn detail(&self) -> Option<predictive::Detail> {
        match self.effort {
            Effort::Fast => None,
            Effort::Balanced => Some(predictive::Detail::Four),
            Effort::Max => Some(predictive::Detail::Nine),
        }
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// `InvalidParam` for numbers out of range, `Unsupported` for what does not go together.
    pub(super) fn check(&self, target: Target) -> Result<(), Error> {
        if !(self.eps >= 0.0 && self.eps.is_finite()) {
            return Err(Error::invalid("eps", format!("must be a number from 0 up, got {}", self.eps)));
        }
        if self.depth > 60 {
            return Err(Error::invalid(
                "depth",
                format!("must be at most 60 (0: as deep as it goes), got {}", self.depth),
            ));
        }
        if self.feedback == Loop::Open && target != Target::Native {
            return Err(Error::unsupported("loop=open keeps no bound; use loop=closed, or target `native` with eps"));
        }
        let plain = Params { axes: self.axes.clone(), effort: self.effort, eps: self.eps, ..Params::default() };
        if self.effort == Effort::Fast || (*self == plain && matches!(target, Target::MaxAbs(_))) {
            return Ok(());
        }
        Err(Error::unsupported(
            "effort above `fast` with another target than `abs`, or with predictor, loop, store or depth named; \
             use effort=fast",
        ))
    }
}

//! What the error of an approximation is held to.

use crate::api::{Element, Target};

/// A target that limits the error and leaves the rest to the method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Largest error of any value, in the unit of the data.
    MaxAbs(f64),
    /// Root mean square error, in the unit of the data.
    Rmse(f64),
}

impl Goal {
    /// The goal that a target sets; `None` where it sets none.
    pub fn of(target: Target) -> Option<Self> {
        match target {
            Target::MaxAbs(bound) => Some(Goal::MaxAbs(bound)),
            Target::Rmse(error) => Some(Goal::Rmse(error)),
            _ => None,
        }
    }

    /// The error itself, whichever it is.
    pub fn error(self) -> f64 {
        match self {
            Goal::MaxAbs(error) | Goal::Rmse(error) => error,
        }
    }

    /// Whether `back` is near enough to `data`, value for value or in the mean.
    pub fn holds<T: Element>(self, data: &[T], back: &[T]) -> bool {
        let pairs = data.iter().zip(back);
        match self {
            Goal::MaxAbs(bound) => pairs.into_iter().all(|(x, y)| x.within(*y, bound)),
            Goal::Rmse(error) => {
                // In units of the allowed error, so that squares stay in range.
                let unit = if error > 0.0 { error } else { f64::MIN_POSITIVE };
                let errors = pairs.map(|(x, y)| (x.to_f64() - y.to_f64()) / unit);
                errors.map(|error| error * error).sum::<f64>() <= data.len() as f64
            }
        }
    }
}

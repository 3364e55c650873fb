//! Context mixing: the probability of a bit is made of what several contexts predict, each weighted by how well it did.
//!
//! The predictions are added in the logistic domain, with weights that follow the gradient of the code length (Mahoney,
//! "Adaptive weighing of context models for lossless data compression", 2005). Small payloads profit most: a context
//! that has seen little says little. About 20 ns per context and decision, or about as much per context and class of
//! sixteen, all of which are mixed at once. `SPEC.md` has the details.

mod blend;
mod classes;
mod cost;
mod geometric;
mod integers;
mod logistic;
mod matcher;
mod mixer;
mod wide;

pub use blend::Blend;
pub use classes::{Classes, Likely, Reached, class};
pub use cost::Cost;
pub use integers::{Integers, Place};
pub use matcher::Matcher;
pub use mixer::Mixer;
pub use wide::{CLASSES, Outlook, Wide, expected};

/// Where the models of each kind of context start if all stand behind each other, and how many there are.
pub fn starts<const N: usize>(counts: [usize; N]) -> ([usize; N], usize) {
    let mut total = 0;
    let starts = counts.map(|count| {
        total += count;
        total - count
    });
    (starts, total)
}

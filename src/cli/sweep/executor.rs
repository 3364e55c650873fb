//! Who runs the cells of a sweep.

use anyhow::Result;

use crate::plan::{Isolation, Limits};
use crate::run::executor::Executor;

/// Worker processes of this very program, for those methods that `isolation` says.
///
/// # Errors
/// None on Linux.
#[cfg(target_os = "linux")]
pub fn executor(isolation: Isolation, limits: Limits) -> Result<Box<dyn Executor>> {
    use crate::cli::worker::VERB;
    use crate::run::isolate::{Isolated, Program};

    // The running program, also where another build has taken its place on the disk meanwhile.
    let program = Program { path: "/proc/self/exe".into(), arguments: vec![VERB.into()] };
    Ok(Box::new(Isolated::new(program, isolation, limits)))
}

/// This process, where nothing else is to be had.
///
/// # Errors
/// A process of their own is asked for, for all methods.
#[cfg(not(target_os = "linux"))]
pub fn executor(isolation: Isolation, _: Limits) -> Result<Box<dyn Executor>> {
    anyhow::ensure!(isolation != Isolation::All, "--isolate all: methods run in processes of their own on Linux only");
    Ok(Box::new(crate::run::executor::InProcess::default()))
}

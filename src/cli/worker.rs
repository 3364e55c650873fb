//! `codecbench worker`: a process in which a sweep runs cells. `sweep` starts it; nobody else does.

use std::process::ExitCode;

use anyhow::Result;
use codecbench_methods::METHODS;
use codecbench_methods::api::Entry;

/// First argument of such a process.
pub(super) const VERB: &str = "worker";

/// Works until the sweep is gone.
///
/// # Errors
/// No sweep talks at stdin.
pub fn run() -> Result<ExitCode> {
    work(METHODS)?;
    Ok(ExitCode::SUCCESS)
}

/// Works with these methods for the sweep that started this process, until it is gone.
///
/// # Errors
/// No sweep talks at stdin.
#[cfg(target_os = "linux")]
pub fn work(methods: &'static [Entry]) -> Result<()> {
    crate::run::isolate::serve(methods, &flush)
}

/// Never started here.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn work(_: &'static [Entry]) -> Result<()> {
    anyhow::bail!("cells run in processes of their own on Linux only")
}

/// Writes out what methods have printed, so that it is seen with the cell that printed it.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "what C code has printed only C can flush")]
fn flush() {
    let _ = std::io::Write::flush(&mut std::io::stdout());
    // SAFETY: a null pointer means all streams; no pointer of ours is involved.
    unsafe {
        libc::fflush(std::ptr::null_mut());
    }
}

//! Memory of a process, as Linux counts and limits it.

use rustix::fs::{Mode, OFlags, open};
use rustix::io::read;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Bytes of private writable memory that a process has: what `RLIMIT_DATA` limits. Arrays that are shared between
/// processes are not in it, nor is reserved address space.
pub(super) fn data_bytes(process: u32) -> Option<u64> {
    let file = open(format!("/proc/{process}/statm"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut text = [0; 256];
    let length = read(file, &mut text).ok()?;
    // size resident shared text lib data dt, in pages; `data` counts the stack too, which the limit does not.
    let data = std::str::from_utf8(&text[..length]).ok()?.split_whitespace().nth(5)?;
    Some(data.parse::<u64>().ok()? * rustix::param::page_size() as u64)
}

/// Runs `work` with at most `allowed` bytes more of private memory than this process holds now.
pub(super) fn with_limit<T>(allowed: u64, work: impl FnOnce() -> T) -> T {
    let held = data_bytes(std::process::id()).unwrap_or(0);
    let limit = |current: Option<u64>| {
        // Lowering the soft limit and raising it again up to the hard one is always allowed.
        let _ = setrlimit(Resource::Data, Rlimit { current, maximum: None });
    };
    limit(Some(held.saturating_add(allowed)));
    let result = work();
    limit(None);
    result
}

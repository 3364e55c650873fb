//! How a worker ended, and what that means for its cell.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::record::Status;
use crate::run::executor::Failure;

/// What the runtimes of Rust, C++ and C say when memory runs out.
const OUT_OF_MEMORY: [&str; 4] = ["memory allocation of", "bad_alloc", "Cannot allocate memory", "out of memory"];

/// Of the memory allowed, the share in use from which a death counts as running out of it: a C library that is refused
/// memory dies of the null pointer, and says nothing.
const NEARLY_ALL: f64 = 0.75;

/// Characters of a line that is quoted.
const QUOTED: usize = 160;

/// The failure of a cell whose worker ended by itself: by a signal, or by leaving.
pub(super) fn ended(stage: &str, status: ExitStatus, said: &[u8], (used, allowed): (u64, u64)) -> Failure {
    let how = match (status.signal(), status.code()) {
        (Some(signal), _) => signal_name(signal),
        (None, Some(code)) => format!("it left the process with exit code {code}"),
        (None, None) => "it is gone".to_string(),
    };
    let line = first_line(said);
    let told = line.as_deref().is_some_and(|line| OUT_OF_MEMORY.iter().any(|words| line.contains(words)));
    let nearly = used as f64 >= NEARLY_ALL * allowed as f64;
    let quoted = line.map(|line| format!(": {line}")).unwrap_or_default();
    if told || nearly || status.signal() == Some(KILL) {
        let reason = format!("{stage}: {} MiB are allowed; {how}{quoted}", allowed >> 20);
        return Failure { status: Status::OutOfMemory, reason };
    }
    Failure { status: Status::Crashed, reason: format!("{stage}: {how}{quoted}") }
}

/// We never send it to a worker that works, so the kernel did, for want of memory.
const KILL: i32 = 9;

fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        KILL => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_string()
}

/// The first line that says something, without what changes from run to run: addresses, process and thread numbers.
pub(super) fn first_line(said: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(said);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut words: Vec<String> = line.split_whitespace().map(steady).collect();
    // `thread 'name' (123) has overflowed its stack`
    words.retain(|word| !(word.starts_with('(') && word.trim_matches(['(', ')']).chars().all(|c| c.is_ascii_digit())));
    Some(words.join(" ").chars().filter(|c| !c.is_control()).take(QUOTED).collect())
}

fn steady(word: &str) -> String {
    match word.find("0x") {
        Some(at) => format!("{}0x..", &word[..at]),
        None => word.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_named_and_lack_of_memory_is_told_from_a_crash() {
        let of = |signal: i32, said: &str, used: u64| {
            let failure = ended("encode", ExitStatus::from_raw(signal), said.as_bytes(), (used << 20, 100 << 20));
            (failure.status, failure.reason)
        };
        assert_eq!(of(11, "", 10), (Status::Crashed, "encode: SIGSEGV".into()));
        let abort = "free(): invalid pointer";
        assert_eq!(of(6, abort, 10), (Status::Crashed, format!("encode: SIGABRT: {abort}")));
        let refused = "memory allocation of 4096 bytes failed";
        let expected = format!("encode: 100 MiB are allowed; SIGABRT: {refused}");
        assert_eq!(of(6, refused, 10), (Status::OutOfMemory, expected));
        assert_eq!(of(11, "", 80).0, Status::OutOfMemory, "a null pointer with most of the memory in use");
        assert_eq!(of(9, "", 0).0, Status::OutOfMemory, "the kernel's own");
        assert_eq!(of(3 << 8, "", 0), (Status::Crashed, "encode: it left the process with exit code 3".into()));
    }

    #[test]
    fn a_quoted_line_is_the_same_on_every_run() {
        let line = |text: &str| first_line(text.as_bytes()).expect("a line");
        let overflow = "\nthread 'codecbench-cell-0' (1234) has overflowed its stack\nfatal";
        assert_eq!(line(overflow), "thread 'codecbench-cell-0' has overflowed its stack");
        assert_eq!(line("bad chunk at 0x7f12, size 3"), "bad chunk at 0x.. size 3");
        assert_eq!(first_line(b" \n"), None);
    }
}

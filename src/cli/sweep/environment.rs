//! The machine that timings come from, written beside them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::record::HARNESS_VERSION;
use serde::Serialize;

/// What `environment.json` holds. What cannot be found out is left out.
#[derive(Debug, Serialize)]
pub struct Environment {
    harness_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    git_revision: Option<String>,
    /// Whether tracked files differ from that revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    git_dirty: Option<bool>,
    command: Vec<String>,
    threads: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    rustc: Option<String>,
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<String>,
    cores: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    caches: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    governor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
}

impl Environment {
    /// Looks around on this machine.
    pub fn here(threads: usize) -> Self {
        let revision = output("git", &["rev-parse", "HEAD"]);
        let dirty = revision.as_ref().and(output("git", &["status", "--porcelain", "--untracked-files=no"]));
        Environment {
            harness_version: HARNESS_VERSION,
            git_revision: revision,
            git_dirty: dirty.map(|changes| !changes.is_empty()),
            command: command(),
            threads,
            rustc: output("rustc", &["--version"]),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            cpu: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            caches: caches(),
            governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            memory_bytes: memory(),
            system: field("/etc/os-release", "PRETTY_NAME").map(|name| name.trim_matches('"').to_string()),
            kernel: line("/proc/sys/kernel/osrelease"),
        }
    }
}

/// The command line, the program by its bare name: where it lies is nobody's business.
fn command() -> Vec<String> {
    std::iter::once("codecbench".to_string()).chain(std::env::args().skip(1)).collect()
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_string())
}

fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()?.lines().next().map(|line| line.trim().to_string())
}

/// The first `name : value` or `name=value` in a file.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim_start_matches([' ', '\t', ':', '=']).trim().to_string())
}

fn memory() -> Option<u64> {
    let text = field("/proc/meminfo", "MemTotal")?;
    text.strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Size by level and type of the first core's caches, as the kernel tells them.
fn caches() -> BTreeMap<String, String> {
    let of = |index: usize| -> Option<(String, String)> {
        let path = |name: &str| format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{name}");
        let (level, kind, size) = (line(&path("level"))?, line(&path("type"))?, line(&path("size"))?);
        Some((format!("L{level} {}", kind.to_lowercase()), size))
    };
    (0..8).filter_map(of).collect()
}

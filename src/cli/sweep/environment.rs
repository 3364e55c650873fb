//! The machine that timings come from, written beside them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde::Serialize;

use super::build::Build;
use crate::plan::TimingPlan;
use crate::record::HARNESS_VERSION;
use crate::run::Settings;

/// What `environment.json` holds. What cannot be found out is left out.
#[derive(Debug, Serialize)]
pub struct Environment {
    harness_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    git_revision: Option<String>,
    /// Whether tracked files differ from that revision of the sources that the program was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    git_dirty: Option<bool>,
    command: Vec<String>,
    threads: usize,
    /// BLAKE3 of the program, 32 hex digits: equal programs measure equally.
    program: String,
    build: Build,
    /// How cells were timed.
    timing: Option<TimingPlan>,
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
    pub fn here(settings: &Settings, program: &str) -> Self {
        let revision = git(&["rev-parse", "HEAD"]);
        let dirty = revision.as_ref().and_then(|_| git(&["status", "--porcelain", "--untracked-files=no"]));
        Environment {
            harness_version: HARNESS_VERSION,
            git_revision: revision,
            git_dirty: dirty.map(|changes| !changes.is_empty()),
            command: command(),
            threads: settings.threads,
            program: program.to_string(),
            build: Build::this(),
            timing: settings.timing,
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

/// What git says about the sources that this program was built from, wherever it runs; `None` if they are gone.
fn git(arguments: &[&str]) -> Option<String> {
    let sources = ["-C", env!("CARGO_MANIFEST_DIR")];
    let output = Command::new("git").args(sources).args(arguments).output().ok()?;
    let output = Some(output).filter(|output| output.status.success())?;
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

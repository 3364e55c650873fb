//! Builds again when a manifest is added to `datasets/`, since the manifests are embedded; hands what only the build knows
//! to the program, for `environment.json`; and takes the fingerprints of the sources that decide what a cell measures, by
//! which a stopped sweep knows which of its rows still hold.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What of the harness decides the numbers of a row. The rest draws, prints and compares them.
const HARNESS: [&str; 7] = ["dataset", "frame", "metrics", "plan", "record", "run", "spec"];
/// What every method rests on: the vocabulary, and the mask around methods that do not keep missing values.
const UNDER_ALL: [&str; 2] = ["methods/api", "methods/shared/missing"];
/// The file that only lists the modules beside it: it names all of them and uses none.
const LIST: &str = "mod";
const SHARED: &str = "methods/shared";

fn main() {
    for path in ["datasets", "methods", "src", "Cargo.lock", "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    tell_program();
    take_fingerprints();
}

fn take_fingerprints() {
    let harness = fingerprint(&[("compiler", compiler()), ("src", sources_of_harness())]);
    let shared = modules(Path::new(SHARED));
    let mut table = format!("pub const HARNESS: &str = {harness:?};\npub const METHODS: &[(&str, &str)] = &[\n");
    for (id, text) in modules(Path::new("methods")) {
        if Path::new("methods").join(&id).is_dir() && !matches!(id.as_str(), "api" | "shared") {
            table += &format!("    ({id:?}, {:?}),\n", fingerprint(&[("method", with_shared(&text, &shared))]));
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("fingerprints.rs");
    fs::write(out, table + "];\n").expect("OUT_DIR is writable");
}

/// A method's sources with those of every shared module that it names, directly or through another one. A word that only
/// looks like the name of a module counts too: better one row measured again than one that no longer holds.
fn with_shared(method: &str, shared: &BTreeMap<String, String>) -> String {
    let under_all: String = UNDER_ALL.iter().map(|path| text(Path::new(path))).collect();
    let (mut seen, mut pending) = (BTreeSet::from([LIST.to_string()]), vec![method.to_string(), under_all]);
    let mut all = shared.get(LIST).cloned().unwrap_or_default();
    while let Some(text) = pending.pop() {
        // In lower case, since a module may be known by the type that it exports.
        let code: String =
            text.lines().map(|line| line.split("//").next().unwrap_or_default().to_lowercase() + "\n").collect();
        let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for (name, source) in shared.iter().filter(|(name, _)| words.contains(name.as_str())) {
            if seen.insert(name.clone()) {
                pending.push(source.clone());
            }
        }
        all += &text;
    }
    all
}

/// Name and text of each module of a folder: a file, or a folder with all below it.
fn modules(folder: &Path) -> BTreeMap<String, String> {
    let name = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    entries(folder).iter().map(|path| (name(path), text(path))).collect()
}

fn sources_of_harness() -> String {
    let of = |name: &str| text(&Path::new("src").join(name)) + &text(&Path::new("src").join(format!("{name}.rs")));
    HARNESS.iter().map(|name| of(name)).collect()
}

/// The text of a Rust file, or of all of them below a folder, in order of their names; empty where there is none.
fn text(path: &Path) -> String {
    if path.is_dir() {
        return entries(path).iter().map(|entry| text(entry)).collect();
    }
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    if is_rust { fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).into_iter().flatten();
    let mut entries: Vec<_> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    entries
}

/// Compiler, its flags, and the versions of all dependencies.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().map(|output| output.stdout).unwrap_or_default();
    let named = ["TARGET", "OPT_LEVEL", "CARGO_ENCODED_RUSTFLAGS", "CARGO_CFG_TARGET_FEATURE", "CARGO_CFG_FEATURE"];
    let flags = named.map(|name| env::var(name).unwrap_or_default()).join("\n");
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    [String::from_utf8_lossy(&version).into_owned(), flags, lock].join("\n")
}

/// 16 hex digits. They are compared with those of other builds on one machine, never published.
fn fingerprint(parts: &[(&str, String)]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Compilers and flags, as variables that the program reads with `env!`.
fn tell_program() {
    let rustflags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default().replace('\u{1f}', " ");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let features = env::vars().filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()));
    let mut features: Vec<_> = features.filter(|name| name != "default").collect();
    features.sort();
    let c_compiler = env::var("CC").unwrap_or_else(|_| "cc".to_string());
    let facts = [
        ("RUSTC", first_line(&variable("RUSTC"))),
        ("C_COMPILER", first_line(&c_compiler)),
        ("TARGET", variable("TARGET")),
        ("PROFILE", variable("PROFILE")),
        ("OPT_LEVEL", variable("OPT_LEVEL")),
        ("RUSTFLAGS", rustflags),
        ("CFLAGS", variable("CFLAGS")),
        ("CXXFLAGS", variable("CXXFLAGS")),
        ("FEATURES", features.join(",")),
    ];
    for (name, value) in facts {
        println!("cargo::rustc-env=CODECBENCH_BUILD_{name}={value}");
    }
    for name in ["CC", "CFLAGS", "CXXFLAGS"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
}

/// What a compiler says that it is; empty if it is not there.
fn first_line(program: &str) -> String {
    let output = Command::new(program).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_string()
}

//! Builds again when a manifest is added to `datasets/`, since the manifests are embedded; hands what only the build knows
//! to the program, for `environment.json`.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=datasets");
    tell_program();
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
    println!("cargo::rerun-if-changed=build.rs");
}

/// What a compiler says that it is; empty if it is not there.
fn first_line(program: &str) -> String {
    let output = Command::new(program).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_string()
}

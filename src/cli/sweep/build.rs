//! How this program was built.

use std::collections::BTreeMap;

use serde::Serialize;

/// Cargo's record of every crate's version, as of the build.
const LOCK: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"));
/// The packages of this repository.
const OURS: [&str; 2] = ["codecbench", "codecbench-methods"];

/// Compilers, flags and versions. What the build did not say is left out.
#[derive(Debug, Serialize)]
pub struct Build {
    #[serde(skip_serializing_if = "str::is_empty")]
    rustc: &'static str,
    /// What compiles the native codecs.
    #[serde(skip_serializing_if = "str::is_empty")]
    c_compiler: &'static str,
    target: &'static str,
    profile: &'static str,
    opt_level: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    rustflags: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cflags: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cxxflags: &'static str,
    features: Vec<&'static str>,
    /// Versions of the crates that harness and methods name.
    crates: BTreeMap<String, String>,
}

impl Build {
    /// That of the running program.
    pub fn this() -> Self {
        Build {
            rustc: env!("CODECBENCH_BUILD_RUSTC"),
            c_compiler: env!("CODECBENCH_BUILD_C_COMPILER"),
            target: env!("CODECBENCH_BUILD_TARGET"),
            profile: env!("CODECBENCH_BUILD_PROFILE"),
            opt_level: env!("CODECBENCH_BUILD_OPT_LEVEL"),
            rustflags: env!("CODECBENCH_BUILD_RUSTFLAGS"),
            cflags: env!("CODECBENCH_BUILD_CFLAGS"),
            cxxflags: env!("CODECBENCH_BUILD_CXXFLAGS"),
            features: env!("CODECBENCH_BUILD_FEATURES").split(',').filter(|name| !name.is_empty()).collect(),
            crates: crates(LOCK),
        }
    }
}

/// Versions of what our packages depend on, by name. A second version of one crate stands behind the first.
fn crates(lock: &str) -> BTreeMap<String, String> {
    let Ok(table) = lock.parse::<toml::Table>() else { return BTreeMap::new() };
    let packages = table.get("package").and_then(|packages| packages.as_array()).map_or(&[][..], Vec::as_slice);
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_string());
    let versions = |name: &str| -> Vec<String> {
        let named = packages.iter().filter(|package| text(package, "name").as_deref() == Some(name));
        named.filter_map(|package| text(package, "version")).collect()
    };
    let ours = packages.iter().filter(|package| text(package, "name").is_some_and(|name| OURS.contains(&&*name)));
    let depended = ours.filter_map(|package| package.get("dependencies")?.as_array());
    let mut found = BTreeMap::new();
    // An entry is a name, and a version where there are several.
    for entry in depended.flatten().filter_map(|entry| entry.as_str()) {
        let (name, version) = entry.split_once(' ').map_or((entry, None), |(name, version)| (name, Some(version)));
        let version = version.map_or_else(|| versions(name).join(", "), str::to_string);
        if !OURS.contains(&name) {
            found.insert(name.to_string(), version);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_of_what_our_packages_name_are_found() {
        let lock = r#"
            [[package]]
            name = "codecbench"
            version = "0.1.0"
            dependencies = ["codecbench-methods", "rand 0.9.1", "csv"]
            [[package]]
            name = "csv"
            version = "1.4.0"
            dependencies = ["itoa"]
            [[package]]
            name = "itoa"
            version = "1.0.0"
        "#;
        let expected = [("csv", "1.4.0"), ("rand", "0.9.1")].map(|(name, version)| (name.into(), version.into()));
        assert_eq!(crates(lock), BTreeMap::from(expected));
        assert!(crates("no lock").is_empty());
    }

    #[test]
    fn this_build_knows_its_compiler_and_its_crates() {
        let build = Build::this();
        assert!(build.rustc.starts_with("rustc ") && build.target.contains('-'), "{build:?}");
        assert!(build.crates.contains_key("zstd-safe") && build.crates.contains_key("csv"), "{:?}", build.crates);
    }
}

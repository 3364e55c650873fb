//! A method is in the list, in a folder of its name, and says what its bytes are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use codecbench_methods::METHODS;

fn methods() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("methods")
}

/// Folders of `methods/` that hold a method.
fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(methods()).expect("methods/ is part of the repository");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let modules = paths.filter(|path| path.join("mod.rs").is_file());
    let names = modules.filter_map(|path| Some(path.file_name()?.to_str()?.to_string()));
    names.filter(|name| name != "api" && name != "shared").collect()
}

#[test]
fn ids_are_kebab_case_and_unique() {
    let mut seen = BTreeSet::new();
    for entry in METHODS {
        let id = entry.id();
        let words = id
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert!(words, "`{id}` is not kebab-case: lower-case letters, digits and single hyphens");
        assert!(seen.insert(id), "`{id}` stands twice in METHODS (methods/lib.rs)");
    }
}

#[test]
fn every_folder_with_a_method_is_listed_and_every_listed_method_has_its_folder() {
    let listed: BTreeSet<String> = METHODS.iter().map(|entry| entry.id().to_string()).collect();
    if let Some(folder) = folders().difference(&listed).next() {
        panic!(
            "methods/{folder}/ exists but is not listed: add its `mod` line and its row in METHODS (methods/lib.rs)"
        );
    }
    if let Some(id) = listed.difference(&folders()).next() {
        panic!("METHODS lists `{id}`, but there is no methods/{id}/mod.rs: a method's folder has the name of its ID");
    }
}

#[test]
fn every_method_specifies_its_bytes_for_the_format_it_writes() {
    for entry in METHODS {
        let id = entry.id();
        let path = methods().join(id).join("SPEC.md");
        let text = fs::read_to_string(&path);
        let text = text.unwrap_or_else(|_| {
            panic!("methods/{id}/SPEC.md is missing: say what the bytes are, enough to write a decoder")
        });
        if let Ok(format) = entry.format() {
            let title = format!("# {id}, format {format}");
            assert!(text.starts_with(&title), "methods/{id}/SPEC.md must start with `{title}`");
        }
        assert!(text.len() > 200, "methods/{id}/SPEC.md is too short to write a decoder from");
    }
}

#[test]
fn every_optional_method_names_a_feature_of_the_methods_crate() {
    let manifest = fs::read_to_string(methods().join("Cargo.toml")).expect("methods/Cargo.toml exists");
    for entry in METHODS {
        let (id, built) = (entry.id(), entry.is_built());
        let Some(feature) = entry.feature() else {
            assert!(built, "`{id}` is not built and names no feature to switch it on");
            continue;
        };
        let declared = manifest.lines().any(|line| line.starts_with(&format!("{feature} =")));
        assert!(declared, "`{id}` names feature `{feature}`, which methods/Cargo.toml does not have");
    }
}

#[test]
fn summaries_fit_a_line_of_a_table_and_capability_rows_do_not_overlap() {
    for entry in METHODS.iter().filter(|entry| entry.is_built()) {
        let (id, capabilities) = (entry.id(), entry.capabilities().expect("built"));
        let length = capabilities.summary.len();
        assert!((10..=110).contains(&length), "the summary of `{id}` has {length} characters; 10 to 110 fit a table");
        assert!(!capabilities.targets.is_empty(), "`{id}` serves no target");
        assert!(capabilities.min_rank <= capabilities.max_rank, "`{id}` serves no rank");
        let rows = capabilities.targets.iter().flat_map(|row| row.dtypes.iter().map(|dtype| (row.target, *dtype)));
        let mut seen = BTreeSet::new();
        for (target, dtype) in rows {
            assert!(seen.insert((target, dtype)), "`{id}` has two rows for target `{target}` and {dtype}");
        }
    }
}

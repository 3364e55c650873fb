//! Every manifest is valid, and every data set that is here is the one its manifest names.

use std::collections::BTreeSet;
use std::path::Path;

use codecbench::dataset::catalogue::{Catalogue, LoadError};
use codecbench::dataset::manifest::Manifest;

fn catalogue() -> Catalogue {
    Catalogue::open().expect("every embedded manifest is valid")
}

#[test]
fn names_are_unique_and_equal_their_files() {
    let catalogue = catalogue();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets");
    let names: BTreeSet<_> = catalogue.manifests().iter().map(|manifest| manifest.name.as_str()).collect();
    assert_eq!(names.len(), catalogue.manifests().len());
    for name in names {
        assert!(folder.join(format!("{name}.toml")).is_file(), "the manifest of {name} must be datasets/{name}.toml");
    }
}

#[test]
fn every_manifest_says_what_it_is_why_it_is_here_and_on_what_terms() {
    for manifest in catalogue().manifests() {
        let Manifest { name, description, why, licence, sha256, layout, url, origin, .. } = manifest;
        for (key, text) in [("description", description), ("why", why), ("licence", licence)] {
            assert!(!text.is_empty(), "datasets/{name}.toml: `{key}` is empty");
        }
        assert!(sha256.is_some() && layout.is_some(), "datasets/{name}.toml: give sha256, shape and dtype");
        assert!(
            manifest.is_generated() || url.is_some() || origin.is_some(),
            "datasets/{name}.toml: name the public source with `url` or `source_repo`"
        );
        let rank = layout.as_ref().map_or(0, |layout| layout.shape.len());
        assert!(
            manifest.axes.is_empty() || manifest.axes.len() == rank,
            "datasets/{name}.toml: `axes` must name each axis"
        );
    }
}

#[test]
fn at_least_thirty_real_and_sixteen_generated_data_sets_are_described() {
    let catalogue = catalogue();
    let generated = catalogue.manifests().iter().filter(|manifest| manifest.is_generated()).count();
    let real = catalogue.manifests().len() - generated;
    assert!(real >= 30 && generated >= 16, "{real} real, {generated} generated");
}

#[test]
fn what_is_here_is_what_its_manifest_names() {
    let catalogue = catalogue();
    let mut absent = 0;
    for manifest in catalogue.manifests() {
        match catalogue.load(manifest) {
            Ok(dataset) => {
                assert_eq!(Some(dataset.sha256), manifest.identity(manifest.sha256.as_deref()), "{}", manifest.name)
            }
            Err(LoadError::NotPresent(_)) if !manifest.is_generated() => absent += 1,
            Err(error) => panic!("{}: {error}", manifest.name),
        }
    }
    if absent > 0 {
        println!("skipped {absent} data sets that are not here; set CODECBENCH_DATA to check them");
    }
}

//! Which code a row was measured by, so that a changed method measures its own cells again and no others.

use super::HARNESS_VERSION;

mod sources {
    include!(concat!(env!("OUT_DIR"), "/fingerprints.rs"));
}

/// Names the code behind a method's rows, in 16 hex digits: the method with all it rests on, what of the harness decides
/// a number, compiler, flags and dependencies. `more` is what else the rows depend on, such as a data set's facts.
///
/// A method that is not in this repository has no sources to tell by; its rows hold as long as the harness does.
pub fn fingerprint(method: &str, more: &[&str]) -> String {
    let method = sources::METHODS.iter().find(|(id, _)| *id == method).map_or(method, |(_, sources)| sources);
    let fields = [&[HARNESS_VERSION, sources::HARNESS, method], more].concat();
    blake3::hash(fields.join("\n").as_bytes()).to_hex()[..16].to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use codecbench_methods::METHODS;

    use super::*;

    #[test]
    fn every_method_has_sources_of_its_own_and_other_facts_are_another_fingerprint() {
        let known = |id: &str| sources::METHODS.iter().any(|(known, _)| *known == id);
        let unknown: Vec<_> = METHODS.iter().map(|entry| entry.id()).filter(|id| !known(id)).collect();
        assert!(unknown.is_empty(), "build.rs found no folder for {unknown:?}");
        let all: BTreeSet<_> = METHODS.iter().map(|entry| fingerprint(entry.id(), &[])).collect();
        assert_eq!((all.len(), all.iter().all(|text| text.len() == 16)), (METHODS.len(), true));
        assert_ne!(fingerprint("identity", &["fill 1"]), fingerprint("identity", &["fill 2"]));
    }
}

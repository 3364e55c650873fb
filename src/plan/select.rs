//! From what names methods to specs.

use anyhow::{Context, Result, anyhow, ensure};
use codecbench_methods::METHODS;
use codecbench_methods::api::Entry;
use globset::{Glob, GlobMatcher};

use crate::spec::MethodSpec;

/// The registry's row of a method.
///
/// # Errors
/// An unknown name; the known ones are listed.
pub(super) fn find(id: &str) -> Result<&'static Entry> {
    METHODS.iter().find(|entry| entry.id() == id).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> anyhow::Error {
    let known: Vec<_> = METHODS.iter().map(Entry::id).collect();
    anyhow!("unknown method {id:?}; known: {}", known.join(", "))
}

/// Every spec that a list of texts stands for, in order.
///
/// A name may be a glob over the registry. A name without parameters stands for the method's own grid of parameter sets;
/// with parameters it stands for what they say.
///
/// # Errors
/// A malformed spec, or a name that no method has; the known ones are listed.
pub fn select_methods(texts: &[String]) -> Result<Vec<MethodSpec>> {
    let mut specs = Vec::new();
    for text in texts {
        for spec in MethodSpec::parse(text)? {
            let matcher = glob(&spec.id)?;
            let entries: Vec<_> = METHODS.iter().filter(|entry| matcher.is_match(entry.id())).collect();
            ensure!(!entries.is_empty(), unknown(&spec.id));
            for entry in entries {
                specs.extend(instances(entry, &spec));
            }
        }
    }
    Ok(specs)
}

fn instances(entry: &Entry, spec: &MethodSpec) -> Vec<MethodSpec> {
    let with = |params| MethodSpec { id: entry.id().to_string(), params };
    match entry.grid() {
        Ok(grid) if spec.params.is_empty() => grid.into_iter().map(with).collect(),
        _ => vec![with(spec.params.clone())],
    }
}

/// What `--method` makes of the recipe's methods: a glob over their names narrows them; a spec with parameters, or a name
/// that the recipe does not have, replaces them.
///
/// # Errors
/// As [`select_methods`].
pub fn narrow_methods(recipe: &[MethodSpec], flags: &[String]) -> Result<Vec<MethodSpec>> {
    if flags.is_empty() {
        return Ok(recipe.to_vec());
    }
    let mut specs = Vec::new();
    for flag in flags {
        let narrowed: Vec<_> = match glob(flag) {
            Ok(matcher) => recipe.iter().filter(|spec| matcher.is_match(&spec.id)).cloned().collect(),
            Err(_) => Vec::new(),
        };
        specs.extend(if narrowed.is_empty() { select_methods(std::slice::from_ref(flag))? } else { narrowed });
    }
    Ok(specs)
}

pub(super) fn glob(pattern: &str) -> Result<GlobMatcher> {
    let glob = Glob::new(pattern).with_context(|| format!("bad pattern {pattern:?}"))?;
    Ok(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_stands_for_every_method_and_an_unknown_name_lists_them() {
        let specs = select_methods(&["*".into()]).expect("there are methods");
        assert!(METHODS.iter().all(|entry| specs.iter().any(|spec| spec.id == entry.id())));
        let error = select_methods(&["identify".into()]).expect_err("no such method").to_string();
        assert!(error.contains("identify") && error.contains("identity"), "{error}");
    }

    #[test]
    fn a_flag_narrows_the_recipe_or_replaces_it() {
        let spec = |text: &str| MethodSpec::parse(text).expect("well formed").remove(0);
        let recipe = [spec("zlib:level=1"), spec("zlib:level=9"), spec("zfp")];
        let narrowed = narrow_methods(&recipe, &["zl*".into()]).expect("in the recipe");
        assert_eq!(narrowed, recipe[..2]);
        let replaced = narrow_methods(&recipe, &["identity".into()]).expect("in the registry");
        assert_eq!(replaced, [spec("identity")]);
        assert_eq!(narrow_methods(&recipe, &[]).expect("no flag"), recipe);
    }
}

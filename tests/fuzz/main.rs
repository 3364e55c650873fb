//! Hostile bytes for everything that reads bytes: the corpora that fuzzing left behind, and a moment of fuzzing.
//!
//! The long runs are `cargo bench --bench fuzz -- --seconds 60 [--target NAME]` (tests/fuzz/drive.rs says more).

mod corpus;
mod files;
mod frames;
mod guard;
mod mutate;
mod target;

#[path = "../conformance/alloc.rs"]
mod alloc;
#[path = "../conformance/values.rs"]
#[expect(dead_code, reason = "shared with the conformance suite")]
mod values;

use target::Target;
use values::Random;

/// Variations tried per target; the seed is fixed, so they are the same ones every time.
const MOMENT: usize = 300;

/// Runs `work` where allocations of the decoders' own threads are counted, and reports every failure.
fn guarded(work: impl Fn(&Target, &mut Vec<String>) + Sync) {
    guard::watch();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    let failures = pool.install(|| {
        let mut failures = Vec::new();
        Target::all().iter().for_each(|target| work(target, &mut failures));
        failures
    });
    assert!(failures.is_empty(), "{} inputs are not survived:\n  {}", failures.len(), failures.join("\n  "));
}

fn try_one(target: &Target, input: &[u8], failures: &mut Vec<String>) {
    if let Err(failure) = guard::run(target, input) {
        let shown: String = input.iter().take(200).map(|byte| format!("{byte:02x}")).collect();
        failures.push(format!("{}: {failure}, for {shown}", target.name));
    }
}

#[test]
fn every_committed_input_is_survived() {
    guarded(|target, failures| {
        let inputs = target.seeds();
        assert!(!inputs.is_empty(), "{} has nothing to start from: no golden payload, no corpus", target.name);
        inputs.iter().for_each(|input| try_one(target, input, failures));
    });
}

#[test]
fn a_moment_of_fuzzing_finds_nothing() {
    guarded(|target, failures| {
        let (seeds, mut random) = (target.seeds(), Random(7));
        for _ in 0..MOMENT {
            let (base, other) = (&seeds[random.below(seeds.len())], &seeds[random.below(seeds.len())]);
            let input = target.vary(&mut random, base, other);
            try_one(target, &input, failures);
        }
    });
}

#[test]
fn every_corpus_belongs_to_a_target() {
    let known: Vec<String> = Target::all().into_iter().map(|target| target.name).collect();
    let belongs = |target: &str| {
        // A method that is not built has no target.
        let is_method = |id: &str| codecbench_methods::METHODS.iter().any(|entry| entry.id() == id);
        known.iter().any(|name| name == target) || target.strip_prefix("decode-").is_some_and(is_method)
    };
    for name in corpus::names("corpus") {
        assert!(name.strip_suffix(".bin").is_some_and(belongs), "tests/fuzz/corpus/{name} belongs to no target");
    }
    for name in corpus::names("broken") {
        assert!(corpus::target_of_broken(&name).is_some_and(belongs), "tests/fuzz/broken/{name} belongs to no target");
    }
}

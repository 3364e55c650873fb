//! Committed inputs: those that fuzzing found to reach what the others don't, and those that once broke something.
//!
//! `tests/fuzz/corpus/<target>.bin` holds one input after another, each behind its length (four bytes, little endian), and
//! is written anew whenever a target's corpus is saved. `tests/fuzz/broken/<target>-<number>.bin` is one input that failed
//! once: copied there from `target/fuzz-failures/` with the commit that mends it, it stays.

use std::path::PathBuf;
use std::{fs, io};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name)
}

fn path(target: &str) -> PathBuf {
    folder("corpus").join(format!("{target}.bin"))
}

/// The inputs of a target, none if it has neither a corpus nor a failure that was mended.
///
/// # Panics
/// If the corpus was cut, or an input cannot be read.
pub fn read(target: &str) -> Vec<Vec<u8>> {
    let broken = names("broken").into_iter().filter(|name| target_of_broken(name) == Some(target));
    let broken = broken.map(|name| fs::read(folder("broken").join(name)).expect("a file that was listed"));
    reached(target).into_iter().chain(broken).collect()
}

/// The names of the files in a folder of inputs, in order.
///
/// # Panics
/// For names that are no text.
pub fn names(of: &str) -> Vec<String> {
    // Git keeps no empty folder: before the first input there is none.
    let files = fs::read_dir(folder(of)).into_iter().flatten();
    let name = |file: io::Result<fs::DirEntry>| file.expect("readable").file_name().into_string().expect("text");
    let mut names: Vec<String> = files.map(name).collect();
    names.sort();
    names
}

/// The target of an input that failed once, by the name of its file.
pub fn target_of_broken(name: &str) -> Option<&str> {
    let (target, number) = name.strip_suffix(".bin")?.rsplit_once('-')?;
    number.parse::<usize>().is_ok().then_some(target)
}

fn reached(target: &str) -> Vec<Vec<u8>> {
    let bytes = fs::read(path(target)).unwrap_or_default();
    let (mut rest, mut inputs) = (&bytes[..], Vec::new());
    while let Some((length, behind)) = rest.split_at_checked(4) {
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let (input, behind) = behind.split_at_checked(length).expect("a corpus is whole");
        inputs.push(input.to_vec());
        rest = behind;
    }
    inputs
}

/// Writes the inputs of a target.
///
/// # Errors
/// As the file system says.
#[cfg_attr(test, allow(dead_code, reason = "the driver alone writes corpora"))]
pub fn write(target: &str, inputs: &[Vec<u8>]) -> io::Result<()> {
    let mut bytes = Vec::new();
    for input in inputs {
        bytes.extend((input.len() as u32).to_le_bytes());
        bytes.extend(input);
    }
    let path = path(target);
    fs::create_dir_all(path.parent().expect("a file in a folder"))?;
    fs::write(path, bytes)
}

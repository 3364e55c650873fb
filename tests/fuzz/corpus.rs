//! Committed inputs: those that fuzzing found to reach what the others don't, and those that once broke something.
//!
//! `tests/fuzz/corpus/<target>.bin` holds one input after another, each behind its length (four bytes, little endian).

use std::path::PathBuf;
use std::{fs, io};

fn path(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fuzz/corpus/{target}.bin"))
}

/// The inputs of a target, none if it has no corpus yet.
///
/// # Panics
/// If the corpus was cut.
pub fn read(target: &str) -> Vec<Vec<u8>> {
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

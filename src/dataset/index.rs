//! Finds files by SHA-256 in folders that someone else keeps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::catalogue::hash;

/// Deepest folder looked into, so that a link that leads back up ends somewhere.
const DEPTH: usize = 6;

/// Folders with data, read when first asked.
#[derive(Debug)]
pub struct Index {
    folders: Vec<PathBuf>,
    known: OnceLock<Known>,
}

/// What the folders hold.
#[derive(Debug, Default)]
struct Known {
    /// Hash as a manifest beside the file states it -> file. Whoever loads the file checks.
    stated: BTreeMap<String, PathBuf>,
    /// File length -> files, for those that no manifest names.
    by_length: BTreeMap<u64, Vec<PathBuf>>,
}

impl Index {
    /// An index of folders, which are not touched yet. Folders that don't exist are empty.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Index { folders, known: OnceLock::new() }
    }

    /// The file with this hash: first as manifests beside the files state it, else by hashing files of the right length.
    pub fn find(&self, sha256: &str, bytes: Option<u64>) -> Option<PathBuf> {
        let known = self.known.get_or_init(|| Known::read(&self.folders));
        if let Some(path) = known.stated.get(sha256) {
            return Some(path.clone());
        }
        let candidates = known.by_length.get(&bytes?)?;
        candidates.iter().find(|path| fs::read(path).is_ok_and(|bytes| hash(&bytes) == sha256)).cloned()
    }
}

impl Known {
    fn read(folders: &[PathBuf]) -> Self {
        let mut known = Known::default();
        for folder in folders {
            known.walk(folder, DEPTH);
        }
        known
    }

    fn walk(&mut self, folder: &Path, depth: usize) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                if depth > 0 {
                    self.walk(&path, depth - 1);
                }
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                self.sidecar(&path);
            } else if let Ok(about) = path.metadata() {
                self.by_length.entry(about.len()).or_default().push(path);
            }
        }
    }

    fn sidecar(&mut self, path: &Path) {
        let Ok(text) = fs::read_to_string(path) else { return };
        let Ok(table) = text.parse::<toml::Table>() else { return };
        let text = |key: &str| table.get(key).and_then(|value| value.as_str());
        if let (Some(sha256), Some(file)) = (text("sha256"), text("file")) {
            let file = path.with_file_name(file);
            if file.is_file() {
                self.stated.entry(sha256.to_ascii_lowercase()).or_insert(file);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_sidecar_and_by_length() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).expect("a writable folder");
        fs::write(inner.join("a.bin"), b"abc").expect("a writable folder");
        fs::write(folder.path().join("b.bin"), b"abcd").expect("a writable folder");
        let stated = format!("file = \"a.bin\"\nsha256 = \"{}\"", hash(b"abc"));
        fs::write(inner.join("a.bin.toml"), stated).expect("a writable folder");
        let index = Index::new(vec![folder.path().to_path_buf(), PathBuf::from("no such folder")]);
        assert_eq!(index.find(&hash(b"abc"), None), Some(inner.join("a.bin")));
        assert_eq!(index.find(&hash(b"abcd"), Some(4)), Some(folder.path().join("b.bin")));
        assert_eq!(index.find(&hash(b"abcd"), Some(3)), None);
        assert_eq!(index.find(&hash(b"other"), Some(4)), None);
    }
}

//! A download on its way: a file under another name, and the server's tag of the version it belongs to.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::FetchError;
use crate::dataset::catalogue::hex;

/// A partial file, locked for this process while it lives.
pub struct Part {
    path: PathBuf,
    tag: PathBuf,
    file: File,
}

impl Part {
    /// The partial file of the data with this hash; empty if there was none.
    pub fn open(cache: &Path, sha256: &str) -> Result<Self, FetchError> {
        let (path, tag) = (cache.join(format!("{sha256}.part")), cache.join(format!("{sha256}.tag")));
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let file = file.map_err(|source| FetchError::Io { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Part { path, tag, file }),
            Err(TryLockError::WouldBlock) => Err(FetchError::Busy(path)),
            // A file system without locks: two downloads at once would end in a wrong hash, which is an error too.
            Err(TryLockError::Error(_)) => Ok(Part { path, tag, file }),
        }
    }

    fn io<T>(&self, outcome: io::Result<T>) -> Result<T, FetchError> {
        outcome.map_err(|source| FetchError::Io { path: self.path.clone(), source })
    }

    /// Bytes here already.
    pub fn held(&self) -> Result<u64, FetchError> {
        self.io(self.file.metadata().map(|about| about.len()))
    }

    /// The server's tag of the version that the bytes belong to, if it gave one.
    pub fn tag(&self) -> Option<String> {
        fs::read_to_string(&self.tag).ok()
    }

    /// Goes to byte `from`, forgets what lies behind it, and remembers the tag of what is to come.
    pub fn begin(&self, from: u64, tag: Option<&str>) -> Result<(), FetchError> {
        self.io(self.file.set_len(from).and_then(|()| (&self.file).seek(SeekFrom::Start(from)).map(drop)))?;
        match tag {
            Some(tag) => self.io(fs::write(&self.tag, tag)),
            None if self.tag.exists() => self.io(fs::remove_file(&self.tag)),
            None => Ok(()),
        }
    }

    /// Appends.
    pub fn write(&self, bytes: &[u8]) -> Result<(), FetchError> {
        self.io((&self.file).write_all(bytes))
    }

    /// All bytes.
    pub fn read(&self) -> Result<Vec<u8>, FetchError> {
        self.io(fs::read(&self.path))
    }

    /// SHA-256 of all bytes, lower-case hex, without holding them in memory.
    pub fn hash(&self) -> Result<String, FetchError> {
        let mut digest = Sha256::new();
        self.io(File::open(&self.path).and_then(|mut file| io::copy(&mut file, &mut digest)))?;
        Ok(hex(&digest.finalize()))
    }

    /// The download is complete and right: gives it its name.
    pub fn keep(self, path: &Path) -> Result<(), FetchError> {
        self.io(self.file.sync_all())?;
        let _ = fs::remove_file(&self.tag);
        self.io(fs::rename(&self.path, path))
    }

    /// The download failed: keeps what a later call can go on from, and nothing else.
    pub fn leave(self, error: &FetchError) {
        let wrong = matches!(error, FetchError::WrongHash { .. } | FetchError::WrongSize { .. });
        if wrong || self.held().is_ok_and(|held| held == 0) {
            let _ = fs::remove_file(&self.tag);
            let _ = fs::remove_file(&self.path);
        }
    }
}

//! Downloads of public data: resumed where they stopped, kept only if the hash is right.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use ureq::http::{StatusCode, Uri};
use ureq::{Agent, Body};

use super::catalogue::hash;
use super::manifest::Manifest;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(60);
/// Bytes read at once.
const CHUNK: usize = 1 << 16;

/// Why a data set could not be fetched.
#[derive(Debug, Error)]
pub enum FetchError {
    /// There is no address to fetch from.
    #[error("{name}: no address to fetch from; {advice}")]
    NoAddress {
        /// The data set.
        name: String,
        /// How to get it instead.
        advice: String,
    },
    /// The server did not give the file.
    #[error(
        "{name}: cannot fetch from {host}: {reason}; check the network, or put the file into a folder of CODECBENCH_DATA"
    )]
    Network {
        /// The data set.
        name: String,
        /// The server.
        host: String,
        /// What went wrong.
        reason: String,
    },
    /// The bytes are not those the manifest names; nothing was kept.
    #[error("{name}: the download has sha256 {found}, the manifest says {expected}; nothing was kept")]
    WrongHash {
        /// The data set.
        name: String,
        /// What the manifest says.
        expected: String,
        /// What came.
        found: String,
    },
    /// The cache cannot be written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Downloads a data set into `cache`, where the catalogue finds it. `progress` is told bytes so far and in all, if known.
///
/// A partial download is kept under another name and resumed by the next call; a file with a wrong hash is removed.
///
/// # Errors
/// See [`FetchError`].
pub fn fetch(
    manifest: &Manifest,
    cache: &Path,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<PathBuf, FetchError> {
    let (Some(url), Some(sha256)) = (&manifest.url, &manifest.sha256) else {
        return Err(FetchError::NoAddress { name: manifest.name.clone(), advice: advice(manifest) });
    };
    let io_error = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FetchError::Io { path, source }
    };
    fs::create_dir_all(cache).map_err(io_error(cache))?;
    let part = cache.join(format!("{sha256}.part"));
    let held = part.metadata().map_or(0, |about| about.len());
    let network = |reason: String| FetchError::Network { name: manifest.name.clone(), host: host(url), reason };
    let (resumed, mut body) = request(url, held).map_err(network)?;
    let mut file = open(&part, resumed).map_err(io_error(&part))?;
    receive(&mut body, &mut file, if resumed { held } else { 0 }, progress).map_err(|error| match error {
        Failure::Network(reason) => network(reason),
        Failure::Disk(source) => io_error(&part)(source),
    })?;
    drop(file);
    let found = hash(&fs::read(&part).map_err(io_error(&part))?);
    if found != *sha256 {
        fs::remove_file(&part).map_err(io_error(&part))?;
        return Err(FetchError::WrongHash { name: manifest.name.clone(), expected: sha256.clone(), found });
    }
    let path = cache.join(sha256);
    fs::rename(&part, &path).map_err(io_error(&path))?;
    Ok(path)
}

fn advice(manifest: &Manifest) -> String {
    match &manifest.origin {
        Some(origin) => format!("it was taken from {origin}; put the file into a folder of CODECBENCH_DATA"),
        None if manifest.is_generated() => "it is generated and needs no download".to_string(),
        None => "add `url` and `sha256` to its manifest".to_string(),
    }
}

fn host(url: &str) -> String {
    url.parse::<Uri>().ok().and_then(|uri| Some(uri.host()?.to_string())).unwrap_or_else(|| url.to_string())
}

/// Asks for the file from byte `held` on. The first value says whether the server agreed to begin there.
fn request(url: &str, held: u64) -> Result<(bool, Body), String> {
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .http_status_as_error(false)
        .build();
    let mut request = Agent::from(config).get(url);
    if held > 0 {
        request = request.header("Range", format!("bytes={held}-"));
    }
    let response = request.call().map_err(|error| error.to_string())?;
    match response.status() {
        StatusCode::OK => Ok((false, response.into_body())),
        StatusCode::PARTIAL_CONTENT => Ok((true, response.into_body())),
        // The partial file is complete, or longer than the file: begin anew.
        StatusCode::RANGE_NOT_SATISFIABLE if held > 0 => self::request(url, 0),
        status => Err(format!("the server answers {status}")),
    }
}

fn open(part: &Path, resumed: bool) -> io::Result<File> {
    OpenOptions::new().create(true).write(true).append(resumed).truncate(!resumed).open(part)
}

enum Failure {
    Network(String),
    Disk(io::Error),
}

fn receive(
    body: &mut Body,
    file: &mut File,
    mut so_far: u64,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), Failure> {
    let total = body.content_length().map(|rest| rest + so_far);
    let mut reader = body.with_config().limit(u64::MAX).reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = reader.read(&mut chunk).map_err(|error| Failure::Network(error.to_string()))?;
        if length == 0 {
            break;
        }
        file.write_all(&chunk[..length]).map_err(Failure::Disk)?;
        so_far += length as u64;
        progress(so_far, total);
    }
    match total {
        Some(total) if total != so_far => {
            Err(Failure::Network(format!("the connection ended after {so_far} of {total} bytes")))
        }
        _ => Ok(()),
    }
}

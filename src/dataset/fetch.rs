//! Downloads of public data: resumed where they stopped, kept only if the hash is right.

mod part;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use ureq::http::{StatusCode, Uri};
use ureq::{Agent, Body};

use self::part::Part;
use super::catalogue::hash;
use super::manifest::Manifest;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a server may send nothing; the next call goes on from there.
const SILENCE: Duration = Duration::from_secs(60);
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
        /// Whether a server answered at all.
        reached: bool,
        /// What went wrong.
        reason: String,
    },
    /// The server has a file of another length; nothing was kept.
    #[error("{name}: {host} sends {found} bytes or more, the manifest says {expected}; nothing was kept")]
    WrongSize {
        /// The data set.
        name: String,
        /// The server.
        host: String,
        /// What the manifest says.
        expected: u64,
        /// What came or was announced.
        found: u64,
    },
    /// Another process is downloading the same file.
    #[error("another process is writing {0}; wait for it")]
    Busy(PathBuf),
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
    fs::create_dir_all(cache).map_err(|source| FetchError::Io { path: cache.to_path_buf(), source })?;
    let served = manifest.swapped_sha256.as_ref().unwrap_or(sha256);
    let part = Part::open(cache, served)?;
    let outcome = download(manifest, url, &part, progress).and_then(|()| {
        check(manifest, served, part.hash()?)?;
        match &manifest.swapped_sha256 {
            Some(_) => swap(manifest, sha256, &part),
            None => Ok(()),
        }
    });
    let path = cache.join(sha256);
    match outcome {
        Ok(()) => part.keep(&path).map(|()| path),
        Err(error) => {
            part.leave(&error);
            Err(error)
        }
    }
}

/// Brings the rest of the file, or all of it where the server does not resume.
fn download(
    manifest: &Manifest,
    url: &str,
    part: &Part,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), FetchError> {
    let network = |reached: bool, reason: String| {
        let (name, host) = (manifest.name.clone(), host(url));
        FetchError::Network { name, host, reached, reason }
    };
    let Answer { from, tag, mut body } = request(url, part.held()?, part.tag()).map_err(|error| match error {
        Refused::Unreachable(reason) => network(false, reason),
        Refused::Answered(reason) => network(true, reason),
    })?;
    part.begin(from, tag.as_deref())?;
    let total = body.content_length().and_then(|rest| rest.checked_add(from));
    let allowed = manifest.bytes.unwrap_or(u64::MAX);
    let wrong_size =
        |found: u64| FetchError::WrongSize { name: manifest.name.clone(), host: host(url), expected: allowed, found };
    if let Some(total) = total.filter(|&total| manifest.bytes.is_some_and(|bytes| bytes != total)) {
        return Err(wrong_size(total));
    }
    let mut reader = body.with_config().limit(u64::MAX).reader();
    let (mut chunk, mut so_far) = (vec![0; CHUNK], from);
    loop {
        let length = reader.read(&mut chunk).map_err(|error| network(true, error.to_string()))?;
        if length == 0 {
            break;
        }
        so_far += length as u64;
        if so_far > allowed {
            return Err(wrong_size(so_far));
        }
        part.write(&chunk[..length])?;
        progress(so_far, total);
    }
    match total.or(manifest.bytes).filter(|&total| total != so_far) {
        Some(total) => Err(network(true, format!("the connection ended after {so_far} of {total} bytes"))),
        None => Ok(()),
    }
}

fn check(manifest: &Manifest, expected: &str, found: String) -> Result<(), FetchError> {
    let (name, expected) = (manifest.name.clone(), expected.to_string());
    if found == expected { Ok(()) } else { Err(FetchError::WrongHash { name, expected, found }) }
}

/// Turns the byte order of every element round.
fn swap(manifest: &Manifest, sha256: &str, part: &Part) -> Result<(), FetchError> {
    let size = manifest.file_layout().map_or(1, |layout| layout.dtype.size());
    let mut bytes = part.read()?;
    bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    check(manifest, sha256, hash(&bytes))?;
    part.begin(0, None)?;
    part.write(&bytes)
}

fn advice(manifest: &Manifest) -> String {
    match &manifest.origin {
        Some(origin) => format!("it was taken from {origin}; put the file into a folder of CODECBENCH_DATA"),
        None if manifest.is_generated() => "it is generated and needs no download".to_string(),
        None => "add `url` and `sha256` to its manifest".to_string(),
    }
}

/// The server an address names; the address itself if it names none.
pub fn host(url: &str) -> String {
    url.parse::<Uri>().ok().and_then(|uri| Some(uri.host()?.to_string())).unwrap_or_else(|| url.to_string())
}

/// What a server agreed to send.
struct Answer {
    /// First byte of the file that comes.
    from: u64,
    /// The server's name for this version of the file.
    tag: Option<String>,
    body: Body,
}

/// Why a server sends nothing.
enum Refused {
    /// No server answered.
    Unreachable(String),
    /// A server answered something else.
    Answered(String),
}

/// Asks for the file from byte `held` on, if it still is the version `tag`. The server may begin anew all the same.
fn request(url: &str, held: u64, tag: Option<String>) -> Result<Answer, Refused> {
    let config = Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_per_read(Some(SILENCE))
        .http_status_as_error(false)
        // Ranges count bytes of what is sent: a packed transfer could not be resumed.
        .accept_encoding("identity")
        .build();
    let mut request = Agent::from(config).get(url);
    if held > 0 {
        request = request.header("Range", format!("bytes={held}-"));
        if let Some(tag) = tag {
            request = request.header("If-Range", tag);
        }
    }
    let response = request.call().map_err(|error| Refused::Unreachable(error.to_string()))?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    // Only a strong tag promises equal bytes (RFC 9110, 13.1.5).
    let tag = header("etag").filter(|tag| tag.starts_with('"')).map(str::to_string);
    let resumes = header("content-range").is_some_and(|range| range.starts_with(&format!("bytes {held}-")));
    match response.status() {
        StatusCode::OK => Ok(Answer { from: 0, tag, body: response.into_body() }),
        StatusCode::PARTIAL_CONTENT if resumes => Ok(Answer { from: held, tag, body: response.into_body() }),
        // The partial file is complete or longer than the file, or another part came: begin anew.
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if held > 0 => self::request(url, 0, None),
        status => Err(Refused::Answered(format!("the server answers {status}"))),
    }
}

//! Downloads against a small server on loopback: resumed, checked, nothing left behind.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use codecbench::dataset::catalogue::hash;
use codecbench::dataset::fetch::{FetchError, fetch};
use codecbench::dataset::manifest::Manifest;

const DATA: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// How the server behaves.
#[derive(Clone, Copy)]
enum Server {
    Ranges,
    NoRanges,
    /// Ranges, but the file changed since: a condition on another tag is answered with the whole file.
    Tagged,
    Missing,
    CutsOff,
    /// No length announced, and more bytes than there should be.
    Endless,
}

/// Answers requests, and passes on the `Range` each asked for.
fn serve(server: Server) -> (String, Receiver<Option<u64>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    let url = format!("http://{}/data.bin", listener.local_addr().expect("a bound socket"));
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = sender.send(answer(stream.expect("the test connects"), server));
        }
    });
    (url, receiver)
}

fn answer(mut stream: TcpStream, server: Server) -> Option<u64> {
    let lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    let lines: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let range = lines.iter().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<u64>().ok()
    });
    let asks = |header: &str| lines.iter().any(|line| line.eq_ignore_ascii_case(header));
    assert!(asks("accept-encoding: identity"), "a packed transfer cannot be resumed: {lines:?}");
    if let Server::Endless = server {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").expect("the client listens");
        while stream.write_all(DATA).is_ok() {}
        return range;
    }
    let resumes = match server {
        Server::Ranges => true,
        Server::Tagged => asks("if-range: \"v1\""),
        _ => false,
    };
    let (status, from, until) = match (server, range.filter(|_| resumes)) {
        (Server::Missing, _) => ("404 Not Found", DATA.len(), DATA.len()),
        (_, Some(start)) if start >= DATA.len() as u64 => ("416 Range Not Satisfiable", DATA.len(), DATA.len()),
        (_, Some(start)) => ("206 Partial Content", start as usize, DATA.len()),
        (Server::CutsOff, _) => ("200 OK", 0, 10),
        _ => ("200 OK", 0, DATA.len()),
    };
    let length = DATA.len() - from;
    let range_sent = format!("Content-Range: bytes {from}-{}/{}\r\nETag: \"v1\"\r\n", until.max(1) - 1, DATA.len());
    let head = format!("HTTP/1.1 {status}\r\n{range_sent}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&DATA[from..until])).expect("the client listens");
    range
}

fn manifest(url: &str, sha256: &str) -> Manifest {
    described(url, sha256, "bytes = 36")
}

fn described(url: &str, sha256: &str, more: &str) -> Manifest {
    let text = format!(
        "name = \"x\"\nkind = \"field\"\nfile = \"x.u8\"\nshape = [18]\ndtype = \"uint16\"\nurl = \"{url}\"\nsha256 = \"{sha256}\"\n{more}"
    );
    Manifest::parse(&text, "x.toml", None).expect("a valid manifest")
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, |entries| entries.count())
}

#[test]
fn a_whole_file_is_downloaded_under_its_hash() {
    let (url, _) = serve(Server::Ranges);
    let cache = tempfile::tempdir().expect("a temporary folder");
    let mut told = Vec::new();
    let path = fetch(&manifest(&url, &hash(DATA)), cache.path(), &mut |so_far, total| told.push((so_far, total)));
    assert_eq!(fs::read(path.expect("the server has it")).expect("a file"), DATA);
    assert_eq!((told.last(), files(cache.path())), (Some(&(36, Some(36))), 1));
}

#[test]
fn a_partial_download_is_resumed_where_it_stopped() {
    let (url, range) = serve(Server::Ranges);
    let cache = tempfile::tempdir().expect("a temporary folder");
    fs::write(cache.path().join(format!("{}.part", hash(DATA))), &DATA[..20]).expect("a writable folder");
    let path = fetch(&manifest(&url, &hash(DATA)), cache.path(), &mut |_, _| {}).expect("the server has the rest");
    assert_eq!((fs::read(path).expect("a file"), range.recv().ok()), (DATA.to_vec(), Some(Some(20))));
}

#[test]
fn a_partial_download_of_another_version_begins_anew() {
    for (tag, begins_anew) in [("\"v1\"", false), ("\"v0\"", true)] {
        let (url, range) = serve(Server::Tagged);
        let cache = tempfile::tempdir().expect("a temporary folder");
        let held = if begins_anew { b"old" } else { &DATA[..3] };
        fs::write(cache.path().join(format!("{}.part", hash(DATA))), held).expect("a writable folder");
        fs::write(cache.path().join(format!("{}.tag", hash(DATA))), tag).expect("a writable folder");
        let mut first = None;
        let path = fetch(&manifest(&url, &hash(DATA)), cache.path(), &mut |so_far, _| {
            first.get_or_insert(so_far);
        });
        assert_eq!(fs::read(path.expect("the server has it")).expect("a file"), DATA, "{tag}");
        assert_eq!((range.recv().ok(), files(cache.path())), (Some(Some(3)), 1), "{tag}");
    }
}

#[test]
fn a_partial_file_longer_than_the_file_begins_anew() {
    let (url, range) = serve(Server::Ranges);
    let cache = tempfile::tempdir().expect("a temporary folder");
    fs::write(cache.path().join(format!("{}.part", hash(DATA))), [DATA, DATA].concat()).expect("a writable folder");
    let path = fetch(&manifest(&url, &hash(DATA)), cache.path(), &mut |_, _| {}).expect("the server has it");
    assert_eq!(fs::read(path).expect("a file"), DATA);
    assert_eq!((range.recv().ok(), range.recv().ok()), (Some(Some(72)), Some(None)));
}

#[test]
fn more_bytes_than_the_manifest_says_are_refused_and_not_kept() {
    for server in [Server::Endless, Server::Ranges] {
        let (url, _) = serve(server);
        let cache = tempfile::tempdir().expect("a temporary folder");
        let short = described(&url, &hash(DATA), "");
        let short = Manifest { bytes: Some(30), ..short };
        let error = fetch(&short, cache.path(), &mut |_, _| {}).expect_err("too long");
        assert!(matches!(error, FetchError::WrongSize { expected: 30, .. }), "{error}");
        assert_eq!(files(cache.path()), 0);
    }
}

#[test]
fn a_source_in_the_other_byte_order_is_turned_round() {
    let (url, _) = serve(Server::Ranges);
    let cache = tempfile::tempdir().expect("a temporary folder");
    let turned: Vec<u8> = DATA.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    let source = format!("source_sha256 = \"{}\"\nsource_byteorder = \"big\"", hash(DATA));
    let path = fetch(&described(&url, &hash(&turned), &source), cache.path(), &mut |_, _| {});
    assert_eq!(fs::read(path.expect("the server has it")).expect("a file"), turned);
    let wrong = fetch(&described(&url, &hash(b"else"), &source), cache.path(), &mut |_, _| {});
    assert!(matches!(wrong, Err(FetchError::WrongHash { .. })));
    assert_eq!(files(cache.path()), 1);
}

#[test]
fn a_file_that_another_process_writes_is_left_alone() {
    let cache = tempfile::tempdir().expect("a temporary folder");
    let part = fs::File::create(cache.path().join(format!("{}.part", hash(DATA)))).expect("a writable folder");
    part.lock().expect("a file system with locks");
    let error = fetch(&manifest("http://127.0.0.1:9/x", &hash(DATA)), cache.path(), &mut |_, _| {});
    assert!(matches!(error, Err(FetchError::Busy(_))));
    assert_eq!(files(cache.path()), 1);
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let (url, _) = serve(Server::NoRanges);
    let cache = tempfile::tempdir().expect("a temporary folder");
    fs::write(cache.path().join(format!("{}.part", hash(DATA))), b"old").expect("a writable folder");
    let path = fetch(&manifest(&url, &hash(DATA)), cache.path(), &mut |_, _| {}).expect("the server has it");
    assert_eq!(fs::read(path).expect("a file"), DATA);
}

#[test]
fn a_connection_that_ends_early_is_an_error_and_keeps_what_came() {
    let (url, _) = serve(Server::CutsOff);
    let cache = tempfile::tempdir().expect("a temporary folder");
    let error = fetch(&manifest(&url, &hash(DATA)), cache.path(), &mut |_, _| {}).expect_err("the file is cut");
    assert!(matches!(error, FetchError::Network { .. }), "{error}");
    assert_eq!(fs::read(cache.path().join(format!("{}.part", hash(DATA)))).expect("the part"), &DATA[..10]);
    let tag = fs::read_to_string(cache.path().join(format!("{}.tag", hash(DATA))));
    assert_eq!(tag.ok().as_deref(), Some("\"v1\""));
}

#[test]
fn a_wrong_hash_leaves_nothing_behind() {
    let (url, _) = serve(Server::Ranges);
    let cache = tempfile::tempdir().expect("a temporary folder");
    let error = fetch(&manifest(&url, &hash(b"else")), cache.path(), &mut |_, _| {}).expect_err("the wrong file");
    assert!(matches!(error, FetchError::WrongHash { .. }), "{error}");
    assert_eq!(files(cache.path()), 0);
}

#[test]
fn no_server_and_no_file_are_one_line_that_names_the_host() {
    let cache = tempfile::tempdir().expect("a temporary folder");
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        format!("http://{}/x", listener.local_addr().expect("a bound socket"))
    };
    let (missing, _) = serve(Server::Missing);
    for url in [closed, missing] {
        let error = fetch(&manifest(&url, &hash(DATA)), cache.path(), &mut |_, _| {}).expect_err("nothing there");
        let text = error.to_string();
        assert!(text.contains("127.0.0.1") && text.contains("CODECBENCH_DATA") && !text.contains('\n'), "{text}");
    }
    assert_eq!(files(cache.path()), 0);
}

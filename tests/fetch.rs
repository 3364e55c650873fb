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
    Missing,
    CutsOff,
}

/// Answers one request, and passes on the `Range` it asked for.
fn serve(server: Server) -> (String, Receiver<Option<u64>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    let url = format!("http://{}/data.bin", listener.local_addr().expect("a bound socket"));
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("the test connects");
        let _ = sender.send(answer(stream, server));
    });
    (url, receiver)
}

fn answer(mut stream: TcpStream, server: Server) -> Option<u64> {
    let lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    let lines: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let range = lines.iter().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<u64>().ok()
    });
    let (status, from, until) = match (server, range) {
        (Server::Missing, _) => ("404 Not Found", DATA.len(), DATA.len()),
        (Server::Ranges, Some(start)) => ("206 Partial Content", start as usize, DATA.len()),
        (Server::CutsOff, _) => ("200 OK", 0, 10),
        _ => ("200 OK", 0, DATA.len()),
    };
    let length = DATA.len() - from;
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&DATA[from..until])).expect("the client listens");
    range
}

fn manifest(url: &str, sha256: &str) -> Manifest {
    let text = format!(
        "name = \"x\"\nkind = \"field\"\nfile = \"x.u8\"\nshape = [36]\ndtype = \"uint8\"\nurl = \"{url}\"\nsha256 = \"{sha256}\""
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

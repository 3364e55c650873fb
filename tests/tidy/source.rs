//! Rust source with comments and literals blanked out, so that rules see code only; line numbers stay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One file of the repository.
pub struct Source {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// The text as it is.
    pub text: String,
}

/// A function: where it starts and how many lines it has, signature included.
pub struct Function {
    pub line: usize,
    pub length: usize,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Every text file under `folders` whose name ends in one of `endings`: those that git knows or would add, or, where
/// there is no git, all but build output and caches.
pub fn files(folders: &[&str], endings: &[&str]) -> Vec<Source> {
    let paths = listed_by_git().unwrap_or_else(|| {
        let mut found = Vec::new();
        walk(&root(), &mut found);
        found
    });
    let wanted = |path: &&String| {
        let below = folders.iter().any(|folder| *folder == "." || path.starts_with(&format!("{folder}/")));
        below && endings.iter().any(|ending| path.ends_with(ending))
    };
    let read = |path: &String| Some(Source { path: path.clone(), text: fs::read_to_string(root().join(path)).ok()? });
    let mut found: Vec<_> = paths.iter().filter(wanted).filter_map(read).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn listed_by_git() -> Option<Vec<String>> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(root()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|text| output.status.success() && !text.is_empty())?;
    Some(text.lines().map(str::to_string).collect())
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    let entries = fs::read_dir(folder).expect("folders of the repository are readable");
    for entry in entries {
        let path = entry.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !matches!(name, "target" | "cache" | ".git") {
            walk(&path, found);
        } else if path.is_file() {
            let relative = path.strip_prefix(root()).expect("below the root");
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}

impl Source {
    /// Lines of code, numbered from 1: comments and literals blanked, test modules left out.
    pub fn code(&self) -> Vec<(usize, String)> {
        let blanked = blank(&self.text);
        let lines: Vec<&str> = blanked.lines().collect();
        let mut kept = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            if lines[at].trim() == "#[cfg(test)]"
                && lines.get(at + 1).is_some_and(|next| next.trim_start().starts_with("mod "))
            {
                at = block_end(&lines, at + 1) + 1;
                continue;
            }
            kept.push((at + 1, lines[at].to_string()));
            at += 1;
        }
        if self.is_test() { Vec::new() } else { kept }
    }

    /// Whether the whole file is test code.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// Every function with a body, tests included.
    pub fn functions(&self) -> Vec<Function> {
        let blanked = blank(&self.text);
        let lines: Vec<&str> = blanked.lines().collect();
        let starts = (0..lines.len()).filter(|&at| is_function(lines[at]));
        let with_body = starts.filter(|&at| has_body(&lines[at..]));
        with_body.map(|at| Function { line: at + 1, length: block_end(&lines, at) - at + 1 }).collect()
    }
}

fn is_function(line: &str) -> bool {
    let qualifiers = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe ", "extern "];
    let mut rest = line.trim_start();
    while let Some(shorter) = qualifiers.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = shorter.trim_start();
    }
    rest.starts_with("fn ")
}

/// Whether a `{` comes before a `;` that ends the signature; brackets may hold one, as in `[u8; 4]`.
fn has_body(lines: &[&str]) -> bool {
    let mut depth = 0;
    for character in lines.iter().flat_map(|line| line.chars()) {
        match character {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            '{' => return true,
            ';' if depth == 0 => return false,
            _ => {}
        }
    }
    false
}

/// Index of the line where the first block that opens at or after line `start` closes.
fn block_end(lines: &[&str], start: usize) -> usize {
    let mut depth = 0;
    for (at, line) in lines.iter().enumerate().skip(start) {
        for character in line.chars() {
            match character {
                '{' => depth += 1,
                '}' if depth == 1 => return at,
                '}' => depth -= 1,
                ';' if depth == 0 && at == start => return at,
                _ => {}
            }
        }
    }
    lines.len().saturating_sub(1)
}

/// The text with every comment, string and character literal overwritten by spaces.
pub fn blank(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let end = literal_end(&characters, at).unwrap_or(at);
        if end == at {
            out.push(characters[at]);
            at += 1;
        }
        for &character in &characters[at.min(end)..end] {
            out.push(if character == '\n' { '\n' } else { ' ' });
        }
        at = at.max(end);
    }
    out
}

/// Where the comment or literal that starts at `at` ends, if one starts there.
fn literal_end(text: &[char], at: usize) -> Option<usize> {
    let next = text.get(at + 1).copied();
    let word_before = at > 0 && (text[at - 1].is_alphanumeric() || text[at - 1] == '_');
    match text[at] {
        '/' if next == Some('/') => Some(find(text, at, |rest| rest[0] == '\n')),
        '/' if next == Some('*') => Some(comment_end(text, at)),
        '"' => Some(quoted_end(text, at, '"')),
        'r' if !word_before && matches!(next, Some('"' | '#')) => raw_end(text, at),
        // A lifetime has no closing quote two characters on.
        '\'' if next == Some('\\') || text.get(at + 2) == Some(&'\'') => Some(quoted_end(text, at, '\'')),
        _ => None,
    }
}

fn find(text: &[char], from: usize, is_there: impl Fn(&[char]) -> bool) -> usize {
    (from..text.len()).find(|&at| is_there(&text[at..])).unwrap_or(text.len())
}

fn comment_end(text: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 1),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(text.len())
}

fn quoted_end(text: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

fn raw_end(text: &[char], start: usize) -> Option<usize> {
    let hashes = text[start + 1..].iter().take_while(|&&character| character == '#').count();
    let open = start + 1 + hashes;
    if text.get(open) != Some(&'"') {
        return None;
    }
    let closes = |rest: &[char]| {
        rest[0] == '"' && rest.len() > hashes && rest[1..=hashes].iter().all(|&character| character == '#')
    };
    Some((find(text, open + 1, closes) + 1 + hashes).min(text.len()))
}

//! Rows of bytes under their contexts: eight points that are expected to be zero, and are, take one flag together.

use super::context::{BINS, FLAGS};
use crate::shared::entropy::rows;
use crate::shared::simd::{self, Kernel};

/// Points that a flag stands for.
const GROUP: usize = 8;
/// The flag of points that are all zero.
const SKIPPED: u8 = 0;
/// The flag of others.
const CODED: u8 = 1;

/// Whether all of a group's contexts are the lowest of their kind.
#[inline(always)]
fn is_calm(contexts: &[u8; GROUP], kind: u8) -> bool {
    *contexts == [kind * BINS; GROUP]
}

/// Collects rows.
#[derive(Debug)]
pub(super) struct Writer {
    symbols: Vec<u8>,
    contexts: Vec<u8>,
    len: usize,
}

impl Writer {
    /// For `len` points.
    pub fn new(len: usize) -> Self {
        let most = len + len / GROUP + GROUP;
        Writer { symbols: vec![0; most], contexts: vec![0; most], len: 0 }
    }

    /// Takes the bytes of a row of points of one kind.
    pub fn row(&mut self, kind: u8, contexts: &[u8], tokens: &[u8]) {
        simd::run(Collect { writer: self, kind, contexts, tokens });
    }

    /// The symbols so far, flags among them, and their contexts.
    pub fn collected(&self) -> (&[u8], &[u8]) {
        (&self.symbols[..self.len], &self.contexts[..self.len])
    }
}

struct Collect<'a> {
    writer: &'a mut Writer,
    kind: u8,
    contexts: &'a [u8],
    tokens: &'a [u8],
}

impl Kernel for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Collect { writer, kind, contexts, tokens } = self;
        let (groups, rest) = contexts.as_chunks::<GROUP>();
        let (token_groups, token_rest) = tokens.as_chunks::<GROUP>();
        let mut at = writer.len;
        for (contexts, tokens) in groups.iter().zip(token_groups) {
            let flag = if *tokens == [0; GROUP] { SKIPPED } else { CODED };
            writer.symbols[at] = flag;
            writer.contexts[at] = FLAGS + kind;
            at += usize::from(is_calm(contexts, kind));
        }
        for (contexts, tokens) in groups.iter().zip(token_groups) {
            writer.symbols[at..at + GROUP].copy_from_slice(tokens);
            writer.contexts[at..at + GROUP].copy_from_slice(contexts);
            at += if is_calm(contexts, kind) && *tokens == [0; GROUP] { 0 } else { GROUP };
        }
        writer.symbols[at..at + rest.len()].copy_from_slice(token_rest);
        writer.contexts[at..at + rest.len()].copy_from_slice(rest);
        writer.len = at + rest.len();
    }
}

/// Hands out rows.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    decoder: rows::Decoder<'a>,
    flags: Vec<u8>,
    contexts: Vec<u8>,
    symbols: Vec<u8>,
}

impl<'a> Reader<'a> {
    /// Of what `decoder` hands out.
    pub fn new(decoder: rows::Decoder<'a>) -> Self {
        Reader { decoder, flags: Vec::new(), contexts: Vec::new(), symbols: Vec::new() }
    }

    /// Fills a row of points of one kind.
    pub fn row(&mut self, kind: u8, contexts: &[u8], tokens: &mut [u8]) {
        let (groups, rest) = contexts.as_chunks::<GROUP>();
        let calm = groups.iter().filter(|contexts| is_calm(contexts, kind)).count();
        if calm == 0 {
            return self.decoder.row(contexts, tokens);
        }
        self.flags.resize(calm.max(self.flags.len()), 0);
        self.contexts.resize((contexts.len() + GROUP).max(self.contexts.len()), 0);
        self.symbols.resize((contexts.len() + GROUP).max(self.symbols.len()), 0);
        self.contexts[..calm].fill(FLAGS + kind);
        self.decoder.row(&self.contexts[..calm], &mut self.flags[..calm]);
        let mut kept = 0;
        let mut flags = self.flags.iter();
        for group in groups {
            self.contexts[kept..kept + GROUP].copy_from_slice(group);
            let skipped = is_calm(group, kind) && flags.next() == Some(&SKIPPED);
            kept += if skipped { 0 } else { GROUP };
        }
        self.contexts[kept..kept + rest.len()].copy_from_slice(rest);
        kept += rest.len();
        self.decoder.row(&self.contexts[..kept], &mut self.symbols[..kept]);
        let mut at = 0;
        let mut flags = self.flags.iter();
        let (token_groups, token_rest) = tokens.as_chunks_mut::<GROUP>();
        for (tokens, group) in token_groups.iter_mut().zip(groups) {
            if is_calm(group, kind) && flags.next() == Some(&SKIPPED) {
                *tokens = [0; GROUP];
            } else {
                tokens.copy_from_slice(&self.symbols[at..at + GROUP]);
                at += GROUP;
            }
        }
        token_rest.copy_from_slice(&self.symbols[at..at + rest.len()]);
    }

    /// What it was made from.
    pub fn decoder(&self) -> &rows::Decoder<'a> {
        &self.decoder
    }
}

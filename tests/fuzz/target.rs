//! Everything that reads bytes of others, by name.

use codecbench::dataset::load::vlsv;
use codecbench::dataset::manifest::Format;
use codecbench_methods::METHODS;
use codecbench_methods::api::Entry;

use crate::values::Random;
use crate::{corpus, files, frames, mutate};

/// Bytes that a decoder may hold for every value, whatever its type.
const PER_VALUE: usize = 96;

/// A reader of bytes: `decode-<method>`, `frame`, a file format, or a kind of text.
pub struct Target {
    /// Its name, also of its corpus.
    pub name: String,
    reader: Reader,
}

enum Reader {
    Decoder(&'static Entry),
    Frame,
    File(Format),
    Vlsv,
    Text,
}

impl Target {
    /// Every target: the decoders first.
    pub fn all() -> Vec<Target> {
        let decoder =
            |entry: &'static Entry| Target { name: format!("decode-{}", entry.id()), reader: Reader::Decoder(entry) };
        let named = |(name, reader): (&str, Reader)| Target { name: name.to_string(), reader };
        let others = [
            ("frame", Reader::Frame),
            ("npy", Reader::File(Format::Npy)),
            ("npz", Reader::File(Format::Npz { member: Some("a".into()) })),
            ("png", Reader::File(Format::Png)),
            ("raw", Reader::File(Format::Raw { big_endian: true })),
            ("y4m", Reader::File(Format::Y4m)),
            ("vlsv", Reader::Vlsv),
            ("manifest", Reader::Text),
            ("recipe", Reader::Text),
            ("spec", Reader::Text),
            ("results", Reader::Text),
            ("timings", Reader::Text),
        ];
        METHODS.iter().filter(|entry| entry.is_built()).map(decoder).chain(others.into_iter().map(named)).collect()
    }

    /// The format of a method's payloads.
    #[cfg_attr(test, allow(dead_code, reason = "the driver alone keeps a history"))]
    pub fn format(&self) -> Option<u8> {
        if let Reader::Decoder(entry) = self.reader { entry.format().ok() } else { None }
    }

    /// Valid inputs.
    pub fn valid(&self) -> Vec<Vec<u8>> {
        match self.reader {
            Reader::Decoder(entry) => frames::goldens(entry),
            Reader::Frame => METHODS
                .iter()
                .filter(|entry| entry.is_built())
                .filter_map(|entry| frames::goldens(entry).pop())
                .collect(),
            _ => files::seeds(&self.name),
        }
    }

    /// What to start from: valid inputs, then the committed corpus.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        [self.valid(), corpus::read(&self.name)].concat()
    }

    /// An input near `base`, with pieces of `other`.
    pub fn vary(&self, random: &mut Random, base: &[u8], other: &[u8]) -> Vec<u8> {
        if let Reader::Decoder(entry) = self.reader {
            return frames::vary(random, entry, base, other);
        }
        let mut bytes = base.to_vec();
        mutate::mutate(random, &mut bytes, other, &files::tokens(&self.name));
        // What a checksum guards is reached by one that is right.
        match self.reader {
            Reader::Frame if random.below(5) > 0 => frames::mend_checksum(&mut bytes),
            Reader::File(Format::Png) if random.below(5) > 0 => files::mend_png(&mut bytes),
            _ => {}
        }
        bytes
    }

    /// Reads an input; the answer says how it ended, and an error what must not happen.
    pub fn run(&self, bytes: &[u8]) -> Result<String, String> {
        match &self.reader {
            Reader::Decoder(_) => frames::decode(bytes),
            Reader::Frame => frames::whole(bytes),
            Reader::File(format) => Ok(files::read(bytes, format)),
            Reader::Vlsv => Ok(files::read_vlsv(bytes)),
            Reader::Text => Ok(files::read_text(&self.name, bytes)),
        }
    }

    /// Bytes that reading an input may hold at once: tables and windows of fixed size, and a multiple of what is read
    /// and of the largest array that a case may ask for.
    pub fn allowance(&self, bytes: &[u8]) -> usize {
        match &self.reader {
            // What is remembered of every value lies in rows with margins: the shorter the rows, the more of them.
            Reader::Decoder(_) | Reader::Frame => (4 << 20) + PER_VALUE * frames::values(bytes) + 8 * bytes.len(),
            // A deflated byte may stand for 1032, each of them for eight pixels of a palette, each of these for four.
            Reader::File(Format::Png) => (4 << 20) + 33 * 1032 * bytes.len(),
            // A directory may claim 2^16 members, for which the library makes room before it looks for them.
            Reader::File(Format::Npz { .. }) => (20 << 20) + 2 * 1032 * bytes.len(),
            Reader::File(_) => (4 << 20) + 2 * 1032 * bytes.len(),
            // Boxes are mostly zeros that no byte stands for; they are there as bytes and as an array.
            Reader::Vlsv => (4 << 20) + 2 * size_of::<f64>() * vlsv::CELLS as usize + 1024 * bytes.len(),
            // A spec may stand for a thousand, each with the words of all.
            Reader::Text => (4 << 20) + 2048 * bytes.len(),
        }
    }
}

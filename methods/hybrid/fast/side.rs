//! The two directions of a row: values known and residuals to be coded, or the other way round.

use super::context::{Around, Contexts};
use super::lane::{ESCAPE, Lane, Quantiser, TakeEven, Value};
use super::rows::{Reader, Writer};
use super::tokens::{ESCAPED, LANES, Residuals, Tokens, join, padded, with_raw, zigzag};
use crate::shared::bits::{BitReader, BitWriter};
use crate::shared::entropy::rows;
use crate::shared::simd::{self, Kernel};

/// Rows of points that are coded together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Where the first point stands among all values.
    pub base: usize,
    /// How far apart points are there.
    pub step: usize,
    /// How many a row has.
    pub len: usize,
    /// How far apart rows are there.
    pub stride: usize,
    /// How many rows there are.
    pub rows: usize,
    /// How far apart rows are where they are worked on.
    pub pitch: usize,
}

impl Place {
    /// A lone row.
    pub fn row(len: usize) -> Self {
        Place { base: 0, step: 1, len, stride: 0, rows: 1, pitch: padded(len) }
    }

    /// What the rows take where they are worked on.
    pub fn lanes(&self) -> usize {
        self.rows * self.pitch
    }
}

/// What is known about rows before they are coded.
pub(super) struct Outlook<'a> {
    pub kind: u8,
    pub around: Around<'a>,
}

/// Codes the rows of values that are predicted in a closed loop.
pub(super) trait Side<R: Lane> {
    /// Codes rows whose points are predicted as `prediction`; fills `values` with what a decoder has, and `sizes`. All of whole chunks.
    fn rows(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<R>,
        prediction: &[R],
        values: &mut [R],
        sizes: &mut [u8],
    );

    /// The same of a lone row where each point is predicted from the one before and the row `above`, if there is one.
    fn chain(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<R>,
        above: Option<&[R]>,
        values: &mut [R],
        sizes: &mut [u8],
    );
}

/// The prediction of point `i` by Lorenzo's rule.
#[inline(always)]
fn chained<R: Lane>(values: &[R], above: Option<&[R]>, i: usize) -> R {
    let left = if i > 0 { values[i - 1] } else { R::default() };
    match (above, i) {
        (Some(above), 0) => above[0],
        (Some(above), _) => left + (above[i] - above[i - 1]),
        (None, _) => left,
    }
}

/// Bytes of rows and their contexts, as they are worked on and without what fills them up.
#[derive(Debug, Default)]
struct Bytes {
    tokens: Vec<u8>,
    contexts: Vec<u8>,
    packed_tokens: Vec<u8>,
    packed_contexts: Vec<u8>,
}

impl Bytes {
    fn make_room(&mut self, lanes: usize) {
        if self.tokens.len() < lanes {
            for bytes in [&mut self.tokens, &mut self.contexts, &mut self.packed_tokens, &mut self.packed_contexts] {
                bytes.resize(lanes, 0);
            }
        }
    }

    fn find_contexts(&mut self, outlook: &mut Outlook<'_>, place: &Place) {
        let Outlook { kind, around } = outlook;
        simd::run(Contexts { around, kind: *kind, contexts: &mut self.contexts[..place.lanes()] });
        pack(&self.contexts[..place.lanes()], place, &mut self.packed_contexts);
    }
}

/// The points of rows one behind the other.
fn pack(rows: &[u8], place: &Place, packed: &mut [u8]) {
    for (row, packed) in rows.chunks(place.pitch).zip(packed.chunks_mut(place.len)) {
        packed.copy_from_slice(&row[..place.len]);
    }
}

/// Collects residuals.
#[derive(Debug)]
pub(super) struct Residual {
    pub writer: Writer,
    pub raw: BitWriter,
    pub residuals: Vec<i32>,
    bytes: Bytes,
    /// Raw bits are left out.
    trial: bool,
}

impl Residual {
    /// Of `len` values.
    pub fn new(len: usize) -> Self {
        Residual {
            writer: Writer::new(len),
            raw: BitWriter::new(),
            residuals: Vec::new(),
            bytes: Bytes::default(),
            trial: false,
        }
    }

    /// The same to see what symbols there are, without raw bits.
    pub fn trial(len: usize) -> Self {
        Residual { trial: true, ..Residual::new(len) }
    }

    /// Makes room for rows.
    pub fn make_room(&mut self, lanes: usize) {
        self.residuals.resize(lanes.max(self.residuals.len()), 0);
        self.bytes.make_room(lanes);
    }

    /// Codes rows of residuals; `escaped` gives the bits of a value that is stored as it is.
    pub fn code(
        &mut self,
        outlook: &mut Outlook<'_>,
        place: &Place,
        sizes: &mut [u8],
        escaped: impl Fn(usize) -> (u64, u32),
    ) {
        let (lanes, points) = (place.lanes(), place.rows * place.len);
        let Residual { writer, raw, residuals, bytes, trial } = self;
        let residuals = &residuals[..lanes];
        simd::run(Tokens { residuals, len: place.len, pitch: place.pitch, tokens: &mut bytes.tokens[..lanes], sizes });
        pack(&bytes.tokens[..lanes], place, &mut bytes.packed_tokens);
        bytes.find_contexts(outlook, place);
        writer.row(outlook.kind, &bytes.packed_contexts[..points], &bytes.packed_tokens[..points]);
        if *trial {
            return;
        }
        for (row, tokens) in bytes.tokens[..lanes].chunks(place.pitch).enumerate() {
            with_raw(&tokens[..place.len], |i, token, bits| {
                let i = row * place.pitch + i;
                if token < ESCAPED {
                    return raw.write(u64::from(zigzag(residuals[i])) & ((1 << bits) - 1), bits);
                }
                let (value, bits) = escaped(i);
                for part in 0..bits / 32 {
                    raw.write(value >> (32 * part) & 0xffff_ffff, 32);
                }
            });
        }
    }
}

/// Encodes.
pub(super) struct Encoder<'a, T: Value> {
    data: &'a [T],
    known: Vec<T::Lane>,
    pub residual: Residual,
}

impl<'a, T: Value> Encoder<'a, T> {
    /// Of `data`.
    pub fn new(data: &'a [T], residual: Residual) -> Self {
        Encoder { data, known: Vec::new(), residual }
    }

    /// Looks the values of rows up.
    fn take(&mut self, place: &Place) {
        let lanes = place.lanes();
        self.residual.make_room(lanes);
        self.known.resize(lanes.max(self.known.len()), T::Lane::default());
        for (row, known) in self.known[..lanes].chunks_mut(place.pitch).enumerate() {
            let (data, known) = (&self.data[place.base + row * place.stride..], &mut known[..place.len]);
            match place.step {
                1 => known.iter_mut().zip(data).for_each(|(known, value)| *known = value.lane()),
                2 => simd::run(TakeEven { data, known }),
                step => {
                    known.iter_mut().zip(data.iter().step_by(step)).for_each(|(known, value)| *known = value.lane())
                }
            }
        }
    }
}

struct Quantise<'a, R> {
    known: &'a [R],
    prediction: &'a [R],
    quantiser: &'a Quantiser<R>,
    values: &'a mut [R],
    residuals: &'a mut [i32],
}

impl<R: Lane> Kernel for Quantise<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let known = self.known.as_chunks::<LANES>().0.iter().zip(self.prediction.as_chunks::<LANES>().0);
        let found = self.values.as_chunks_mut::<LANES>().0.iter_mut().zip(self.residuals.as_chunks_mut::<LANES>().0);
        for ((known, prediction), (values, residuals)) in known.zip(found) {
            for lane in 0..LANES {
                (residuals[lane], values[lane]) = known[lane].quantise(prediction[lane], self.quantiser);
            }
        }
    }
}

impl<T: Value> Side<T::Lane> for Encoder<'_, T> {
    fn rows(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<T::Lane>,
        prediction: &[T::Lane],
        values: &mut [T::Lane],
        sizes: &mut [u8],
    ) {
        self.take(&place);
        let (known, residuals) = (&self.known[..place.lanes()], &mut self.residual.residuals[..place.lanes()]);
        simd::run(Quantise { known, prediction, quantiser, values, residuals });
        self.residual.code(outlook, &place, sizes, |i| (known[i].bits(), T::Lane::BITS));
    }

    fn chain(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<T::Lane>,
        above: Option<&[T::Lane]>,
        values: &mut [T::Lane],
        sizes: &mut [u8],
    ) {
        self.take(&place);
        for i in 0..place.len {
            let prediction = chained(values, above, i);
            (self.residual.residuals[i], values[i]) = self.known[i].quantise(prediction, quantiser);
        }
        let known = &self.known;
        self.residual.code(outlook, &place, sizes, |i| (known[i].bits(), T::Lane::BITS));
    }
}

/// Decodes.
pub(super) struct Decoder<'a> {
    reader: Reader<'a>,
    raw: BitReader<'a>,
    pub residuals: Vec<i32>,
    bytes: Bytes,
    escaped: Vec<(usize, u64)>,
}

impl<'a> Decoder<'a> {
    /// Of what the symbols and raw bits were written to.
    pub fn new(decoder: rows::Decoder<'a>, raw: &'a [u8]) -> Self {
        Decoder {
            reader: Reader::new(decoder),
            raw: BitReader::new(raw),
            residuals: Vec::new(),
            bytes: Bytes::default(),
            escaped: Vec::new(),
        }
    }

    /// Finds the residuals of rows, those of values as they are, of `bits` bits, apart.
    pub fn find(&mut self, outlook: &mut Outlook<'_>, place: &Place, bits: u32, sizes: &mut [u8]) {
        let (lanes, points) = (place.lanes(), place.rows * place.len);
        let Decoder { reader, raw, residuals, bytes, escaped } = self;
        residuals.resize(lanes.max(residuals.len()), 0);
        bytes.make_room(lanes);
        bytes.find_contexts(outlook, place);
        reader.row(outlook.kind, &bytes.packed_contexts[..points], &mut bytes.packed_tokens[..points]);
        let (tokens, residuals) = (&bytes.packed_tokens[..points], &mut residuals[..lanes]);
        escaped.clear();
        if !simd::run(Residuals { tokens, len: place.len, pitch: place.pitch, residuals, sizes }) {
            return;
        }
        for (row, tokens) in tokens.chunks(place.len).enumerate() {
            with_raw(tokens, |i, token, count| {
                let i = row * place.pitch + i;
                if token < ESCAPED {
                    residuals[i] = join(token, raw.read(count), count);
                    return;
                }
                let value = (0..bits / 32).fold(0, |value, part| value | raw.read(32) << (32 * part));
                escaped.push((i, value));
                residuals[i] = ESCAPE;
            });
        }
    }

    /// Whether everything was taken: the number of bytes of raw bits, if the symbols end where they should.
    pub fn finish(&self) -> Result<usize, crate::api::Error> {
        self.reader.decoder().finish()?;
        Ok(self.raw.bytes_read())
    }
}

struct Restore<'a, R> {
    residuals: &'a [i32],
    prediction: &'a [R],
    step: R,
    values: &'a mut [R],
}

impl<R: Lane> Kernel for Restore<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let known = self.residuals.as_chunks::<LANES>().0.iter().zip(self.prediction.as_chunks::<LANES>().0);
        for ((residuals, prediction), values) in known.zip(self.values.as_chunks_mut::<LANES>().0) {
            for lane in 0..LANES {
                values[lane] = R::restore(residuals[lane], prediction[lane], self.step);
            }
        }
    }
}

impl<R: Lane> Side<R> for Decoder<'_> {
    fn rows(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<R>,
        prediction: &[R],
        values: &mut [R],
        sizes: &mut [u8],
    ) {
        self.find(outlook, &place, R::BITS, sizes);
        let residuals = &self.residuals[..place.lanes()];
        simd::run(Restore { residuals, prediction, step: quantiser.step, values });
        for &(i, bits) in &self.escaped {
            values[i] = R::from_bits(bits);
        }
    }

    fn chain(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<R>,
        above: Option<&[R]>,
        values: &mut [R],
        sizes: &mut [u8],
    ) {
        self.find(outlook, &place, R::BITS, sizes);
        let mut escaped = self.escaped.iter().peekable();
        for i in 0..place.len {
            let prediction = chained(values, above, i);
            values[i] = match escaped.next_if(|value| value.0 == i) {
                Some(&(_, bits)) => R::from_bits(bits),
                None => R::restore(self.residuals[i], prediction, quantiser.step),
            };
        }
    }
}

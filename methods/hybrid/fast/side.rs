//! The two directions of a row: values known and residuals to be coded, or the other way round.

use super::context::{Around, Contexts};
use super::lane::{ESCAPE, Lane, Quantiser, Value};
use super::rows::{Reader, Writer};
use super::tokens::{ESCAPED, LANES, Residuals, Tokens, join, padded, with_raw, zigzag};
use crate::shared::bits::{BitReader, BitWriter};
use crate::shared::entropy::rows;
use crate::shared::simd::{self, Kernel};

/// A row of points: where the first one stands among all values, how far apart they are, how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub base: usize,
    pub step: usize,
    pub len: usize,
}

/// What is known about a row before it is coded.
pub(super) struct Outlook<'a> {
    pub kind: u8,
    pub around: Around<'a>,
}

/// Codes the rows of values that are predicted in a closed loop.
pub(super) trait Side<R: Lane> {
    /// Whether the values are to be found.
    const DECODES: bool;

    /// Codes a row whose points are predicted as `prediction`; fills `values` with what a decoder has, and `sizes`. All of whole chunks.
    fn row(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<R>,
        prediction: &[R],
        values: &mut [R],
        sizes: &mut [u8],
    );

    /// The same where each point is predicted from the one before and the row `above`, if there is one.
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

/// Collects residuals.
#[derive(Debug)]
pub(super) struct Residual {
    pub writer: Writer,
    pub raw: BitWriter,
    pub residuals: Vec<i32>,
    tokens: Vec<u8>,
    contexts: Vec<u8>,
}

impl Residual {
    /// Of `len` values in rows of at most `longest`.
    pub fn new(len: usize, longest: usize) -> Self {
        let row = padded(longest);
        Residual {
            writer: Writer::new(len),
            raw: BitWriter::new(),
            residuals: vec![0; row],
            tokens: vec![0; row],
            contexts: vec![0; row],
        }
    }

    /// Codes the first `len` residuals; `escaped` gives the bits of a value that is stored as it is.
    pub fn code(
        &mut self,
        outlook: &mut Outlook<'_>,
        len: usize,
        sizes: &mut [u8],
        escaped: impl Fn(usize) -> (u64, u32),
    ) {
        let row = padded(len);
        let residuals = &self.residuals[..row];
        simd::run(Tokens { residuals, len, tokens: &mut self.tokens[..row], sizes });
        simd::run(Contexts { around: &mut outlook.around, kind: outlook.kind, contexts: &mut self.contexts[..row] });
        self.writer.row(outlook.kind, &self.contexts[..len], &self.tokens[..len]);
        let raw = &mut self.raw;
        with_raw(&self.tokens[..len], |i, token, bits| {
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

/// Encodes.
pub(super) struct Encoder<'a, T: Value> {
    data: &'a [T],
    known: Vec<T::Lane>,
    pub residual: Residual,
}

impl<'a, T: Value> Encoder<'a, T> {
    /// Of `data`, in rows of at most `longest`.
    pub fn new(data: &'a [T], longest: usize) -> Self {
        Encoder { data, known: vec![T::Lane::default(); padded(longest)], residual: Residual::new(data.len(), longest) }
    }

    fn take(&mut self, place: Place) {
        let known = &mut self.known[..place.len];
        let data = &self.data[place.base..];
        match place.step {
            1 => known.iter_mut().zip(data).for_each(|(known, value)| *known = value.lane()),
            2 => known.iter_mut().zip(data.chunks(2)).for_each(|(known, pair)| *known = pair[0].lane()),
            step => known.iter_mut().zip(data.iter().step_by(step)).for_each(|(known, value)| *known = value.lane()),
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
    const DECODES: bool = false;

    fn row(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<T::Lane>,
        prediction: &[T::Lane],
        values: &mut [T::Lane],
        sizes: &mut [u8],
    ) {
        self.take(place);
        let row = padded(place.len);
        let known = &self.known[..row];
        simd::run(Quantise { known, prediction, quantiser, values, residuals: &mut self.residual.residuals[..row] });
        self.residual.code(outlook, place.len, sizes, |i| (known[i].bits(), T::Lane::BITS));
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
        self.take(place);
        for i in 0..place.len {
            let prediction = chained(values, above, i);
            (self.residual.residuals[i], values[i]) = self.known[i].quantise(prediction, quantiser);
        }
        let known = &self.known;
        self.residual.code(outlook, place.len, sizes, |i| (known[i].bits(), T::Lane::BITS));
    }
}

/// Decodes.
pub(super) struct Decoder<'a> {
    reader: Reader<'a>,
    raw: BitReader<'a>,
    pub residuals: Vec<i32>,
    tokens: Vec<u8>,
    contexts: Vec<u8>,
    escaped: Vec<(usize, u64)>,
}

impl<'a> Decoder<'a> {
    /// Of rows of at most `longest`, from what the symbols and raw bits were written to.
    pub fn new(decoder: rows::Decoder<'a>, raw: &'a [u8], longest: usize) -> Self {
        let row = padded(longest);
        Decoder {
            reader: Reader::new(decoder),
            raw: BitReader::new(raw),
            residuals: vec![0; row],
            tokens: vec![0; row],
            contexts: vec![0; row],
            escaped: Vec::new(),
        }
    }

    /// Finds the next `len` residuals, those stored with `bits` bits apart.
    pub fn find(&mut self, outlook: &mut Outlook<'_>, len: usize, bits: u32, sizes: &mut [u8]) {
        let row = padded(len);
        simd::run(Contexts { around: &mut outlook.around, kind: outlook.kind, contexts: &mut self.contexts[..row] });
        self.tokens[len..row].fill(0);
        self.reader.row(outlook.kind, &self.contexts[..len], &mut self.tokens[..len]);
        self.escaped.clear();
        let tokens = &self.tokens[..row];
        if simd::run(Residuals { tokens, residuals: &mut self.residuals[..row], sizes }) {
            let Decoder { raw, residuals, escaped, .. } = self;
            with_raw(&tokens[..len], |i, token, count| {
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
    const DECODES: bool = true;

    fn row(
        &mut self,
        place: Place,
        outlook: &mut Outlook<'_>,
        quantiser: &Quantiser<R>,
        prediction: &[R],
        values: &mut [R],
        sizes: &mut [u8],
    ) {
        self.find(outlook, place.len, R::BITS, sizes);
        let residuals = &self.residuals[..padded(place.len)];
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
        self.find(outlook, place.len, R::BITS, sizes);
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

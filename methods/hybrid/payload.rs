//! The bytes: what was chosen, then the residuals, by context mixing or with static tables.

use super::Effort;
use super::choose::{INTEGERS, choose};
use super::lattice::Lattice;
use super::mixed::{Contexts, Mixed, Seven, Three};
use super::palette::Palette;
use super::plan::{Form, Predictor};
use super::symbols::{Collected, Distributed};
use crate::api::Error;
use crate::shared::bits::BitReader;
use crate::shared::entropy;
use crate::shared::multilevel::{Sample, TRIM_UNITS};
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::varint;

/// What was chosen, as it is stated at the start of a payload.
struct Head<T> {
    form: Form<T>,
    predictor: Predictor,
    escapes: bool,
}

impl<T: Sample> Head<T> {
    /// States it for an array of `shape`; `known` is that of an encoder.
    fn state(known: Option<&Self>, shape: &[usize], coder: &mut impl BitCoder) -> Self {
        let (number, trim, lattice, palette) = match known.map(|head| &head.form) {
            Some(Form::Direct(trim)) => (0, *trim, None, None),
            Some(Form::Lattice(lattice)) => (1, 0, Some(lattice), None),
            Some(Form::Palette(palette)) => (2, 0, None, Some(palette)),
            None => (0, 0, None, None),
        };
        let form = match coder.plain(number, 2) {
            1 => Form::Lattice(Lattice::state(lattice, coder)),
            2 | 3 => Form::Palette(Palette::state(palette, shape.iter().product(), coder)),
            _ if coder.plain(u64::from(trim > 0), 1) == 1 => Form::Direct(coder.plain(u64::from(trim), 12) as u32),
            _ => Form::Direct(0),
        };
        let predictor = Predictor::state(known.map(|head| &head.predictor), shape.len(), coder);
        let escapes = coder.plain(known.map_or(0, |head| u64::from(head.escapes)), 1) == 1;
        Head { form, predictor, escapes }
    }
}

/// Appends the payload of `data`, an array of `shape` without axes of length 1.
pub(super) fn write<T: Sample>(data: &[T], shape: &[usize], bound: f64, effort: Effort, payload: &mut Vec<u8>) {
    let choice = choose(data, shape, bound, effort);
    let mut head = Head { form: choice.form, predictor: choice.predictor, escapes: false };
    match (effort, choice.integers) {
        (Effort::Fast, Some(integers)) => write_fixed(&head, shape, integers, INTEGERS, payload),
        (Effort::Fast, None) => write_fixed(&head, shape, data.to_vec(), (bound, head.form.trim()), payload),
        (_, integers) => loop {
            let known = (data, integers.as_deref());
            let bytes = match effort {
                Effort::Max => write_mixed::<T, 7, Seven>(&head, shape, known, bound),
                _ => write_mixed::<T, 3, Three>(&head, shape, known, bound),
            };
            match bytes {
                Some(bytes) => return payload.extend(bytes),
                None => head.escapes = true,
            }
        },
    }
}

/// The payload by context mixing; none if a value escaped though none was to.
fn write_mixed<T: Sample, const N: usize, K: Contexts<N>>(
    head: &Head<T>,
    shape: &[usize],
    (data, integers): (&[T], Option<&[i32]>),
    bound: f64,
) -> Option<Vec<u8>> {
    let mut encoder = RangeEncoder::new();
    Head::state(Some(head), shape, &mut encoder);
    let mut mixed = Mixed::<N, K, _>::new(&mut encoder, true, head.escapes);
    match (&head.form, integers) {
        (Form::Direct(trim), _) => head.predictor.run(&mut data.to_vec(), shape, (bound, *trim), &mut mixed),
        (_, Some(integers)) => head.predictor.run(&mut integers.to_vec(), shape, INTEGERS, &mut mixed),
        (_, None) => return None,
    }
    let broken = mixed.broken;
    (!broken).then(|| encoder.finish())
}

/// The payload with static tables: lengths of the head and of what was stated, both, then the symbols.
fn write_fixed<T: Sample, U: Sample>(
    head: &Head<T>,
    shape: &[usize],
    mut values: Vec<U>,
    at: (f64, u32),
    payload: &mut Vec<u8>,
) {
    let mut encoder = RangeEncoder::new();
    Head::state(Some(head), shape, &mut encoder);
    let mut collected = Collected::<U>::new(values.len());
    head.predictor.run(&mut values, shape, at, &mut collected);
    let size = U::DTYPE.size() as u32 * 8;
    let pieces = [encoder.finish(), collected.stated.finish()];
    for piece in &pieces {
        varint::write(piece.len() as u64, payload);
        payload.extend_from_slice(piece);
    }
    varint::write(collected.escaped.len() as u64, payload);
    for value in &collected.escaped {
        payload.extend_from_slice(&value.to_bits().to_le_bytes()[..size as usize / 8]);
    }
    drop(values);
    entropy::encode(&collected.symbols, &collected.contexts, payload);
}

/// Fills `data`, an array of `shape` without axes of length 1.
pub(super) fn read<T: Sample>(
    payload: &[u8],
    shape: &[usize],
    bound: f64,
    effort: Effort,
    data: &mut [T],
) -> Result<(), Error> {
    match effort {
        Effort::Fast => read_fixed(payload, shape, bound, data),
        Effort::Balanced => read_mixed::<T, 3, Three>(payload, shape, bound, data),
        Effort::Max => read_mixed::<T, 7, Seven>(payload, shape, bound, data),
    }
}

/// The form's values, from integers that `fill` finds.
fn restore<T: Sample>(
    form: &Form<T>,
    bound: f64,
    data: &mut [T],
    fill: impl FnOnce(&mut [i32]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut integers = vec![0i32; data.len()];
    fill(&mut integers)?;
    match form {
        Form::Lattice(lattice) => lattice.values(&integers, bound, data),
        Form::Palette(palette) => palette.values(&integers, data),
        Form::Direct(_) => {}
    }
    Ok(())
}

fn check<T>(head: &Head<T>) -> Result<(), Error> {
    if head.predictor.is_sensible() && f64::from(head.form.trim()) < TRIM_UNITS {
        return Ok(());
    }
    Err(Error::corrupt(0, "a predictor that no encoder chooses"))
}

fn read_mixed<T: Sample, const N: usize, K: Contexts<N>>(
    payload: &[u8],
    shape: &[usize],
    bound: f64,
    data: &mut [T],
) -> Result<(), Error> {
    let mut decoder = RangeDecoder::new(payload);
    let head = Head::<T>::state(None, shape, &mut decoder);
    check(&head)?;
    let mut mixed = Mixed::<N, K, _>::new(&mut decoder, false, head.escapes);
    if let Form::Direct(trim) = head.form {
        data.fill(T::default());
        head.predictor.run(data, shape, (bound, trim), &mut mixed);
    } else {
        restore(&head.form, bound, data, |integers| {
            head.predictor.run(integers, shape, INTEGERS, &mut mixed);
            Ok(())
        })?;
    }
    if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
}

fn read_fixed<T: Sample>(payload: &[u8], shape: &[usize], bound: f64, data: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let mut piece = || {
        let length = varint::read_length(payload, &mut at, payload.len())?;
        let start = at;
        at += length;
        payload.get(start..at).ok_or_else(|| Error::corrupt(payload.len(), "the payload ends inside its head"))
    };
    let (first, stated) = (piece()?, piece()?);
    let head = Head::<T>::state(None, shape, &mut RangeDecoder::new(first));
    check(&head)?;
    if let Form::Direct(trim) = head.form {
        data.fill(T::default());
        return distribute(payload, at, stated, &head, shape, (bound, trim), data);
    }
    restore(&head.form, bound, data, |integers| distribute(payload, at, stated, &head, shape, INTEGERS, integers))
}

/// Reads the values that escaped and the symbols, from `at` on.
fn distribute<T, U: Sample>(
    payload: &[u8],
    mut at: usize,
    stated: &[u8],
    head: &Head<T>,
    shape: &[usize],
    bounds: (f64, u32),
    values: &mut [U],
) -> Result<(), Error> {
    let size = U::DTYPE.size();
    let count = varint::read_length(payload, &mut at, payload.len() / size)?;
    let end = at + count * size;
    let escaped = payload.get(at..end).ok_or_else(|| Error::corrupt(at, "the payload ends inside escaped values"))?;
    let value = |bytes: &[u8]| U::from_bits(bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte)));
    let escaped: Vec<U> = escaped.chunks_exact(size).map(value).collect();
    let symbols = entropy::Decoder::new(&payload[end..])?;
    let mut source =
        Distributed { symbols, escaped: escaped.into_iter(), stated: BitReader::new(stated), missed: false };
    head.predictor.run(values, shape, bounds, &mut source);
    let complete = !source.missed && source.escaped.len() == 0;
    let taken = source.symbols.finish()?;
    if !complete || end + taken != payload.len() {
        return Err(Error::corrupt(end, "the symbols do not use all bytes"));
    }
    Ok(())
}

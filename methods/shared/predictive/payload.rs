//! The bytes: the head, and how a payload is read.

use super::choose::INTEGERS;
use super::mixed::{Contexts, Four, Mixed, Nine};
use super::palette::Palette;
use super::plan::{Form, Predictor};
use super::{Detail, Setting};
use crate::api::Error;
use crate::shared::lattice::Lattice;
use crate::shared::multilevel::{Sample, TRIM_UNITS};
use crate::shared::parallel;
use crate::shared::parts::{self, Part};
use crate::shared::range::{BitCoder, RangeDecoder};
use crate::shared::raster;

/// Integers whose values are restored by one thread.
const RESTORED: usize = 1 << 16;

/// What was chosen, as it is stated at the start of a payload.
pub(super) struct Head<T> {
    pub form: Form<T>,
    /// One predictor whose residuals are coded, or several that are blended, as `shared/raster` has it.
    pub predictor: Option<Predictor>,
    /// Whether some values are kept as they are.
    pub escapes: bool,
    /// Whether repeats are looked for among the residuals.
    pub matches: bool,
}

impl<T: Sample> Head<T> {
    /// States it for an array of `shape`; `known` is that of an encoder.
    pub fn state(known: Option<&Self>, shape: &[usize], coder: &mut impl BitCoder) -> Self {
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
        let blended = known.is_some_and(|head| head.predictor.is_none());
        if coder.plain(u64::from(blended), 1) == 1 {
            return Head { form, predictor: None, escapes: false, matches: false };
        }
        let predictor = known.and_then(|head| head.predictor.as_ref());
        let predictor = Some(Predictor::state(predictor, shape.len(), coder));
        let escapes = coder.plain(known.map_or(0, |head| u64::from(head.escapes)), 1) == 1;
        let matches = coder.plain(known.map_or(0, |head| u64::from(head.matches)), 1) == 1;
        Head { form, predictor, escapes, matches }
    }
}

/// Fills `data` with what [`super::encode::write`] wrote.
///
/// # Errors
/// `Corrupt` if `payload` is nothing that it writes.
pub(super) fn read<T: Sample>(payload: &[u8], setting: &Setting<'_>, data: &mut [T]) -> Result<(), Error> {
    let Setting { shape, bound, detail } = *setting;
    match detail {
        Detail::Nine => read_mixed::<T, 9, Nine>(payload, shape, bound, data),
        Detail::Four => read_mixed::<T, 4, Four>(payload, shape, bound, data),
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
    let chunks = data.chunks_mut(RESTORED).zip(integers.chunks(RESTORED));
    parallel::map(chunks, |(values, integers)| match form {
        Form::Lattice(lattice) => lattice.values(integers, bound, values),
        Form::Palette(palette) => palette.values(integers, values),
        Form::Direct(_) => {}
    });
    Ok(())
}

fn check<T>(head: &Head<T>) -> Result<(), Error> {
    let sensible = head.predictor.as_ref().is_none_or(Predictor::is_sensible);
    if sensible && f64::from(head.form.trim()) < TRIM_UNITS {
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
    let streams = parts::split(payload, parts::wanted(data.len()))?;
    let mut decoders: Vec<_> = streams.into_iter().map(RangeDecoder::new).collect();
    let head = Head::<T>::state(None, shape, &mut decoders[0]);
    check(&head)?;
    if let Form::Direct(trim) = head.form {
        data.fill(T::default());
        return values::<_, _, N, K>(&head, shape, (bound, trim), data, decoders);
    }
    let fill = |integers: &mut [i32]| values::<_, _, N, K>(&head, shape, INTEGERS, integers, decoders);
    restore(&head.form, bound, data, fill)
}

/// Reads what was coded: values themselves, or the integers of a form.
fn values<T: Sample, U: Sample, const N: usize, K: Contexts<N>>(
    head: &Head<T>,
    shape: &[usize],
    at: (f64, u32),
    data: &mut [U],
    decoders: Vec<RangeDecoder<'_>>,
) -> Result<(), Error> {
    let Some(predictor) = &head.predictor else { return raster::read(shape, K::DETAIL, decoders, data) };
    let parts = parts::of(shape);
    if decoders.len() != parts.len() {
        return Err(Error::corrupt(0, format!("{} streams where {} are expected", decoders.len(), parts.len())));
    }
    let one = |((part, values), mut decoder): ((&Part, &mut [U]), RangeDecoder<'_>)| {
        let matches = head.matches.then_some(values.len());
        let mut mixed = Mixed::<N, K, _>::new(&mut decoder, false, head.escapes, matches);
        predictor.run(values, &part.shape, at, &mut mixed);
        let behind = || Error::corrupt(part.values.end, "bytes behind the last value");
        if decoder.is_spent() { Ok(()) } else { Err(behind()) }
    };
    parallel::map(parts::split_values(&parts, data).into_iter().zip(decoders), one).into_iter().collect()
}

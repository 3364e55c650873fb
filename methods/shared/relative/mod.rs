//! Pointwise-relative targets for methods that keep absolute bounds: they get the logarithms of magnitudes, with the
//! bound that a relative error has there (Liang et al. 2018, doi:10.1109/CLUSTER.2018.00028). Zeros and signs are coded
//! apart, every value is verified, and those that rounding took too far are kept as they are. `SPEC.md` has the bytes.

mod classes;
mod logarithm;
mod patches;
#[cfg(test)]
mod tests;

use super::missing::{holes::Filling, shift};
use super::{pco, varint};
use crate::api::{
    Compressor, DType, Element, Entry, Error, ParamsJson, Section, Target, TensorMut, TensorRef, View, ViewMut,
};
use classes::Class;
use logarithm::{bound_of, logarithm, restored};
use patches::Patches;

/// First byte: every bit, through Pco.
const EXACT: u8 = 0;
/// First byte: logarithms of values that are all above zero; the number of tightenings is added.
const POSITIVE: u8 = 1;
/// First byte: classes before the logarithms; the number of tightenings is added.
const CLASSES: u8 = 1 + TIGHTENINGS;
/// How often the bound of the logarithms is tried, tighter each time.
const TIGHTENINGS: u8 = 4;
/// One value in so many may be kept as it is before the bound is tightened.
const FEW: usize = 256;
/// Part of the input that a payload takes from which on it is compared with one of every bit.
const LARGE: f64 = 0.3;

/// A compressor of that method, through logarithms if the target is a relative one that it is served so.
///
/// # Errors
/// As [`Entry::build`].
pub(super) fn build(entry: &Entry, params: &ParamsJson, target: Target) -> Result<Box<dyn Compressor>, Error> {
    match target {
        Target::PointwiseRel(bound) if entry.capabilities()?.logarithms => {
            target.validate()?;
            let relative = Relative { entry: *entry, params: params.clone(), bound };
            // Parameters that do not serve the target are refused here.
            relative.inner::<f64>(0)?;
            Ok(Box::new(relative))
        }
        _ => entry.build(params, target),
    }
}

/// A method that is given logarithms.
struct Relative {
    entry: Entry,
    params: ParamsJson,
    bound: f64,
}

impl Compressor for Relative {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        self.admit(input.dtype(), input.shape().len())?;
        match input {
            _ if input.is_empty() => Ok(()),
            TensorRef::F32(view) => self.write(&view, payload),
            TensorRef::F64(view) => self.write(&view, payload),
            other => Err(Error::unsupported(format!("dtype {} has no logarithms", other.dtype()))),
        }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        self.admit(output.dtype(), output.shape().len())?;
        match (output, payload.is_empty()) {
            (output, true) if output.is_empty() => Ok(()),
            (output, _) if output.is_empty() => Err(Error::corrupt(0, "bytes where there is no value")),
            (TensorMut::F32(view), _) => self.read(payload, view),
            (TensorMut::F64(view), _) => self.read(payload, view),
            (other, _) => Err(Error::unsupported(format!("dtype {} has no logarithms", other.dtype()))),
        }
    }

    fn sections(&self, dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        if payload.is_empty() {
            return Ok(Vec::new());
        }
        let Some(parts) = Parts::of(payload)? else { return Ok(vec![("every bit", payload.len())]) };
        let start = payload.len() - parts.patches.len() - parts.inner.len();
        let mut sections = vec![("zeros and signs", start)];
        if !parts.inner.is_empty() {
            let inner = if dtype == DType::F32 {
                self.inner::<f32>(parts.tightened)?
            } else {
                self.inner::<f64>(parts.tightened)?
            };
            sections.extend(inner.sections(DType::F64, parts.inner).map_err(|error| shift(error, start))?);
        }
        sections.push(("values kept as they are", parts.patches.len()));
        Ok(sections)
    }
}

/// The pieces of a payload with logarithms.
struct Parts<'a> {
    tightened: u8,
    classes: Option<&'a [u8]>,
    inner: &'a [u8],
    patches: &'a [u8],
    /// Where the inner payload starts.
    start: usize,
}

impl<'a> Parts<'a> {
    /// `None` if the payload holds every bit.
    fn of(payload: &'a [u8]) -> Result<Option<Self>, Error> {
        let (first, mut at) = match payload.first() {
            None => return Err(Error::corrupt(0, "an empty payload")),
            Some(&EXACT) => return Ok(None),
            Some(&first) if first < CLASSES + TIGHTENINGS => (first, 1),
            Some(other) => return Err(Error::corrupt(0, format!("a relative payload of unknown kind {other}"))),
        };
        let mut piece = || {
            let length = varint::read_length(payload, &mut at, payload.len())?;
            let start = at;
            at += length;
            payload.get(start..at).ok_or_else(|| Error::corrupt(start, "a piece ends behind the payload"))
        };
        let classes = if first >= CLASSES { Some(piece()?) } else { None };
        let inner = piece()?;
        let tightened = (first - POSITIVE) % TIGHTENINGS;
        Ok(Some(Parts { tightened, classes, inner, patches: &payload[at..], start: at - inner.len() }))
    }
}

impl Relative {
    fn admit(&self, dtype: DType, rank: usize) -> Result<(), Error> {
        self.entry.capabilities()?.promise(dtype, rank, Target::PointwiseRel(self.bound).kind()).map(drop)
    }

    /// The method for logarithms of values of type `T`.
    fn inner<T: Element>(&self, tightened: u8) -> Result<Box<dyn Compressor>, Error> {
        self.entry.build(&self.params, Target::MaxAbs(bound_of::<T>(self.bound, tightened)))
    }

    fn write<T: Element + ::pco::data_types::Number>(
        &self,
        view: &View<'_, T>,
        payload: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let data = view.data();
        let mut taken = match bound_of::<T>(self.bound, 0) > 0.0 {
            true => Some(self.through_logarithms(view)?),
            false => None,
        };
        if taken.as_ref().is_none_or(|taken| taken.len() as f64 > LARGE * size_of_val(data) as f64) {
            let mut exact = vec![EXACT];
            pco::compress(data, 8, &mut exact)?;
            taken = taken.filter(|taken| taken.len() < exact.len()).or(Some(exact));
        }
        payload.extend(taken.unwrap_or_default());
        Ok(())
    }

    fn through_logarithms<T: Element>(&self, view: &View<'_, T>) -> Result<Vec<u8>, Error> {
        let (data, shape) = (view.data(), view.shape());
        let classes: Vec<Class> = data.iter().map(|&value| Class::of(value)).collect();
        let zeros: Vec<bool> = classes.iter().map(|class| class.is_zero()).collect();
        let positive = classes.iter().all(|&class| class == Class::Positive);
        let mut logarithms: Vec<f64> = data.iter().map(|&value| logarithm(value)).collect();
        let any = zeros.contains(&false);
        if any && zeros.contains(&true) {
            Filling::ALL[0].fill(shape, &zeros, &mut logarithms);
        }
        let mut tightened = 0;
        let (inner, patches) = loop {
            let (mut inner, mut back) = (Vec::new(), vec![0.0; data.len()]);
            if any {
                let method = self.inner::<T>(tightened)?;
                method.compress(TensorRef::from(View::from_slice(shape, &logarithms)?), &mut inner)?;
                method.decompress(&inner, TensorMut::from(ViewMut::from_slice(shape, &mut back)?))?;
            }
            let patches = Patches::find(data, |index| restored(classes[index], back[index]), self.bound);
            if patches.len() <= data.len() / FEW || tightened + 1 == TIGHTENINGS {
                break (inner, patches);
            }
            tightened += 1;
        };
        let mut payload = vec![if positive { POSITIVE } else { CLASSES } + tightened];
        let coded = if positive { None } else { Some(classes::encode(&classes, shape)) };
        for piece in coded.iter().chain([&inner]) {
            varint::write(piece.len() as u64, &mut payload);
            payload.extend_from_slice(piece);
        }
        patches.write(&mut payload);
        Ok(payload)
    }

    fn read<T: Element + ::pco::data_types::Number>(&self, payload: &[u8], view: ViewMut<'_, T>) -> Result<(), Error> {
        let shape = view.shape().to_vec();
        let data = view.into_data();
        let Some(parts) = Parts::of(payload)? else {
            return pco::decompress(&payload[1..], data).map_err(|error| shift(error, 1));
        };
        let classes = match parts.classes {
            Some(coded) => classes::decode(coded, &shape)?,
            None => vec![Class::Positive; data.len()],
        };
        let mut logarithms = vec![0.0; data.len()];
        if !parts.inner.is_empty() || classes.iter().any(|class| !class.is_zero()) {
            let output = TensorMut::from(ViewMut::from_slice(&shape, &mut logarithms)?);
            self.inner::<T>(parts.tightened)?
                .decompress(parts.inner, output)
                .map_err(|error| shift(error, parts.start))?;
        }
        for (value, (class, logarithm)) in data.iter_mut().zip(classes.iter().zip(&logarithms)) {
            *value = restored(*class, *logarithm);
        }
        patches::apply(parts.patches, data).map_err(|error| shift(error, payload.len() - parts.patches.len()))
    }
}

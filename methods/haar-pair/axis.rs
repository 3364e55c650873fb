//! Which axis pairs lie along: named, or the one along which neighbours are most alike.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::kernel::Lines;
use crate::api::{Element, Error};

/// Pairs looked at per axis, about.
const SAMPLES: usize = 1 << 15;

/// An axis as named, or left to the method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// That of the greatest coherence, written into the payload.
    #[default]
    Auto,
    /// This one; negative numbers count from the end.
    Along(i64),
}

impl Axis {
    /// The axis as an index into a shape of `rank` axes; `None` if it is left to the method.
    ///
    /// # Errors
    /// `InvalidParam` if there is no such axis.
    pub fn resolve(self, rank: usize) -> Result<Option<usize>, Error> {
        let Axis::Along(axis) = self else { return Ok(None) };
        let index = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
        match usize::try_from(index) {
            Ok(index) if index < rank => Ok(Some(index)),
            _ => Err(Error::invalid("axis", format!("there is no axis {axis}: the tensor has {rank}"))),
        }
    }
}

/// The axis of `shape` along which the differences of pairs hold the smallest share of their energy: a large share in
/// the averages is what the seed calls spatial coherence. Axes of equal coherence: the last. 0 without axes.
pub(super) fn most_coherent<T: Element>(data: &[T], shape: &[usize]) -> usize {
    let largest = data.iter().map(|x| x.to_f64().abs()).filter(|x| x.is_finite()).fold(0.0, f64::max);
    let mut best = (f64::INFINITY, shape.len().saturating_sub(1));
    for axis in (0..shape.len()).rev().filter(|&axis| shape[axis] > 1) {
        let share = difference_share(data, Lines::new(shape, axis), largest);
        if share < best.0 {
            best = (share, axis);
        }
    }
    best.1
}

/// The energy of c1 over that of c0 and c1, in a regular sample of pairs. Values are scaled so that squares stay finite.
fn difference_share<T: Element>(data: &[T], lines: Lines, largest: f64) -> f64 {
    let scale = if largest > 0.0 { 1.0 / largest.max(f64::MIN_POSITIVE) } else { 1.0 };
    let per_block = lines.length / 2 * lines.inner;
    let pairs = lines.outer * per_block;
    // Odd, so that it does not keep step with rows of even length.
    let step = (pairs / SAMPLES).max(1) | 1;
    let (mut energy, mut between) = (0.0, 0.0);
    for number in (0..pairs).step_by(step) {
        let (block, inside) = (number / per_block, number % per_block);
        let (place, lane) = (inside / lines.inner, inside % lines.inner);
        let at = (block * lines.length + 2 * place) * lines.inner + lane;
        let (a, b) = (data[at].to_f64() * scale, data[at + lines.inner].to_f64() * scale);
        if a.is_finite() && b.is_finite() {
            energy += a * a + b * b;
            between += (a - b) * (a - b) / 2.0;
        }
    }
    if energy > 0.0 { between / energy } else { 0.0 }
}

impl Serialize for Axis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Axis::Auto => serializer.serialize_str("auto"),
            Axis::Along(axis) => serializer.serialize_i64(*axis),
        }
    }
}

impl<'de> Deserialize<'de> for Axis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        match (value.as_str(), number) {
            (Some("auto"), _) => Ok(Axis::Auto),
            (_, Some(axis)) => Ok(Axis::Along(axis)),
            _ => Err(de::Error::custom(format!("axis must be `auto` or a number such as `0` or `-1`; got {value}"))),
        }
    }
}

impl JsonSchema for Axis {
    fn schema_name() -> Cow<'static, str> {
        "Axis".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "pattern": "^(auto|-?[0-9]+)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_read_as_auto_or_a_number_and_resolve_from_either_end() {
        for (json, axis) in [("\"auto\"", Axis::Auto), ("1", Axis::Along(1)), ("\"-1\"", Axis::Along(-1))] {
            assert_eq!(serde_json::from_str::<Axis>(json).ok(), Some(axis));
        }
        for json in ["\"all\"", "1.5", "true"] {
            assert!(serde_json::from_str::<Axis>(json).is_err(), "{json}");
        }
        assert_eq!(Axis::Along(-1).resolve(3).ok(), Some(Some(2)));
        assert_eq!(Axis::Auto.resolve(0).ok(), Some(None));
        for axis in [3, -4, i64::MIN, i64::MAX] {
            assert!(Axis::Along(axis).resolve(3).is_err_and(|error| error.to_string().contains("`axis`")));
        }
    }

    #[test]
    fn the_axis_of_smooth_change_is_found() {
        for axis in 0..3 {
            let lines = Lines::new(&[8, 10, 12], axis);
            let value = |i: usize| {
                let (along, other) =
                    (i / lines.inner % lines.length, i % lines.inner + i / lines.inner / lines.length * 7);
                ((other * 7919 % 101) * 100 + along) as f32
            };
            let data: Vec<f32> = (0..960).map(value).collect();
            assert_eq!(most_coherent(&data, &[8, 10, 12]), axis);
        }
        assert_eq!(most_coherent(&[0.0f64; 6], &[2, 3]), 1);
        assert_eq!(most_coherent(&[f64::MAX, -f64::MAX, 1.0, 5.0], &[2, 2]), 0);
    }
}

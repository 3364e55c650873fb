//! A chosen set of axes as a parameter: `all`, or numbers joined by `+`, `-1` being the last axis.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::api::Error;

/// Axes a method works along: every one, or those listed.
///
/// Written `all`, `1`, `0+2` or `-1` (counted from the end, as in NumPy); a bare integer is accepted too.
/// The parameter that holds it is called `axes`, which is the name that errors use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Axes {
    /// Every axis of the tensor.
    #[default]
    All,
    /// These axes, in the order they were written; negative numbers count from the end. Never empty.
    List(Vec<i64>),
}

impl Axes {
    /// The axes as indices into a shape of `rank` axes, ascending.
    ///
    /// # Errors
    /// `InvalidParam` if an axis does not exist or is named twice.
    pub fn resolve(&self, rank: usize) -> Result<Vec<usize>, Error> {
        let Axes::List(list) = self else { return Ok((0..rank).collect()) };
        let mut axes = Vec::with_capacity(list.len());
        for &axis in list {
            let index = match usize::try_from(axis.unsigned_abs()) {
                Ok(index) if axis >= 0 && index < rank => index,
                Ok(back) if axis < 0 && back <= rank => rank - back,
                _ => return Err(Error::invalid("axes", no_such_axis(axis, rank))),
            };
            if axes.contains(&index) {
                return Err(Error::invalid("axes", format!("axis {index} is named twice in `{self}`")));
            }
            axes.push(index);
        }
        axes.sort_unstable();
        Ok(axes)
    }
}

fn no_such_axis(axis: i64, rank: usize) -> String {
    match rank {
        0 => format!("there is no axis {axis}: the tensor has no axes, use `all`"),
        _ => format!("there is no axis {axis}: the tensor has {rank}, numbered 0 to {} or -{rank} to -1", rank - 1),
    }
}

impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Axes::All => f.pad("all"),
            Axes::List(list) => f.pad(&list.iter().map(i64::to_string).collect::<Vec<_>>().join("+")),
        }
    }
}

impl FromStr for Axes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Axes::All);
        }
        let list: Result<Vec<i64>, _> = text.split('+').map(str::parse).collect();
        list.map(Axes::List)
            .map_err(|_| format!("axes must be `all` or numbers joined by `+`, such as `0+2` or `-1`; got {text:?}"))
    }
}

impl Serialize for Axes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Axes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AxesVisitor)
    }
}

struct AxesVisitor;

impl de::Visitor<'_> for AxesVisitor {
    type Value = Axes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`all`, an axis number, or numbers joined by `+`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Axes, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, axis: i64) -> Result<Axes, E> {
        Ok(Axes::List(vec![axis]))
    }

    fn visit_u64<E: de::Error>(self, axis: u64) -> Result<Axes, E> {
        i64::try_from(axis).map(|axis| Axes::List(vec![axis])).map_err(E::custom)
    }
}

impl JsonSchema for Axes {
    fn schema_name() -> Cow<'static, str> {
        "Axes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "pattern": "^(all|-?[0-9]+(\\+-?[0-9]+)*)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(text: &str) -> Axes {
        text.parse().expect("the test writes valid axes")
    }

    #[test]
    fn axes_resolve_in_ascending_order_and_count_from_the_end() {
        for (text, rank, expected) in [
            ("all", 3, vec![0, 1, 2]),
            ("all", 0, vec![]),
            ("2+0", 3, vec![0, 2]),
            ("-1", 4, vec![3]),
            ("-3+2", 3, vec![0, 2]),
        ] {
            assert_eq!(axes(text).resolve(rank).ok(), Some(expected), "{text} of {rank}");
        }
    }

    #[test]
    fn axes_that_do_not_exist_or_come_twice_are_refused_by_name() {
        for (text, rank, named) in [
            ("3", 3, "no axis 3"),
            ("-4", 3, "no axis -4"),
            ("1+-2", 3, "axis 1 is named twice"),
            ("0", 0, "has no axes"),
            ("-9223372036854775808", 2, "no axis -9223372036854775808"),
        ] {
            let message = axes(text).resolve(rank).expect_err("nothing to resolve to").to_string();
            assert!(message.contains("`axes`") && message.contains(named), "{message}");
        }
    }

    #[test]
    fn axes_read_from_strings_and_integers_and_write_one_form() {
        let read = |json: &str| serde_json::from_str::<Axes>(json);
        for (json, written) in [("\"all\"", "\"all\""), ("1", "\"1\""), ("-1", "\"-1\""), ("\"0+2\"", "\"0+2\"")] {
            let axes = read(json).expect("valid axes");
            assert_eq!(serde_json::to_string(&axes).ok().as_deref(), Some(written));
        }
        for json in ["\"\"", "\"0,2\"", "\"0+\"", "1.5", "true", "18446744073709551615"] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}

//! Parameters of `spatial-delta`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::api::DType;
use crate::shared::axes::Axes;
use crate::shared::shuffle::Shuffle;

/// Parameters of `spatial-delta`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// How much time `codec=auto` may take: `fast`, `balanced`, `max`.
    pub effort: Effort,
    /// Axes to difference along: `auto` (guessed from the data), `all`, or numbers joined by `+` such as `0+2` or `-1`.
    pub axes: Choice,
    /// Narrower integer type for the differences; data whose differences it cannot hold are refused.
    pub astype: Narrow,
    /// What codes the differences: `zlib`, `entropy`, or `auto` for what `effort` says (with `astype`: the smaller of the two).
    pub codec: Codec,
    /// Effort of zlib: 0 stores, 1 is fastest, 9 is smallest.
    #[schemars(range(min = 0, max = 9))]
    pub level: u8,
    /// Order of the bytes given to zlib: `none`, `byte` for bytes of equal place together, or `bit` for bits.
    pub shuffle: Shuffle,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            effort: Effort::Balanced,
            axes: Choice::Auto,
            astype: Narrow::None,
            codec: Codec::Auto,
            level: 6,
            shuffle: Shuffle::Byte,
        }
    }
}

/// How much time coding may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Differences through Pco, or bytes through Zstandard.
    Fast,
    /// Differences along axes by trial, three contexts mixed.
    #[default]
    Balanced,
    /// Least squares too, seven contexts mixed.
    Max,
}

/// What codes the differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// What the effort says.
    #[default]
    Auto,
    /// zlib over the bytes of the differences.
    Zlib,
    /// The shared entropy stage, under the size of the differences before.
    Entropy,
}

impl Params {
    /// Whether differences go through one codec, whatever the effort: where a codec, axes or a type is named.
    pub fn names_a_codec(&self) -> bool {
        self.codec != Codec::Auto || self.axes != Choice::Auto || self.astype != Narrow::None
    }
}

/// A narrower integer type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "named like the types")]
pub enum Narrow {
    /// As wide as the elements.
    #[default]
    None,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
}

impl Narrow {
    /// The type, if there is one.
    pub fn dtype(self) -> Option<DType> {
        match self {
            Narrow::None => None,
            Narrow::Int8 => Some(DType::I8),
            Narrow::Uint8 => Some(DType::U8),
            Narrow::Int16 => Some(DType::I16),
            Narrow::Uint16 => Some(DType::U16),
            Narrow::Int32 => Some(DType::I32),
            Narrow::Uint32 => Some(DType::U32),
            Narrow::Int64 => Some(DType::I64),
            Narrow::Uint64 => Some(DType::U64),
        }
    }
}

/// Axes as named, or left to the method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Guessed from the data and written into the payload.
    #[default]
    Auto,
    /// These.
    Named(Axes),
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Choice::Auto => serializer.serialize_str("auto"),
            Choice::Named(axes) => axes.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value.as_str() {
            Some("auto") => Ok(Choice::Auto),
            _ => Axes::deserialize(value)
                .map(Choice::Named)
                .map_err(|error| de::Error::custom(format!("`auto`, or: {error}"))),
        }
    }
}

impl JsonSchema for Choice {
    fn schema_name() -> Cow<'static, str> {
        "Choice".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "pattern": "^(auto|all|-?[0-9]+(\\+-?[0-9]+)*)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_read_as_auto_or_as_named_and_write_the_same() {
        for text in ["auto", "all", "0+2", "-1"] {
            let choice: Choice = serde_json::from_value(text.into()).expect("valid");
            assert_eq!(serde_json::to_value(&choice).ok(), Some(text.into()));
        }
        let message = serde_json::from_value::<Choice>("some".into()).expect_err("no axes").to_string();
        assert!(message.contains("`auto`") && message.contains("all"), "{message}");
        assert_eq!(serde_json::from_str::<Params>("{}").ok(), Some(Params::default()));
        assert!(serde_json::from_str::<Params>("{\"axis\": 1}").is_err());
    }
}

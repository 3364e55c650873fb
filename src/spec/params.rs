//! Method specs and the canonical text of parameters.

use anyhow::{Context, Result, bail, ensure};
use codecbench_methods::api::ParamsJson;
use serde_json::Value;

use super::MethodSpec;
use super::expand::{MOST, Step, expand, split};

/// Most parameters of all the combinations that one spec stands for.
const MOST_PARAMETERS: usize = 10 * MOST;

impl MethodSpec {
    /// Reads `id:k=v:k=v`. A list (`level=1,6,9`) or a range (`level=1..9`, `level=1..9..2`) stands for one spec per
    /// value, several of them for every combination, the last varying fastest. A value that is itself a list or holds
    /// a separator is written as JSON: `axes=[0,2]`, `name="a:b"`.
    ///
    /// # Errors
    /// A missing id, a parameter without a value or named twice, a bad list, or more than a thousand combinations.
    pub fn parse(text: &str) -> Result<Vec<MethodSpec>> {
        let mut parts = split(text.trim(), ':').into_iter();
        let id = parts.next().unwrap_or_default().trim();
        ensure!(!id.is_empty(), "method {text:?} has no name; write `name` or `name:parameter=value`");
        let mut specs = vec![MethodSpec { id: id.to_string(), params: ParamsJson::new() }];
        for part in parts {
            let (name, values) = assignment(part).with_context(|| format!("method {text:?}"))?;
            ensure!(!specs[0].params.contains_key(name), "method {text:?}: parameter `{name}` is given twice");
            let (count, parameters) = (specs.len() * values.len(), specs[0].params.len() + 1);
            ensure!(
                count <= MOST && count * parameters <= MOST_PARAMETERS,
                "method {text:?}: more than {MOST} combinations, or {MOST_PARAMETERS} parameters in all of them; write \
                 several specs"
            );
            specs = specs.iter().flat_map(|spec| values.iter().map(|value| spec.with(name, value.clone()))).collect();
        }
        Ok(specs)
    }

    fn with(&self, name: &str, value: Value) -> MethodSpec {
        let mut spec = self.clone();
        spec.params.insert(name.to_string(), value);
        spec
    }
}

fn assignment(part: &str) -> Result<(&str, Vec<Value>)> {
    let Some((name, text)) = part.split_once('=') else {
        bail!("{part:?} is no parameter; write `parameter=value`");
    };
    let name = name.trim();
    ensure!(!name.is_empty(), "{part:?} has no parameter name before the `=`");
    let values = expand(text, Step::OneOrDecade).with_context(|| format!("parameter `{name}`"))?;
    let values = values.iter().map(|value| scalar(value)).collect::<Result<_>>();
    Ok((name, values.with_context(|| format!("parameter `{name}`"))?))
}

fn scalar(text: &str) -> Result<Value> {
    match text.as_bytes().first() {
        Some(b'[' | b'{' | b'"') => serde_json::from_str(text).with_context(|| format!("{text} is not valid JSON")),
        _ => Ok(bare(text)),
    }
}

/// An unquoted value: a JSON number, `true`, `false` or `null`, and a word otherwise.
fn bare(text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value,
        Err(_) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Value::from(number),
            _ => Value::String(text.to_string()),
        },
    }
}

/// The text of parameters in keys and tables: `k=v:k=v`, names sorted.
///
/// Call it on what [`codecbench_methods::api::Entry::canonical`] returns to leave out defaults.
pub fn params_text(params: &ParamsJson) -> String {
    let mut pairs: Vec<_> = params.iter().collect();
    pairs.sort_by_key(|(name, _)| *name);
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={}", value_text(value))).collect();
    pairs.join(":")
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(word) if is_plain(word) => word.clone(),
        other => other.to_string(),
    }
}

/// Whether a word reads back as itself without quotes.
fn is_plain(word: &str) -> bool {
    let special =
        |char: char| matches!(char, ':' | ',' | '=' | '[' | ']' | '{' | '}' | '"' | '\\') || char.is_whitespace();
    !word.is_empty() && !word.contains(special) && !word.contains("..") && matches!(bare(word), Value::String(_))
}

/// Reads back what [`params_text`] wrote.
///
/// # Errors
/// As [`MethodSpec::parse`], and a list or range, which canonical text never holds.
pub fn parse_params(text: &str) -> Result<ParamsJson> {
    if text.is_empty() {
        return Ok(ParamsJson::new());
    }
    let mut specs = MethodSpec::parse(&format!("params:{text}"))?;
    ensure!(specs.len() == 1, "parameters {text:?} stand for {} sets, expected one", specs.len());
    Ok(specs.remove(0).params)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        MethodSpec::parse(text).expect("well formed").iter().map(MethodSpec::to_string).collect()
    }

    #[test]
    fn lists_and_ranges_stand_for_every_combination() {
        assert_eq!(texts("zlib:level=1,9:shuffle=true,false").len(), 4);
        assert_eq!(texts("zlib:level=1..3"), ["zlib:level=1", "zlib:level=2", "zlib:level=3"]);
        assert_eq!(texts("zfp:tolerance=1e-1..1e-2"), ["zfp:tolerance=0.1", "zfp:tolerance=0.01"]);
    }

    #[test]
    fn combinations_without_end_are_refused_before_they_are_written_out() {
        let endless = format!("zlib{}", (0..20).map(|at| format!(":p{at}=1..900")).collect::<String>());
        for text in [&endless, "zlib:a=1..40:b=1..40", "zlib:a=1..900,1..900", "zlib:a=1..1001"] {
            let error = MethodSpec::parse(text).expect_err(text);
            assert!(format!("{error:#}").contains("more than 1000"), "{error:#}");
        }
        let many: String = (0..40).map(|at| format!(":p{at}=1")).collect();
        assert!(MethodSpec::parse(&format!("zlib{many}:a=1..900")).is_err());
        assert_eq!(texts("zlib:a=1..40:b=1..25").len(), 1000);
    }

    #[test]
    fn a_value_that_is_a_list_is_written_in_brackets() {
        let spec = MethodSpec::parse("spatial-delta:axes=[0,2],[1]").expect("well formed");
        assert_eq!((spec.len(), &spec[0].params["axes"]), (2, &json!([0, 2])));
        assert_eq!(spec[0].to_string(), "spatial-delta:axes=[0,2]");
    }

    #[test]
    fn a_malformed_spec_is_an_error() {
        for text in ["", ":level=1", "zlib:level", "zlib:=1", "zlib:level=1:level=2", "zlib:level=", "zlib:axes=[1"] {
            assert!(MethodSpec::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parameters_survive_their_text(word in ".{0,12}", number in any::<i64>(), real in -1e9..1e9, flag: bool) {
            let value = json!({"word": word, "number": number, "real": real, "flag": flag, "none": null, "list": [1, "a:b"]});
            let Value::Object(params) = value else { unreachable!("an object was built") };
            prop_assert_eq!(parse_params(&params_text(&params)).expect("it was just written"), params);
        }
    }
}

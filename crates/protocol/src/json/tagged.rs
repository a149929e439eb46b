//! Values as the command line prints and reads them: JSON, with a map of one `$` key for what JSON cannot say.
//!
//! | form | value |
//! |---|---|
//! | `{"$bytes": "base64"}` | bytes (standard alphabet, padded) |
//! | `{"$date": ms}` | a date; `null` for an invalid one |
//! | `{"$num": "NaN"}` | `NaN`, `Infinity`, `-Infinity`, `-0` |
//! | `{"$int": "9007199254740993"}` | an integer that no double holds |
//! | `{"$undefined": true}` | JavaScript's `undefined`; read as null, never written here |
//! | `{"$map": [[k, v], …]}` | a real map, where its one key begins with `$` |
//!
//! As in JavaScript, a number that is an integer within ±2^53 is an integer, however it is written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::mend_surrogates;
use crate::Value;
use crate::binarypack::{keep_last, number};
use crate::value::MAX_DATE_MS;

/// A value whose JSON is the tagged form. For lines with other fields beside it: put it into a struct.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tagged(pub Value);

/// The text of a value, on one line.
pub fn write_tagged(value: &Value) -> String {
    // (Maps with text keys, into a string, cannot fail.)
    serde_json::to_string(&Ref(value)).unwrap_or_default()
}

/// The value that a text stands for.
pub fn read_tagged(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(&mend_surrogates(text)).map(|Tagged(value)| value)
}

impl Serialize for Tagged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Ref(&self.0).serialize(serializer)
    }
}

/// The tagged form without a copy of the value.
struct Ref<'a>(&'a Value);

impl Serialize for Ref<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) if i128::from(*value) == *value as f64 as i128 => {
                serializer.serialize_i64(*value)
            }
            Value::UInt(value) if u128::from(*value) == *value as f64 as u128 => {
                serializer.serialize_u64(*value)
            }
            Value::Int(value) => form(serializer, "$int", &value.to_string()),
            Value::UInt(value) => form(serializer, "$int", &value.to_string()),
            Value::Float(value) => match (odd_name(*value), number(*value)) {
                (Some(name), _) => form(serializer, "$num", name),
                // As JavaScript writes it: 3, not 3.0.
                (None, Value::Int(value)) => serializer.serialize_i64(value),
                (None, _) => serializer.serialize_f64(*value),
            },
            Value::Text(value) => serializer.serialize_str(value),
            Value::Bytes(value) => form(serializer, "$bytes", &STANDARD.encode(value)),
            Value::Date(ms) if (-MAX_DATE_MS..=MAX_DATE_MS).contains(ms) => {
                form(serializer, "$date", ms)
            }
            Value::Date(_) => form(serializer, "$date", &()),
            Value::List(items) => serializer.collect_seq(items.iter().map(Ref)),
            Value::Map(pairs) => match pairs.as_slice() {
                [(key, value)] if key.starts_with('$') => {
                    form(serializer, "$map", &[(key, Ref(value))])
                }
                pairs => serializer.collect_map(pairs.iter().map(|(key, value)| (key, Ref(value)))),
            },
        }
    }
}

fn form<S: Serializer>(
    serializer: S,
    name: &str,
    content: &(impl Serialize + ?Sized),
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(name, content)?;
    map.end()
}

/// The names of the numbers that JSON cannot write, or does not keep.
fn odd_name(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("Infinity")
    } else if value == f64::NEG_INFINITY {
        Some("-Infinity")
    } else if value == 0.0 && value.is_sign_negative() {
        Some("-0")
    } else {
        None
    }
}

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TaggedVisitor).map(Tagged)
    }
}

struct TaggedVisitor;

impl<'de> Visitor<'de> for TaggedVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JSON with tagged values")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(number(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Tagged(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((key, Tagged(value))) = map.next_entry::<String, _>()? {
            pairs.push((key, value));
        }
        keep_last(&mut pairs);
        match pairs.as_mut_slice() {
            [(key, value)] if key.starts_with('$') => {
                read_form(key, core::mem::take(value)).map_err(Error::custom)
            }
            _ => Ok(Value::Map(pairs)),
        }
    }
}

fn read_form(name: &str, content: Value) -> Result<Value, &'static str> {
    match (name, content) {
        ("$bytes", Value::Text(text)) => STANDARD
            .decode(text)
            .map(Value::Bytes)
            .map_err(|_| "$bytes wants padded base64"),
        ("$date", Value::Int(ms)) => Ok(Value::Date(ms)),
        // Whole milliseconds, as JavaScript's dates.
        ("$date", Value::Float(ms)) if ms.is_finite() => Ok(Value::Date(ms as i64)),
        ("$date", Value::Null) => Ok(Value::Date(i64::MIN)),
        ("$num", Value::Text(name)) => match name.as_str() {
            "NaN" => Ok(Value::Float(f64::NAN)),
            "Infinity" => Ok(Value::Float(f64::INFINITY)),
            "-Infinity" => Ok(Value::Float(f64::NEG_INFINITY)),
            "-0" => Ok(Value::Float(-0.0)),
            _ => Err("$num wants NaN, Infinity, -Infinity or -0"),
        },
        ("$int", Value::Text(digits)) => match (digits.parse::<i64>(), digits.parse::<u64>()) {
            (Ok(value), _) => Ok(value.into()),
            (_, Ok(value)) => Ok(value.into()),
            _ => Err("$int wants a 64-bit integer in text"),
        },
        ("$undefined", Value::Bool(true)) => Ok(Value::Null),
        ("$map", Value::List(pairs)) => {
            let mut map = Vec::with_capacity(pairs.len());
            for pair in pairs {
                match pair {
                    Value::List(pair) => match <[Value; 2]>::try_from(pair) {
                        Ok([Value::Text(key), value]) => map.push((key, value)),
                        _ => return Err("$map wants a list of [key, value]"),
                    },
                    _ => return Err("$map wants a list of [key, value]"),
                }
            }
            keep_last(&mut map);
            Ok(Value::Map(map))
        }
        ("$bytes" | "$date" | "$num" | "$int" | "$undefined" | "$map", _) => {
            Err("a $ form with the wrong content")
        }
        _ => Err("an unknown $ form; a real map with one such key is {\"$map\":[[key,value]]}"),
    }
}

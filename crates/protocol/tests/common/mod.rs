//! Reads the vector files' tagged values.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use peerjs_mesh_protocol::Value;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

pub fn vectors() -> Json {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/binarypack-vectors.json"
    );
    let text = std::fs::read_to_string(path).expect("the vector file is in the repository");
    serde_json::from_str(&text).expect("the vector file is JSON")
}

/// The rows of one part, which must be as many as the file says.
pub fn rows<'a>(vectors: &'a Json, part: &str) -> &'a [Json] {
    let rows = vectors[part].as_array().expect("a part is a list");
    assert_eq!(vectors["counts"][part], rows.len(), "the file is whole");
    rows
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "two digits a byte: {hex}");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits"))
        .collect()
}

/// A number as JavaScript has it: an integer within ±2^53 is an integer for us.
pub fn number(bits: &str) -> Value {
    let value = f64::from_bits(u64::from_str_radix(bits, 16).expect("bits in hex"));
    let integer = value.trunc() == value
        && value.abs() <= 2f64.powi(53)
        && (value != 0.0 || value.is_sign_positive());
    if integer {
        Value::Int(value as i64)
    } else {
        Value::Float(value)
    }
}

/// The value of a tagged one; `None` if only JavaScript has it.
pub fn untag(tagged: &Json) -> Option<Value> {
    let text = |key: &str| tagged[key].as_str().expect("a text field");
    let count = |key: &str| tagged[key].as_u64().expect("a count") as usize;
    Some(match text("t") {
        "undefined" | "null" | "hole" => Value::Null,
        "bool" => Value::Bool(tagged["v"].as_bool().expect("a bool")),
        "num" => number(text("bits")),
        "str" => Value::from(text("v")),
        "str_rep" => Value::Text(text("unit").repeat(count("n"))),
        "bytes" => Value::Bytes(unhex(text("hex"))),
        "bytes_seq" => Value::Bytes((0..count("n")).map(|index| index as u8).collect()),
        "bytes_view" => {
            let buffer = unhex(text("buffer_hex"));
            let offset = count("offset");
            Value::Bytes(buffer[offset..offset + count("byte_length")].to_vec())
        }
        "arr" => Value::List(
            tagged["v"]
                .as_array()
                .expect("items")
                .iter()
                .map(untag)
                .collect::<Option<_>>()?,
        ),
        "arr_rep" => Value::List(vec![untag(&tagged["item"])?; count("n")]),
        "map" => Value::Map(
            tagged["v"]
                .as_array()
                .expect("pairs")
                .iter()
                .map(|pair| {
                    Some((
                        pair[0].as_str().expect("a key").to_owned(),
                        untag(&pair[1])?,
                    ))
                })
                .collect::<Option<_>>()?,
        ),
        "map_seq" => Value::Map(
            (0..count("n"))
                .map(|index| (format!("k{index}"), Value::Int(index as i64 & 0x7f)))
                .collect(),
        ),
        "date" => Value::Date(tagged["ms"].as_i64().expect("milliseconds")),
        "js" | "str16" => return None,
        other => panic!("a tag this test does not know: {other}"),
    })
}

/// Whether bytes are the ones a row describes, in full or by length and digest.
pub fn is_packed(packed: &Json, bytes: &[u8]) -> bool {
    match packed["hex"].as_str() {
        Some(expected) => hex(bytes) == expected,
        None => packed["len"] == bytes.len() && packed["sha256"] == hex(&Sha256::digest(bytes)),
    }
}

/// Equality that tells minus zero from zero and takes NaN for itself.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
        }
        _ => a == b,
    }
}

//! The vector file that the npm package's tests read too: what one language writes the other reads, byte for byte.

mod common;

use common::{hex, same, unhex};
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{Dialect, decode, encode};
use peerjs_mesh_protocol::json::read_tagged;
use serde_json::Value as Json;

/// Equal, or one of them JavaScript's double for the other's integer; NaN has many forms, invalid dates too.
fn alike(a: &Value, b: &Value) -> bool {
    let invalid = |ms: &i64| ms.unsigned_abs() > 8_640_000_000_000_000;
    match (a, b) {
        (Value::Float(a), Value::Float(b)) if a.is_nan() => b.is_nan(),
        (Value::Float(float), Value::Int(_) | Value::UInt(_)) => Some(*float) == b.as_f64(),
        (Value::Date(a), Value::Date(b)) => a == b || (invalid(a) && invalid(b)),
        _ => same(a, b),
    }
}

#[test]
fn every_row_is_written_and_read_as_it_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/values.json");
    let text = std::fs::read_to_string(path).expect("the vector file is in the repository");
    let file: Json = serde_json::from_str(&text).expect("the vector file is JSON");
    let rows = file["rows"].as_array().expect("rows");
    let (mut written, mut refused) = (0, 0);
    for row in rows {
        let name = row["name"].as_str().expect("a name");
        let bytes = unhex(row["hex"].as_str().expect("bytes"));
        let read = decode(&bytes, Dialect::Ours);
        if row["error"] == true {
            refused += 1;
            assert!(read.is_err(), "{name} reads {read:?}");
            continue;
        }
        let read = read.unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = row["rust"]
            .as_str()
            .or(row["reads"].as_str())
            .or(row["json"].as_str())
            .expect("tagged JSON");
        let value = read_tagged(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(alike(&read, &value), "{name} reads {read:?}");
        if row["read"] != true && row["only"] != "js" {
            written += 1;
            let written = read_tagged(row["json"].as_str().expect("tagged JSON"));
            let written = written.unwrap_or_else(|error| panic!("{name}: {error}"));
            let packed =
                encode(&written, Dialect::Ours).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(hex(&packed), hex(&bytes), "{name}");
        }
    }
    assert!(
        rows.len() > 150 && written > 90 && refused > 40,
        "{} rows, {written}, {refused}",
        rows.len()
    );
}

//! The 352 rows of bytes that npm's packages made: ours are equal wherever the packages themselves read them back
//! rightly. Every other row stands in a table here, with what we send instead and why.

mod common;

use common::{hex, is_packed, rows, same, unhex, untag, vectors};
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{Dialect, EncodeError, decode, encode};

enum Ours {
    /// `cb` and the bits of the number, which the packages' readers get right (subnormals excepted).
    Double,
    /// These bytes.
    Hex(&'static str),
    /// The bytes of the other package's row: this one's encoder failed on size or on views.
    OtherRow,
    /// An error.
    Refused(EncodeError),
}
use Ours::{Double, Hex, OtherRow, Refused};

/// Numbers that both packages write so that they read back as another number.
const NUMBERS: &[(&str, Ours)] = &[
    // Negative 64-bit integers are read rounded to multiples of 2048; as doubles they are read exactly.
    ("num/-9007199254740996", Double),
    ("num/-9007199254740994", Double),
    ("num/-9007199254740991", Double),
    ("num/-9007199254740990", Double),
    ("num/-4503599627370497", Double),
    ("num/-4503599627370495", Double),
    ("num/-1099511627777", Double),
    ("num/-1099511627775", Double),
    ("num/-137438953471", Double),
    ("num/-137438953470", Double),
    ("num/-4294967297", Double),
    ("num/-4294967295", Double),
    ("num/-4294967294", Double),
    ("num/-2147483649", Double),
    ("num/-12345678901234", Double),
    // 2^63 is written as the signed -2^63, 2^64 as 0; beyond they throw.
    ("num/9223372036854776000", Hex("cf8000000000000000")),
    ("num/-9223372036854778000", Double),
    ("num/18446744073709552000", Double),
    ("num/18446744073709556000", Double),
    ("num/100000000000000000000", Double),
    ("num/-100000000000000000000", Double),
    ("num/1e+300", Double),
    ("num/1.7976931348623157e+308", Double),
    // The exponent comes from a logarithm and is off by one near powers of two.
    ("num/3.9999999999999996", Double),
    ("num/7.999999999999999", Double),
    ("num/1023.9999999999999", Double),
    ("num/4503599627370495.5", Double),
    ("num/1.862645149230957e-9", Double),
    ("num/4.656612873077393e-10", Double),
    ("num/1.8189894035458565e-12", Double),
    ("num/4.440892098500626e-16", Double),
    ("num/-1.862645149230957e-9", Double),
    ("num/1.8626451492309574e-9", Double),
    // Subnormals come out as garbage.
    ("num/5e-324", Double),
    ("num/2.225073858507201e-308", Double),
    ("num/1e-310", Double),
    ("num/1e-320", Double),
    // There are no bytes that the packages would read as these.
    ("num/NaN", Refused(EncodeError::NotFinite)),
    ("num/Infinity", Refused(EncodeError::NotFinite)),
    ("num/-Infinity", Refused(EncodeError::NotFinite)),
];

/// Package 2 packs recursively, item by item, and overflows the stack; its reader takes what package 1 wrote.
const V2_STACK: &[(&str, Ours)] = &[
    ("arr/65535 nulls", OtherRow),
    ("arr/65536 nulls", OtherRow),
    ("map/65535 keys", OtherRow),
    ("map/65536 keys", OtherRow),
];

/// Package 1 refuses empty buffers, though it reads them, and sends the whole buffer behind a view.
const V1_BYTES: &[(&str, Ours)] = &[
    ("bin/ArrayBuffer(0)", OtherRow),
    ("bin/Uint8Array(0)", OtherRow),
    ("bin/Uint8Array view offset 4 length 6", OtherRow),
    ("bin/Uint16Array view offset 4 length 3", OtherRow),
    ("bin/Uint8Array empty view of 20", OtherRow),
];

/// Package 1 cannot read four-byte UTF-8, and counts it wrongly when writing; what it reads is CESU-8.
const V1_ASTRAL: &[&str] = &[
    "str/emoji-1",
    "str/emoji-2",
    "str/emoji-3",
    "str/emoji-4",
    "str/ascii-emoji",
    "str/emoji-ascii",
    "str/mixed",
    "str/u10000",
    "str/u10ffff",
    "str/zwj-family",
    "str/\"😃\"x300",
    "str/\"😃\"x301",
    "arr/emoji inside",
    "map/emoji key",
];

/// Dates are ISO 8601 text in UTC. The packages send JavaScript's long form, which drops the milliseconds and depends
/// on the sender's time zone.
const DATES: &[(&str, &str)] = &[
    ("date/0", "1970-01-01T00:00:00.000Z"),
    ("date/1", "1970-01-01T00:00:00.001Z"),
    ("date/1000", "1970-01-01T00:00:01.000Z"),
    ("date/1700000000123", "2023-11-14T22:13:20.123Z"),
    ("date/-1", "1969-12-31T23:59:59.999Z"),
    ("date/8640000000000000", "+275760-09-13T00:00:00.000Z"),
    ("date/inside map", "1970-01-01T00:00:00.000Z"),
];

/// Rows that no Rust value stands for: the TypeScript test of the value codec runs them.
const JAVASCRIPT_ONLY: usize = 23 + 5;

/// Between ours these differ from BinaryPack on purpose, to be exact.
const SUPERSET: &[(&str, &str)] = &[
    ("num/-0", "c48000000000000000"),
    // Numbers beyond 2^53 stay doubles, as JavaScript holds them.
    ("num/-4611686018427388000", "cbc3d0000000000000"),
    ("num/-1152921504606847000", "cbc3b0000000000000"),
    ("num/9007199254740994", "cb4340000000000001"),
    ("num/9007199254740996", "cb4340000000000002"),
    ("num/1152921504606847000", "cb43b0000000000000"),
    ("num/4611686018427388000", "cb43d0000000000000"),
    ("num/9223372036854775000", "cb43dfffffffffffff"),
    ("num/-9223372036854776000", "cbc3e0000000000000"),
    ("num/9223372036854778000", "cb43e0000000000001"),
    ("num/18446744073709550000", "cb43efffffffffffff"),
    ("date/0", "c50000000000000000"),
    ("date/1", "c50000000000000001"),
    ("date/1000", "c500000000000003e8"),
    ("date/1700000000123", "c50000018bcfe5687b"),
    ("date/-1", "c5ffffffffffffffff"),
    ("date/8640000000000000", "c5001eb208c2dc0000"),
    ("date/inside map", "81b164c50000000000000000"),
];

fn check(dialect: Dialect, package: &str, other: &str, listed: &[&[(&str, Ours)]]) {
    let vectors = vectors();
    let mut used = 0;
    let mut javascript = 0;
    for row in rows(&vectors, "encode") {
        let id = row["id"].as_str().expect("an id");
        let Some(value) = untag(&row["value"]) else {
            javascript += 1;
            continue;
        };
        let packed = encode(&value, dialect);
        if let Some((_, text)) = DATES.iter().find(|date| date.0 == id) {
            used += 1;
            let date = Value::from(*text);
            let date = if id == "date/inside map" {
                Value::Map(vec![("d".into(), date)])
            } else {
                date
            };
            assert_eq!(packed, encode(&date, dialect), "{id}");
            continue;
        }
        if dialect == Dialect::V1 && V1_ASTRAL.contains(&id) {
            used += 1;
            assert_eq!(
                packed.as_ref().map(|packed| hex(packed)),
                Ok(hex(&cesu(&value))),
                "{id}"
            );
            assert_eq!(
                decode(&packed.expect("compared above"), Dialect::V1),
                Ok(value),
                "{id}"
            );
            continue;
        }
        match listed.iter().copied().flatten().find(|entry| entry.0 == id) {
            None => {
                assert_eq!(
                    row[package][format!("read_by_{package}")],
                    "same",
                    "{id} belongs into the table"
                );
                let packed = packed.unwrap_or_else(|error| panic!("{id}: {error}"));
                assert!(
                    is_packed(&row[package], &packed),
                    "{id}: {}",
                    hex(&packed[..packed.len().min(64)])
                );
                let back = decode(&packed, dialect).unwrap_or_else(|error| panic!("{id}: {error}"));
                let zero = matches!(value, Value::Float(0.0));
                assert!(plainly_same(&back, &value) || zero, "{id} reads {back:?}");
            }
            Some((_, ours)) => {
                used += 1;
                assert_ne!(
                    row[package][format!("read_by_{package}")],
                    "same",
                    "{id} needs no entry in the table"
                );
                match ours {
                    Double => {
                        let expected =
                            format!("cb{}", row["value"]["bits"].as_str().expect("bits"));
                        assert_eq!(
                            packed.as_ref().map(|packed| hex(packed)),
                            Ok(expected),
                            "{id}"
                        );
                        assert!(same(
                            &decode(&packed.expect("compared above"), dialect).expect("readable"),
                            &value
                        ));
                    }
                    Hex(expected) => assert_eq!(packed, Ok(unhex(expected)), "{id}"),
                    OtherRow => {
                        assert_eq!(row[other][format!("read_by_{package}")], "same", "{id}");
                        assert!(is_packed(&row[other], &packed.expect("no error")), "{id}");
                    }
                    Refused(error) => assert_eq!(packed, Err(*error), "{id}"),
                }
            }
        }
    }
    let astral = if dialect == Dialect::V1 {
        V1_ASTRAL.len()
    } else {
        0
    };
    let expected = listed.iter().map(|list| list.len()).sum::<usize>() + DATES.len() + astral;
    assert_eq!(
        used, expected,
        "every entry of the tables is a row of the file"
    );
    assert_eq!(javascript, JAVASCRIPT_ONLY);
}

/// As [`same`], but a number above 2^53 may read as the integer it is.
fn plainly_same(back: &Value, value: &Value) -> bool {
    match (back, value) {
        (Value::Int(_) | Value::UInt(_), Value::Float(value)) => {
            let integer = back
                .as_i64()
                .map(i128::from)
                .or(back.as_u64().map(i128::from));
            integer == Some(*value as i128)
        }
        _ => same(back, value),
    }
}

/// CESU-8 by the definition: UTF-16, each unit as if it were a character.
fn cesu(value: &Value) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = Vec::new();
        for unit in text.encode_utf16() {
            match unit {
                0..=0x7f => bytes.push(unit as u8),
                0x80..=0x7ff => bytes.extend([0xc0 | (unit >> 6) as u8, 0x80 | (unit & 63) as u8]),
                _ => bytes.extend([
                    0xe0 | (unit >> 12) as u8,
                    0x80 | (unit >> 6 & 63) as u8,
                    0x80 | (unit & 63) as u8,
                ]),
            }
        }
        let mut out = match bytes.len() {
            len @ 0..=15 => vec![0xb0 | len as u8],
            len => vec![0xd8, (len >> 8) as u8, len as u8],
        };
        out.extend(bytes);
        out
    };
    match value {
        Value::Text(value) => text(value),
        Value::List(items) => [0x90 | items.len() as u8]
            .into_iter()
            .chain(items.iter().flat_map(cesu))
            .collect(),
        Value::Map(pairs) => {
            let pairs_bytes = pairs
                .iter()
                .flat_map(|(key, value)| [text(key), cesu(value)].concat());
            [0x80 | pairs.len() as u8]
                .into_iter()
                .chain(pairs_bytes)
                .collect()
        }
        Value::Int(value @ 0..=127) => vec![*value as u8],
        other => panic!("not in these rows: {other:?}"),
    }
}

#[test]
fn version_2_bytes_are_the_packages() {
    check(Dialect::V2, "v2", "v1", &[NUMBERS, V2_STACK]);
}

#[test]
fn version_1_bytes_are_the_packages() {
    check(Dialect::V1, "v1", "v2", &[NUMBERS, V1_BYTES]);
}

#[test]
fn our_own_bytes_are_the_packages_where_those_are_exact_and_always_read_back() {
    let vectors = vectors();
    let mut used = 0;
    for row in rows(&vectors, "encode") {
        let id = row["id"].as_str().expect("an id");
        let Some(value) = untag(&row["value"]) else {
            continue;
        };
        let packed = encode(&value, Dialect::Ours).unwrap_or_else(|error| panic!("{id}: {error}"));
        let back = decode(&packed, Dialect::Ours).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert!(same(&back, &value), "{id} reads {back:?}");
        if let Some((_, expected)) = SUPERSET.iter().find(|entry| entry.0 == id) {
            used += 1;
            assert_eq!(hex(&packed), *expected, "{id}");
        } else if row["v2"]["read_by_v2"] == "same" {
            assert!(
                is_packed(&row["v2"], &packed),
                "{id}: {}",
                hex(&packed[..packed.len().min(64)])
            );
        }
    }
    assert_eq!(
        used,
        SUPERSET.len(),
        "every entry of the table is a row of the file"
    );
}

#[test]
fn a_broadcast_sends_the_nearest_thing() {
    use peerjs_mesh_protocol::binarypack::encode_lossy;
    let lossy = |value| hex(&encode_lossy(&value, Dialect::V2).expect("sendable"));
    assert_eq!(lossy(Value::Float(f64::NAN)), "c0");
    assert_eq!(
        lossy(Value::List(vec![
            Value::Float(f64::NEG_INFINITY),
            Value::Int(1)
        ])),
        "92c001"
    );
    // 2^53 + 1 goes to the even neighbour, the largest integers to 2^63 and 2^64.
    assert_eq!(lossy(Value::Int((1 << 53) + 1)), "d30020000000000000");
    assert_eq!(lossy(Value::Int(-(1 << 53) - 1)), "d3ffe0000000000000");
    assert_eq!(lossy(Value::Int(i64::MAX)), "cf8000000000000000");
    assert_eq!(lossy(Value::UInt(u64::MAX)), "cb43f0000000000000");
    for exact in [
        Value::Int((1 << 53) + 1),
        Value::Int(i64::MAX),
        Value::UInt(u64::MAX),
        Value::Int(i64::MIN + 1),
    ] {
        assert_eq!(
            encode(&exact, Dialect::V2),
            Err(EncodeError::NotExact),
            "{exact:?}"
        );
        let ours = encode(&exact, Dialect::Ours).expect("ours is exact");
        assert_eq!(decode(&ours, Dialect::Ours), Ok(exact));
    }
}

#[test]
fn a_negative_64_bit_integer_is_sent_as_one_only_where_it_is_read_exactly() {
    // The packages' readers compute it through a double just below 2^64, where doubles lie 2048 apart.
    for (value, expected) in [
        (-(1i64 << 40) - 2048, "d3fffffefffffff800"),
        (-(1i64 << 40) - 1024, "cbc270000000400000"),
        (-(1i64 << 31) - 1, "cbc1e0000000200000"),
    ] {
        let read_by_packages = (value as u64 as f64) - 2f64.powi(64);
        assert_eq!(
            read_by_packages == value as f64,
            expected.starts_with("d3"),
            "{value}"
        );
        for dialect in [Dialect::V2, Dialect::V1] {
            let packed = encode(&Value::Int(value), dialect).expect("sendable");
            assert_eq!(hex(&packed), expected, "{value}");
            assert_eq!(decode(&packed, dialect), Ok(Value::Int(value)));
        }
    }
}

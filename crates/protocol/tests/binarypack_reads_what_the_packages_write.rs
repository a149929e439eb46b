//! The 120 rows of bytes and what npm's packages make of them: we read the same, or refuse, or read what was meant.
//! Every difference stands in a table here with its reason.

mod common;

use common::{rows, same, unhex, untag, vectors};
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{DecodeError, Dialect, Limits, decode, decode_with, encode};

/// Refused in both dialects.
const REFUSED: &[(&str, DecodeError)] = &[
    // A type byte past the end reads as 0 in the packages: nobody meant that value.
    ("dec/empty input", DecodeError::Truncated),
    ("dec/truncated array", DecodeError::Truncated),
    ("dec/truncated map value", DecodeError::Truncated),
    ("dec/truncated map key", DecodeError::Truncated),
    ("dec/truncated uint8", DecodeError::Truncated),
    ("dec/array16 count beyond end", DecodeError::Truncated),
    // The packages read `undefined`, which nobody wrote. (c1, undefined too, is read.)
    ("dec/c4 unassigned", DecodeError::UnknownTag),
    ("dec/c5 unassigned", DecodeError::UnknownTag),
    ("dec/c6 unassigned", DecodeError::UnknownTag),
    ("dec/c7 unassigned", DecodeError::UnknownTag),
    ("dec/c8 unassigned", DecodeError::UnknownTag),
    ("dec/c9 unassigned", DecodeError::UnknownTag),
    ("dec/d4 reserved", DecodeError::UnknownTag),
    ("dec/d5 reserved", DecodeError::UnknownTag),
    ("dec/d6 reserved", DecodeError::UnknownTag),
    ("dec/d7 reserved", DecodeError::UnknownTag),
    // Broken UTF-8 reads as odd characters, different ones in each package. No packer writes it.
    ("dec/str: latin1 byte e9", DecodeError::BadText),
    ("dec/str: continuation byte 80", DecodeError::BadText),
    ("dec/str: continuation byte 9f", DecodeError::BadText),
    ("dec/str: continuation byte a0", DecodeError::BadText),
    ("dec/str: continuation byte bf", DecodeError::BadText),
    ("dec/str: truncated 2-byte", DecodeError::BadText),
    ("dec/str: truncated 3-byte", DecodeError::BadText),
    ("dec/str: truncated 4-byte", DecodeError::BadText),
    ("dec/str: overlong c080", DecodeError::BadText),
    ("dec/str: f4908080 (above 10ffff)", DecodeError::BadText),
    ("dec/str: f8 88808080", DecodeError::BadText),
    ("dec/str: ff", DecodeError::BadText),
    // Keys that are no text are turned into text. No packer writes them.
    ("dec/int map key", DecodeError::BadKey),
    ("dec/null map key", DecodeError::BadKey),
    ("dec/array map key", DecodeError::BadKey),
    ("dec/bool map key", DecodeError::BadKey),
    ("dec/bytes map key", DecodeError::BadKey),
];

/// Read as what they say, in both dialects.
fn otherwise() -> Vec<(&'static str, Value)> {
    let map = |pairs: &[(&str, Value)]| {
        Value::Map(
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
        )
    };
    vec![
        // The packages' float readers are wrong for zeros, NaN, subnormals and, in 32 bits, infinities.
        ("dec/float 0", Value::Int(0)),
        ("dec/float -0", Value::Float(-0.0)),
        ("dec/float inf", Value::Float(f64::INFINITY)),
        ("dec/float -inf", Value::Float(f64::NEG_INFINITY)),
        ("dec/float nan", Value::Float(f64::NAN)),
        (
            "dec/float min subnormal",
            Value::Float(f64::from(f32::from_bits(1))),
        ),
        ("dec/double -0", Value::Float(-0.0)),
        ("dec/double nan", Value::Float(f64::NAN)),
        ("dec/double min subnormal", Value::Float(f64::from_bits(1))),
        (
            "dec/double subnormal 2^-1023",
            Value::Float(2f64.powi(-1023)),
        ),
        // A double zero is what the packers make of NaN, and of nothing else.
        ("dec/double 0", Value::Float(f64::NAN)),
        // 64-bit integers are exact here; the packages round them, some to another sign.
        ("dec/uint64 max", Value::UInt(u64::MAX)),
        ("dec/uint64 2^63", Value::UInt(1 << 63)),
        ("dec/uint64 2^53+1", Value::Int((1 << 53) + 1)),
        ("dec/int64 -1", Value::Int(-1)),
        ("dec/int64 -2", Value::Int(-2)),
        ("dec/int64 -4294967297", Value::Int(-4294967297)),
        ("dec/int64 min", Value::Int(i64::MIN)),
        ("dec/int64 max", Value::Int(i64::MAX)),
        // A surrogate alone is no text in Rust.
        ("dec/str: surrogate eda080", Value::from("\u{fffd}")),
        // JavaScript objects only: `__proto__` is a key as any other, and keys keep their order.
        (
            "dec/__proto__ key, number value",
            map(&[("__proto__", Value::Int(1))]),
        ),
        (
            "dec/__proto__ key, map value",
            map(&[("__proto__", map(&[("a", Value::Int(1))]))]),
        ),
        (
            "dec/integer-like keys sort first",
            map(&[("b", 1.into()), ("1", 10.into()), ("0", 11.into())]),
        ),
    ]
}

fn check(dialect: Dialect, package: &str, special: &[(&str, Result<Value, DecodeError>)]) {
    let vectors = vectors();
    let otherwise = otherwise();
    let mut used = 0;
    for row in rows(&vectors, "decode") {
        let id = row["id"].as_str().expect("an id");
        let result = decode(&unhex(row["hex"].as_str().expect("bytes")), dialect);
        let expected = if row[package]["error"].is_string() {
            None
        } else {
            Some(untag(&row[package]))
        };
        let listed = special
            .iter()
            .find(|entry| entry.0 == id)
            .map(|entry| entry.1.clone());
        let listed = listed.or(REFUSED
            .iter()
            .find(|entry| entry.0 == id)
            .map(|entry| Err(entry.1)));
        let listed = listed.or(otherwise
            .iter()
            .find(|entry| entry.0 == id)
            .map(|entry| Ok(entry.1.clone())));
        match (listed, expected) {
            (Some(listed), _) => {
                used += 1;
                let equal = match (&result, &listed) {
                    (Ok(result), Ok(listed)) => same(result, listed),
                    _ => result == listed,
                };
                assert!(
                    equal,
                    "{id} in {dialect:?} reads {result:?}, not {listed:?}"
                );
            }
            (None, Some(expected)) => {
                let expected = expected.expect("a value that Rust has");
                let result = result.unwrap_or_else(|error| panic!("{id} in {dialect:?}: {error}"));
                assert!(
                    same(&result, &expected),
                    "{id} in {dialect:?} reads {result:?}"
                );
            }
            (None, None) => assert!(result.is_err(), "{id} in {dialect:?} reads {result:?}"),
        }
    }
    let again = special
        .iter()
        .filter(|entry| REFUSED.iter().any(|other| other.0 == entry.0))
        .count();
    assert_eq!(
        used,
        REFUSED.len() + otherwise.len() + special.len() - again,
        "every entry is a row of the file"
    );
}

#[test]
fn version_2_is_read_as_it_was_meant() {
    check(
        Dialect::V2,
        "v2",
        // Only package 1 writes a count of six for such a character; read as version 2 it runs into what follows.
        &[(
            "dec/str: over-counted emoji inside array with 2 bytes after",
            Err(DecodeError::Truncated),
        )],
    );
}

#[test]
fn version_1_is_read_as_it_was_meant() {
    let emoji = Value::from("😃");
    check(
        Dialect::V1,
        "v1",
        &[
            // Four-byte UTF-8 is what its packer writes, though its reader cannot take it.
            ("dec/str: 4-byte utf8 (emoji)", Ok(emoji.clone())),
            // It declares six bytes and sends four.
            ("dec/str: v1 over-counted emoji", Ok(emoji.clone())),
            (
                "dec/str: over-counted emoji inside array with 2 bytes after",
                Ok(Value::List(vec![emoji, Value::Int(1), Value::Int(2)])),
            ),
        ],
    );
}

#[test]
fn what_package_1_really_writes_for_characters_outside_the_basic_plane_is_read() {
    let vectors = vectors();
    let mut seen = 0;
    for row in rows(&vectors, "encode") {
        let (Some(value), Some(packed)) = (untag(&row["value"]), row["v1"]["hex"].as_str()) else {
            continue;
        };
        if !["str", "arr", "map"]
            .iter()
            .any(|group| row["group"] == *group)
            || row["v1"]["read_by_v1"] == "same"
        {
            continue;
        }
        seen += 1;
        assert_eq!(
            decode(&unhex(packed), Dialect::V1),
            Ok(value),
            "{}",
            row["id"]
        );
    }
    assert_eq!(seen, 14, "14 rows hold such characters");
}

#[test]
fn of_equal_keys_the_last_value_stands_at_the_first_ones_place() {
    // Up to 16 keys are compared one way, more another.
    for extra in [0, 40] {
        let mut pairs: Vec<(String, Value)> =
            [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("a", 5), ("c", 6)]
                .map(|(key, value)| (key.to_owned(), Value::Int(value)))
                .to_vec();
        let mut expected: Vec<(String, Value)> = [("a", 5), ("b", 2), ("c", 6)]
            .map(|(key, value)| (key.to_owned(), Value::Int(value)))
            .to_vec();
        let more = (0..extra).map(|index| (format!("k{index}"), Value::Null));
        pairs.extend(more.clone());
        expected.extend(more);
        for dialect in [Dialect::Ours, Dialect::V2, Dialect::V1] {
            let packed = encode(&Value::Map(pairs.clone()), dialect).expect("sendable");
            assert_eq!(
                decode(&packed, dialect),
                Ok(Value::Map(expected.clone())),
                "{dialect:?}"
            );
        }
    }
}

#[test]
fn ours_is_strict() {
    for (bytes, error) in [
        (&b"\x01\x02"[..], DecodeError::Trailing),
        (b"\xca\x3f\xc0\x00\x00", DecodeError::UnknownTag),
        (b"\xc6", DecodeError::UnknownTag),
        (b"\xc9", DecodeError::UnknownTag),
        (b"\xd4", DecodeError::UnknownTag),
        (b"\xd7", DecodeError::UnknownTag),
        (b"\xc4\0\0\0", DecodeError::Truncated),
        (b"\xc5\0\0\0", DecodeError::Truncated),
        (b"\xb6\xed\xa0\xbd\xed\xb8\x83", DecodeError::BadText),
        (b"\x81\x01\x01", DecodeError::BadKey),
    ] {
        assert_eq!(decode(bytes, Dialect::Ours), Err(error), "{bytes:x?}");
    }
    assert_eq!(decode(b"\xc1", Dialect::Ours), Ok(Value::Null), "undefined");
}

#[test]
fn depth_and_number_of_values_are_bounded_both_ways() {
    use peerjs_mesh_protocol::binarypack::{EncodeError, MAX_DEPTH};
    for dialect in [Dialect::Ours, Dialect::V2, Dialect::V1] {
        let nested = |depth| (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        let packed = encode(&nested(MAX_DEPTH), dialect).expect("as deep as allowed");
        assert_eq!(decode(&packed, dialect), Ok(nested(MAX_DEPTH)));
        assert_eq!(
            encode(&nested(MAX_DEPTH + 1), dialect),
            Err(EncodeError::TooDeep)
        );
        let deeper = [b"\x91".as_slice(), &packed].concat();
        assert_eq!(decode(&deeper, dialect), Err(DecodeError::TooDeep));
        assert_eq!(
            decode(&vec![0x81; 1 << 20], dialect),
            Err(DecodeError::BadKey)
        );
        assert_eq!(
            decode(&vec![0x91; 1 << 20], dialect),
            Err(DecodeError::TooDeep)
        );
        let three = Limits {
            values: 3,
            ..Limits::default()
        };
        assert!(decode_with(b"\x92\x01\x02", dialect, three).is_ok());
        assert_eq!(
            decode_with(b"\x93\x01\x02\x03", dialect, three),
            Err(DecodeError::TooMany)
        );
        assert_eq!(
            decode_with(b"\x91\x92\x01\x02", dialect, three),
            Err(DecodeError::TooMany)
        );
    }
}

/// Counts what a thread asks of the allocator at most at once.
mod memory {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;

    thread_local! {
        static LARGEST: Cell<usize> = const { Cell::new(0) };
        static SUM: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) struct Counting;

    // SAFETY: forwards to the system allocator unchanged.
    #[allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            LARGEST.set(LARGEST.get().max(layout.size()));
            SUM.set(SUM.get() + layout.size());
            unsafe { System.alloc(layout) }
        }
        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    /// The largest request and the sum of all requests of `work`, in bytes.
    pub(super) fn taken(work: impl FnOnce()) -> (usize, usize) {
        LARGEST.set(0);
        SUM.set(0);
        work();
        (LARGEST.get(), SUM.get())
    }
}

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

#[test]
fn memory_is_taken_only_for_what_the_input_can_hold() {
    // Each promises 2^32 or 65 535 parts, alone or nested in one another.
    let mut nested = Vec::new();
    for _ in 0..90 {
        nested.extend_from_slice(b"\xdc\x00\xff");
    }
    let nested_maps = b"\xde\x00\x20\xb1a".repeat(90);
    for bytes in [
        &b"\xdd\xff\xff\xff\xff\x00\x00"[..],
        b"\xdf\xff\xff\xff\xff\xb0\x00",
        b"\xdb\xff\xff\xff\xff\x00",
        b"\xd9\xff\xff\xff\xff\x00",
        &nested,
        &nested_maps,
    ] {
        for dialect in [Dialect::Ours, Dialect::V2, Dialect::V1] {
            let (largest, sum) = memory::taken(|| assert!(decode(bytes, dialect).is_err()));
            let most = 48 * bytes.len();
            assert!(
                largest <= most && sum <= 2 * most,
                "{} bytes took {largest}, {sum} in all",
                bytes.len()
            );
        }
    }
}

#[test]
fn a_long_text_of_package_1_is_not_taken_for_a_miscounted_short_one() {
    // 303 such characters declare 1212 bytes, which is also what 202 of them would declare by the wrong count. Only
    // texts of up to 600 units (two for each) are counted wrongly.
    let long = Value::List(vec![Value::Text("😃".repeat(303)), Value::from("end")]);
    let packed = encode(&long, Dialect::V2).expect("sendable");
    assert_eq!(decode(&packed, Dialect::V1), Ok(long));
    let short = [
        b"\x92\xd8\x04\xbc".as_slice(),
        "😃".repeat(202).as_bytes(),
        b"\xb3end",
    ]
    .concat();
    let expected = Value::List(vec![Value::Text("😃".repeat(202)), Value::from("end")]);
    assert_eq!(decode(&short, Dialect::V1), Ok(expected));
}

#[test]
fn a_list_of_as_many_values_as_allowed_is_read_and_one_more_is_not_even_sent() {
    use peerjs_mesh_protocol::binarypack::{EncodeError, MAX_VALUES};
    // The list itself counts.
    let most = Value::List(vec![Value::Null; MAX_VALUES - 1]);
    let mut packed = encode(&most, Dialect::Ours).expect("as many as allowed");
    assert_eq!(decode(&packed, Dialect::Ours), Ok(most));
    assert_eq!(
        encode(&Value::List(vec![Value::Null; MAX_VALUES]), Dialect::Ours),
        Err(EncodeError::TooMany)
    );
    packed[1..5].copy_from_slice(&(MAX_VALUES as u32).to_be_bytes());
    packed.push(0xc0);
    assert_eq!(decode(&packed, Dialect::Ours), Err(DecodeError::TooMany));
}

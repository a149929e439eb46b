//! Bodies of fuzz targets (feature `fuzz`): each takes any bytes and panics if something that must hold does not.
//!
//! `cargo test` runs them briefly with a seeded generator; a fuzzing engine can call them as they are.

use crate::Value;
use crate::binarypack::{Dialect, decode, encode, encode_lossy};
use crate::chunks::{Assembler, AssemblerLimits, Received};
use crate::json;

/// Any bytes are a value or an error in each dialect, and a value comes back from its own bytes.
pub fn binarypack(bytes: &[u8], dialect: Dialect) {
    let Ok(value) = decode(bytes, dialect) else {
        return;
    };
    if dialect == Dialect::Ours {
        let packed = encode(&value, dialect).expect("what was read can be written");
        let back = decode(&packed, dialect).expect("what was written can be read");
        assert_same(&back, &value);
        assert_eq!(
            encode(&back, dialect).as_ref(),
            Ok(&packed),
            "one value has one form"
        );
    } else {
        let packed =
            encode_lossy(&value, dialect).expect("what was read can be written, if not exactly");
        let back = decode(&packed, dialect).expect("what was written can be read");
        assert_eq!(
            encode_lossy(&back, dialect).as_ref(),
            Ok(&packed),
            "what was lost is lost once"
        );
        if let Ok(exact) = encode(&value, dialect) {
            assert_eq!(exact, packed, "nothing is lost without an error");
        }
    }
}

/// Frames, each behind a length byte, in any dialect: an assembler stays within its limits and never panics.
pub fn chunks(bytes: &[u8]) {
    let limits = AssemblerLimits {
        message: 4096,
        bytes: 8192,
        sets: 4,
    };
    for dialect in [Dialect::V2, Dialect::V1] {
        let mut assembler = Assembler::new(dialect, limits);
        let mut rest = bytes;
        while let Some((&len, after)) = rest.split_first() {
            let (frame, after) = after.split_at(usize::from(len).min(after.len()));
            rest = after;
            if let Ok(Received::Value(value)) = assembler.accept(frame) {
                assert!(encode_lossy(&value, dialect).is_ok());
            }
            assert!(assembler.buffered() <= limits.bytes);
        }
    }
}

/// Any text is a message or an error, and a message comes back from its own text.
pub fn signalling(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(message) = json::read_from_server(&text) {
        let again = json::write_from_server(&message, "dst");
        // Escapes can make a text longer than the one it was read from.
        if again.len() <= json::MAX_TEXT {
            assert_eq!(json::read_from_server(&again), Ok(message));
        }
    }
    if let Ok(message) = json::read_to_server(&text) {
        let again = json::write_to_server(&message);
        if again.len() <= json::MAX_TEXT {
            assert_eq!(json::read_to_server(&again), Ok(message));
        }
    }
}

/// Any text is a value of the command line or an error, and a value comes back from its own text.
pub fn tagged(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(value) = json::read_tagged(&text) else {
        return;
    };
    let written = json::write_tagged(&value);
    assert!(!written.contains('\n'), "it is one line");
    let back = json::read_tagged(&written).expect("what was written can be read");
    assert_same(&back, &value);
    assert_eq!(json::write_tagged(&back), written, "one value has one form");
}

fn assert_same(a: &Value, b: &Value) {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => assert_eq!(a.to_bits(), b.to_bits()),
        (Value::List(a), Value::List(b)) => {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).for_each(|(a, b)| assert_same(a, b));
        }
        (Value::Map(a), Value::Map(b)) => {
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                assert_eq!(a.0, b.0);
                assert_same(&a.1, &b.1);
            }
        }
        _ => assert_eq!(a, b),
    }
}

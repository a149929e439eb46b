//! Large values are cut as PeerJS cuts them (9 vector rows of both versions), and put together within bounds whatever
//! order, repetition or nonsense arrives.

mod common;

use common::{hex, rows, untag, vectors};
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{DecodeError, Dialect, encode};
use peerjs_mesh_protocol::chunks::{Assembler, AssemblerLimits, ChunkError, PIECE, Received, cut};
use sha2::{Digest, Sha256};

fn packed(value: &Value) -> Vec<u8> {
    encode(value, Dialect::V2).expect("sendable")
}

fn pieces(value: &Value, id: u32) -> Vec<Vec<u8>> {
    cut(&packed(value), id).collect()
}

fn large(unit: &str) -> Value {
    Value::Text(unit.repeat(50_000))
}

fn assembler() -> Assembler {
    Assembler::new(Dialect::V2, AssemblerLimits::default())
}

fn envelope(id: Value, n: Value, total: Value, data: Value) -> Vec<u8> {
    let pairs = [
        ("__peerData", id),
        ("n", n),
        ("data", data),
        ("total", total),
    ];
    packed(&Value::Map(
        pairs.map(|(key, value)| (key.to_owned(), value)).to_vec(),
    ))
}

fn piece(id: i64, n: i64, total: i64, data: &[u8]) -> Vec<u8> {
    envelope(
        id.into(),
        n.into(),
        total.into(),
        Value::Bytes(data.to_vec()),
    )
}

#[test]
fn pieces_are_the_packages_byte_for_byte() {
    let vectors = vectors();
    for row in rows(&vectors, "chunks") {
        let id = &row["id"];
        let value = untag(&row["value"]).expect("a value that Rust has");
        for (version, dialect) in [("1.3.2", Dialect::V1), ("1.5.5", Dialect::V2)] {
            let bytes = encode(&value, dialect).expect("sendable");
            assert_eq!(row["encoded_len"], bytes.len(), "{id}");
            let expected = &row[version];
            let number = expected["chunks"][0]["__peerData"].as_u64().unwrap_or(1) as u32;
            let frames: Vec<Vec<u8>> = cut(&bytes, number).collect();
            if expected["chunked"] == false {
                assert_eq!(frames, [bytes], "{id}");
            } else {
                let chunks = expected["chunks"].as_array().expect("chunks");
                assert_eq!(frames.len(), chunks.len(), "{id}");
                for (frame, chunk) in frames.iter().zip(chunks) {
                    assert_eq!(chunk["packed_len"], frame.len(), "{id}");
                    assert_eq!(
                        chunk["sha256"],
                        hex(&Sha256::digest(frame)),
                        "{id} {}",
                        chunk["n"]
                    );
                }
            }
            let mut assembler = Assembler::new(dialect, AssemblerLimits::default());
            let (last, before) = frames.split_last().expect("at least one frame");
            for frame in before {
                assert_eq!(assembler.accept(frame), Ok(Received::Piece), "{id}");
            }
            assert_eq!(
                assembler.accept(last),
                Ok(Received::Value(value.clone())),
                "{id}"
            );
            assert_eq!(assembler.buffered(), 0, "{id}");
        }
    }
}

#[test]
fn numbers_in_envelopes_are_packed_as_any_number() {
    // 300 pieces and large ids need every width of integer.
    let bytes = vec![7; 300 * PIECE];
    for id in [1, 127, 128, 255, 256, 65_535, 65_536, u32::MAX] {
        let frames = cut(&bytes, id);
        assert_eq!(frames.len(), 300);
        for (n, frame) in frames.enumerate() {
            assert_eq!(
                frame,
                piece(i64::from(id), n as i64, 300, &bytes[..PIECE]),
                "piece {n} of {id}"
            );
        }
    }
}

#[test]
fn pieces_of_several_values_may_arrive_mixed_and_backwards() {
    let (a, b) = (large("a"), large("b"));
    let mut assembler = assembler();
    let mut received = Vec::new();
    for (one, other) in pieces(&a, 1).iter().zip(pieces(&b, 2).iter()).rev() {
        for frame in [one, other] {
            received.push(assembler.accept(frame).expect("good pieces"));
        }
        assert_eq!(
            assembler.accept(&packed(&Value::Int(5))),
            Ok(Received::Value(Value::Int(5))),
            "between pieces"
        );
    }
    let values: Vec<_> = received
        .into_iter()
        .filter(|received| *received != Received::Piece)
        .collect();
    assert_eq!(values, [Received::Value(a), Received::Value(b)]);
}

#[test]
fn keys_may_stand_in_any_order() {
    let data = Value::Bytes(packed(&Value::Bool(true)));
    let pairs = [
        ("total", Value::Int(1)),
        ("data", data),
        ("n", Value::Int(0)),
        ("__peerData", Value::Int(9)),
    ];
    let frame = packed(&Value::Map(
        pairs.map(|(key, value)| (key.to_owned(), value)).to_vec(),
    ));
    assert_eq!(
        assembler().accept(&frame),
        Ok(Received::Value(Value::Bool(true)))
    );
}

#[test]
fn the_close_message_is_told_apart_and_a_mark_that_is_false_is_none() {
    let map = |mark| {
        Value::Map(vec![
            ("__peerData".to_owned(), mark),
            ("x".to_owned(), Value::Int(1)),
        ])
    };
    let close = || Value::Map(vec![("type".to_owned(), Value::from("close"))]);
    assert_eq!(
        assembler().accept(&packed(&map(close()))),
        Ok(Received::Close)
    );
    for mark in [
        Value::Null,
        Value::Bool(false),
        Value::Int(0),
        Value::from(""),
    ] {
        let value = map(mark);
        assert_eq!(
            assembler().accept(&packed(&value)),
            Ok(Received::Value(value))
        );
    }
    for mark in [
        Value::Bool(true),
        Value::from("x"),
        Value::Int(-1),
        Value::Float(1.5),
        Value::List(vec![]),
    ] {
        assert_eq!(
            assembler().accept(&packed(&map(mark.clone()))),
            Err(ChunkError::BadEnvelope),
            "{mark:?}"
        );
    }
}

#[test]
fn a_piece_that_repeats_or_does_not_fit_drops_its_value_and_nothing_else() {
    let (a, b) = (large("a"), large("b"));
    for bad in [
        piece(1, 0, 4, b"again"),
        piece(1, 4, 4, b"beyond"),
        piece(1, 3, 5, b"another total"),
    ] {
        let mut assembler = assembler();
        let (of_a, of_b) = (pieces(&a, 1), pieces(&b, 2));
        assert_eq!(of_a.len(), 4);
        for frame in [&of_a[0], &of_b[0], &of_a[1]] {
            assert_eq!(assembler.accept(frame), Ok(Received::Piece));
        }
        assert_eq!(assembler.accept(&bad), Err(ChunkError::BadPiece));
        assert_eq!(assembler.accept(&of_a[2]), Err(ChunkError::Dropped));
        for frame in &of_b[1..3] {
            assert_eq!(assembler.accept(frame), Ok(Received::Piece));
        }
        assert_eq!(assembler.accept(&of_b[3]), Ok(Received::Value(b.clone())));
        assert_eq!(assembler.buffered(), 0);
    }
    assert_eq!(
        assembler().accept(&piece(1, 0, 0, b"")),
        Err(ChunkError::BadPiece)
    );
}

#[test]
fn envelopes_of_another_form_are_refused() {
    let data = || Value::Bytes(vec![0]);
    for (what, frame) in [
        (
            "n as text",
            envelope(1.into(), "0".into(), 1.into(), data()),
        ),
        (
            "n below 0",
            envelope(1.into(), (-1).into(), 1.into(), data()),
        ),
        (
            "total beyond 32 bits",
            envelope(1.into(), 0.into(), (1i64 << 32).into(), data()),
        ),
        (
            "data as text",
            envelope(1.into(), 0.into(), 1.into(), "x".into()),
        ),
        ("an envelope within", piece(1, 0, 1, &piece(2, 0, 2, b"x"))),
    ] {
        assert_eq!(
            assembler().accept(&frame),
            Err(ChunkError::BadEnvelope),
            "{what}"
        );
    }
    assert_eq!(
        assembler().accept(b""),
        Err(ChunkError::Decode(DecodeError::Truncated))
    );
    assert_eq!(
        assembler().accept(&piece(1, 0, 1, b"\xc6")),
        Err(ChunkError::Decode(DecodeError::UnknownTag))
    );
}

#[test]
fn a_value_over_the_limit_is_dropped() {
    let limits = AssemblerLimits {
        message: 30_000,
        ..AssemblerLimits::default()
    };
    let mut assembler = Assembler::new(Dialect::V2, limits);
    let frames = pieces(&large("a"), 1);
    assert_eq!(assembler.accept(&frames[0]), Ok(Received::Piece));
    assert_eq!(assembler.accept(&frames[1]), Err(ChunkError::TooLarge));
    assert_eq!(assembler.accept(&frames[2]), Err(ChunkError::Dropped));
    assert_eq!(assembler.buffered(), 0);
    // So many pieces that keeping them in order would be the work.
    assert_eq!(
        assembler.accept(&piece(2, 0, 1_000_000, b"x")),
        Err(ChunkError::TooLarge)
    );
}

#[test]
fn incomplete_values_are_bounded_in_number_and_size_and_the_one_that_waits_longest_goes() {
    let limits = AssemblerLimits {
        message: 1000,
        bytes: 2000,
        sets: 4,
    };
    let mut assembler = Assembler::new(Dialect::V2, limits);
    for id in 0..10_000 {
        assert_eq!(
            assembler.accept(&piece(id + 1, 0, 2, &[0; 800])),
            Ok(Received::Piece)
        );
        assert!(
            assembler.buffered() <= limits.bytes,
            "{} bytes",
            assembler.buffered()
        );
    }
    // Two of 800 bytes fit. The last is complete with its second piece, the third last was dropped for room.
    let whole = packed(&Value::Bytes(vec![7; 500]));
    let (first, second) = whole.split_at(250);
    assert_eq!(
        assembler.accept(&piece(10_000, 1, 2, &[0; 8])),
        Ok(Received::Value(Value::Int(0)))
    );
    assert_eq!(
        assembler.accept(&piece(9_998, 1, 2, &[0; 8])),
        Err(ChunkError::Dropped)
    );
    assert_eq!(
        assembler.accept(&piece(20_000, 0, 3, first)),
        Ok(Received::Piece)
    );
    for id in 0..3 {
        assert_eq!(
            assembler.accept(&piece(30_000 + id, 0, 2, b"")),
            Ok(Received::Piece)
        );
    }
    // Four are remembered. The first of them gets a piece, so that the second goes when another begins.
    assert_eq!(
        assembler.accept(&piece(20_000, 1, 3, second)),
        Ok(Received::Piece)
    );
    assert_eq!(
        assembler.accept(&piece(40_000, 0, 2, b"")),
        Ok(Received::Piece)
    );
    assert_eq!(
        assembler.accept(&piece(20_000, 2, 3, b"")),
        Ok(Received::Value(Value::Bytes(vec![7; 500])))
    );
}

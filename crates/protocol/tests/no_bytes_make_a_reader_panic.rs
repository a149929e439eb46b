//! Runs the fuzz targets on 100 000 inputs each, about a second: arbitrary bytes, and valid inputs with a few bytes changed, cut, doubled
//! or swapped. The generator is seeded with MESH_SEED, or 1; a failure prints its input.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{hex, rows, unhex, vectors};
use peerjs_mesh_protocol::binarypack::Dialect;
use peerjs_mesh_protocol::{chunks, fuzz};

const INPUTS: usize = 100_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let len = self.below(most + 1);
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// An input with one to four small changes.
    fn changed(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] = self.next() as u8,
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => {
                    let more = self.bytes(8);
                    bytes.splice(at..at, more);
                }
                4 => {
                    let from = self.below(bytes.len());
                    let part: Vec<u8> = bytes.iter().skip(from).take(16).copied().collect();
                    bytes.splice(at..at, part);
                }
                5 if at < bytes.len() => {
                    bytes.remove(at);
                }
                _ => {}
            }
        }
        bytes
    }
}

fn run(name: &str, seeds: &[Vec<u8>], target: impl Fn(&[u8])) {
    assert!(!seeds.is_empty());
    let seed = std::env::var("MESH_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let mut random = Random(seed);
    for count in 1..=INPUTS {
        let input = if random.below(4) == 0 {
            random.bytes(64)
        } else {
            let valid = seeds[random.below(seeds.len())].clone();
            random.changed(valid)
        };
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!("{name}, seed {seed}, input {count}: {}", hex(&input));
        }
    }
}

/// The short rows of the vector file, as bytes.
fn packed(key: &str) -> Vec<Vec<u8>> {
    let vectors = vectors();
    let encoded = rows(&vectors, "encode")
        .iter()
        .filter_map(|row| row[key]["hex"].as_str());
    let decoded = rows(&vectors, "decode")
        .iter()
        .filter_map(|row| row["hex"].as_str());
    let mut all: Vec<Vec<u8>> = encoded
        .chain(decoded)
        .map(unhex)
        .filter(|bytes| bytes.len() < 512)
        .collect();
    all.extend([
        b"\xc4\x7f\xf0\0\0\0\0\0\0".to_vec(),
        b"\xc5\0\0\0\0\0\0\0\x01".to_vec(),
        b"\xc1".to_vec(),
    ]);
    all
}

#[test]
fn binarypack_between_ours() {
    run("ours", &packed("v2"), |bytes| {
        fuzz::binarypack(bytes, Dialect::Ours)
    });
}

#[test]
fn binarypack_of_version_2() {
    run("v2", &packed("v2"), |bytes| {
        fuzz::binarypack(bytes, Dialect::V2)
    });
}

#[test]
fn binarypack_of_version_1() {
    run("v1", &packed("v1"), |bytes| {
        fuzz::binarypack(bytes, Dialect::V1)
    });
}

#[test]
fn chunks_in_any_order_and_shape() {
    let framed = |frames: &[Vec<u8>]| -> Vec<u8> {
        frames
            .iter()
            .flat_map(|frame| [frame.len() as u8].into_iter().chain(frame.iter().copied()))
            .collect()
    };
    // Small pieces, made from the envelope of a large value's last one.
    let last = chunks::cut(&vec![1; chunks::PIECE + 4], 1)
        .last()
        .expect("two pieces");
    let first = {
        let mut first = last.clone();
        let n = first
            .windows(2)
            .position(|pair| pair == b"\xb1n")
            .expect("the key n")
            + 2;
        first[n] = 0;
        first
    };
    let value = b"\x82\xb1a\x01\xb1b\x92\x02\x03".to_vec();
    let close = b"\x81\xba__peerData\x81\xb4type\xb5close".to_vec();
    let seeds = [
        framed(&[first.clone(), last.clone()]),
        framed(&[last.clone(), value.clone(), first.clone(), close]),
        framed(&[first.clone(), first, last, value]),
    ];
    run("chunks", &seeds, fuzz::chunks);
}

#[test]
fn signalling_text() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/signalling.json"
    );
    let text = std::fs::read_to_string(path).expect("the vector file is in the repository");
    let file: serde_json::Value = serde_json::from_str(&text).expect("the vector file is JSON");
    let rows = file["rows"].as_array().expect("rows");
    let seeds: Vec<Vec<u8>> = rows
        .iter()
        .filter_map(|row| Some(row["text"].as_str()?.as_bytes().to_vec()))
        .collect();
    run("signalling", &seeds, fuzz::signalling);
}

#[test]
fn values_of_the_command_line() {
    let texts = [
        r#"null"#,
        r#"[true,false,-0,0.5,1e300,9007199254740993,-18446744073709551616]"#,
        r#"{"a":{"$bytes":"AP8="},"b":{"$date":-5.5},"c":{"$date":null}}"#,
        r#"[{"$num":"NaN"},{"$num":"-Infinity"},{"$num":"-0"},{"$undefined":true}]"#,
        r#"{"$int":"9007199254740993"}"#,
        r#"{"$int":"18446744073709551615"}"#,
        r#"{"$map":[["$bytes","AP8="]]}"#,
        r#"{"$map":[["a",1],["b",{"$map":[["$x",[]]]}],["a",2]]}"#,
        r#"{"k":"\ud83d\ude00 \ud800 é\n","k":[{}]}"#,
        r#"[[[[[[[[[[{"a":[[]]}]]]]]]]]]]"#,
    ];
    let seeds = texts.map(|text| text.as_bytes().to_vec());
    for text in texts {
        assert!(
            peerjs_mesh_protocol::json::read_tagged(text).is_ok(),
            "{text}"
        );
    }
    run("tagged", &seeds, fuzz::tagged);
}

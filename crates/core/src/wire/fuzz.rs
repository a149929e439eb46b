//! Any bytes are a frame of records, or none: nothing that a remote says makes a reader panic, and what was read means
//! the same when it is written. Plain functions that a fuzzing engine could call as they are; here they run briefly.

use super::*;
use crate::calls::Given;
use crate::names::Names;
use crate::rng::Rng;
use alloc::format;
use std::panic::{AssertUnwindSafe, catch_unwind};

const INPUTS: usize = 100_000;

/// Every record and piece of a frame.
fn frame(bytes: &[u8]) {
    let mut names = Names::default();
    let mut reader = Reader::new(bytes);
    while let Some((number, body)) = reader.record() {
        if number == kind::PIECE {
            piece(body);
        } else {
            record(number, body, &mut names);
        }
    }
    // An id takes two bytes at least: so few can be learned.
    assert!(names.count() <= bytes.len() as u64 / 2);
}

fn record(number: u8, body: Reader<'_>, names: &mut Names) {
    let Ok(Some(record)) = Record::read(number, body, names) else {
        return;
    };
    let meant = format!("{record:?}");
    let written = record.write(names);
    let (again, body) = Reader::new(&written).record().expect("a record");
    assert_eq!(again, number);
    let read = Record::read(again, body, names);
    assert_eq!(format!("{read:?}"), format!("Ok(Some({meant}))"));
}

fn piece(mut body: Reader<'_>) {
    let Some(piece) = Piece::read(&mut body) else {
        return;
    };
    // Memory is taken by these numbers.
    assert!(piece.offset + piece.bytes.len() <= piece.total);
    let mut written = Writer::default();
    piece.write(&mut written);
    let (again, mut body) = Reader::new(&written.buf).record().expect("a record");
    assert_eq!(again, kind::PIECE);
    let read = Piece::read(&mut body);
    assert_eq!(format!("{read:?}"), format!("Some({piece:?})"));
}

/// A hello.
fn hello(bytes: &[u8]) {
    if let Some(hello) = Hello::read(bytes) {
        assert_eq!(Hello::read(&hello.write()), Some(hello));
    }
}

/// What somebody gives.
fn given(bytes: &[u8]) {
    if let Some(given) = Given::read(bytes) {
        assert_eq!(Given::read(&Given::write(Some(given))), Some(given));
    }
}

/// The member's own generator, always from the same seed.
struct Random(Rng);

impl Random {
    fn next(&mut self) -> u64 {
        self.0.u64()
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
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] = self.next() as u8,
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => {
                    let more = self.bytes(8);
                    bytes.splice(at..at, more);
                }
                _ => {
                    let part: Vec<u8> = bytes.iter().skip(at).take(16).copied().collect();
                    bytes.splice(at..at, part);
                }
            }
        }
        bytes
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The rows of testdata/wire.txt, those with this word in their names or those without.
fn rows(word: &str, with: bool) -> Vec<Vec<u8>> {
    let lines: Vec<&str> = include_str!("../../testdata/wire.txt").lines().collect();
    let unhex = |text: &str| -> Option<Vec<u8>> {
        let digits = text.trim();
        (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok())
            .collect()
    };
    lines
        .windows(2)
        .filter(|two| !two[0].starts_with(' ') && two[1].starts_with("  "))
        .filter(|two| two[0].contains(word) == with)
        .map(|two| unhex(two[1]).expect("hex"))
        .collect()
}

/// Arbitrary bytes, and valid inputs with a few changed, cut, or doubled; the body alone behind its right length, too.
fn run(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    assert!(!seeds.is_empty());
    let mut random = Random(Rng::new([1; 32]));
    for count in 1..=INPUTS {
        let pick = seeds[random.below(seeds.len())].clone();
        let input = match random.below(4) {
            0 => random.bytes(64),
            1 => {
                // Else most changes of a short record are changes of its length.
                let mut reader = Reader::new(&pick);
                let body = reader.blob().unwrap_or(&pick).to_vec();
                let mut whole = Writer::default();
                whole.blob(&random.changed(body));
                whole.buf
            }
            _ => random.changed(pick),
        };
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!("{name}, input {count}: {}", hex(&input));
        }
    }
}

#[test]
fn no_bytes_make_the_reader_of_records_panic() {
    run("records", &rows("hello", false), frame);
}

#[test]
fn no_bytes_make_the_reader_of_a_hello_panic() {
    run("hello", &rows("hello", true), hello);
}

#[test]
fn no_bytes_make_the_reader_of_what_is_given_panic() {
    let seeds = [1, 300, u64::MAX].map(|serial| Given::write(Some(Given { serial, kinds: 7 })));
    run("given", &seeds, given);
}

//! What our members say to each other holds to `testdata/wire.txt`, byte for byte, so that releases understand each
//! other; and a later release may add kinds of records, and fields at a record's end.

use super::*;
use crate::delivery::Pos;
use crate::names::{Key, Names};
use alloc::collections::BTreeSet;
use alloc::format;

/// Rows of three lines: a name, the bytes in hex, what they mean.
const VECTORS: &str = include_str!("../../testdata/wire.txt");

/// The ids of the file, in the order of their keys.
const IDS: [&str; 3] = [
    "6a2f41a3-c54c-8fce-b2d8-9e1f0c3a5b7d",
    "no UUID",
    "00000000-0000-8000-8000-000000000001",
];
const ONE: Key = Key(0);
const TWO: Key = Key(1);
const THREE: Key = Key(2);
const FOUNDING: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const INC: u64 = 0x0123_4567_89ab_cdef;

fn names() -> Names {
    let mut names = Names::default();
    for id in IDS {
        names.key(id);
    }
    names
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Panics with the row that the file should have.
fn check(name: &str, bytes: &[u8], meaning: &str) {
    let row = format!("{name}\n  {}\n  {meaning}\n", hex(bytes));
    let known = VECTORS.contains(&format!("\n{row}"));
    assert!(known, "testdata/wire.txt lacks the row\n{row}");
}

/// What the bytes of a row in the file are.
fn bytes_of(name: &str) -> Vec<u8> {
    let (_, row) = VECTORS
        .split_once(&format!("\n{name}\n  "))
        .unwrap_or_else(|| panic!("no row is called {name}"));
    let hex = row.lines().next().unwrap_or_default();
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"))
        .collect()
}

fn position(sender: Key, b: u64, flag: bool) -> Position {
    Position {
        sender,
        inc: INC,
        b,
        d: 2,
        off: 300,
        flag,
    }
}

fn entry(member: Key, base: u64) -> RosterEntry {
    RosterEntry {
        member,
        inc: INC,
        base,
        tail: 7,
    }
}

fn removed(member: Key, politely: bool) -> Removed {
    Removed {
        member,
        inc: INC,
        last: 129,
        politely,
    }
}

/// A record of each kind, of some kinds more than one.
fn records() -> Vec<(&'static str, Record<'static>)> {
    let dial = |mid, index, fragment| Record::Dial {
        from: ONE,
        to: TWO,
        what: 2,
        connection_id: "dc_é",
        text: "candidate:1",
        mid,
        index,
        fragment,
    };
    let safe = |sender, b| Safe {
        sender,
        b,
        off: 1000,
        retain: 3,
    };
    let init = |about| Record::Init {
        about,
        member: TWO,
        version: 2,
        data: &[0xc0],
    };
    let roster = Record::Roster {
        term: 3,
        n: 17,
        settled: true,
        added: vec![entry(TWO, 5)],
        removed: vec![removed(THREE, true), removed(ONE, false)],
    };
    let welcome = Record::Welcome(Welcome {
        founding: FOUNDING,
        term: 3,
        n: 16_384,
        settled: true,
        known: false,
        have: 12,
        have_off: 40_000,
        roster: vec![entry(ONE, 0), entry(TWO, u64::MAX)],
        removed: vec![removed(THREE, false)],
    });
    let join = Record::Join(Join {
        founding: FOUNDING,
        term: 3,
        named: true,
        leaving: false,
        cut: true,
        sent: u64::MAX,
        released: 4,
        positions: vec![position(TWO, 128, true), position(THREE, 0, false)],
    });
    let beat = |hidden, leaving| Record::Beat {
        term: 3,
        n: 17,
        seq: 200,
        echo: 199,
        held_micros: 1500,
        hidden,
        leaving,
    };
    vec![
        ("join", join),
        ("welcome", welcome),
        ("refuse: full", Record::Refuse(Refusal::Full { limit: 300 })),
        (
            "refuse: not the host, who is",
            Record::Refuse(Refusal::NotHost { host: Some(TWO) }),
        ),
        (
            "refuse: not the host",
            Record::Refuse(Refusal::NotHost { host: None }),
        ),
        ("refuse: too slow", Record::Refuse(Refusal::TooSlow)),
        ("refuse: silent", Record::Refuse(Refusal::Silent)),
        ("roster", roster),
        ("init", init(kind::INIT)),
        ("given", init(kind::GIVEN)),
        ("ack", Record::Ack(vec![position(ONE, 9, true)])),
        (
            "safe",
            Record::Safe {
                term: 3,
                all: vec![safe(ONE, 4), safe(TWO, 70_000)],
            },
        ),
        (
            "acked",
            Record::Acked {
                by: TWO,
                b: 4,
                d: 1,
                off: 0,
            },
        ),
        (
            "base",
            Record::Base {
                from: ONE,
                inc: INC,
                to: TWO,
                first: 2,
                at: Pos { b: 5, d: 1 },
            },
        ),
        (
            "need",
            Record::Need {
                from: TWO,
                to: ONE,
                known: true,
                b: 5,
                d: 1,
            },
        ),
        (
            "signal",
            Record::Signal {
                from: ONE,
                to: TWO,
                number: 6,
                dialler: true,
                signal: b"v=0",
            },
        ),
        (
            "fetch",
            Record::Fetch {
                sender: TWO,
                inc: INC,
                b: 5,
                off: 15_000,
            },
        ),
        (
            "gap",
            Record::Gap {
                sender: TWO,
                inc: INC,
                to: 8,
            },
        ),
        (
            "bye",
            Record::Bye {
                last: 130,
                staying: false,
            },
        ),
        (
            "bye, as host only",
            Record::Bye {
                last: 130,
                staying: true,
            },
        ),
        (
            "moved",
            Record::Moved(Moved {
                founding: FOUNDING,
                term: 4,
                host: TWO,
            }),
        ),
        ("token", Record::Token("s3cret")),
        ("reach", Record::Reach("somebody")),
        ("dial", dial(Some("0"), Some(258), Some("ufrag"))),
        ("dial, no more than it must", dial(None, None, None)),
        ("stop", Record::Stop { sender: TWO }),
        ("warm", Record::Warm),
        ("ask", Record::Ask),
        ("heard", Record::Heard { host: Some(ONE) }),
        ("heard nobody", Record::Heard { host: None }),
        ("report", Record::Report { sender: TWO }),
        ("reported", Record::Reported(vec![position(TWO, 1, false)])),
        ("beat", beat(false, false)),
        ("beat, hidden and leaving", beat(true, true)),
        ("probe", Record::Probe { nonce: u32::MAX }),
        (
            "probe ack",
            Record::ProbeAck {
                nonce: u32::MAX,
                holds: true,
            },
        ),
    ]
}

/// The kind and body of the one record in a frame.
fn only(frame: &[u8]) -> (u8, Reader<'_>) {
    let mut reader = Reader::new(frame);
    let record = reader.record().expect("a record");
    assert!(reader.is_empty(), "one record");
    record
}

fn meaning(frame: &[u8], names: &mut Names) -> String {
    let (kind, body) = only(frame);
    match kind {
        kind::PIECE => format!("{:?}", Piece::read(&mut { body }).expect("a piece")),
        _ => {
            let record = Record::read(kind, body, names).expect("it can be read");
            format!("{:?}", record.expect("a kind that is known"))
        }
    }
}

/// The kinds that this release knows: what is not so is skipped whatever its body.
fn known() -> BTreeSet<u8> {
    let is_known = |kind: &u8| {
        let read = Record::read(*kind, Reader::new(&[]), &mut names());
        *kind == kind::PIECE || !matches!(read, Ok(None))
    };
    (0..=255).filter(is_known).collect()
}

#[test]
fn records_are_the_bytes_in_the_file_and_mean_what_stands_there() {
    let mut names = names();
    let mut kinds = BTreeSet::from([kind::PIECE]);
    for (name, record) in records() {
        let meant = format!("{record:?}");
        let written = record.write(&names);
        check(name, &written, &meant);
        assert_eq!(meaning(&bytes_of(name), &mut names), meant, "{name}");
        kinds.insert(only(&written).0);
    }
    assert_eq!(kinds, known(), "a row for each kind");
    assert_eq!(IDS.map(|id| names.find(id)), [ONE, TWO, THREE].map(Some));
}

#[test]
fn pieces_are_the_bytes_in_the_file_and_mean_what_stands_there() {
    let mut names = names();
    let (one, two) = (names.wire(ONE).to_vec(), names.wire(TWO).to_vec());
    let whole = || Piece {
        sender: Some(&one),
        inc: INC,
        b: 300,
        to: None,
        after: Vec::new(),
        total: 3,
        offset: 0,
        bytes: b"abc",
    };
    let rows = [
        ("piece: a broadcast", whole()),
        (
            "piece: the sender's own",
            Piece {
                sender: None,
                ..whole()
            },
        ),
        (
            "piece: directed",
            Piece {
                to: Some((&two, 1)),
                ..whole()
            },
        ),
        (
            "piece: a broadcast after directed ones",
            Piece {
                after: vec![(&two, 2), (&one, 130)],
                ..whole()
            },
        ),
        (
            "piece: a part",
            Piece {
                total: 40_000,
                offset: 15_000,
                ..whole()
            },
        ),
    ];
    for (name, piece) in rows {
        let mut written = Writer::default();
        piece.write(&mut written);
        let meant = format!("{piece:?}");
        check(name, &written.buf, &meant);
        assert_eq!(meaning(&bytes_of(name), &mut names), meant, "{name}");
    }
}

#[test]
fn a_hello_is_the_bytes_in_the_file_and_means_what_stands_there() {
    let hello = Hello {
        versions: (1, 1),
        id: IDS[0].to_owned(),
        inc: INC,
        founding: FOUNDING,
        term: 3,
        room: "a room".to_owned(),
        role: Role::Host,
        size: 70_000,
    };
    check("hello", &hello.write(), &format!("{hello:?}"));
    assert_eq!(Hello::read(&bytes_of("hello")), Some(hello));
}

#[test]
fn every_row_of_the_file_is_looked_at() {
    let rows = VECTORS
        .lines()
        .filter(|line| line.starts_with("  "))
        .count()
        / 2;
    assert_eq!(rows, records().len() + 5 + 1);
    for (key, id) in IDS.iter().enumerate() {
        assert!(VECTORS.contains(&format!("Key({key}) = {id}\n")), "{id}");
    }
}

/// (A piece ends with its payload: there is no room for a field behind it. In a hello fields may stand anywhere.)
#[test]
fn bytes_at_a_record_s_end_are_a_later_release_s() {
    let mut names = names();
    for (name, record) in records() {
        let written = record.write(&names);
        let (number, body) = only(&written);
        for more in [&[0][..], &[0xff; 40]] {
            let longer = super::record(number, |w| {
                w.bytes(body.rest());
                w.bytes(more);
            });
            let meant = format!("{record:?}");
            assert_eq!(meaning(&longer, &mut names), meant, "{name}");
        }
    }
}

#[test]
fn kinds_that_are_not_known_are_skipped_by_their_length() {
    let mut names = names();
    let probe = |nonce| Record::Probe { nonce }.write(&names);
    let (first, last) = (probe(1), probe(2));
    let known = |number: u8| {
        let is_it = |(_, record): (_, Record<'_>)| only(&record.write(&names)).0 == number;
        number == kind::PIECE || records().into_iter().any(is_it)
    };
    let unknown: Vec<u8> = (0..=255).filter(|number| !known(*number)).collect();
    for number in unknown {
        for body in [&[][..], &[0], &[0xff; 300]] {
            let unknown = super::record(number, |w| w.bytes(body));
            let frame = [&first[..], &unknown, &last].concat();
            let mut reader = Reader::new(&frame);
            let mut nonces = Vec::new();
            while let Some((number, body)) = reader.record() {
                match Record::read(number, body, &mut names) {
                    Ok(Some(Record::Probe { nonce })) => nonces.push(nonce),
                    Ok(None) => {}
                    _ => panic!("kind {number} is no mistake"),
                }
            }
            assert!(reader.is_empty());
            assert_eq!(nonces, [1, 2], "beside kind {number}");
        }
    }
}

//! The records hold to `testdata/records.txt`, which the TypeScript side holds to as well: lines of a name, a colon
//! and bytes in hex. Views are left out: their addresses differ.

use crate::boundary::refused;
use crate::reader::Reader;
use crate::writer::Writer;
use peerjs_mesh_core::{
    Ahead, Config, ErrorCode, Event, LinkId, Mode, Outcome, Output, PeerStatus, SendError,
    SessionId, Status, Ticket,
};
use peerjs_mesh_protocol::signalling::{
    Answer, Candidate, ConnectionKind, Echo, FromServer, MeshMark, Offer, Signal, ToServer,
};

const VECTORS: &str = include_str!("../testdata/records.txt");

fn vector(name: &str) -> Vec<u8> {
    let hex = VECTORS
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("no vector is called {name}"));
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"))
        .collect()
}

/// Panics with the line that the file should have.
fn check(name: &str, bytes: &[u8]) {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let known = VECTORS.lines().any(|line| line == format!("{name}: {hex}"));
    assert!(known, "testdata/records.txt lacks the line\n{name}: {hex}");
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.begin(0);
    write(&mut writer);
    writer.bytes().to_vec()
}

fn offer() -> Offer {
    Offer {
        connection_id: "dc_é".into(),
        kind: ConnectionKind::Data,
        sdp: "v=0\r\n".into(),
        label: Some("label".into()),
        reliable: Some(true),
        serialization: Some("binary".into()),
        browser: None,
        mesh: Some(MeshMark { min: 1, max: 65535 }),
    }
}

fn answer() -> Answer {
    Answer {
        connection_id: "mc_1".into(),
        kind: ConnectionKind::Media,
        sdp: String::new(),
        browser: Some("chrome".into()),
        mesh: None,
    }
}

fn candidate() -> Candidate {
    Candidate {
        connection_id: String::new(),
        kind: ConnectionKind::Data,
        candidate: "candidate:1 1 udp 1 ::1 9 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(258),
        username_fragment: None,
    }
}

fn echo() -> Echo {
    Echo {
        nonce: 0xfedc_ba98_7654_3210,
        term: (1 << 53) - 1,
        member: "m".into(),
    }
}

fn relayed(signal: Signal) -> FromServer {
    FromServer::Relayed {
        src: "al".into(),
        signal,
    }
}

#[test]
fn what_a_server_says_is_read_as_typescript_writes_it() {
    let rows = [
        ("open", FromServer::Open),
        ("id taken", FromServer::IdTaken),
        ("invalid key", FromServer::InvalidKey),
        (
            "error",
            FromServer::Error {
                message: "no".into(),
            },
        ),
        ("expire", FromServer::Expire { src: "room".into() }),
        ("leave", FromServer::Leave { src: "bob".into() }),
        ("unknown", FromServer::Unknown),
        ("relayed offer", relayed(Signal::Offer(offer()))),
        ("relayed answer", relayed(Signal::Answer(answer()))),
        ("relayed candidate", relayed(Signal::Candidate(candidate()))),
        ("relayed echo", relayed(Signal::Echo(echo()))),
    ];
    for (name, message) in rows {
        assert_eq!(
            Reader::new(&vector(name)).message(),
            Some(message),
            "{name}"
        );
    }
}

fn ahead() -> Ahead {
    Ahead {
        id: "id".into(),
        token: "token".into(),
        connection_id: "dc".into(),
    }
}

#[test]
fn a_config_is_read_as_typescript_writes_it() {
    let mut config = Config::new("room");
    config.link_window = 256 << 10;
    config.ahead = Some(ahead());
    config.mesh_limit = None;
    config.auto_call = Some(u32::MAX);
    assert_eq!(Reader::new(&vector("plain config")).config(), Some(config));

    let mut config = Config::new("room");
    config.link_window = 256 << 10;
    config.ahead = Some(ahead());
    config.mesh_limit = Some(3);
    config.health_interval_ms = 1000;
    config.join_timeout_ms = Some(0);
    config.auto_call = Some(5);
    config.mode = Mode::Full;
    config.versions = (2, 3);
    config.init_data = Some(vec![1, 2, 3]);
    assert_eq!(Reader::new(&vector("full config")).config(), Some(config));
}

#[test]
fn no_record_is_read_from_its_beginning_only() {
    for name in [
        "relayed offer",
        "relayed answer",
        "relayed candidate",
        "relayed echo",
    ] {
        let bytes = vector(name);
        for length in 0..bytes.len() {
            assert_eq!(
                Reader::new(&bytes[..length]).message(),
                None,
                "{name}, {length}"
            );
        }
    }
}

#[test]
fn what_is_to_be_done_is_written_as_typescript_reads_it() {
    let relay = |signal| ToServer::Relay {
        dst: "bob".into(),
        signal,
    };
    let say = |message| Output::SendSession {
        session: SessionId(1),
        message,
    };
    let link = LinkId(0x0102_0304);
    let rows = [
        (
            "open session",
            Output::OpenSession {
                session: SessionId(7),
                id: "a b".into(),
                token: "t".into(),
            },
        ),
        ("say heartbeat", say(ToServer::Heartbeat)),
        ("say offer", say(relay(Signal::Offer(offer())))),
        ("say answer", say(relay(Signal::Answer(answer())))),
        ("say candidate", say(relay(Signal::Candidate(candidate())))),
        ("say echo", say(relay(Signal::Echo(echo())))),
        (
            "close session",
            Output::CloseSession {
                session: SessionId(7),
            },
        ),
        (
            "dial",
            Output::Dial {
                link,
                label: "dc_1".into(),
            },
        ),
        (
            "answer",
            Output::Answer {
                link,
                sdp: "v=0".into(),
                lanes: true,
            },
        ),
        (
            "accept",
            Output::Accept {
                link,
                sdp: "v=0".into(),
                lanes: false,
            },
        ),
        (
            "add candidate",
            Output::AddCandidate {
                link,
                candidate: candidate(),
            },
        ),
        ("close link", Output::CloseLink { link }),
        ("media", Output::Media { link, dial: true }),
    ];
    for (name, output) in rows {
        check(name, &written(|writer| writer.output(output)));
    }
}

#[test]
fn what_the_user_hears_is_written_as_typescript_reads_it() {
    let peers = vec!["a".to_owned(), "é".to_owned()];
    let rows = [
        ("joined", Event::Joined { id: "a".into() }),
        (
            "host connected",
            Event::HostConnected {
                is_host: true,
                host: "a".into(),
                term: 1 << 40,
            },
        ),
        (
            "sync",
            Event::Sync {
                peers: Some(peers.clone()),
            },
        ),
        ("no sync", Event::Sync { peers: None }),
        ("host dropped", Event::HostDropped),
        (
            "peer joined",
            Event::PeerJoined {
                id: "é".into(),
                peers: peers.clone(),
            },
        ),
        (
            "peer dropped",
            Event::PeerDropped {
                id: "x".into(),
                peers: Vec::new(),
            },
        ),
        (
            "limit exceeded",
            Event::MeshLimitExceeded {
                limit: 10,
                tries: 2,
            },
        ),
        ("signalling down", Event::Signalling { up: false }),
        (
            "gap",
            Event::Gap {
                from: "a".into(),
                first: 3,
                last: 1 << 33,
            },
        ),
        (
            "fault",
            Event::Error {
                code: ErrorCode::ServerError,
                detail: "closed".into(),
            },
        ),
        ("left", Event::Left),
        (
            "stream",
            Event::Stream {
                id: "a".into(),
                link: LinkId(0x0102_0304),
                kinds: 5,
            },
        ),
        ("stream drop", Event::StreamDrop { id: "a".into() }),
        ("manual stream", Event::ManualStream { id: "a".into() }),
    ];
    for (name, event) in rows {
        check(name, &written(|writer| writer.event(event)));
    }
}

#[test]
fn outcomes_of_sends_are_written_as_typescript_reads_them() {
    let rows = [
        ("accepted", Ok(())),
        ("refused", Err(ErrorCode::MemberLeft)),
    ];
    for (name, result) in rows {
        let ticket = Ticket(9);
        let outcome = Outcome { ticket, result };
        check(name, &written(|writer| writer.outcome(outcome)));
    }
}

#[test]
fn a_status_is_written_as_typescript_reads_it() {
    let status = Status {
        id: "a".into(),
        room: "room".into(),
        founding: std::array::from_fn(|at| at as u8 * 17),
        term: 5,
        host: Some("b".into()),
        is_host: false,
        signalling: true,
        buffered: 1 << 20,
        peers: vec![
            PeerStatus {
                id: "b".into(),
                direct: true,
                rtt_micros: Some(1500),
            },
            PeerStatus {
                id: "c".into(),
                direct: false,
                rtt_micros: None,
            },
        ],
    };
    check("status", &written(|writer| writer.status(&status)));
}

/// The values of an enum with their words: `TooSlow` is "too-slow". Without one of its values this does not compile.
macro_rules! words {
    ($of:ident: $($name:ident)*) => {{
        let name_of = |value: $of| match value {
            $($of::$name => stringify!($name),)*
        };
        [$($of::$name),*].map(|value| (value, in_kebab_case(name_of(value))))
    }};
}

fn in_kebab_case(name: &str) -> String {
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

/// How many vectors have names that begin so.
fn count(prefix: &str) -> usize {
    VECTORS
        .lines()
        .filter(|line| line.starts_with(prefix))
        .count()
}

#[test]
fn every_error_code_is_written_as_typescript_reads_it() {
    let codes = words! { ErrorCode:
        InvalidRoom InvalidOption BadCommand ServerUnreachable InvalidKey ServerError IdTaken JoinTimeout SyncTimeout
        MeshFull HostUnavailable VersionMismatch NotEncodable MessageTooLarge BufferFull UnknownMember MemberLeft TooSlow
        Left MediaDenied PortInUse Unsupported Internal CallFailed
    };
    assert_eq!(count("code "), codes.len(), "and no other is in the file");
    for (code, word) in codes {
        let detail = String::new();
        let event = Event::Error { code, detail };
        check(
            &format!("code {word}"),
            &written(|writer| writer.event(event)),
        );
    }
}

#[test]
fn every_refusal_of_a_call_is_returned_as_typescript_reads_it() {
    let errors = words! { SendError: MessageTooLarge BufferFull UnknownMember Left Full };
    // `Full` is for those who try: no export does.
    let returned = errors
        .into_iter()
        .filter(|(error, _)| *error != SendError::Full);
    let mut all = 0;
    for (error, word) in returned {
        check(&format!("refusal {word}"), &refused(error).to_le_bytes());
        all += 1;
    }
    assert_eq!(count("refusal "), all, "and no other is in the file");
}

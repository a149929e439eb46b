//! Any text is a description or a candidate, or none: nothing that a remote says makes a reader panic, ours or the
//! stack's, and what is taken of it is bounded by what was said. Plain functions that a fuzzing engine could call as
//! they are; here they run briefly. The generator is seeded with MESH_SEED, or 1; a failure prints its input.

use super::Links;
use super::sdp::{MAX_CANDIDATES, MAX_FRAME, Remote, read_candidate};
use peerjs_mesh_core::LinkId;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpOffer};

const INPUTS: usize = 20_000;
/// For each of these two connections are made.
const CONNECTIONS: usize = 300;

const CHROMIUM: &str = "v=0\r\no=- 7721062915872097059 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=candidate:3551826667 1 udp 2113937151 6bb30137-a183-4f0b-a1dd-0025053746e4.local 36863 typ host generation 0 network-cost 999\r\n\
    a=candidate:3569811035 1 udp 2113942271 192.0.2.7 35434 typ host generation 0 network-cost 999\r\n\
    a=candidate:842163049 1 udp 1677729535 203.0.113.9 36863 typ srflx raddr 192.0.2.7 rport 35434 generation 0\r\n\
    a=ice-ufrag:GFBu\r\na=ice-pwd:LXHc7+ERyeL21aXiPFLv2gmp\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 16:5B:97:5F:F5:2C:C4:22:49:D9:29:13:84:7A:E5:3A:DB:1B:0A:F4:05:42:F3:78:97:0C:7E:75:AD:FF:03:BD\r\n\
    a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n";

const FIREFOX: &str = "v=0\r\no=mozilla...THIS_IS_SDPARTA-99.0 5516390809921874539 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
    a=sendrecv\r\n\
    a=fingerprint:sha-256 41:B5:B2:EA:6B:BF:BA:18:6D:74:AA:31:2D:6A:E6:3A:AB:5E:05:A8:58:67:40:62:60:9C:0B:9D:56:D8:1A:19\r\n\
    a=group:BUNDLE 0\r\na=ice-options:trickle\r\na=msid-semantic:WMS *\r\n\
    m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
    a=candidate:0 1 UDP 2122187007 e61a6bae-fb89-4331-9635-724d7aae6096.local 44902 typ host\r\n\
    a=candidate:1 1 UDP 2122252543 2001:db8::7 48024 typ host\r\n\
    a=candidate:2 1 TCP 2105458943 192.0.2.7 9 typ host tcptype active\r\n\
    a=sendrecv\r\na=end-of-candidates\r\na=ice-pwd:426e52f4ec2b96dfcaf7cb5239c84e0b\r\na=ice-ufrag:c7482248\r\n\
    a=mid:0\r\na=setup:active\r\na=sctp-port:5000\r\na=max-message-size:1073741823\r\n";

const CANDIDATES: [&str; 7] = [
    "candidate:3551826667 1 udp 2113937151 6bb30137-a183-4f0b-a1dd-0025053746e4.local 36863 typ host generation 0 ufrag GFBu",
    "candidate:842163049 1 udp 1677729535 203.0.113.9 36863 typ srflx raddr 192.0.2.7 rport 35434 generation 0 ufrag GFBu",
    "candidate:1 1 UDP 2122252543 2001:db8::7 48024 typ host",
    "candidate:2 1 TCP 2105458943 192.0.2.7 9 typ host tcptype active",
    "a=candidate:7 1 udp 41885439 198.51.100.3 50000 typ relay raddr 203.0.113.9 rport 36863",
    "candidate:8 2 ssltcp 1 ::ffff:192.0.2.7 0 typ prflx",
    "",
];

/// What stands in lines of descriptions, and what a reader may stumble over.
const WORDS: [&str; 24] = [
    "a=",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "candidate:",
    "a=candidate:",
    "a=max-message-size:",
    "18446744073709551616",
    "4294967296",
    "65536",
    "-1",
    "0",
    " ",
    "\r",
    "\n",
    "\r\n",
    "udp",
    "typ",
    "host",
    "raddr",
    "::1",
    "999.0.2.7",
    "a=mid:",
    "\u{0}",
    "\u{1f600}",
];

/// A description, as this driver and then the stack reads it.
fn description(text: &str) {
    let remote = Remote::read(text);
    // A line may have one character for its end, and gets two; the last may have none.
    assert!(remote.text.len() <= 2 * text.len() + 2);
    assert!(remote.addresses.len() <= MAX_CANDIDATES);
    assert!(remote.max_frame <= MAX_FRAME);
    let lines = remote.text.lines();
    let left = lines.filter_map(|line| line.strip_prefix("a=candidate:"));
    let addresses: Vec<_> = left
        .map(|line| read_candidate(line).expect("it was read").addr())
        .collect();
    assert_eq!(addresses, remote.addresses);
    let again = Remote::read(&remote.text);
    assert_eq!(again.text, remote.text, "what is left is left as it is");
    assert_eq!(again.max_frame, remote.max_frame);
    let _refused = SdpOffer::from_sdp_string(&remote.text);
    let _refused = SdpAnswer::from_sdp_string(&remote.text);
}

/// A candidate.
fn candidate(line: &str) {
    let Some(read) = read_candidate(line) else {
        return;
    };
    let again = read_candidate(&read.to_sdp_string()).expect("what was read can be written");
    assert_eq!(again.addr(), read.addr());
    assert_eq!(again.to_sdp_string(), read.to_sdp_string());
}

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

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// Words and bytes, in no order.
    fn text(&mut self) -> String {
        let mut bytes = Vec::new();
        for _ in 0..self.below(24) {
            match self.below(3) {
                0 => bytes.push(self.next() as u8),
                _ => bytes.extend(self.pick(&WORDS).bytes()),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A text with one to four small changes: bytes, words, lines, ends.
    fn changed(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let from = self.below(bytes.len() + 1);
            let len = self.below(40).min(bytes.len() - from);
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] = self.next() as u8,
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => drop(bytes.splice(at..at, self.pick(&WORDS).bytes())),
                4 => drop(bytes.splice(from..from + len, [])),
                5 => {
                    let part = bytes[from..from + len].to_vec();
                    bytes.splice(at..at, part);
                }
                _ => {
                    // A whole line, once more somewhere else.
                    let mut lines: Vec<&[u8]> =
                        bytes.split_inclusive(|byte| *byte == b'\n').collect();
                    let line = lines
                        .get(self.below(lines.len()))
                        .copied()
                        .unwrap_or_default();
                    lines.insert(self.below(lines.len() + 1), line);
                    bytes = lines.concat();
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Any text, and valid ones with a few changes.
fn run(name: &str, count: usize, valid: &[&str], mut target: impl FnMut(&str)) {
    let seed = std::env::var("MESH_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut random = Random(seed);
    for count in 1..=count {
        let input = if random.below(4) == 0 {
            random.text()
        } else {
            let valid = random.pick(valid);
            random.changed(valid)
        };
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!("{name}, seed {seed}, input {count}: {input:?}");
        }
    }
}

#[test]
fn no_text_makes_the_reader_of_descriptions_panic() {
    assert_eq!(Remote::read(CHROMIUM).addresses.len(), 2, "it reads them");
    assert_eq!(Remote::read(FIREFOX).addresses.len(), 1);
    run("description", INPUTS, &[CHROMIUM, FIREFOX], description);
}

#[test]
fn no_text_makes_the_reader_of_candidates_panic() {
    run("candidate", INPUTS, &CANDIDATES, candidate);
}

#[tokio::test]
async fn no_description_makes_a_link_panic() {
    let mut links = Links::on(128 << 10, vec![[127, 0, 0, 1].into()]).expect("links");
    let mut number = 0;
    run("link", CONNECTIONS, &[CHROMIUM, FIREFOX], |text| {
        let now = Instant::now();
        for answers in [true, false] {
            number += 1;
            let link = LinkId(number);
            if answers {
                links.answer(now, link, text, true);
            } else {
                links.dial(now, link, "dc_fuzz".to_owned());
                links.accept(now, link, text, true);
            }
            links.add_candidate(now, link, text);
            while links.poll(now).is_some() {}
            links.forget(link);
        }
    });
}

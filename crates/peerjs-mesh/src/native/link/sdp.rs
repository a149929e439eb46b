//! What this driver reads in a description before the stack does.

use std::net::SocketAddr;
use str0m::Candidate;

/// The largest frame that our side takes, bytes: what the stack and the browsers announce. 262 145 is refused by both.
pub(super) const MAX_FRAME: u32 = 262_144;
/// What a remote takes that says nothing about it (RFC 8841).
const MAX_FRAME_UNSAID: u32 = 65_536;

/// Candidates taken of a remote: those in its description, and as many that come later. Each is paired with all others
/// by the stack: for the 15 000 that an offer has room for it needed seconds. (A guess: who has a dozen networks has 30.)
pub(super) const MAX_CANDIDATES: usize = 64;

/// The longest candidate taken, bytes: it may have to wait for a description. Browsers' are below 250.
const MAX_CANDIDATE: usize = 1 << 10;

/// A remote's description, read as far as the driver needs it.
#[derive(Debug)]
pub(super) struct Remote {
    /// The description without the candidates that the stack cannot read (`.local` names), and those beyond
    /// [`MAX_CANDIDATES`].
    pub(super) text: String,
    /// The addresses of its candidates.
    pub(super) addresses: Vec<SocketAddr>,
    /// The largest frame that may be sent to it, bytes.
    pub(super) max_frame: u32,
}

impl Remote {
    /// Reads a description. Anything that is none is left to the stack, which refuses it.
    pub(super) fn read(sdp: &str) -> Remote {
        let mut remote = Remote {
            text: String::with_capacity(sdp.len()),
            addresses: Vec::new(),
            max_frame: MAX_FRAME_UNSAID,
        };
        for line in sdp.lines() {
            if let Some(candidate) = line.strip_prefix("a=candidate:") {
                let full = remote.addresses.len() >= MAX_CANDIDATES;
                match read_candidate(candidate) {
                    Some(candidate) if !full => remote.addresses.push(candidate.addr()),
                    _ => continue,
                }
            } else if let Some(size) = line.strip_prefix("a=max-message-size:") {
                remote.max_frame = match size.trim().parse::<u64>() {
                    Ok(0) => MAX_FRAME, // no limit
                    Ok(size) => size.min(u64::from(MAX_FRAME)) as u32,
                    Err(_) => MAX_FRAME_UNSAID,
                };
            }
            remote.text.push_str(line);
            remote.text.push_str("\r\n");
        }
        remote
    }
}

/// A candidate line, with or without `candidate:` in front. `None` for what cannot be used: names instead of
/// addresses, TCP, garbage.
pub(super) fn read_candidate(line: &str) -> Option<Candidate> {
    let line = line.strip_prefix("a=").unwrap_or(line);
    let body = line.strip_prefix("candidate:").unwrap_or(line);
    if body.len() > MAX_CANDIDATE {
        return None;
    }
    let candidate = Candidate::from_sdp_string(&format!("candidate:{body}")).ok()?;
    (candidate.proto() == str0m::net::Protocol::Udp).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_with_names_are_left_out_and_addresses_kept() {
        let remote = Remote::read(
            "v=0\r\na=candidate:1 1 udp 2113937151 0b1c.local 5000 typ host\r\n\
             a=candidate:2 1 udp 2113937151 127.0.0.1 5001 typ host generation 0\r\n\
             a=max-message-size:1073741823\r\n",
        );
        assert_eq!(remote.addresses, ["127.0.0.1:5001".parse().unwrap()]);
        assert!(!remote.text.contains(".local"));
        assert!(remote.text.contains("127.0.0.1 5001"));
        assert_eq!(remote.max_frame, MAX_FRAME);
    }

    #[test]
    fn of_more_candidates_than_anybody_has_the_first_are_taken() {
        let line = |n| format!("a=candidate:{n} 1 udp 1 192.0.2.7 {n} typ host\r\n");
        let all: String = (1..=1000).map(line).collect();
        let remote = Remote::read(&format!("v=0\r\n{all}a=mid:0\r\n"));
        let first: String = (1..=64).map(line).collect();
        assert_eq!(remote.addresses.len(), 64);
        assert!(remote.text == format!("v=0\r\n{first}a=mid:0\r\n"));
    }

    #[test]
    fn a_candidate_is_as_long_as_it_needs_to_be() {
        let line = |foundation| {
            let foundation = "1".repeat(foundation);
            format!("candidate:{foundation} 1 udp 1 192.0.2.7 9 typ host")
        };
        assert!(read_candidate(&line(900)).is_some());
        assert!(read_candidate(&line(1000)).is_none());
    }

    #[test]
    fn a_remote_that_names_no_largest_frame_gets_64_kib() {
        assert_eq!(Remote::read("v=0\r\n").max_frame, 65_536);
        assert_eq!(Remote::read("a=max-message-size:1000").max_frame, 1000);
        assert_eq!(Remote::read("a=max-message-size:0").max_frame, MAX_FRAME);
    }
}

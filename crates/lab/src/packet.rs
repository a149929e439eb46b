//! What the lab must know of IPv4: where a packet goes, and how to say that it may not go there.

use std::net::Ipv4Addr;

/// The first three bytes of every address in a lab; the fourth is the node's number and one.
const NET: [u8; 3] = [10, 50, 0];

/// Bytes of an IPv4 header without options.
const IP_HEADER: usize = 20;

/// The address of a node.
pub(crate) fn address(node: usize) -> Ipv4Addr {
    let [a, b, c] = NET;
    Ipv4Addr::new(a, b, c, u8::try_from(node + 1).unwrap_or(u8::MAX))
}

/// Where a packet goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// To the node of this number (there may be none of it).
    Node(usize),
    /// To all other nodes: broadcast and multicast.
    All,
    /// Out of the lab.
    Outside,
    /// It is no IPv4 packet: the lab carries nothing else.
    Foreign,
}

/// Reads a packet's destination.
pub(crate) fn route(packet: &[u8]) -> Route {
    let Some(header) = packet.first_chunk::<IP_HEADER>() else {
        return Route::Foreign;
    };
    if header[0] >> 4 != 4 {
        return Route::Foreign;
    }
    let to = [header[16], header[17], header[18], header[19]];
    match to {
        [255, 255, 255, 255] | [224..=239, ..] => Route::All,
        [a, b, c, last] if [a, b, c] == NET => match last {
            0 => Route::Outside,
            255 => Route::All,
            last => Route::Node(usize::from(last) - 1),
        },
        _ => Route::Outside,
    }
}

/// The ICMP answer "administratively prohibited" to a packet, or `None` if it must not be answered.
///
/// Without it a program that looks up a name or calls home waits for seconds or minutes; with it the
/// call fails at once, as on a machine without a way out. Of "network unreachable" Linux tells TCP
/// alone, so it is this one.
pub(crate) fn prohibited(packet: &[u8]) -> Option<Vec<u8>> {
    const ICMP: u8 = 1;
    let header = packet.first_chunk::<IP_HEADER>()?;
    let header_len = usize::from(header[0] & 0x0f) * 4;
    let first_fragment = u16::from_be_bytes([header[6], header[7]]) & 0x1fff == 0;
    // RFC 1122 §3.2.2: no error about an ICMP packet (it may be an error) or a later fragment.
    if header[9] == ICMP || !first_fragment || header_len < IP_HEADER {
        return None;
    }
    let quoted = packet.get(..(header_len + 8).min(packet.len()))?;
    let total = IP_HEADER + 8 + quoted.len();
    let mut answer = vec![0u8; total];
    let (ip, icmp) = answer.split_at_mut(IP_HEADER);
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&u16::try_from(total).ok()?.to_be_bytes());
    ip[8] = 64; // time to live
    ip[9] = ICMP;
    ip[12..16].copy_from_slice(&header[16..20]);
    ip[16..20].copy_from_slice(&header[12..16]);
    let sum = checksum(ip);
    ip[10..12].copy_from_slice(&sum);
    icmp[0] = 3; // destination unreachable,
    icmp[1] = 13; // administratively prohibited (RFC 1812 §5.2.7.1)
    icmp[8..].copy_from_slice(quoted);
    let sum = checksum(icmp);
    icmp[2..4].copy_from_slice(&sum);
    Some(answer)
}

/// The internet checksum (RFC 1071) of bytes whose checksum field is zero.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|two| {
            u32::from(u16::from_be_bytes([
                two[0],
                two.get(1).copied().unwrap_or(0),
            ]))
        })
        .sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    (!(sum as u16)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(to: [u8; 4], protocol: u8) -> Vec<u8> {
        let mut packet = vec![0; 40];
        packet[0] = 0x45;
        packet[9] = protocol;
        packet[12..16].copy_from_slice(&[10, 50, 0, 1]);
        packet[16..20].copy_from_slice(&to);
        packet
    }

    #[test]
    fn a_packet_goes_where_its_destination_says() {
        let goes = |to| route(&packet(to, 17));
        assert_eq!(goes([10, 50, 0, 1]), Route::Node(0));
        assert_eq!(goes([10, 50, 0, 254]), Route::Node(253));
        assert_eq!(address(253).octets(), [10, 50, 0, 254]);
        for all in [[10, 50, 0, 255], [255; 4], [224, 0, 0, 251]] {
            assert_eq!(goes(all), Route::All);
        }
        for outside in [[10, 50, 0, 0], [10, 51, 0, 1], [8, 8, 8, 8]] {
            assert_eq!(goes(outside), Route::Outside);
        }
    }

    #[test]
    fn anything_but_ipv4_is_foreign() {
        assert_eq!(route(&[]), Route::Foreign);
        assert_eq!(route(&packet([10, 50, 0, 1], 17)[..19]), Route::Foreign);
        let mut v6 = packet([10, 50, 0, 1], 17);
        v6[0] = 0x60;
        assert_eq!(route(&v6), Route::Foreign);
    }

    #[test]
    fn no_error_answers_an_error_or_a_later_fragment() {
        assert!(prohibited(&packet([8, 8, 8, 8], 17)).is_some());
        assert!(prohibited(&packet([8, 8, 8, 8], 1)).is_none());
        let mut fragment = packet([8, 8, 8, 8], 17);
        fragment[7] = 1;
        assert!(prohibited(&fragment).is_none());
        assert!(prohibited(&[0x45; 3]).is_none());
    }
}

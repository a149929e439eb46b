//! What both ends of a connection tell each other before it opens: offer, answer, candidates, and the lanes that they
//! agree on by it.

use super::connection::{Connection, OPEN_DEADLINE, Phase};
use super::sdp::{self, MAX_CANDIDATES, Remote};
use super::socket::Group;
use peerjs_mesh_core::{Lane, LinkId};
use std::net::SocketAddr;
use std::time::Instant;
use str0m::RtcConfig;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::channel::{ChannelConfig, Reliability};

/// What a connection is made from.
pub(super) struct Made {
    pub(super) config: RtcConfig,
    pub(super) group: Group,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) window: u32,
}

impl Connection {
    /// Makes an offer with a default channel of that label.
    pub(super) fn offer(
        id: LinkId,
        label: String,
        made: Made,
        now: Instant,
    ) -> Option<(Connection, String)> {
        let mut connection = Connection::new(id, made, now);
        let mut changes = connection.rtc.sdp_api();
        let channel = changes.add_channel_with_config(ChannelConfig {
            label,
            ..ChannelConfig::default()
        });
        let (offer, pending) = changes.apply()?;
        connection.channels[Lane::Default as usize] = Some(channel);
        connection.phase = Phase::Offered(pending);
        Some((connection, offer.to_sdp_string()))
    }

    /// Makes the answer to an offer.
    pub(super) fn answer(
        id: LinkId,
        remote: Remote,
        lanes: bool,
        made: Made,
        now: Instant,
    ) -> Result<(Connection, String), String> {
        let mut connection = Connection::new(id, made, now);
        let offer = SdpOffer::from_sdp_string(&remote.text).map_err(|error| error.to_string())?;
        let answer = connection
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .map_err(|error| error.to_string())?;
        if lanes {
            connection.make_lanes();
        }
        connection.described(remote, now);
        Ok((connection, answer.to_sdp_string()))
    }

    /// Applies the answer to the own offer.
    pub(super) fn accept(&mut self, sdp: &str, lanes: bool, now: Instant) -> Result<(), String> {
        let pending = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Offered(pending) => pending,
            other => {
                self.phase = other; // a second answer changes nothing
                return Ok(());
            }
        };
        let remote = Remote::read(sdp);
        if lanes {
            self.make_lanes();
        }
        let answer = SdpAnswer::from_sdp_string(&remote.text).map_err(|error| error.to_string())?;
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .map_err(|error| error.to_string())?;
        self.described(remote, now);
        Ok(())
    }

    /// The lanes between ours: agreed on beforehand, so made at both ends without a word.
    fn make_lanes(&mut self) {
        self.lanes = true;
        for lane in Lane::NEGOTIATED {
            let config = ChannelConfig {
                label: String::new(),
                ordered: lane == Lane::Data,
                reliability: match lane {
                    Lane::Beat => Reliability::MaxRetransmits { retransmits: 0 },
                    _ => Reliability::Reliable,
                },
                negotiated: Some(lane.channel_id()),
                protocol: String::new(),
            };
            let channel = self.rtc.direct_api().create_data_channel(config);
            self.channels[lane as usize] = Some(channel);
        }
    }

    fn described(&mut self, remote: Remote, now: Instant) {
        self.max_frame = remote.max_frame;
        self.remotes.extend(remote.addresses);
        for candidate in std::mem::take(&mut self.held) {
            self.rtc.add_remote_candidate(candidate);
        }
        self.phase = Phase::Opening {
            deadline: now + OPEN_DEADLINE,
            tick: now,
        };
        self.fed += 1;
    }

    /// A candidate of the remote's. What cannot be used is left out: the others may do.
    pub(super) fn add_candidate(&mut self, line: &str) {
        let Some(candidate) = sdp::read_candidate(line) else {
            tracing::debug!(link = self.id.0, line, "candidate left out");
            return;
        };
        if self.later >= MAX_CANDIDATES {
            return;
        }
        self.later += 1;
        self.remotes.push(candidate.addr());
        if matches!(self.phase, Phase::Offered(_)) {
            self.held.push(candidate);
        } else {
            self.rtc.add_remote_candidate(candidate);
            self.fed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of a thousand candidates the stack is given, before the remote's description and after it.
    fn given(before: bool) -> usize {
        let now = Instant::now();
        let made = || Made {
            config: RtcConfig::new(),
            group: Group(0),
            addresses: vec![([127, 0, 0, 1], 9).into()],
            window: 1 << 17,
        };
        let (mut dials, offer) =
            Connection::offer(LinkId(1), String::new(), made(), now).expect("an offer");
        let offer = Remote::read(&offer);
        let (_, answer) =
            Connection::answer(LinkId(2), offer, true, made(), now).expect("an answer");
        if !before {
            dials.accept(&answer, true, now).expect("it is one");
        }
        let fed = dials.fed;
        for n in 1..=1000 {
            dials.add_candidate(&format!("candidate:{n} 1 udp 1 192.0.2.7 {n} typ host"));
        }
        if before {
            assert_eq!(dials.fed, fed);
            dials.held.len()
        } else {
            dials.fed - fed
        }
    }

    #[test]
    fn of_the_candidates_that_come_one_by_one_no_more_are_taken_than_of_a_description() {
        assert_eq!(given(true), MAX_CANDIDATES);
        assert_eq!(given(false), MAX_CANDIDATES);
    }
}

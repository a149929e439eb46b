//! One connection: a str0m machine, its channels, and what it has to say.

use super::Report;
use super::describe::Made;
use super::socket::{Group, Sockets};
use peerjs_mesh_core::{Lane, LinkEnd, LinkId};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;
use str0m::channel::ChannelId;
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};

/// A connection that is not open so long after both descriptions are known has failed. (The core gives up sooner; this
/// is the promise that no link waits for ever.)
pub(super) const OPEN_DEADLINE: Duration = Duration::from_secs(15);
/// The stack's own timer never asks to be called sooner than after 50 ms, which would cost a fifth of a second at the
/// start of a connection: it is called so often until the connection is open.
const OPENING_TICK: Duration = Duration::from_millis(5);
/// How long a close waits for what was handed over, and then for the farewell to leave.
const CLOSE_DEADLINE: Duration = Duration::from_secs(1);
const FAREWELL: Duration = Duration::from_millis(200);
/// What may wait here because the stack takes no more, bytes. The core stops long before.
const MAX_WAITING: usize = 4 << 20;
/// Frames that may come before all channels are open, bytes: a remote that sends more is no member. (As in pages.)
const MAX_EARLY: usize = 1 << 20;
/// What each of them counts for besides its bytes: it may have none.
const EARLY_FRAME: usize = 4 << 10;
/// Input that is handled before the stack's output is asked for: asking costs more than handling.
pub(super) const FEED: usize = 16;

/// In what the life of a connection differs.
#[derive(Debug)]
pub(super) enum Phase {
    /// The own offer is out; nothing is known of the remote.
    Offered(SdpPendingOffer),
    /// Both descriptions are known.
    Opening { deadline: Instant, tick: Instant },
    /// All channels are open.
    Open,
    /// Asked to close; says nothing more.
    Closing { deadline: Instant, farewell: bool },
    /// Over.
    Over,
}

/// One connection.
pub(super) struct Connection {
    pub(super) id: LinkId,
    pub(super) rtc: Rtc,
    pub(super) group: Group,
    pub(super) phase: Phase,
    pub(super) channels: [Option<ChannelId>; 4],
    open: [bool; 4],
    pub(super) lanes: bool,
    pub(super) held: Vec<Candidate>,
    /// Candidates of the remote's that have come since its description, or before it, one by one.
    pub(super) later: usize,
    /// The remote's addresses, as far as it has named them.
    pub(super) remotes: Vec<SocketAddr>,
    pub(super) max_frame: u32,
    waiting: VecDeque<(Lane, Vec<u8>)>,
    waiting_bytes: usize,
    early: Vec<(Lane, Vec<u8>)>,
    early_bytes: usize,
    half: usize,
    above_half: bool,
    above_zero: bool,
    timeout: Option<Instant>,
    /// Inputs and writes since the output was last asked for.
    pub(super) fed: usize,
}

impl Connection {
    pub(super) fn new(id: LinkId, made: Made, now: Instant) -> Connection {
        let mut rtc = made.config.build(now);
        for address in made.addresses {
            if let Ok(candidate) = Candidate::host(address, "udp") {
                rtc.add_local_candidate(candidate);
            }
        }
        Connection {
            id,
            rtc,
            group: made.group,
            phase: Phase::Over,
            channels: [None; 4],
            open: [false; 4],
            lanes: false,
            held: Vec::new(),
            later: 0,
            remotes: Vec::new(),
            max_frame: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            early: Vec::new(),
            early_bytes: 0,
            half: made.window as usize / 2,
            above_half: false,
            above_zero: false,
            timeout: Some(now),
            fed: 1,
        }
    }

    /// Hands a frame over. It leaves with the next [`run`](Self::run).
    pub(super) fn send(&mut self, lane: Lane, frame: Vec<u8>) {
        // An empty message would be withheld by browsers together with all that follows it.
        if frame.is_empty() || !matches!(self.phase, Phase::Open) {
            return;
        }
        self.fed += 1;
        if self.waiting.is_empty() && self.write(lane, &frame) {
            return;
        }
        self.waiting_bytes += frame.len();
        self.waiting.push_back((lane, frame));
    }

    /// False when the stack takes nothing at the moment.
    fn write(&mut self, lane: Lane, frame: &[u8]) -> bool {
        let channel = self.channels[lane as usize].and_then(|id| self.rtc.channel(id));
        match channel.map(|mut channel| channel.write(true, frame)) {
            Some(Ok(taken)) => taken,
            Some(Err(error)) => {
                tracing::debug!(link = self.id.0, %error, "write");
                true
            }
            None => true, // closing; its end is reported by the event
        }
    }

    /// Whether this connection takes that datagram.
    pub(super) fn accepts(&self, input: &Input<'_>) -> bool {
        self.rtc.accepts(input)
    }

    /// Takes a datagram. Garbage is dropped: anybody can send some.
    pub(super) fn receive(&mut self, input: Input<'_>) {
        self.fed += 1;
        if let Err(error) = self.rtc.handle_input(input) {
            tracing::debug!(link = self.id.0, %error, "datagram");
        }
    }

    /// Closes once what was handed over has left.
    pub(super) fn close(&mut self, now: Instant) {
        self.fed += 1;
        self.phase = match self.phase {
            Phase::Open => Phase::Closing {
                deadline: now + CLOSE_DEADLINE,
                farewell: false,
            },
            Phase::Closing { .. } => return,
            _ => Phase::Over,
        };
    }

    /// Whether it can be thrown away.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// When to call [`run`](Self::run) at the latest.
    pub(super) fn timeout(&self) -> Option<Instant> {
        let own = match self.phase {
            Phase::Offered(_) | Phase::Open | Phase::Over => None,
            Phase::Opening { deadline, tick } => Some(deadline.min(tick)),
            Phase::Closing { deadline, .. } => Some(deadline),
        };
        [own, self.timeout].into_iter().flatten().min()
    }

    /// Lets the machine work: sends what it has to send, and reports what has happened.
    pub(super) fn run(
        &mut self,
        now: Instant,
        sockets: &mut Sockets,
        reports: &mut VecDeque<Report>,
    ) {
        self.fed = 0;
        if self.is_over() {
            return;
        }
        let mut result = self.rtc.handle_input(Input::Timeout(now));
        while result.is_ok() {
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    sockets.send(transmit.source, transmit.destination, &transmit.contents);
                }
                Ok(Output::Event(event)) => self.on_event(event, reports),
                Ok(Output::Timeout(at)) => {
                    self.timeout = Some(at);
                    break;
                }
                Err(error) => result = Err(error),
            }
        }
        if let Err(error) = result {
            tracing::debug!(link = self.id.0, %error, "connection");
            self.end(LinkEnd::Failed, reports);
        }
        if self.waiting_bytes > MAX_WAITING || self.early_bytes > MAX_EARLY {
            self.end(LinkEnd::Failed, reports);
        }
        self.write_waiting();
        self.report_drained(reports);
        self.advance(now, reports);
        if !self.rtc.is_alive() && !self.is_over() {
            self.end(LinkEnd::Closed, reports);
        }
    }

    fn write_waiting(&mut self) {
        while let Some((lane, frame)) = self.waiting.pop_front() {
            if !self.write(lane, &frame) {
                self.waiting.push_front((lane, frame));
                return;
            }
            self.waiting_bytes -= frame.len();
            self.fed += 1;
        }
    }

    /// Bytes handed over and not yet taken by the remote.
    fn buffered(&mut self) -> usize {
        let mut sum = self.waiting_bytes;
        for id in self.channels.into_iter().flatten() {
            if let Some(mut channel) = self.rtc.channel(id) {
                sum += channel.buffered_amount();
            }
        }
        sum
    }

    fn report_drained(&mut self, reports: &mut VecDeque<Report>) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        let buffered = self.buffered();
        let fell = (self.above_half && buffered <= self.half) || (self.above_zero && buffered == 0);
        self.above_half = buffered > self.half;
        self.above_zero = buffered > 0;
        if fell {
            reports.push_back(Report::Drained {
                link: self.id,
                buffered: u32::try_from(buffered).unwrap_or(u32::MAX),
            });
        }
    }

    /// What time alone does.
    fn advance(&mut self, now: Instant, reports: &mut VecDeque<Report>) {
        match &mut self.phase {
            Phase::Opening { deadline, tick } => {
                *tick = now + OPENING_TICK;
                if now >= *deadline {
                    self.end(LinkEnd::Failed, reports);
                }
            }
            Phase::Closing { deadline, farewell } => {
                let (at, said) = (*deadline, *farewell);
                if said {
                    if now >= at || !self.rtc.is_alive() {
                        self.phase = Phase::Over;
                    }
                } else if now >= at || self.buffered() == 0 {
                    if self.rtc.close().is_err() {
                        self.phase = Phase::Over;
                        return;
                    }
                    self.phase = Phase::Closing {
                        deadline: now + FAREWELL,
                        farewell: true,
                    };
                    self.fed += 1; // the farewell is to be sent now
                }
            }
            Phase::Offered(_) | Phase::Open | Phase::Over => {}
        }
    }

    fn on_event(&mut self, event: Event, reports: &mut VecDeque<Report>) {
        match event {
            Event::ChannelOpen(id, _label) => self.on_open(id, reports),
            Event::ChannelData(data) => {
                let Some(lane) = self.lane_of(data.id) else {
                    return;
                };
                if matches!(self.phase, Phase::Open) {
                    reports.push_back(Report::Received {
                        link: self.id,
                        lane,
                        frame: data.data,
                    });
                } else if matches!(self.phase, Phase::Opening { .. }) {
                    self.early_bytes += data.data.len() + EARLY_FRAME;
                    self.early.push((lane, data.data));
                }
            }
            Event::ChannelClose(id) if self.lane_of(id).is_some() => {
                self.end(LinkEnd::Closed, reports);
            }
            Event::Closed => self.end(LinkEnd::Closed, reports),
            // Before a connection is open this says no more than that no candidate has come yet.
            Event::IceConnectionStateChange(IceConnectionState::Disconnected)
                if matches!(self.phase, Phase::Open) =>
            {
                self.end(LinkEnd::Failed, reports);
            }
            _ => {}
        }
    }

    fn on_open(&mut self, id: ChannelId, reports: &mut VecDeque<Report>) {
        let lane = match self.lane_of(id) {
            Some(lane) => lane,
            // The remote's announced channel. Further ones are nobody's.
            None if self.channels[Lane::Default as usize].is_none() => {
                self.channels[Lane::Default as usize] = Some(id);
                Lane::Default
            }
            None => return,
        };
        self.open[lane as usize] = true;
        let complete = self.open[Lane::Default as usize]
            && (!self.lanes
                || Lane::NEGOTIATED
                    .iter()
                    .all(|lane| self.open[*lane as usize]));
        if complete && matches!(self.phase, Phase::Opening { .. }) {
            self.phase = Phase::Open;
            reports.push_back(Report::Opened {
                link: self.id,
                max_frame: self.max_frame,
            });
            self.early_bytes = 0;
            for (lane, frame) in std::mem::take(&mut self.early) {
                reports.push_back(Report::Received {
                    link: self.id,
                    lane,
                    frame,
                });
            }
        }
    }

    fn lane_of(&self, id: ChannelId) -> Option<Lane> {
        let index = self
            .channels
            .iter()
            .position(|channel| *channel == Some(id))?;
        Lane::from_u8(index as u8)
    }

    /// The end, reported unless it was asked for.
    fn end(&mut self, end: LinkEnd, reports: &mut VecDeque<Report>) {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Over | Phase::Closing { .. } => {}
            Phase::Open => reports.push_back(Report::Closed { link: self.id, end }),
            // What never was open has not been closed but failed.
            Phase::Offered(_) | Phase::Opening { .. } => reports.push_back(Report::Closed {
                link: self.id,
                end: LinkEnd::Failed,
            }),
        }
        self.rtc.disconnect();
    }
}

#[cfg(test)]
mod tests {
    use super::super::sdp::Remote;
    use super::*;
    use str0m::RtcConfig;
    use str0m::channel::ChannelData;

    /// A connection that knows both descriptions and is not open.
    fn opening(now: Instant) -> Connection {
        let made = || Made {
            config: RtcConfig::new(),
            group: Group(0),
            addresses: vec![([127, 0, 0, 1], 9).into()],
            window: 1 << 17,
        };
        let (_, offer) =
            Connection::offer(LinkId(1), String::new(), made(), now).expect("an offer");
        let offer = Remote::read(&offer);
        let answered = Connection::answer(LinkId(2), offer, true, made(), now);
        answered.expect("an answer").0
    }

    #[tokio::test]
    async fn frames_that_come_before_all_channels_are_open_are_bounded_though_they_are_empty() {
        let now = Instant::now();
        for (size, most) in [(0, 256), (256 << 10, 3)] {
            let mut connection = opening(now);
            let mut sockets = Sockets::new(Some(Vec::new()));
            let mut reports = VecDeque::new();
            let id = connection.channels[Lane::Data as usize].expect("a lane");
            for n in 1..=most + 1 {
                assert_eq!(reports, [], "{n} frames of {size} bytes");
                let data = ChannelData {
                    id,
                    binary: true,
                    data: vec![0; size],
                };
                connection.on_event(Event::ChannelData(data), &mut reports);
                connection.run(now, &mut sockets, &mut reports);
            }
            let (link, end) = (LinkId(2), LinkEnd::Failed);
            assert_eq!(reports, [Report::Closed { link, end }]);
        }
    }
}

//! The world carries what members send and breaks what it is told to break: seen with two dummies that know no room.

use peerjs_mesh_core::{
    Counters, Event, Input, Instant, Lane, LeaveHow, LinkEnd, LinkId, Outcome, Output, SendError,
    Sent, SessionId, Status,
};
use peerjs_mesh_protocol::signalling::{
    Answer, Candidate, ConnectionKind, FromServer, Offer, Signal, ToServer,
};
use peerjs_mesh_sim::server::ServerKind;
use peerjs_mesh_sim::{Climate, Machine, Trace, World};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// What a dummy has seen.
#[derive(Default)]
struct Log {
    frames: Vec<(Lane, Vec<u8>)>,
    drained: Vec<u32>,
    link_closed: Option<LinkEnd>,
    session_closed: bool,
    opened: bool,
    timeouts: Vec<u64>,
}

/// Dials `to` when its session opens, answers everybody, and sends what it is given once its link is open.
struct Dummy {
    id: &'static str,
    to: Option<&'static str>,
    remote: String,
    script: Vec<(Lane, Vec<u8>)>,
    outputs: VecDeque<Output>,
    ready: Vec<Candidate>,
    deadline: Option<Instant>,
    log: Rc<RefCell<Log>>,
}

const SESSION: SessionId = SessionId(1);
const LINK: LinkId = LinkId(1);

fn dummy(
    id: &'static str,
    to: Option<&'static str>,
    script: Vec<(Lane, Vec<u8>)>,
) -> (Box<Dummy>, Rc<RefCell<Log>>) {
    let log = Rc::new(RefCell::new(Log::default()));
    let open = Output::OpenSession {
        session: SESSION,
        id: id.into(),
        token: format!("{id}-token"),
    };
    let dummy = Dummy {
        id,
        to,
        remote: to.unwrap_or_default().to_owned(),
        script,
        outputs: VecDeque::from([open]),
        ready: Vec::new(),
        deadline: None,
        log: Rc::clone(&log),
    };
    (Box::new(dummy), log)
}

impl Dummy {
    fn say(&mut self, signal: Signal) {
        let message = ToServer::Relay {
            dst: self.remote.clone(),
            signal,
        };
        self.outputs.push_back(Output::SendSession {
            session: SESSION,
            message,
        });
    }
}

impl Machine for Dummy {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::SessionConnected { .. } => self.deadline = Some(now.plus_ms(5_000)),
            Input::SessionReceived {
                message: FromServer::Open,
                ..
            } if self.to.is_some() => {
                self.outputs.push_back(Output::Dial {
                    link: LINK,
                    label: "dc_x".into(),
                });
            }
            Input::SessionReceived {
                message: FromServer::Relayed { src, signal },
                ..
            } => match signal {
                Signal::Offer(offer) => {
                    self.remote = src;
                    self.outputs.push_back(Output::Answer {
                        link: LINK,
                        sdp: offer.sdp,
                        lanes: true,
                    });
                }
                Signal::Answer(answer) => {
                    self.outputs.push_back(Output::Accept {
                        link: LINK,
                        sdp: answer.sdp,
                        lanes: true,
                    });
                }
                Signal::Candidate(candidate) => {
                    self.outputs.push_back(Output::AddCandidate {
                        link: LINK,
                        candidate,
                    });
                }
                Signal::Echo(_) => {}
            },
            Input::LinkDescribed { sdp, .. } => {
                let connection_id = "dc_x".to_owned();
                let signal = if self.to.is_some() {
                    Signal::Offer(Offer {
                        connection_id,
                        kind: ConnectionKind::Data,
                        sdp,
                        label: None,
                        reliable: None,
                        serialization: None,
                        browser: None,
                        mesh: None,
                    })
                } else {
                    Signal::Answer(Answer {
                        connection_id,
                        kind: ConnectionKind::Data,
                        sdp,
                        browser: None,
                        mesh: None,
                    })
                };
                self.say(signal);
                for candidate in std::mem::take(&mut self.ready) {
                    self.say(Signal::Candidate(candidate));
                }
            }
            Input::LinkCandidate { candidate, .. } => self.say(Signal::Candidate(Candidate {
                connection_id: "dc_x".into(),
                ..candidate
            })),
            Input::LinkOpened { .. } => {
                self.log.borrow_mut().opened = true;
                for (lane, frame) in std::mem::take(&mut self.script) {
                    self.outputs.push_back(Output::Send {
                        link: LINK,
                        lane,
                        frame,
                    });
                }
            }
            Input::LinkReceived { lane, frame, .. } => {
                self.log.borrow_mut().frames.push((lane, frame.to_vec()))
            }
            Input::LinkDrained { buffered, .. } => self.log.borrow_mut().drained.push(buffered),
            Input::LinkClosed { end, .. } => self.log.borrow_mut().link_closed = Some(end),
            Input::SessionClosed { .. } => self.log.borrow_mut().session_closed = true,
            _ => {}
        }
    }
    fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.log.borrow_mut().timeouts.push(now.as_micros());
            self.deadline = Some(now.plus_ms(5_000));
            self.outputs.push_back(Output::SendSession {
                session: SESSION,
                message: ToServer::Heartbeat,
            });
        }
    }
    fn send(&mut self, _: Instant, _: Vec<u8>, _: Option<&str>) -> Result<Sent, SendError> {
        Err(SendError::Left)
    }
    fn set_init_data(&mut self, _: Instant, _: Vec<u8>) -> Result<(), SendError> {
        Ok(())
    }
    fn drop_host(&mut self, _: Instant) {}
    fn leave(&mut self, _: Instant, _: LeaveHow) {
        self.outputs.push_back(Output::CloseLink { link: LINK });
    }
    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
    fn poll_outcome(&mut self) -> Option<Outcome> {
        None
    }
    fn poll_event(&mut self) -> Option<Event> {
        None
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }
    fn id(&self) -> &str {
        self.id
    }
    fn status(&self) -> Status {
        unreachable!("nobody asks a dummy")
    }
    fn counters(&self) -> Counters {
        Counters::default()
    }
}

type Logs = (Rc<RefCell<Log>>, Rc<RefCell<Log>>);

/// `ann` answers (member 0), `ben` dials and sends the script (member 1).
fn pair(seed: u64, climate: Climate, script: Vec<(Lane, Vec<u8>)>) -> (World, Logs) {
    let mut world = World::new(seed, climate);
    let (ann, ann_log) = dummy("ann", None, Vec::new());
    let (ben, ben_log) = dummy("ben", Some("ann"), script);
    world.add(ann, 5_000_000, 1 << 17);
    world.run_ms(100);
    world.add(ben, 77, 1 << 17);
    (world, (ann_log, ben_log))
}

fn numbered(lane: Lane, count: u32, bytes: usize) -> Vec<(Lane, Vec<u8>)> {
    (0..count)
        .map(|n| {
            let mut frame = n.to_le_bytes().to_vec();
            frame.resize(bytes, 7);
            (lane, frame)
        })
        .collect()
}

fn numbers(log: &Rc<RefCell<Log>>, lane: Lane) -> Vec<u32> {
    let log = log.borrow();
    let frames = log.frames.iter().filter(|(l, _)| *l == lane);
    frames
        .map(|(_, f)| u32::from_le_bytes([f[0], f[1], f[2], f[3]]))
        .collect()
}

#[test]
fn an_ordered_lane_keeps_order_under_loss_and_others_do_not() {
    for server in [ServerKind::Ours, ServerKind::NpmPeer] {
        let climate = Climate {
            loss: 0.1,
            jitter: 3_000,
            ..Climate::calm(server)
        };
        let mut script = numbered(Lane::Data, 200, 100);
        script.extend(numbered(Lane::Control, 200, 100));
        script.extend(numbered(Lane::Beat, 200, 100));
        let (mut world, (ann, _)) = pair(3, climate, script);
        world.run_ms(60_000);
        assert_eq!(numbers(&ann, Lane::Data), (0..200).collect::<Vec<_>>());
        let mut control = numbers(&ann, Lane::Control);
        assert!(!control.is_sorted());
        control.sort_unstable();
        assert_eq!(control, (0..200).collect::<Vec<_>>());
        let beats = numbers(&ann, Lane::Beat).len();
        assert!(
            (150..200).contains(&beats),
            "{beats} of 200 beats arrived at 10 % loss"
        );
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_link_reports_half_a_window_and_nothing_left() {
    let climate = Climate {
        rate: (1_000_000, 1_000_000),
        ..Climate::calm(ServerKind::Ours)
    };
    let (mut world, (ann, ben)) = pair(1, climate, numbered(Lane::Data, 10, 13_000));
    let took = world.run_until(5_000, |_| ann.borrow().frames.len() == 10);
    assert!(
        took.is_some_and(|ms| ms >= 130),
        "130 kB at 1 MB/s took {took:?} ms"
    );
    assert_eq!(ben.borrow().drained, [65_000, 0]);
}

#[test]
fn a_crash_is_noticed_late_and_a_close_at_once() {
    for crash in [true, false] {
        let (mut world, (ann, ben)) = pair(1, Climate::calm(ServerKind::Ours), Vec::new());
        world
            .run_until(5_000, |_| ann.borrow().opened && ben.borrow().opened)
            .expect("it opens");
        if crash {
            world.crash(1);
        } else {
            world.leave(1, LeaveHow::Now);
        }
        let took = world
            .run_until(40_000, |_| ann.borrow().link_closed.is_some())
            .expect("it closes");
        assert_eq!(
            ann.borrow().link_closed,
            Some(if crash {
                LinkEnd::Failed
            } else {
                LinkEnd::Closed
            })
        );
        assert_eq!(crash, took >= 15_000, "{took} ms");
    }
}

#[test]
fn a_cut_holds_what_is_reliable_and_loses_beats() {
    let mut script = numbered(Lane::Data, 20, 2_000);
    script.extend(numbered(Lane::Beat, 20, 20));
    let climate = Climate {
        link_delay: (200_000, 200_000),
        ..Climate::calm(ServerKind::Ours)
    };
    let (mut world, (ann, ben)) = pair(1, climate, script);
    world
        .run_until(9_000, |_| {
            ben.borrow().opened && ben.borrow().drained.len() == 1
        })
        .expect("it opens and sends");
    world.cut(0, 1, true);
    world.run_ms(5_000);
    assert!(ann.borrow().frames.is_empty());
    world.cut(0, 1, false);
    world.run_ms(5_000);
    assert_eq!(numbers(&ann, Lane::Data), (0..20).collect::<Vec<_>>());
    assert_eq!(numbers(&ann, Lane::Beat), [0u32; 0]);
    assert_eq!(ann.borrow().link_closed, None);
}

#[test]
fn beats_that_are_lost_are_known() {
    let script = numbered(Lane::Beat, 50, 20);
    let (mut world, (ann, ben)) = pair(7, Climate::calm(ServerKind::Ours), script);
    world.set_loss(0.2);
    world
        .run_until(20_000, |_| {
            ben.borrow().opened && ben.borrow().drained.contains(&0)
        })
        .expect("it opens and sends");
    world.run_ms(2_000);
    let now = world.now();
    assert!((1..50).contains(&numbers(&ann, Lane::Beat).len()));
    assert!(world.beat_was_lost(1, 0, &(0..=now)));
    assert!(!world.beat_was_lost(0, 1, &(0..=now)));
    assert!(!world.beat_was_lost(1, 0, &(now + 1..=2 * now)));
}

#[test]
fn a_frozen_member_does_nothing_and_then_everything() {
    let (mut world, (ann, ben)) = pair(
        1,
        Climate::calm(ServerKind::Ours),
        numbered(Lane::Data, 3, 100),
    );
    world
        .run_until(5_000, |_| ben.borrow().opened)
        .expect("it opens");
    world.freeze(0);
    let before = ann.borrow().timeouts.len();
    world.run_ms(12_000);
    assert_eq!(ann.borrow().timeouts.len(), before);
    assert!(ann.borrow().frames.is_empty());
    world.wake(0);
    world.run_ms(3_000);
    assert_eq!(ann.borrow().frames.len(), 3);
    assert!(ann.borrow().timeouts.len() > before);
}

#[test]
fn a_server_that_stops_cleanly_is_noticed_and_one_that_vanishes_is_not_until_it_is_back() {
    for clean in [true, false] {
        let (mut world, (ann, ben)) = pair(1, Climate::calm(ServerKind::NpmPeer), Vec::new());
        world
            .run_until(5_000, |_| ann.borrow().opened && ben.borrow().opened)
            .expect("it opens");
        world.server_down(clean);
        world.run_ms(1_000);
        assert_eq!(ann.borrow().session_closed, clean);
        world.server_up();
        // A heartbeat after the restart is answered with a reset.
        world.run_ms(9_000);
        assert!(ann.borrow().session_closed);
        assert_eq!(ann.borrow().link_closed, None, "a link needs no server");
    }
}

#[test]
fn a_crashed_members_id_is_held_until_it_has_been_silent_for_long_and_a_killed_ones_is_free() {
    let (mut world, (ann, ben)) = pair(1, Climate::calm(ServerKind::NpmPeer), Vec::new());
    world
        .run_until(5_000, |_| ann.borrow().opened && ben.borrow().opened)
        .expect("it opens");
    assert_eq!(
        (world.holder("ann"), world.holder("ben")),
        (Some(Some(0)), Some(Some(1)))
    );
    world.crash(0);
    world.kill(1);
    world.run_ms(50_000);
    assert_eq!(
        (world.holder("ann"), world.holder("ben")),
        (Some(None), None)
    );
    world.run_ms(15_000);
    assert_eq!(world.holder("ann"), None);
}

#[test]
fn one_seed_is_one_history() {
    let run = |seed| {
        let climate = Climate {
            loss: 0.05,
            jitter: 9_000,
            ..Climate::calm(ServerKind::Ours)
        };
        let mut world = World::new(seed, climate);
        world.set_trace(Trace::written());
        world.add(dummy("ann", None, Vec::new()).0, 5, 1 << 17);
        world.add(
            dummy("ben", Some("ann"), numbered(Lane::Control, 50, 900)).0,
            7,
            1 << 17,
        );
        world.run_ms(20_000);
        world.trace().lines()
    };
    assert!(run(4).len() > 100);
    assert_eq!(run(4), run(4));
    assert_ne!(run(4), run(5));
}

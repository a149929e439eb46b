//! The user of each member: a script that sends, listens and leaves.

use super::{Life, World};
use crate::checker::{Mutation, mutate};
use crate::payload::{self, Said};
use crate::{Micros, SECOND};
use peerjs_mesh_core::{Config, ErrorCode, Event, Instant, LeaveHow, Member, SendError, Sent};

impl World {
    /// A new member calls `mesh`. Its index, or what is wrong with the options.
    pub fn join(&mut self, config: Config) -> Result<usize, ErrorCode> {
        self.join_with(config, &[])
    }

    /// As `join`, of a member that has these faults.
    pub fn join_with(
        &mut self,
        config: Config,
        faults: &[peerjs_mesh_core::Mutation],
    ) -> Result<usize, ErrorCode> {
        let offset: Micros = self.rng.below(40 * 86_400 * SECOND);
        let seed = self.rng.seed32();
        let window = config.link_window;
        let mut member = Member::new(config, seed, Instant::from_micros(self.now + offset))?;
        for fault in faults {
            member.mutate(*fault);
        }
        self.stats.count("members", 1);
        Ok(self.add(Box::new(member), offset, window))
    }

    /// Sends a message of so many bytes (at least 24) to all or to one. `None`: the member cannot run.
    pub fn send(
        &mut self,
        member: usize,
        bytes: usize,
        to: Option<usize>,
    ) -> Option<Result<Sent, SendError>> {
        if self.nodes[member].life != Life::Running {
            return None;
        }
        let number = self.nodes[member].sends;
        self.nodes[member].sends += 1;
        let data = payload::encode(
            Said {
                from: member,
                number,
                to,
            },
            bytes,
        );
        let id = to.map(|to| self.nodes[to].id.clone());
        let now = self.now;
        self.said(data.len());
        self.trace.line(now, || {
            format!("m{member} sends #{number} to {to:?}, {bytes} B")
        });
        self.stats.count(
            if to.is_some() {
                "messages: directed"
            } else {
                "messages: broadcast"
            },
            1,
        );
        // The judge has to know of it before anybody hears it: the machine is called without its drain.
        let clock = Instant::from_micros(self.now + self.nodes[member].offset());
        let result = self.nodes[member]
            .machine
            .as_mut()?
            .send(clock, data, id.as_deref());
        let waits = matches!(result, Ok(Sent::Waiting(_)));
        self.stats.count("messages: waited", u64::from(waits));
        self.checker.sent(now, member, to, bytes, &result);
        self.drain(member);
        Some(result)
    }

    /// Sets a member's init data.
    pub fn set_init_data(&mut self, member: usize, data: &[u8]) {
        self.call(member, |machine, now| {
            let _ = machine.set_init_data(now, data.to_vec());
        });
    }

    /// A member ends its host role.
    pub fn drop_host(&mut self, member: usize) {
        let now = self.now;
        self.trace
            .line(now, || format!("== m{member} drops its host role"));
        self.stats.count("fault: host role dropped", 1);
        self.disturbed_at = self.now;
        self.call(member, |machine, now| machine.drop_host(now));
    }

    /// A member leaves.
    pub fn leave(&mut self, member: usize, how: LeaveHow) {
        let now = self.now;
        self.trace
            .line(now, || format!("== m{member} leaves {how:?}"));
        self.stats.count("fault: polite leave", 1);
        self.disturbed_at = now;
        self.checker.leaves(member);
        self.call(member, |machine, now| machine.leave(now, how));
    }

    /// From now on this member tells its user lies of this kind.
    pub fn mutate(&mut self, member: usize, mutation: Mutation) {
        self.nodes[member].mutation = Some(mutation);
    }

    /// A member's user takes an event.
    pub(super) fn hear(&mut self, member: usize, event: Event) {
        let Some(mutation) = self.nodes[member].mutation else {
            self.heard(member, event);
            return;
        };
        let mut held = self.nodes[member].held_event.take();
        let nodes = &self.nodes;
        let events = mutate(mutation, &mut self.rng, &mut held, event, |m| {
            nodes.get(m).is_some_and(|n| !n.life.alive())
        });
        self.nodes[member].held_event = held;
        for event in events {
            self.heard(member, event);
        }
    }

    fn heard(&mut self, member: usize, event: Event) {
        let now = self.now;
        self.trace.line(now, || {
            format!("m{member} ! {}", crate::trace::brief_event(&event))
        });
        let node = &mut self.nodes[member];
        let machine = node.machine.as_deref();
        let host = node.view.host.as_ref().map(|(_, host)| host);
        let late = node.late;
        let reign = || {
            machine.map_or_else(Default::default, |m| {
                let status = m.status();
                // What a user hears late is of a reign that may be over.
                match late && status.host.as_ref() != host {
                    true => (status.founding, 0, host.cloned()),
                    false => (status.founding, status.term, status.host),
                }
            })
        };
        self.checker.event(now, member, &event, reign);
        self.heard_stream(member, &event);
        let view = &mut self.nodes[member].view;
        match &event {
            Event::PeerJoined { id, .. } => {
                view.peers.insert(id.clone());
            }
            Event::PeerDropped { id, .. } => {
                view.peers.remove(id);
            }
            Event::Sync { peers } => view.synced = peers.is_some(),
            Event::HostConnected { is_host, host, .. } => {
                view.was_in = true;
                view.host = Some((*is_host, host.clone()));
            }
            Event::HostDropped => view.host = None,
            Event::InitData { id, data } => {
                view.init_data.insert(id.clone(), data.to_vec());
            }
            Event::Data { data, .. } => {
                // The judge has read it in full.
                view.heard.extend(payload::peek(data));
                self.stats.count("messages heard", 1);
                return;
            }
            _ => {}
        }
        match &event {
            Event::Gap { .. } => self.stats.count("events: gap", 1),
            Event::Error {
                code: ErrorCode::TooSlow,
                ..
            } => self.stats.count("events: too-slow", 1),
            Event::Error { .. } => self.stats.count("events: error", 1),
            Event::MeshLimitExceeded { .. } => self.stats.count("events: mesh limit", 1),
            Event::Signalling { up: false } => self.stats.count("events: signalling down", 1),
            Event::Sync { peers: None } => self.stats.count("events: sync lost", 1),
            Event::HostDropped => self.stats.count("events: hostdropped", 1),
            Event::PeerDropped { .. } => self.stats.count("events: peerdropped", 1),
            _ => {}
        }
        self.nodes[member].view.events.push((now, event));
    }
}

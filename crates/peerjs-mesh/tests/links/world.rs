//! Members without a core: links, and a relay for what they say to each other.

use peerjs_mesh::native::link::{Links, Report};
use peerjs_mesh_core::{Lane, LinkId};
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

/// The core's default.
pub(crate) const WINDOW: u32 = 128 << 10;

/// Some members, and what their links have reported.
pub(crate) struct World {
    pub(crate) ends: Vec<Links>,
    pub(crate) reports: Vec<(usize, Report)>,
    next_link: u32,
}

/// One end of a link: whose, and its name there.
pub(crate) type End = (usize, LinkId);

impl World {
    pub(crate) fn new(members: usize) -> World {
        World {
            ends: (0..members)
                .map(|_| {
                    // One address: then two links have no second pair of addresses to evade to.
                    Links::on(WINDOW, vec![[127, 0, 0, 1].into()]).expect("links")
                })
                .collect(),
            reports: Vec::new(),
            next_link: 0,
        }
    }

    pub(crate) fn new_link(&mut self) -> LinkId {
        self.next_link += 1;
        LinkId(self.next_link)
    }

    /// Runs everybody until `done` gives something. Panics after `seconds`.
    pub(crate) async fn until<T>(
        &mut self,
        what: &str,
        seconds: u64,
        mut done: impl FnMut(&mut World) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        loop {
            let now = Instant::now();
            for end in 0..self.ends.len() {
                while let Some(report) = self.ends[end].poll(now) {
                    self.reports.push((end, report));
                }
            }
            if let Some(found) = done(self) {
                return found;
            }
            assert!(now < deadline, "not within {seconds} s: {what}");
            let wake = self
                .ends
                .iter()
                .filter_map(Links::timeout)
                .min()
                .map_or(deadline, |at| at.min(deadline));
            let ends = &mut self.ends;
            let ready = poll_fn(|cx| {
                let mut any = Poll::Pending;
                for end in ends.iter_mut() {
                    if end.poll_ready(cx).is_ready() {
                        any = Poll::Ready(());
                    }
                }
                any
            });
            tokio::select! {
                () = ready => {
                    let now = Instant::now();
                    self.ends.iter_mut().for_each(|end| end.receive(now));
                }
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    /// Takes the first report that fits.
    pub(crate) fn take<T>(&mut self, fits: impl Fn(usize, &Report) -> Option<T>) -> Option<T> {
        let (index, found) = self
            .reports
            .iter()
            .enumerate()
            .find_map(|(index, (end, report))| Some((index, fits(*end, report)?)))?;
        self.reports.remove(index);
        Some(found)
    }

    /// The description of a link.
    pub(crate) async fn described(&mut self, end: End) -> String {
        self.until("description", 5, |world| {
            world.take(|whose, report| match report {
                Report::Described { link, sdp } if (whose, *link) == end => Some(sdp.clone()),
                _ => None,
            })
        })
        .await
    }

    /// Waits until both ends are open; gives the largest frame that each may send.
    pub(crate) async fn opened(&mut self, ends: [End; 2]) -> [u32; 2] {
        let mut open = [None; 2];
        self.until("links to open", 10, |world| {
            for (slot, end) in open.iter_mut().zip(ends) {
                *slot = slot.or_else(|| {
                    world.take(|whose, report| match report {
                        Report::Opened { link, max_frame } if (whose, *link) == end => {
                            Some(*max_frame)
                        }
                        _ => None,
                    })
                });
            }
            Some([open[0]?, open[1]?])
        })
        .await
    }

    /// Offer, answer, acceptance, all by hand. The links are not open yet.
    pub(crate) async fn dial(&mut self, from: usize, to: usize) -> [End; 2] {
        let (dialling, answering) = (self.new_link(), self.new_link());
        self.ends[from].dial(Instant::now(), dialling, "dc_test".to_owned());
        let offer = self.described((from, dialling)).await;
        self.ends[to].answer(Instant::now(), answering, &offer, true);
        let answer = self.described((to, answering)).await;
        self.ends[from].accept(Instant::now(), dialling, &answer, true);
        [(from, dialling), (to, answering)]
    }

    /// Two members with a link that is open.
    pub(crate) async fn connected() -> (World, [End; 2]) {
        let mut world = World::new(2);
        let ends = world.dial(0, 1).await;
        world.opened(ends).await;
        (world, ends)
    }

    /// The next frame at an end.
    pub(crate) async fn received(&mut self, end: End) -> (Lane, Vec<u8>) {
        self.until("frame", 10, |world| {
            world.take(|whose, report| match report {
                Report::Received { link, lane, frame } if (whose, *link) == end => {
                    Some((*lane, frame.clone()))
                }
                _ => None,
            })
        })
        .await
    }

    pub(crate) fn send(&mut self, (whose, link): End, lane: Lane, frame: Vec<u8>) {
        self.ends[whose].send(link, lane, frame);
    }
}

/// Bytes that differ by place and by seed.
pub(crate) fn pattern(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect()
}

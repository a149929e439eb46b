//! Carries packets between the tun devices and the switch: one thread, one epoll.

use crate::packet::{self, Route};
use crate::switch::Switch;
use rustix::event::epoll;
use rustix::event::{EventfdFlags, Timespec, eventfd};
use serde::Serialize;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ScheduleParams, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tun_rs::SyncDevice;

/// The thread wakes at most this often for packets that become due, so that a busy link costs one
/// wake for several packets. Packets are this much late at worst.
const WAKE_GRID: Duration = Duration::from_micros(250);

/// When all is read, the thread leaves the devices alone for so long. Otherwise it, which goes before
/// all others, would interrupt a busy sender at every packet, and need twice the CPU time.
const READ_PAUSE: Duration = Duration::from_micros(250);

/// Packets read from one device before the others, and what is due, have their turn.
const READ_BATCH: usize = 128;

/// The largest IPv4 packet.
const LARGEST: usize = 65_535;

/// What marks the stop event in epoll; devices have their node's number.
const STOP: u64 = u64::MAX;

/// What the lab did apart from the links: numbers that show whether it kept up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PumpStats {
    /// Packets to addresses outside the lab, or to a node that does not exist; the sender was told
    /// "prohibited".
    pub outside: u64,
    /// Packets that were no IPv4.
    pub foreign: u64,
    /// Packets that a node's device did not take.
    pub refused: u64,
    /// Packets that a device dropped because the lab did not read them in time: a loss that no seed
    /// knows of. If this is not 0, the machine was too busy for the test.
    pub device_dropped: u64,
    /// Packets that were handed over more than 1 ms after they were due.
    pub late: u64,
    /// The latest that a packet was handed over after it was due, in µs.
    pub late_max_us: u64,
    /// CPU time of the switch, in ms, the kernel's work for it included.
    pub cpu_ms: u64,
}

/// What the pump's thread and the lab's user share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) switch: Switch,
    pub(crate) stats: PumpStats,
    /// The pump's thread, as the kernel calls it.
    thread: i32,
}

/// A running pump; it ends by [`Pump::stop`].
#[derive(Debug)]
pub(crate) struct Pump {
    shared: Arc<Mutex<Shared>>,
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Pump {
    pub(crate) fn start(devices: Vec<SyncDevice>, switch: Switch) -> io::Result<Self> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let readable = epoll::EventFlags::IN;
        for (node, device) in devices.iter().enumerate() {
            let data = epoll::EventData::new_u64(node as u64);
            epoll::add(&epoll, device, data, readable)?;
        }
        let data = epoll::EventData::new_u64(STOP);
        epoll::add(&epoll, &stop, data, readable)?;
        let shared = Arc::new(Mutex::new(Shared {
            switch,
            stats: PumpStats::default(),
            thread: 0,
        }));
        let worker = Worker {
            epoll,
            devices,
            shared: Arc::clone(&shared),
            clock: Instant::now(),
            buffer: vec![0; LARGEST],
        };
        let thread = thread::Builder::new()
            .name("lab-switch".to_owned())
            .spawn(move || worker.run())?;
        Ok(Self {
            shared,
            stop,
            thread: Some(thread),
        })
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    /// An event that becomes readable, and stays so, when the pump is told to stop.
    pub(crate) fn stop_event(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.stop)
    }

    /// The counters, with the CPU time so far; `device_dropped` is the caller's to fill in.
    pub(crate) fn stats(&self) -> PumpStats {
        let (mut stats, thread) = {
            let shared = self.shared();
            (shared.stats, shared.thread)
        };
        let on_cpu = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat"));
        let ns = on_cpu
            .ok()
            .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        stats.cpu_ms = ns.unwrap_or(0) / 1_000_000;
        stats
    }

    /// Ends the thread; packets on the way are lost, and the devices go.
    pub(crate) fn stop(&mut self) {
        // Writing fails only if the counter is full, and then it is readable as well.
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A panic under the lock has been reported by then; the counters behind it are still worth reading.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts the calling thread before all that runs at ordinary priority.
///
/// The switch is the network's clock: browsers that take all CPU must not make it late. Measured on
/// two busy cores, a sleep of 1 ms at nice −20 is up to 27 ms late, at real-time priority 0.07 ms
/// (p99). Not being allowed to is no error, only less exact.
fn be_punctual() {
    let lowest = ThreadPriority::from_posix(ScheduleParams { sched_priority: 1 });
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    if set_thread_priority_and_policy(thread_native_id(), lowest, policy).is_err() {
        let _ = rustix::process::setpriority_process(None, -20);
    }
}

struct Worker {
    epoll: OwnedFd,
    devices: Vec<SyncDevice>,
    shared: Arc<Mutex<Shared>>,
    clock: Instant,
    buffer: Vec<u8>,
}

impl Worker {
    fn run(mut self) {
        be_punctual();
        lock(&self.shared).thread = rustix::thread::gettid().as_raw_nonzero().get();
        let mut events = Vec::with_capacity(self.devices.len() + 1);
        let mut pause = false;
        loop {
            let wake_in = self.deliver();
            if std::mem::take(&mut pause) {
                thread::sleep(wake_in.map_or(READ_PAUSE, |wait| wait.min(READ_PAUSE)));
                continue;
            }
            let timeout = wake_in.map(|wait| Timespec {
                tv_sec: wait.as_secs() as i64,
                tv_nsec: i64::from(wait.subsec_nanos()),
            });
            events.clear();
            let spare = rustix::buffer::spare_capacity(&mut events);
            match epoll::wait(&self.epoll, spare, timeout.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => (),
                Err(_) => return,
            }
            pause = !events.is_empty();
            for event in &events {
                match event.data.u64() {
                    STOP => return,
                    node => pause &= self.read(node as usize),
                }
            }
        }
    }

    /// Hands over what is due, and says for how long there is nothing to hand over.
    fn deliver(&self) -> Option<Duration> {
        let mut shared = lock(&self.shared);
        let Shared { switch, stats, .. } = &mut *shared;
        let mut now = self.clock.elapsed();
        while let Some(delivery) = switch.pop_due(now) {
            now = self.clock.elapsed();
            let late = now.saturating_sub(delivery.due);
            if late > Duration::from_millis(1) {
                stats.late += 1;
            }
            stats.late_max_us = stats.late_max_us.max(late.as_micros() as u64);
            let device = self.devices.get(delivery.to);
            if device.is_none_or(|device| device.send(&delivery.packet).is_err()) {
                stats.refused += 1;
            }
        }
        let due = switch.next_due()?.as_nanos();
        let grid = WAKE_GRID.as_nanos();
        let wake = due.div_ceil(grid).saturating_mul(grid);
        let wait = wake.saturating_sub(now.as_nanos());
        Some(Duration::from_nanos(
            u64::try_from(wait).unwrap_or(u64::MAX),
        ))
    }

    /// Takes what a node has sent; whether that was all.
    fn read(&mut self, from: usize) -> bool {
        let Some(device) = self.devices.get(from) else {
            return true;
        };
        let mut shared = lock(&self.shared);
        let Shared { switch, stats, .. } = &mut *shared;
        for _ in 0..READ_BATCH {
            // An error other than "nothing there" does not happen on a device that is up; the next
            // epoll tells if it does.
            let Ok(bytes) = device.recv(&mut self.buffer) else {
                return true;
            };
            let packet = &self.buffer[..bytes];
            let now = self.clock.elapsed();
            match packet::route(packet) {
                Route::Node(to) if to < self.devices.len() => {
                    switch.offer(now, from, to, packet.to_vec());
                }
                Route::All => {
                    for to in (0..self.devices.len()).filter(|to| *to != from) {
                        switch.offer(now, from, to, packet.to_vec());
                    }
                }
                Route::Node(_) | Route::Outside => {
                    stats.outside += 1;
                    if let Some(answer) = packet::prohibited(packet) {
                        let _ = device.send(&answer);
                    }
                }
                Route::Foreign => stats.foreign += 1,
            }
        }
        false
    }
}

//! What a seed means: a climate, members, messages and faults, with their times.

use crate::rng::Rng;
use crate::server::ServerKind;
use crate::{Climate, MS, Micros, SECOND};

/// A fault; members are chosen, among those that are there then, when it happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// A machine is gone without a word.
    Crash,
    /// A process is killed.
    Kill,
    /// A member leaves, once all is delivered or at once.
    Leave {
        /// At once.
        now: bool,
    },
    /// A member is stopped for so long.
    Freeze(Micros),
    /// A member's thread is busy for so long.
    Busy(Micros),
    /// A member's user takes nothing for so long.
    SlowReader(Micros),
    /// A member's timers fire once a second for so long.
    Throttle(Micros),
    /// Part of all packets is lost for so long.
    Loss(f64, Micros),
    /// Two members are further apart for so long, one way by so many ms.
    Delay(u64, Micros),
    /// Nothing passes between two members for so long.
    Cut(Micros),
    /// What one sends does not reach another for so long.
    CutOneWay(Micros),
    /// All links of two members between each other break at once.
    BreakLinks,
    /// The room falls into two for so long; with `signalling`, one side cannot reach the server either.
    Partition {
        /// One side cannot reach the server either.
        signalling: bool,
        /// For so long.
        lasting: Micros,
    },
    /// A member cannot reach the server for so long.
    CutSignalling(Micros),
    /// Nobody can reach the server for so long.
    CutAllSignalling(Micros),
    /// The server is restarted after so long; `clean`: its sockets close.
    Restart {
        /// Its machine closes the sockets.
        clean: bool,
        /// Away for so long.
        lasting: Micros,
    },
    /// The host ends its role.
    DropHost,
}

/// One thing that happens to the world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// A new member starts.
    Join,
    /// Somebody sends so many messages of so many bytes; to all, or to one.
    Send {
        /// How many at once.
        count: u32,
        /// Bytes each.
        bytes: usize,
        /// To one member.
        directed: bool,
    },
    /// Somebody sets its init data.
    SetInitData,
    /// A fault begins.
    Begin(Fault),
}

/// What a seed means.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Distances, losses, the server.
    pub climate: Climate,
    /// Heartbeats of all members, ms.
    pub health_interval_ms: u32,
    /// What happens when.
    pub actions: Vec<(Micros, Action)>,
    /// When everything is healed.
    pub healed_at: Micros,
    /// For what is chosen while it runs.
    pub rng: Rng,
}

impl Plan {
    /// The plan of a seed.
    pub fn draw(seed: u64) -> Plan {
        let mut rng = Rng::new(seed ^ 0x6d65_7368_5f73_696d);
        let climate = climate(&mut rng);
        let mut actions = Vec::new();
        joins(&mut rng, &mut actions);
        messages(&mut rng, &mut actions);
        let faults = rng.range(2, 5);
        for _ in 0..faults {
            let at = rng.range(5 * SECOND, 35 * SECOND);
            let fault = fault(&mut rng);
            actions.push((at, Action::Begin(fault)));
        }
        actions.sort_by_key(|(at, _)| *at);
        Plan {
            climate,
            health_interval_ms: *rng.pick(&[500, 500, 500, 250, 1_000]).unwrap_or(&500),
            actions,
            healed_at: 45 * SECOND,
            rng,
        }
    }
}

fn climate(rng: &mut Rng) -> Climate {
    let server = if rng.chance(0.5) {
        ServerKind::Ours
    } else {
        ServerKind::NpmPeer
    };
    let calm = Climate {
        alive_ms: *rng.pick(&[60_000, 90_000]).unwrap_or(&60_000),
        ..Climate::calm(server)
    };
    match rng.below(4) {
        0 => calm,
        1 => Climate {
            link_delay: (80 * MS, 150 * MS),
            server_delay: (20 * MS, 120 * MS),
            jitter: 20 * MS,
            loss: 0.01,
            rate: (300_000, 2_000_000),
            ..calm
        },
        _ => Climate {
            link_delay: (5 * MS, 70 * MS),
            server_delay: (5 * MS, 50 * MS),
            jitter: 8 * MS,
            loss: if rng.chance(0.5) {
                0.0
            } else {
                rng.below(30) as f64 / 1_000.0
            },
            rate: (500_000, 10_000_000),
            ..calm
        },
    }
}

fn joins(rng: &mut Rng, actions: &mut Vec<(Micros, Action)>) {
    let members = *rng.pick(&[2, 3, 4, 5, 5, 6, 6, 7, 8, 10]).unwrap_or(&5);
    let spread = *rng.pick(&[0, 50 * MS, SECOND, 4 * SECOND]).unwrap_or(&0);
    for nth in 0..members {
        // Two are there from the beginning; of the others one in five comes late.
        let late = nth >= 2 && rng.chance(0.2);
        let at = if late {
            rng.range(5 * SECOND, 40 * SECOND)
        } else {
            rng.below(spread + 1)
        };
        actions.push((at, Action::Join));
    }
}

fn messages(rng: &mut Rng, actions: &mut Vec<(Micros, Action)>) {
    let sends = rng.range(50, 250);
    for _ in 0..sends {
        let at = rng.range(200 * MS, 45 * SECOND);
        let bytes = match rng.below(100) {
            0..70 => rng.range(24, 300),
            70..95 => rng.range(1_000, 16_000),
            95..99 => rng.range(16_000, 100_000),
            _ => rng.range(100_000, 600_000),
        };
        let burst = bytes < 1_000 && rng.chance(0.05);
        let count = if burst { rng.range(10, 60) as u32 } else { 1 };
        let directed = rng.chance(0.25);
        actions.push((
            at,
            Action::Send {
                count,
                bytes: bytes as usize,
                directed,
            },
        ));
    }
    if rng.chance(0.3) {
        actions.push((rng.range(SECOND, 40 * SECOND), Action::SetInitData));
    }
}

fn fault(rng: &mut Rng) -> Fault {
    let seconds = |rng: &mut Rng, low, high| rng.range(low * SECOND, high * SECOND);
    match rng.below(22) {
        0 | 1 => Fault::Crash,
        2 | 3 => Fault::Kill,
        4 | 5 => Fault::Leave {
            now: rng.chance(0.5),
        },
        6 => Fault::Freeze(seconds(rng, 1, 10)),
        7 => Fault::Freeze(seconds(rng, 10, 40)),
        8 => Fault::Busy(rng.range(200 * MS, 2 * SECOND)),
        9 => Fault::SlowReader(seconds(rng, 2, 20)),
        10 => Fault::Throttle(seconds(rng, 3, 15)),
        11 => Fault::Loss(rng.range(20, 100) as f64 / 1_000.0, seconds(rng, 3, 12)),
        12 => Fault::Delay(rng.range(100, 800), seconds(rng, 3, 12)),
        13 => Fault::Cut(rng.range(300 * MS, 25 * SECOND)),
        14 => Fault::CutOneWay(rng.range(300 * MS, 25 * SECOND)),
        15 => Fault::BreakLinks,
        16 => Fault::Partition {
            signalling: false,
            lasting: seconds(rng, 1, 25),
        },
        17 => Fault::Partition {
            signalling: true,
            lasting: seconds(rng, 1, 25),
        },
        18 => Fault::CutSignalling(seconds(rng, 2, 30)),
        19 => Fault::CutAllSignalling(seconds(rng, 2, 30)),
        20 => Fault::Restart {
            clean: rng.chance(0.6),
            lasting: rng.range(50 * MS, 15 * SECOND),
        },
        _ => Fault::DropHost,
    }
}

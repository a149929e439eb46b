//! What a seed means: a climate, members, messages and faults, with their times.

use super::draw;
use super::drill::Drill;
use crate::rng::Rng;
use crate::{Climate, Micros};
use peerjs_mesh_core::Mode;

/// A fault; members are chosen, among those that are there then, when it happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// A machine is gone without a word.
    Crash,
    /// A process is killed.
    Kill,
    /// The host and the first of the line are gone at once; `crash`: their machines, not only their processes.
    HostAndNext {
        /// Their machines are gone.
        crash: bool,
    },
    /// A member leaves, once all is delivered or at once.
    Leave {
        /// At once.
        now: bool,
    },
    /// Half of the members leave, one after another within so long, once all is delivered.
    LeaveTogether(Micros),
    /// A member is stopped for so long.
    Freeze(Micros),
    /// A member's thread is busy for so long.
    Busy(Micros),
    /// A member's user takes nothing for so long; `flood`: meanwhile somebody says more than a machine keeps for a
    /// user, so that those who speak would have to wait for it.
    SlowReader {
        /// Somebody says much.
        flood: bool,
        /// For so long.
        lasting: Micros,
    },
    /// A member's timers fire once a second for so long.
    Throttle(Micros),
    /// Nobody sees a member's page for so long; `throttled`: its timers fire once a second, too.
    Hide {
        /// Its timers fire once a second.
        throttled: bool,
        /// For so long.
        lasting: Micros,
    },
    /// A member's clock shows so many ms more, or less, from now on.
    ClockStep(i64),
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

impl Fault {
    /// How long it is in force; 0 for what happens at once.
    pub const fn lasting(self) -> Micros {
        match self {
            Fault::LeaveTogether(lasting)
            | Fault::Freeze(lasting)
            | Fault::Busy(lasting)
            | Fault::SlowReader { lasting, .. }
            | Fault::Throttle(lasting)
            | Fault::Hide { lasting, .. }
            | Fault::Loss(_, lasting)
            | Fault::Delay(_, lasting)
            | Fault::Cut(lasting)
            | Fault::CutOneWay(lasting)
            | Fault::Partition { lasting, .. }
            | Fault::CutSignalling(lasting)
            | Fault::CutAllSignalling(lasting)
            | Fault::Restart { lasting, .. } => lasting,
            Fault::Crash
            | Fault::Kill
            | Fault::HostAndNext { .. }
            | Fault::Leave { .. }
            | Fault::ClockStep(_)
            | Fault::BreakLinks
            | Fault::DropHost => 0,
        }
    }

    /// Whether it is one of those of which each seed has three (issue "A room that outlives its host"); the others come on
    /// top.
    pub const fn is_asked_for(self) -> bool {
        !matches!(
            self,
            Fault::SlowReader { .. }
                | Fault::Hide {
                    throttled: false,
                    ..
                }
                | Fault::BreakLinks
                | Fault::DropHost
        )
    }

    /// Whether everybody who is there stays reachable and answers soon enough: nobody may be taken for gone.
    pub const fn drops_nobody(self) -> bool {
        matches!(
            self,
            Fault::Busy(_)
                | Fault::Throttle(_)
                | Fault::Hide { .. }
                | Fault::ClockStep(_)
                | Fault::SlowReader { flood: false, .. }
                | Fault::CutSignalling(_)
                | Fault::CutAllSignalling(_)
                | Fault::Restart { .. }
        )
    }

    /// Whether somebody is gone for good by it.
    pub const fn ends_members(self) -> bool {
        matches!(
            self,
            Fault::Crash
                | Fault::Kill
                | Fault::HostAndNext { .. }
                | Fault::Leave { .. }
                | Fault::LeaveTogether(_)
        )
    }
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
    /// No fault is in force: the room is judged before anything else happens. The plan's clock stands still meanwhile.
    Quiet,
}

/// By which ways a room's messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modes {
    /// All members alike.
    All(Mode),
    /// Each as it likes.
    Mixed,
}

/// What a seed means.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Distances, losses, the server.
    pub climate: Climate,
    /// Heartbeats of all members, ms.
    pub health_interval_ms: u32,
    /// By which ways messages go.
    pub modes: Modes,
    /// Members that the room has, as long as nobody goes.
    pub members: usize,
    /// Members that may be in the room at once, as each is told.
    pub mesh_limit: Option<u32>,
    /// Whether faults may overlap; else each is over, and the room judged, before the next.
    pub overlapping: bool,
    /// What happens when.
    pub actions: Vec<(Micros, Action)>,
    /// When everything is healed.
    pub healed_at: Micros,
    /// For what is chosen while it runs.
    pub rng: Rng,
}

/// Messages of a seed, at least; and so many of its faults.
pub(super) const MESSAGES: u64 = 200;
pub(super) const FAULTS: usize = 3;

impl Plan {
    /// The plan of a seed.
    pub fn draw(seed: u64) -> Plan {
        draw::plan(Rng::new(seed ^ 0x6d65_7368_5f73_696d))
    }

    /// A plan for a drill.
    pub fn drill(seed: u64, drill: &Drill) -> Plan {
        drill.plan(Rng::new(seed ^ 0x6d65_7368_5f73_696d))
    }
}

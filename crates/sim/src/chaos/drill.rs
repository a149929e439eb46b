//! Small rooms in which a few kinds of faults happen: what a mutation is looked for in, for little time.
//!
//! A drill is no proof of the core: it is easier than chaos. Rooms are small, messages are small and fall thickest about
//! the moments when something happens, and nothing lasts longer than it must.

use super::draw::{FIRST_FAULT, at_once, climate, joins, one_after_another, replacements};
use super::plan::{Action, Fault, Modes, Plan};
use crate::rng::Rng;
use crate::{Climate, MS, Micros, SECOND};
use peerjs_mesh_core::Mode;

/// What plans are drawn for.
#[derive(Debug, Clone, Copy)]
pub struct Drill {
    /// By which ways messages go.
    pub mode: Mode,
    /// So many members, from and to.
    pub members: (u64, u64),
    /// What may happen.
    pub faults: &'static [Fault],
    /// Whether faults may overlap; else the room is judged after each.
    pub overlapping: bool,
    /// No host dies or is out of reach for most: nobody takes its office.
    pub steady: bool,
    /// Some members come later than the others.
    pub late: bool,
    /// How many of a hundred messages are directed to one.
    pub directed: u64,
    /// How far apart two members may be, one way.
    pub delay: (Micros, Micros),
    /// The most loss that a climate may have, of a thousand packets.
    pub loss: u64,
}

/// Messages about each moment, so long before and after it at most.
const ABOUT: (u64, Micros) = (40, 250 * MS);
/// And at any time.
const OTHERS: u64 = 60;

impl Drill {
    pub(super) fn plan(&self, mut rng: Rng) -> Plan {
        let members = rng.range(self.members.0, self.members.1) as usize;
        let climate = Climate {
            link_delay: self.delay,
            jitter: rng.range(5 * MS, 60 * MS),
            loss: rng.below(self.loss) as f64 / 1_000.0,
            ..climate(&mut rng)
        };
        let mut actions = Vec::new();
        let pick = |rng: &mut Rng| *rng.pick(self.faults).unwrap_or(&Fault::Crash);
        let ended = match self.overlapping {
            true => at_once(&mut rng, pick, &mut actions),
            false => one_after_another(&mut rng, pick, &mut actions),
        };
        let healed_at = ended.max(FIRST_FAULT.1) + 5 * SECOND;
        replacements(&mut rng, healed_at, &mut actions);
        match self.late {
            true => joins(&mut rng, members, healed_at, &mut actions),
            false => {
                let times = (0..members).map(|_| rng.below(SECOND));
                actions.extend(times.map(|at| (at, Action::Join)));
            }
        }
        messages(&mut rng, self.directed, healed_at, &mut actions);
        actions.sort_by_key(|(at, _)| *at);
        Plan {
            climate,
            health_interval_ms: 500,
            modes: Modes::All(self.mode),
            members,
            mesh_limit: None,
            overlapping: self.overlapping,
            actions,
            healed_at,
            rng,
        }
    }
}

fn messages(rng: &mut Rng, directed: u64, healed_at: Micros, actions: &mut Vec<(Micros, Action)>) {
    let mut times: Vec<Micros> = (0..OTHERS)
        .map(|_| rng.range(200 * MS, healed_at))
        .collect();
    for (at, _) in actions.iter() {
        for _ in 0..ABOUT.0 {
            times.push((at + rng.below(2 * ABOUT.1)).saturating_sub(ABOUT.1));
        }
    }
    for at in times {
        let bytes = match rng.chance(0.9) {
            true => rng.range(24, 300),
            false => rng.range(1_000, 16_000),
        };
        let directed = rng.below(100) < directed;
        let (count, bytes) = (1, bytes as usize);
        let send = Action::Send {
            count,
            bytes,
            directed,
        };
        actions.push((at.min(healed_at), send));
    }
}

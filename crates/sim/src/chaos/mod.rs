//! Rooms and faults drawn from a seed, judged at every event and at the end.
//!
//! A seed is at least 60 simulated seconds: members come, talk, are broken one after another or, in a third of the
//! seeds, in several ways at once. Where faults do not overlap the room is judged after each; in the end every way is
//! healed and the room has 15 s to become one, in which nothing may be missing.

mod draw;
mod drill;
mod faults;
mod judge;
mod mutants;
mod plan;
mod report;
mod run;

pub use drill::Drill;
pub use mutants::{MUTANTS, Mutant, options_for};
pub use plan::{Action, Fault, Modes, Plan};
pub use report::{ENOUGH_SEEDS, Summary, write_report};
pub use run::{Options, Outcome, run};

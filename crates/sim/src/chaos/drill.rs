//! Small rooms in which a few kinds of faults happen: what a mutation is looked for in, for little time.

use super::plan::Fault;
use peerjs_mesh_core::Mode;

/// What plans are drawn for.
#[derive(Debug, Clone, Copy)]
pub struct Drill {
    /// By which ways messages go.
    pub mode: Mode,
    /// So many members, from and to.
    pub members: (u64, u64),
    /// What may happen. For the length of each stands what it is given.
    pub faults: &'static [Fault],
    /// Whether faults may overlap; else the room is judged after each.
    pub overlapping: bool,
}

//! Which mutation of the core is looked for where, and without which of the layers that mask it.

use super::drill::Drill;
use super::plan::Fault;
use super::run::Options;

use crate::checker::Mutation as Lie;
use crate::{MS, SECOND};
use peerjs_mesh_core::Mode;
use peerjs_mesh_core::Mutation::{self, *};

/// A mutation, and how it is looked for.
#[derive(Debug)]
pub struct Mutant {
    /// All members have it, and the layers that mask it are switched off: first itself, then those.
    pub faults: &'static [Mutation],
    /// In what kind of rooms.
    pub drill: &'static Drill,
}

impl Mutant {
    /// The mutation.
    pub fn mutation(&self) -> Mutation {
        self.faults[0]
    }

    /// The layers that mask it, switched off.
    pub fn masks(&self) -> &'static [Mutation] {
        &self.faults[1..]
    }
}

const fn mutant(faults: &'static [Mutation], drill: &'static Drill) -> Mutant {
    Mutant { faults, drill }
}

const fn drill(mode: Mode, members: (u64, u64), faults: &'static [Fault]) -> Drill {
    Drill {
        mode,
        members,
        faults,
        overlapping: false,
        steady: false,
        late: false,
        directed: 25,
        delay: (5 * MS, 150 * MS),
        loss: 20,
    }
}

const CUTS: [Fault; 3] = [
    Fault::BreakLinks,
    Fault::Cut(5 * SECOND),
    Fault::CutOneWay(5 * SECOND),
];
const PARTITION: Fault = Fault::Partition {
    signalling: false,
    lasting: 12 * SECOND,
};
const PARTITION_OF_BOTH: Fault = Fault::Partition {
    signalling: true,
    lasting: 12 * SECOND,
};

/// Hosts and others go without a goodbye.
const DEATHS: Drill = drill(Mode::Host, (3, 5), &[Fault::Kill, Fault::Crash]);
const DEATHS_IN_FULL: Drill = drill(Mode::Full, (3, 5), &[Fault::Kill, Fault::Crash]);
/// Somebody is away for a while, and comes back in time.
const FREEZES: Drill = drill(
    Mode::Host,
    (3, 5),
    &[Fault::Freeze(6 * SECOND), Fault::Freeze(12 * SECOND)],
);
const ABSENCES: Drill = drill(Mode::Host, (3, 5), &[Fault::Freeze(12 * SECOND), PARTITION]);
const MUCH_DIRECTED: Drill = Drill {
    directed: 70,
    ..ABSENCES
};
const PARTITIONS_OF_BOTH: Drill = drill(Mode::Host, (3, 5), &[PARTITION_OF_BOTH]);
/// Ways between two break, and members do not.
const BREAKS: Drill = Drill {
    steady: true,
    ..drill(Mode::Host, (5, 7), &CUTS)
};
const BREAKS_IN_FULL: Drill = drill(Mode::Full, (4, 6), &CUTS);
const DIRECTED_IN_FULL: Drill = Drill {
    directed: 80,
    ..drill(Mode::Full, (4, 5), &[Fault::BreakLinks])
};
/// Threads are busy for less than anybody may be taken for dead for.
const BUSY: Drill = Drill {
    steady: true,
    ..drill(Mode::Host, (3, 6), &[Fault::Busy(1_900 * MS)])
};
/// The host ends its office, or leaves.
const HANDOVERS: Drill = drill(
    Mode::Host,
    (3, 5),
    &[Fault::DropHost, Fault::Leave { now: false }],
);
/// Many come at once, and what tells of them is lost and overtaken.
const CROWDS: Drill = Drill {
    late: true,
    ..drill(
        Mode::Host,
        (9, 14),
        &[Fault::Loss(0.1, 5 * SECOND), Fault::Kill],
    )
};
const TAILS: Drill = drill(
    Mode::Host,
    (5, 7),
    &[
        Fault::HostAndNext { crash: true },
        Fault::HostAndNext { crash: false },
    ],
);

/// Somebody is away while others speak, and come, and host.
const NEW_HOSTS: Drill = Drill {
    overlapping: true,
    late: true,
    ..drill(
        Mode::Host,
        (3, 5),
        &[
            Fault::Freeze(12 * SECOND),
            Fault::Freeze(20 * SECOND),
            Fault::DropHost,
            Fault::Kill,
        ],
    )
};
/// The host dies soon after somebody alone has lost it.
const OUTVOTED: Drill = Drill {
    overlapping: true,
    ..drill(
        Mode::Host,
        (4, 6),
        &[
            Fault::Cut(5 * SECOND),
            Fault::CutOneWay(5 * SECOND),
            Fault::BreakLinks,
            Fault::Crash,
        ],
    )
};
/// Far from each other: by satellite a link is there after more than 2 s.
const FAR: Drill = Drill {
    delay: (350 * MS, 400 * MS),
    loss: 1,
    ..drill(Mode::Host, (3, 5), &[Fault::BreakLinks])
};

/// All that are looked for.
pub const MUTANTS: &[Mutant] = &[
    mutant(&[NoDedupe, JoinWithoutPositions], &DEATHS),
    mutant(&[OwnForgotten], &DEATHS),
    mutant(&[SafeWithoutOne], &DEATHS),
    mutant(&[NoRetention], &ABSENCES),
    mutant(&[OwedForgotten], &MUCH_DIRECTED),
    mutant(&[LastWordsCut], &DEATHS),
    mutant(&[LastNumberShort], &DEATHS),
    mutant(&[NoStrays, NoAskAgain, NoRepairTimer], &CROWDS),
    mutant(&[NoTailFetch], &TAILS),
    mutant(&[NoResumeReplay, NoAskAgain, NoRepairTimer], &DEATHS),
    mutant(&[JoinWithoutPositions], &DEATHS),
    mutant(&[OldWordsGone], &NEW_HOSTS),
    mutant(&[NoAskAgain, NoResumeReplay, NoRepairTimer], &DEATHS),
    mutant(&[NoRepairTimer, NoAskAgain], &DEATHS),
    mutant(&[NeedIgnored, BaseUntold], &DEATHS),
    mutant(&[BaseUntold, NeedIgnored], &DEATHS),
    mutant(&[NoReport], &DEATHS_IN_FULL),
    mutant(&[NoWayBack, WarmOnce, NoPassOn], &BREAKS_IN_FULL),
    mutant(&[WarmOnce, NoWayBack, NoPassOn], &BREAKS_IN_FULL),
    mutant(&[NoPassOn, NoWayBack, WarmOnce], &BREAKS_IN_FULL),
    mutant(&[DirectedOnce, WarmOnce], &DIRECTED_IN_FULL),
    mutant(&[RepairUnpaced], &CROWDS),
    mutant(&[BeatUnread, DeltasNotHeld], &CROWDS),
    mutant(&[DeltasNotHeld, BeatUnread], &CROWDS),
    mutant(&[NoVote], &BREAKS),
    mutant(&[VotesKept], &OUTVOTED),
    mutant(&[OpenAsAnswer], &FAR),
    mutant(&[DropUntold], &ABSENCES),
    mutant(&[SuspicionStays], &BUSY),
    mutant(&[BothWin], &ABSENCES),
    mutant(&[OfficeKept, BothWin], &HANDOVERS),
    mutant(&[NoDoubt, BothWin], &FREEZES),
    mutant(&[EchoUnchecked], &PARTITIONS_OF_BOTH),
];

/// How seeds are run with a mutation of this name: a lie told to the judge, one of [`MUTANTS`] as it is looked for, or
/// any number of mutations joined by `+`, in the plans of chaos. `None`: there is none of that name.
pub fn options_for(name: &str) -> Option<Options> {
    let options = Options::default();
    if let Some(lie) = Lie::parse(name) {
        return Some(Options {
            mutation: Some(lie),
            ..options
        });
    }
    if let Some(it) = MUTANTS.iter().find(|it| it.mutation().name() == name) {
        return Some(Options {
            faults: it.faults,
            drill: Some(it.drill),
            ..options
        });
    }
    // For a look at a drill itself: without the mutation, and without anything.
    let of = |prefix: &str| {
        let name = name.strip_prefix(prefix)?;
        MUTANTS.iter().find(|it| it.mutation().name() == name)
    };
    if let Some(it) = of("masks:") {
        return Some(Options {
            faults: it.masks(),
            drill: Some(it.drill),
            ..options
        });
    }
    if let Some(it) = of("drill:") {
        return Some(Options {
            drill: Some(it.drill),
            ..options
        });
    }
    let mut faults = Vec::new();
    for word in name.split('+').filter(|word| !word.is_empty()) {
        let found = Mutation::ALL.iter().find(|it| it.name() == word)?;
        faults.push(*found);
    }
    Some(Options {
        // Once for each run of the program.
        faults: faults.leak(),
        ..options
    })
}

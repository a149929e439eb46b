//! Faults of our own, one for each rule and each layer of repair: the simulator's judge has to notice each of them.
//!
//! Of the topology study's rules R2 to R8, R10, R13 and R14 have one each. The others: R1 (positions, no common index)
//! is how streams are built, and `no-resume-replay` is what is left of it to break; R9 (links at hand are dialled one by
//! one) and R11 (one probe at a time) save time and work, which no promise is about: a probe a millisecond while somebody
//! is suspected is over with the suspicion, and no `storm`; R12 (merge once per peer and term) is how two hosts meet, by
//! the one hello that each has said on a link; R15 and R16 are about trees, which there are none of. `no-vote` and
//! `both-win` break no numbered rule, but that others are asked first (§3.3), and that of two sides one wins (§3.4).
//!
//! Feature `mutation` only (the simulator's). Without it nothing is left of a hook, and with it nothing changes as long
//! as nobody calls [`Member::mutate`].

use super::{Member, Role};
use crate::api::{Event, LinkId};
use crate::delivery::Pos;
use crate::link::Standing;
use crate::names::Key;
use crate::prelude::*;
use crate::wire::Piece;

/// Whether a member has that fault. A constant without the feature, so that nothing is left of the question.
macro_rules! mutant {
    ($member:ident, $mutation:ident) => {
        (cfg!(feature = "mutation") && $member.mutant(crate::member::mutation::Mutation::$mutation))
    };
}
pub(super) use mutant;

/// Names each mutation once.
macro_rules! mutations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A rule that is broken, or a layer of repair that is missing. R1 to R16 are the rules of the topology study.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(not(feature = "mutation"), allow(unreachable_pub))]
        pub enum Mutation {
            $($(#[$doc])* $variant,)*
        }

        #[cfg(feature = "mutation")]
        impl Mutation {
            /// All, in the order of their numbers.
            pub const ALL: &'static [Mutation] = &[$(Mutation::$variant,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Mutation::$variant => $name,)*
                }
            }
        }
    };
}

mutations! {
    // ---- delivery

    /// Dedupe: what comes twice is delivered twice.
    NoDedupe = "no-dedupe",
    /// R2: a sender keeps its own messages until all have them. It lets go of them once they are on their way.
    OwnForgotten = "own-forgotten",
    /// R3: what is not acknowledged never expires. The host leaves one member out when it says what all have.
    SafeWithoutOne = "safe-without-one",
    /// Retention: what members that were dropped lack is kept for 30 s. It is not.
    NoRetention = "no-retention",
    /// Directed messages that were gone on without are owed: should their sender be back, they come. They are forgotten.
    OwedForgotten = "owed-forgotten",
    /// Last words: the user hears that somebody went after its last message. It hears so at once.
    LastWordsCut = "last-words-cut",
    /// The drop notice carries the number of the last message. It carries one less.
    LastNumberShort = "last-number-short",
    /// Pieces that come before the roster that names their sender wait. They are thrown away.
    NoStrays = "no-strays",

    // ---- repair

    /// A host fetches what only a guest has of somebody who is gone. It does not.
    NoTailFetch = "no-tail-fetch",
    /// A host passes on from where a guest says it is. It passes on only what comes from now on.
    NoResumeReplay = "no-resume-replay",
    /// R7: whoever accepts a host says how far it is. It says nothing of it.
    JoinWithoutPositions = "join-without-positions",
    /// What a host has let go of and somebody lacks its sender says again. It is not asked to.
    OldWordsGone = "old-words-gone",
    /// What is seen to be missing is asked for at once. It is not.
    NoAskAgain = "no-ask-again",
    /// What is missing for a second is asked for. It is not.
    NoRepairTimer = "no-repair-timer",
    /// Who is told that somebody lacks its words says them again. It does not.
    NeedIgnored = "need-ignored",
    /// R13: a sender tells a newcomer where its messages begin. It does not, unless it is asked.
    BaseUntold = "base-untold",
    /// Full mode: who drops somebody asks first what the others have of it directly. It does not.
    NoReport = "no-report",
    /// Full mode: what came by a link that broke is asked of the host. It is not.
    NoWayBack = "no-way-back",
    /// Full mode: what should come directly and does not is passed on by the host. It is not.
    NoPassOn = "no-pass-on",
    /// Full mode: a link that broke is made again. It is not.
    WarmOnce = "warm-once",
    /// Full mode: what was directed along a link that broke goes again, by the host. It does not.
    DirectedOnce = "directed-once",
    /// R6: who lacks something asks for it once a second. It asks every millisecond, until it comes.
    RepairUnpaced = "repair-unpaced",
    /// R14: heartbeats carry the roster's number, and who missed a change asks for all of it. It does not.
    BeatUnread = "beat-unread",
    /// Changes of the roster that overtake others wait for them. They are thrown away.
    DeltasNotHeld = "deltas-not-held",

    // ---- the room

    /// R10: a dial that was answered has longer to open than one that was not. It has as long.
    OpenAsAnswer = "open-as-answer",
    /// The host is dead when the majority of those who can be asked say so. Nobody is asked.
    NoVote = "no-vote",
    /// R5: what others have said of the host counts once. Whoever was outvoted believes it for as long as it seeks.
    VotesKept = "votes-kept",
    /// R4: who is dropped is told. It is not.
    DropUntold = "drop-untold",
    /// R8: hearing from somebody clears the suspicion that it is dead. It does not.
    SuspicionStays = "suspicion-stays",
    /// Of two hosts one goes on. Both do.
    BothWin = "both-win",
    /// Who hands the office over is a guest from then on. It goes on hosting.
    OfficeKept = "office-kept",
    /// A host that slept asks whether it still is the host. It does not.
    NoDoubt = "no-doubt",
    /// A host proves to itself every 5 s that the room's name is still its own. It does not.
    EchoUnchecked = "echo-unchecked",
}

/// Those that a member has.
#[cfg(feature = "mutation")]
#[derive(Default)]
pub(super) struct Mutations(u64);

impl Member {
    /// From now on it has this fault, too.
    #[cfg(feature = "mutation")]
    pub fn mutate(&mut self, mutation: Mutation) {
        self.mutations.0 |= 1 << mutation as u64;
    }

    #[cfg(feature = "mutation")]
    pub(super) fn mutant(&self, mutation: Mutation) -> bool {
        self.mutations.0 & (1 << mutation as u64) != 0
    }

    #[cfg(not(feature = "mutation"))]
    pub(super) fn mutant(&self, _: Mutation) -> bool {
        false
    }

    /// The host forgets that it has to hear of that member before something of that sender's is safe.
    pub(super) fn leaves_out(&self, sender: Key, member: Key) -> bool {
        let mut keys = self.roster.iter().map(|seat| seat.key);
        keys.find(|key| *key != sender && *key != self.me) == Some(member)
    }

    /// What came twice is heard twice.
    pub(super) fn hear_twice(&mut self, key: Key, piece: &Piece<'_>) {
        let taken = self.stream(key).map_or(0, |stream| stream.pos.b);
        if piece.to.is_none() && piece.bytes.len() == piece.total && piece.b <= taken {
            let (from, data) = (self.names.text(key).to_owned(), piece.bytes.to_vec());
            self.event_bytes += data.len();
            self.emit(Event::Data {
                from,
                data: data.into(),
            });
        }
    }

    /// What was gone on without is not owed.
    pub(super) fn forget_owed(&mut self, key: Key) {
        if let Some(stream) = self.stream_mut(key) {
            stream.forgive(Pos::LAST);
        }
    }

    /// A guest is one no longer, and does not hear of it.
    pub(super) fn drop_untold(&mut self, id: LinkId, peer: Key) {
        let now = self.now;
        for standing in [Standing::Nothing, Standing::Peer] {
            if let Some(link) = self.link_mut(id) {
                link.set_standing(standing, now);
            }
            self.drop_member(peer, false, true);
        }
    }

    /// What is on its way on every link is kept no longer.
    pub(super) fn forget_own(&mut self) {
        if matches!(self.role, Role::Seeking(_) | Role::Left) {
            return;
        }
        let me = self.me;
        let ways = self.links.iter().filter(|link| link.is_in_use());
        let cursors = ways.flat_map(|link| link.cursors.iter());
        let sent = cursors
            .filter(|cursor| cursor.sender == me && cursor.on)
            .map(|cursor| cursor.b - 1)
            .min();
        if let Some(sent) = sent {
            self.out.stream.hold = u64::MAX;
            self.out.stream.set_safe(sent, 0, sent);
            self.out.stream.release();
        }
    }
}

//! Lies told to the judge, to see that it notices: what a faulty member would have said.

use crate::payload;
use crate::rng::Rng;
use peerjs_mesh_core::Event;

/// A fault of a member, made at the door through which its user hears of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Now and then a message is swallowed.
    LoseData,
    /// Now and then a message comes twice.
    DoubleData,
    /// Now and then two messages change places.
    SwapData,
    /// Now and then a byte of a message is another.
    CorruptData,
    /// What dead members said last does not reach everybody.
    LoseLastWords,
    /// Nobody hears that somebody joined.
    NoPeerJoined,
    /// Nobody hears that somebody dropped.
    NoPeerDropped,
    /// Lists lack their last entry.
    ShortList,
}

impl Mutation {
    /// All, by the name used on the command line.
    pub const ALL: [(&'static str, Mutation); 8] = [
        ("lose-data", Mutation::LoseData),
        ("double-data", Mutation::DoubleData),
        ("swap-data", Mutation::SwapData),
        ("corrupt-data", Mutation::CorruptData),
        ("lose-last-words", Mutation::LoseLastWords),
        ("no-peerjoined", Mutation::NoPeerJoined),
        ("no-peerdropped", Mutation::NoPeerDropped),
        ("short-list", Mutation::ShortList),
    ];

    /// The mutation of this name.
    pub fn parse(name: &str) -> Option<Mutation> {
        Mutation::ALL
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, mutation)| *mutation)
    }
}

/// What the user hears instead of this event. `dead`: whether that member is no more.
pub(crate) fn mutate(
    mutation: Mutation,
    rng: &mut Rng,
    held: &mut Option<Event>,
    event: Event,
    dead: impl Fn(usize) -> bool,
) -> Vec<Event> {
    let rarely = rng.chance(0.02);
    match (mutation, event) {
        (Mutation::LoseData, Event::Data { .. }) if rarely => Vec::new(),
        (Mutation::DoubleData, event @ Event::Data { .. }) if rarely => vec![event.clone(), event],
        (Mutation::SwapData, event @ Event::Data { .. }) => match held.take() {
            Some(first) => vec![event, first],
            None if rarely => {
                *held = Some(event);
                Vec::new()
            }
            None => vec![event],
        },
        (Mutation::CorruptData, Event::Data { from, data }) if rarely => {
            let mut bytes = data.to_vec();
            if let Some(last) = bytes.last_mut() {
                *last ^= 0x20;
            }
            vec![Event::Data {
                from,
                data: bytes.into(),
            }]
        }
        (Mutation::LoseLastWords, Event::Data { from, data }) => {
            let lose =
                payload::decode(&data).is_some_and(|said| dead(said.from)) && rng.chance(0.5);
            if lose {
                Vec::new()
            } else {
                vec![Event::Data { from, data }]
            }
        }
        (Mutation::NoPeerJoined, Event::PeerJoined { .. })
        | (Mutation::NoPeerDropped, Event::PeerDropped { .. }) => Vec::new(),
        (Mutation::ShortList, Event::PeerJoined { id, mut peers }) => {
            peers.pop();
            vec![Event::PeerJoined { id, peers }]
        }
        (_, event) => vec![event],
    }
}

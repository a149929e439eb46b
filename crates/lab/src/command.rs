//! The commands and answers of the binary, one JSON object a line.

use crate::pump::PumpStats;
use crate::settings::LinkSettings;
use crate::switch::PairStats;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Longest delay, jitter or hold that is taken, in ms: beyond it is a slip of a unit.
const LONGEST_MS: f64 = 60_000.0;

/// Greatest rate that is taken, in Mbit/s.
const GREATEST_MBIT: f64 = 1e6;

/// What can be done to a running lab.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "cmd", rename_all = "snake_case")]
pub enum Command {
    /// Changes links; what is not given stays.
    Link(LinkChange),
    /// Cuts links.
    Cut(Where),
    /// Undoes cuts.
    Heal(Where),
    /// Asks for the counters.
    Stats(Nothing),
    /// Opens a TCP relay into a node.
    Forward(Relay),
}

/// One node or all of them: a number, or `"*"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawSelect")]
pub enum Select {
    /// All nodes.
    #[default]
    All,
    /// This one.
    One(usize),
}

/// New settings of the links from some nodes to some; times in ms, fractions allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkChange {
    /// The senders.
    pub from: Select,
    /// The receivers.
    pub to: Select,
    /// See [`LinkSettings::delay`].
    pub delay_ms: Option<f64>,
    /// See [`LinkSettings::jitter`].
    pub jitter_ms: Option<f64>,
    /// See [`LinkSettings::loss`].
    pub loss: Option<f64>,
    /// See [`LinkSettings::reorder`].
    pub reorder: Option<f64>,
    /// See [`LinkSettings::reorder_by`].
    pub reorder_ms: Option<f64>,
    /// Millions of bits a second, 0 = any number; see [`LinkSettings::rate`].
    pub mbit: Option<f64>,
    /// Units of 1024 bytes; see [`LinkSettings::queue`].
    pub queue_kb: Option<u32>,
}

/// Which links to cut or heal: all of `node`'s, or those from `from` to `to`, and back if `both`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Where {
    /// A node to cut off, both ways. Not together with the others.
    pub node: Option<usize>,
    /// The senders; not given: all.
    pub from: Option<Select>,
    /// The receivers; not given: all.
    pub to: Option<Select>,
    /// The way back too.
    pub both: bool,
}

/// A TCP relay from loopback where the lab runs to loopback in a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// The node.
    pub node: usize,
    /// The port in the node; 0 or not given: the same number as `listen`.
    #[serde(default)]
    pub port: u16,
    /// The port here; 0 or not given: any free one.
    #[serde(default)]
    pub listen: u16,
}

/// No arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What the lab says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Reply {
    /// The lab runs.
    Ready {
        /// The lab's process.
        pid: u32,
        /// The nodes by number.
        nodes: Vec<NodeReport>,
    },
    /// The command is done.
    Ok,
    /// The counters since the start.
    Stats {
        /// One row for each ordered pair of nodes.
        pairs: Vec<PairRow>,
        /// How the lab itself fared.
        lab: PumpStats,
    },
    /// The relay listens.
    Forward {
        /// The node.
        node: usize,
        /// The port in the node.
        port: u16,
        /// The port on 127.0.0.1 where the lab runs.
        listen: u16,
    },
    /// The command is not done.
    Error {
        /// `bad-command`; `port-in-use`; `internal` if nobody is to blame.
        code: &'static str,
        /// For people.
        message: String,
    },
}

/// A node as the `ready` line shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// `n0`, `n1`, …
    pub name: String,
    /// Its address in the lab.
    pub ip: Ipv4Addr,
    /// The path of its namespace: `nsenter --net=PATH program…` runs something in it.
    pub netns: String,
}

/// A row of the counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PairRow {
    /// The sender.
    pub from: usize,
    /// The receiver.
    pub to: usize,
    /// What became of the packets.
    #[serde(flatten)]
    pub stats: PairStats,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawSelect {
    One(usize),
    Text(String),
}

impl TryFrom<RawSelect> for Select {
    type Error = &'static str;

    fn try_from(raw: RawSelect) -> Result<Self, Self::Error> {
        match raw {
            RawSelect::One(node) => Ok(Self::One(node)),
            RawSelect::Text(text) if text == "*" => Ok(Self::All),
            RawSelect::Text(_) => Err("a node is a number or \"*\""),
        }
    }
}

impl Select {
    /// Whether the node is meant.
    pub fn covers(self, node: usize) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == node,
        }
    }
}

impl LinkChange {
    /// Makes the changes in `link`.
    ///
    /// # Errors
    /// For people, if a number makes no sense; `link` is then as it was.
    pub fn apply(&self, link: &mut LinkSettings) -> Result<(), String> {
        let mut new = *link;
        for (name, given, field) in [
            ("delay_ms", self.delay_ms, &mut new.delay),
            ("jitter_ms", self.jitter_ms, &mut new.jitter),
            ("reorder_ms", self.reorder_ms, &mut new.reorder_by),
        ] {
            if let Some(ms) = within(name, given, LONGEST_MS)? {
                *field = Duration::from_secs_f64(ms / 1000.0);
            }
        }
        for (name, given, field) in [
            ("loss", self.loss, &mut new.loss),
            ("reorder", self.reorder, &mut new.reorder),
        ] {
            if let Some(part) = within(name, given, 1.0)? {
                *field = part;
            }
        }
        if let Some(mbit) = within("mbit", self.mbit, GREATEST_MBIT)? {
            new.rate = (mbit > 0.0).then_some((mbit * 125_000.0) as u64);
        }
        if let Some(queue) = self.queue_kb {
            new.queue = queue as usize * 1024;
        }
        *link = new;
        Ok(())
    }
}

fn within(name: &str, given: Option<f64>, most: f64) -> Result<Option<f64>, String> {
    match given {
        Some(value) if !(0.0..=most).contains(&value) => {
            Err(format!("{name} is {value}, but must be 0 to {most}"))
        }
        fine => Ok(fine),
    }
}

impl Where {
    /// The senders and receivers meant, as one or two directions.
    ///
    /// # Errors
    /// For people, if nothing is said, or both kinds together.
    pub fn directions(&self) -> Result<Vec<(Select, Select)>, String> {
        let (from, to) = match (self.node, self.from, self.to) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                return Err("give either node, or from and to".to_owned());
            }
            (None, None, None) => return Err("give node, or from and to".to_owned()),
            (Some(node), None, None) => (Select::One(node), Select::All),
            (None, from, to) => (from.unwrap_or_default(), to.unwrap_or_default()),
        };
        let back = self.both || self.node.is_some();
        Ok(std::iter::once((from, to))
            .chain(back.then_some((to, from)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        serde_json::from_str(line).map_err(|error| error.to_string())
    }

    #[test]
    fn a_link_command_changes_what_it_names_and_nothing_else() {
        let Ok(Command::Link(change)) =
            parse(r#"{"cmd":"link","from":0,"to":"*","delay_ms":2.5,"mbit":8}"#)
        else {
            panic!("no link command");
        };
        assert_eq!((change.from, change.to), (Select::One(0), Select::All));
        let before = LinkSettings {
            loss: 0.5,
            ..LinkSettings::default()
        };
        let mut link = before;
        change.apply(&mut link).unwrap();
        let expected = LinkSettings {
            delay: Duration::from_micros(2500),
            rate: Some(1_000_000),
            ..before
        };
        assert_eq!(link, expected);
    }

    #[test]
    fn numbers_without_sense_are_refused_and_change_nothing() {
        for line in [
            r#"{"cmd":"link","delay_ms":5,"loss":1.01}"#,
            r#"{"cmd":"link","delay_ms":5,"reorder":-0.1}"#,
            r#"{"cmd":"link","delay_ms":60001}"#,
            r#"{"cmd":"link","delay_ms":5,"jitter_ms":-1}"#,
        ] {
            let Ok(Command::Link(change)) = parse(line) else {
                panic!("{line}");
            };
            let mut link = LinkSettings::default();
            assert!(change.apply(&mut link).is_err(), "{line}");
            assert_eq!(link, LinkSettings::default(), "{line}");
        }
    }

    #[test]
    fn unknown_commands_fields_and_nodes_are_refused() {
        for line in [
            r#"{"cmd":"melt"}"#,
            r#"{"cmd":"link","delay":5}"#,
            r#"{"cmd":"cut","nod":1}"#,
            r#"{"cmd":"stats","node":1}"#,
            r#"{"cmd":"link","from":"all"}"#,
            r#"{"cmd":"link","from":-1}"#,
            r#"{"cmd":"forward","port":1}"#,
            "[]",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_cut_says_which_directions_it_means() {
        let directions = |line: &str| match parse(line) {
            Ok(Command::Cut(cut)) => cut.directions(),
            other => panic!("{other:?}"),
        };
        use Select::{All, One};
        assert_eq!(
            directions(r#"{"cmd":"cut","node":2}"#),
            Ok(vec![(One(2), All), (All, One(2))])
        );
        assert_eq!(
            directions(r#"{"cmd":"cut","from":1,"to":2}"#),
            Ok(vec![(One(1), One(2))])
        );
        assert_eq!(
            directions(r#"{"cmd":"cut","from":1,"to":2,"both":true}"#),
            Ok(vec![(One(1), One(2)), (One(2), One(1))])
        );
        assert_eq!(
            directions(r#"{"cmd":"cut","from":"*"}"#),
            Ok(vec![(All, All)])
        );
        assert!(directions(r#"{"cmd":"cut"}"#).is_err());
        assert!(directions(r#"{"cmd":"cut","node":1,"to":2}"#).is_err());
    }
}

//! Who is who, and what happens to them in words.

use super::printer::shown;
use peerjs_mesh::{Event, Value};
use std::collections::BTreeMap;

/// The members that have a name, and who the room's lines are about.
#[derive(Default)]
pub(super) struct People {
    own: String,
    names: BTreeMap<String, String>,
    present: Vec<String>,
    hosting: bool,
}

impl People {
    /// The id of somebody present, by name or id.
    pub(super) fn find(&self, whom: &str) -> Option<String> {
        let by_name = self
            .present
            .iter()
            .find(|id| self.names.get(*id).is_some_and(|name| name == whom));
        let by_id = self
            .present
            .iter()
            .find(|id| *id == whom || short(id) == whom);
        by_name.or(by_id).cloned()
    }

    fn name(&self, id: &str) -> String {
        match self.names.get(id) {
            _ if id == self.own => "you".to_owned(),
            Some(name) => name.clone(),
            None => short(id).to_owned(),
        }
    }

    fn list(&self, ids: &[String]) -> String {
        let mut names: Vec<String> = ids
            .iter()
            .filter(|id| **id != self.own)
            .map(|id| self.name(id))
            .collect();
        names.push("you".to_owned());
        names.join(", ")
    }

    /// An event in words: no line, or some.
    pub(super) fn lines(&mut self, event: &Event, server: &str) -> Vec<String> {
        let mut lines = Vec::new();
        match event {
            Event::Joined { id } => {
                self.own.clone_from(id);
                lines.push(format!("* connected to {} as {}", clean(server), short(id)));
            }
            Event::HostConnected { is_host, .. } => self.hosting = *is_host,
            Event::Sync { peers: Some(peers) } => {
                self.present.clone_from(peers);
                let host = if self.hosting { " (you host)" } else { "" };
                lines.push(format!("* in the room: {}{host}", self.list(peers)));
            }
            Event::Sync { peers: None } => {
                lines.push("* the host is gone; waiting for the next".to_owned());
            }
            Event::PeerJoined { id, peers } => {
                // Those who were there before are listed when the room is whole.
                if self.present.contains(&self.own) && !self.present.contains(id) {
                    lines.push(format!("* {} joined", self.name(id)));
                }
                if self.present.contains(&self.own) {
                    self.present.clone_from(peers);
                }
            }
            Event::PeerDropped { id, peers } => {
                self.present.clone_from(peers);
                lines.push(format!("* {} left", self.name(id)));
                self.names.remove(id);
            }
            Event::Message(message) => {
                let from = self.name(&message.from);
                for line in shown(&message.data).split('\n') {
                    lines.push(format!("{from}: {line}"));
                }
            }
            Event::InitData { id, data } => {
                let Some(name) = data.get("name").and_then(Value::as_str) else {
                    return lines;
                };
                let name = clean(name).replace('\n', " ");
                let name = name.trim();
                if name.is_empty() || self.names.get(id).is_some_and(|known| known == name) {
                    return lines;
                }
                let before = self.name(id);
                self.names.insert(id.clone(), name.to_owned());
                if self.present.contains(id) {
                    lines.push(format!("* {before} is {name}"));
                }
            }
            Event::MeshLimitExceeded { limit, tries } => {
                lines.push(format!(
                    "* the room is full ({limit} members); asked {tries} times"
                ));
            }
            Event::Signalling { up: true } => lines.push("* signalling is back".to_owned()),
            Event::Signalling { up: false } => {
                lines.push("* signalling is lost; the room goes on".to_owned());
            }
            Event::Gap { from, first, last } => {
                let count = last.saturating_sub(*first) + 1;
                lines.push(format!(
                    "* {count} messages of {} are lost",
                    self.name(from)
                ));
            }
            Event::Left => lines.push("* left".to_owned()),
            _ => {}
        }
        lines
    }
}

/// An id as people tell ids apart.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Text without what would command the terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\t' => letter,
            letter if letter.is_control() => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn named(id: &str, name: &str) -> Event {
        Event::InitData {
            id: id.to_owned(),
            data: Value::Map(vec![("name".to_owned(), Value::from(name))]),
        }
    }

    #[test]
    fn people_are_called_by_name_once_it_is_known() {
        let mut people = People::default();
        let mut hear = |event: Event| people.lines(&event, "http://here/");
        hear(Event::Joined {
            id: "me".to_owned(),
        });
        hear(named("a-long-id-1", "anna"));
        let peers = Some(ids(&["me", "a-long-id-1", "b-long-id-2"]));
        assert_eq!(
            hear(Event::Sync { peers }),
            ["* in the room: anna, b-long-i, you"]
        );
        assert_eq!(
            hear(named("b-long-id-2", "ben\u{1b}[2J")),
            ["* b-long-i is ben\u{fffd}[2J"]
        );
        assert_eq!(
            hear(named("b-long-id-2", "ben")),
            ["* ben\u{fffd}[2J is ben"]
        );
        assert_eq!(people.find("ben").as_deref(), Some("b-long-id-2"));
        assert_eq!(people.find("a-long-i").as_deref(), Some("a-long-id-1"));
        let dropped = Event::PeerDropped {
            id: "b-long-id-2".to_owned(),
            peers: ids(&["me", "a-long-id-1"]),
        };
        assert_eq!(people.lines(&dropped, ""), ["* ben left"]);
        assert_eq!(people.find("ben"), None);
    }
}

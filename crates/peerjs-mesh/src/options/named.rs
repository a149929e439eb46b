//! Options by name, as they stand in JSON: one rule for their types and values in every language.

use super::{MeshMode, Options};
use crate::error::{Error, ErrorCode};
use crate::server::ServerUrl;
use peerjs_mesh_protocol::Value;
use std::time::Duration;

pub(super) const LIMIT: &str = "a whole number from 1, or -1 for no limit";
pub(super) const HEALTH: &str = "a whole number of milliseconds from 100 to 60000";
const CALLS: &str = "a whole number from 0, or -1 for no limit";
const TIME: &str = "a whole number of milliseconds, or -1 for no limit";
/// The longest time that timers of browsers can wait, ms.
const MAX_TIME_MS: i64 = 0x7fff_ffff;

/// Options of the original that have no effect here.
const UNUSED: [&str; 4] = [
    "retry",
    "retry_interval",
    "max_mesh_peers",
    "do_health_check",
];
const KNOWN: [&str; 12] = [
    "auto_call_peer",
    "insert_dummy_track",
    "connection",
    "initData",
    "mesh_limit",
    "mesh_mode",
    "join_timeout",
    "sync_timeout",
    "do_health_check_interval",
    "owner_mode",
    "is_owner",
    "log_id",
];
const CONNECTION_UNUSED: [&str; 6] = [
    "debug",
    "token",
    "pingInterval",
    "logFunction",
    "referrerPolicy",
    "serializers",
];
const CONNECTION_KNOWN: [&str; 6] = ["host", "port", "path", "key", "secure", "config"];

impl Options {
    /// Sets an option by the name and with the value that it has in JavaScript's `mesh(room, options)`; times are
    /// milliseconds, -1 stands for no limit. `connection` changes the parts of `server` that it names. An option that
    /// nobody knows changes nothing but a line in the log.
    ///
    /// # Errors
    /// `invalid-option` when the value cannot be; the message names the option, the hint says what it must be.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Error> {
        match name {
            "initData" => self.init_data = Some(value.clone()),
            "mesh_limit" => {
                self.mesh_limit = match whole(value) {
                    Some(-1) => None,
                    Some(limit @ 1..0xffff_ffff) => u32::try_from(limit).ok(),
                    _ => return Err(wrong(name, &show(value), LIMIT)),
                };
            }
            "do_health_check_interval" => match whole(value) {
                Some(ms @ 100..=60_000) => {
                    self.do_health_check_interval = Duration::from_millis(ms.unsigned_abs());
                }
                _ => return Err(wrong(name, &show(value), HEALTH)),
            },
            "join_timeout" => self.join_timeout = time(name, value)?,
            "sync_timeout" => self.sync_timeout = time(name, value)?,
            "mesh_mode" => {
                self.mesh_mode = match value.as_str() {
                    Some("host") => MeshMode::Host,
                    Some("full") => MeshMode::Full,
                    // Not available; joining says so.
                    Some("auto") => MeshMode::Auto,
                    _ => return Err(wrong(name, &show(value), "\"host\", \"full\" or \"auto\"")),
                };
            }
            "owner_mode" => self.owner_mode = flag(name, value)?,
            "auto_call_peer" => match whole(value) {
                Some(-1..0xffff_ffff) => self.unused.push(name.to_owned()),
                _ => return Err(wrong(name, &show(value), CALLS)),
            },
            "is_owner" | "insert_dummy_track" => {
                flag(name, value)?;
                self.unused.push(name.to_owned());
            }
            "log_id" => {
                self.log_id = Some(value.as_str().map_or_else(|| show(value), str::to_owned))
            }
            "connection" => self.set_connection(value)?,
            _ if UNUSED.contains(&name) => self.unused.push(name.to_owned()),
            _ => warn_unknown("", name, &[&KNOWN[..], &UNUSED[..]].concat()),
        }
        Ok(())
    }

    fn set_connection(&mut self, value: &Value) -> Result<(), Error> {
        let pairs = value
            .as_map()
            .ok_or_else(|| wrong("connection", &show(value), "an object"))?;
        let mut server = ServerUrl::read(&self.server, &self.key)?;
        for (name, value) in pairs {
            let full = format!("connection.{name}");
            let text = || {
                let text = value.as_str().filter(|text| !text.is_empty());
                text.ok_or_else(|| wrong(&full, &show(value), "text"))
            };
            match name.as_str() {
                "host" => server
                    .set_host(text()?)
                    .map_err(|()| wrong(&full, &show(value), "a host name"))?,
                "port" => match whole(value).and_then(|port| u16::try_from(port).ok()) {
                    Some(port) if port > 0 => server.set_port(port),
                    _ => return Err(wrong(&full, &show(value), "a whole number from 1 to 65535")),
                },
                "path" => match value.as_str() {
                    Some(path) => server
                        .set_path(path)
                        .map_err(|()| wrong(&full, &show(value), "a path"))?,
                    None => return Err(wrong(&full, &show(value), "text")),
                },
                "key" => self.key = text()?.to_owned(),
                "secure" => server.set_secure(flag(&full, value)?),
                "config" => {
                    if value.as_map().is_none() {
                        return Err(wrong(&full, &show(value), "an RTCConfiguration"));
                    }
                    self.ice.extend(ice_urls(value));
                }
                _ if CONNECTION_UNUSED.contains(&name.as_str()) => self.unused.push(full),
                _ => warn_unknown(
                    "connection.",
                    name,
                    &[&CONNECTION_KNOWN[..], &CONNECTION_UNUSED[..]].concat(),
                ),
            }
        }
        self.server = server.to_url();
        Ok(())
    }
}

/// The URLs of an RTCConfiguration's `iceServers`.
fn ice_urls(config: &Value) -> Vec<String> {
    let servers = config.get("iceServers").and_then(Value::as_list);
    let mut urls = Vec::new();
    for server in servers.unwrap_or_default() {
        match server.get("urls") {
            Some(Value::Text(url)) => urls.push(url.clone()),
            Some(Value::List(list)) => {
                urls.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
    urls
}

/// A number without a fraction, however it is written.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some(*number as i64)
        }
        other => other.as_i64(),
    }
}

fn time(name: &str, value: &Value) -> Result<Option<Duration>, Error> {
    match whole(value) {
        Some(-1) => Ok(None),
        Some(ms @ 0..=MAX_TIME_MS) => Ok(Some(Duration::from_millis(ms.unsigned_abs()))),
        _ => Err(wrong(name, &show(value), TIME)),
    }
}

fn flag(name: &str, value: &Value) -> Result<bool, Error> {
    value
        .as_bool()
        .ok_or_else(|| wrong(name, &show(value), "true or false"))
}

pub(super) fn wrong(name: &str, is: &str, wanted: &str) -> Error {
    Error::new(ErrorCode::InvalidOption, format!("{name} is {is}"))
        .with_hint(format!("{name} must be {wanted}"))
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => format!("{:?}", text.chars().take(64).collect::<String>()),
        Value::Bytes(_) => "bytes".to_owned(),
        Value::Date(_) => "a date".to_owned(),
        Value::List(_) => "an array".to_owned(),
        Value::Map(_) => "an object".to_owned(),
    }
}

fn warn_unknown(prefix: &str, name: &str, known: &[&str]) {
    let nearest = known
        .iter()
        .map(|other| (distance(name, other), *other))
        .min();
    match nearest {
        Some((letters, other)) if letters <= name.len() / 2 => {
            tracing::warn!("unknown option {prefix}{name}; did you mean {prefix}{other}?");
        }
        _ => tracing::warn!("unknown option {prefix}{name}"),
    }
}

/// How many letters must change, without regard to case, hyphens and underscores.
fn distance(from: &str, to: &str) -> usize {
    let letters = |name: &str| -> Vec<char> {
        name.chars()
            .filter(|letter| !"_-".contains(*letter))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (from, to) = (letters(from), letters(to));
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (above, b) in row.iter_mut().skip(1).zip(&to) {
            let best = (*above + 1)
                .min(left + 1)
                .min(diagonal + usize::from(a != b));
            diagonal = std::mem::replace(above, best);
            left = best;
        }
        row[0] = i + 1;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_refused_by_the_option_s_name() {
        let text = || Value::from("text");
        let map = |pairs: &[(&str, Value)]| {
            Value::Map(
                pairs
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
            )
        };
        for (name, value) in [
            ("mesh_limit", text()),
            ("mesh_limit", Value::Int(0)),
            ("mesh_limit", Value::Int(-2)),
            ("mesh_limit", Value::Float(1.5)),
            ("mesh_limit", Value::Null),
            ("do_health_check_interval", Value::Int(10)),
            ("do_health_check_interval", Value::Bool(true)),
            ("join_timeout", Value::Int(-2)),
            ("sync_timeout", Value::Int(1 << 31)),
            ("mesh_mode", Value::from("ring")),
            ("mesh_mode", Value::Int(3)),
            ("owner_mode", Value::Int(1)),
            ("auto_call_peer", Value::Int(-2)),
            ("insert_dummy_track", Value::Int(0)),
            ("connection", text()),
            ("connection.port", map(&[("port", Value::Int(0))])),
            ("connection.host", map(&[("host", Value::from("a/b"))])),
            ("connection.path", map(&[("path", Value::Int(7))])),
            ("connection.secure", map(&[("secure", text())])),
        ] {
            let option = name.split('.').next().unwrap();
            let error = Options::default().set(option, &value).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidOption, "{name}");
            assert!(error.message().contains(name), "{}", error.message());
            assert!(error.hint().contains(name), "{}", error.hint());
        }
    }

    #[test]
    fn options_have_the_names_and_units_of_javascript() {
        let mut options = Options::default();
        for (name, value) in [
            ("mesh_limit", Value::Int(-1)),
            ("join_timeout", Value::Float(1500.0)),
            ("sync_timeout", Value::Int(-1)),
            ("do_health_check_interval", Value::Int(250)),
            ("retry", Value::Null),
            ("mesh_limits", Value::Int(3)),
        ] {
            options.set(name, &value).unwrap();
        }
        assert_eq!(options.mesh_limit, None);
        assert_eq!(options.join_timeout, Some(Duration::from_millis(1500)));
        assert_eq!(options.sync_timeout, None);
        assert_eq!(options.do_health_check_interval, Duration::from_millis(250));
        assert_eq!(options.unused, ["retry"]);
    }

    #[test]
    fn connection_changes_the_parts_of_the_server_that_it_names() {
        let mut options = Options::new("http://localhost:9000/");
        let connection = Value::Map(vec![
            ("host".to_owned(), Value::from("example.org")),
            ("secure".to_owned(), Value::Bool(true)),
            ("path".to_owned(), Value::from("my")),
        ]);
        options.set("connection", &connection).unwrap();
        assert_eq!(options.server, "https://example.org:9000/my/");
    }

    #[test]
    fn a_misspelt_name_is_near_the_right_one() {
        assert_eq!(distance("meshLimit", "mesh_limit"), 0);
        assert_eq!(distance("mesh_limt", "mesh_limit"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}

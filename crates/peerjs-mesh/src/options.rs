//! What can be asked for when a room is joined.

mod named;
#[cfg(test)]
mod vectors;

use crate::error::{Error, ErrorCode};
use crate::native::tls::Trust;
use crate::server::ServerUrl;
use peerjs_mesh_core::{Config, Mode};
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{Dialect, encode};
use peerjs_mesh_protocol::ids::is_valid_id;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Largest encoded init data, bytes.
const MAX_INIT_DATA: usize = 64 << 10;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MeshMode {
    /// Through the room's host.
    #[default]
    Host,
    /// Directly wherever two members can be connected, else through the host.
    Full,
    /// As the room's size asks for. Not yet available: joining fails with `unsupported`.
    Auto,
}

impl MeshMode {
    /// Its name in every language.
    pub fn name(self) -> &'static str {
        match self {
            MeshMode::Host => "host",
            MeshMode::Full => "full",
            MeshMode::Auto => "auto",
        }
    }
}

/// Options of [`Mesh::join`](crate::Mesh::join), with the names they have in every language.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The signalling server, `http(s)://host:port/path`. Default `http://localhost:9000/`.
    pub server: String,
    /// The server's key. Default `peerjs`.
    pub key: String,
    /// Certificates to trust besides the system's, PEM: of authorities, or of a server that made its own (which is then
    /// trusted as it is, whatever name and dates it bears). Default none.
    pub ca: Option<Vec<u8>>,
    /// Any value that can be sent: every member hears it together with this member. At most 64 KiB encoded.
    pub init_data: Option<Value>,
    /// The most members of the room while this member hosts it; `None`: no limit. Default 10.
    pub mesh_limit: Option<u32>,
    /// Between heartbeats, 100 ms to 60 s. Default 500 ms.
    pub do_health_check_interval: Duration,
    /// How long a member that is not in the room goes on trying; `None` (the default): for ever.
    pub join_timeout: Option<Duration>,
    /// How long [`Mesh::wait_to_sync`](crate::Mesh::wait_to_sync) waits; `None`: for ever. Default 60 s.
    pub sync_timeout: Option<Duration>,
    /// How messages travel. Default [`MeshMode::Host`].
    pub mesh_mode: MeshMode,
    /// A room that ends with its owner. Not yet available: joining fails with `unsupported`. Default false.
    pub owner_mode: bool,
    /// Stands before this member's log lines. Default: its id.
    pub log_id: Option<String>,
    /// STUN and TURN servers, `stun:host:port`. Taken, with a warning, but not used yet: connections are made between
    /// the addresses that this machine itself has. Default none.
    pub ice: Vec<String>,
    /// A file to record to what this member goes through, for `cargo xtask replay` to repeat: up to 64 MiB. What is said
    /// in the room is in it, tokens are not. Default none.
    pub record: Option<PathBuf>,
    /// Options of the original that have no effect here.
    unused: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            server: "http://localhost:9000/".to_owned(),
            key: "peerjs".to_owned(),
            ca: None,
            init_data: None,
            mesh_limit: Some(10),
            do_health_check_interval: Duration::from_millis(500),
            join_timeout: None,
            sync_timeout: Some(Duration::from_secs(60)),
            mesh_mode: MeshMode::Host,
            owner_mode: false,
            log_id: None,
            ice: Vec::new(),
            record: None,
            unused: Vec::new(),
        }
    }
}

impl Options {
    /// The defaults, with a server.
    pub fn new(server: impl Into<String>) -> Options {
        Options {
            server: server.into(),
            ..Options::default()
        }
    }

    /// Sets the init data from anything serialisable.
    ///
    /// # Errors
    /// `not-encodable` when it cannot be sent.
    pub fn with_init_data<T: Serialize + ?Sized>(mut self, data: &T) -> Result<Options, Error> {
        let value = Value::from_serialize(data)
            .map_err(|error| Error::new(ErrorCode::NotEncodable, error))?;
        self.init_data = Some(value);
        Ok(self)
    }

    /// Checks everything, and says once what has no effect.
    pub(crate) fn settle(&self, room: &str) -> Result<(Config, ServerUrl, Trust), Error> {
        if !is_valid_id(room) || room.is_empty() {
            let shown: String = room.chars().take(64).collect();
            return Err(Error::new(ErrorCode::InvalidRoom, format!("{shown:?}")));
        }
        let mode = match self.mesh_mode {
            MeshMode::Host => Mode::Host,
            MeshMode::Full => Mode::Full,
            MeshMode::Auto => {
                let hint = "mesh_mode can be \"host\" or \"full\"";
                return Err(later("mesh_mode: \"auto\"", hint));
            }
        };
        if self.owner_mode {
            let hint = "leave it out: the room goes on without its owner";
            return Err(later("owner_mode: true", hint));
        }
        let server = ServerUrl::read(&self.server, &self.key)?;
        let trust = match &self.ca {
            None => Trust::default(),
            Some(pem) => Trust::read(pem)?,
        };
        let health = self.do_health_check_interval.as_millis();
        if !(100..=60_000).contains(&health) {
            return Err(named::wrong(
                "do_health_check_interval",
                &format!("{health} ms"),
                named::HEALTH,
            ));
        }
        if self.mesh_limit == Some(0) {
            return Err(named::wrong("mesh_limit", "0", named::LIMIT));
        }
        let init_data = match &self.init_data {
            None => None,
            Some(value) => Some(encode_init_data(value)?),
        };
        let mut config = Config::new(room);
        config.mode = mode;
        config.mesh_limit = self.mesh_limit;
        config.health_interval_ms = u32::try_from(health).unwrap_or(60_000);
        config.join_timeout_ms = self
            .join_timeout
            .map(|time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        config.init_data = init_data;
        let mut idle = self.unused.clone();
        if !self.ice.is_empty() {
            idle.push("ice (STUN and TURN are not available yet)".to_owned());
        }
        if !idle.is_empty() {
            tracing::warn!("no effect here: {}", idle.join(", "));
        }
        Ok((config, server, trust))
    }
}

/// Encodes init data, or says why not.
pub(crate) fn encode_init_data(value: &Value) -> Result<Vec<u8>, Error> {
    let bytes = encode(value, Dialect::Ours)
        .map_err(|error| Error::new(ErrorCode::NotEncodable, error.text()))?;
    if bytes.len() > MAX_INIT_DATA {
        let detail = format!("init data of {} bytes", bytes.len());
        return Err(Error::new(ErrorCode::MessageTooLarge, detail));
    }
    Ok(bytes)
}

fn later(what: &str, hint: &str) -> Error {
    Error::new(
        ErrorCode::Unsupported,
        format!("{what} is not yet available"),
    )
    .with_hint(hint)
}

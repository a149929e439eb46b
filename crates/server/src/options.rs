//! What can be set from outside.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::assets::Assets;

/// The options of a [`Server`](crate::Server). Names and defaults are those of npm `peer`'s command line, where it has
/// such an option.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Where to listen: an IP address or a host name. The default `::` takes IPv4 too, and falls back to `0.0.0.0`
    /// on a machine without IPv6.
    pub host: String,
    /// The port; 0 takes any free one. Default 9000.
    pub port: u16,
    /// What all paths begin with; slashes at its ends do not matter. Default `/`.
    pub path: String,
    /// Key, timeouts and bounds of the signalling itself.
    pub broker: peerjs_mesh_broker::Config,
    /// Whether `GET {path}{key}/peers` lists the ids connected. Default: no.
    pub allow_discovery: bool,
    /// Which pages of other origins may call the HTTP part. Default: all.
    pub cors: Cors,
    /// Serve https and wss, with this certificate. Default: http and ws.
    pub tls: Option<Tls>,
    /// Believe `X-Forwarded-Proto` and `X-Forwarded-Host`: a proxy stands in front. Default: no.
    pub proxied: bool,
    /// What stands at `{path}demo/`.
    pub demo: Demo,
    /// The STUN and TURN servers that the demo's pages are told of. Default: none, pages meet on one network only.
    pub ice_servers: Vec<IceServer>,
    /// Bounds on what one connection may cost.
    pub limits: ConnectionLimits,
    /// How long to wait for others.
    pub deadlines: Deadlines,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            host: String::from("::"),
            port: 9000,
            path: String::from("/"),
            broker: peerjs_mesh_broker::Config::default(),
            allow_discovery: false,
            cors: Cors::Any,
            tls: None,
            proxied: false,
            demo: Demo::Missing,
            ice_servers: Vec::new(),
            limits: ConnectionLimits::default(),
            deadlines: Deadlines::default(),
        }
    }
}

/// Which origins are allowed. Either way the answer is sent; it is the browser that withholds it from the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cors {
    /// Whatever origin asks.
    #[default]
    Any,
    /// These, compared exactly.
    Only(Vec<String>),
}

/// Whose certificate is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// One that somebody gave out.
    Files(TlsFiles),
    /// One that the server makes for itself, for this machine's own names and addresses: who comes has to be told to
    /// trust it. With a folder it is kept there, as [`SELF_SIGNED`](crate::SELF_SIGNED), and used again: nobody is asked
    /// twice.
    SelfSigned(Option<PathBuf>),
}

/// PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The private key.
    pub key: PathBuf,
    /// The certificate, followed by its chain.
    pub cert: PathBuf,
}

/// What stands at `{path}demo/`.
#[derive(Debug, Clone, Default)]
pub enum Demo {
    /// Nothing: not found, and `GET /` never redirects.
    Off,
    /// A page that says how to get the demo, for it is not part of this program.
    #[default]
    Missing,
    /// These files, and `config.json` made for them.
    Files(Arc<dyn Assets>),
}

/// A STUN or TURN server, as browsers take it (`RTCIceServer`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IceServer {
    /// Its addresses, `stun:`, `stuns:`, `turn:` or `turns:` first.
    pub urls: Vec<String>,
    /// The name that a TURN server asks for.
    pub username: Option<String>,
    /// And the password.
    pub credential: Option<String>,
}

/// Bounds on what connections may cost, beside those of the [broker](peerjs_mesh_broker::Limits).
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// The most bytes waiting to be sent to one client, bookkeeping included. A client that lets more pile up is
    /// disconnected. Has to exceed what can wait for an absent id. Default 16 MiB.
    pub outgoing_bytes: usize,
    /// The most bytes waiting to be sent to all clients together; above it the client with the longest queue is
    /// disconnected. Default 256 MiB.
    pub outgoing_total_bytes: usize,
    /// Connections accepted beyond the broker's `concurrent_limit`: HTTP requests, and clients being refused.
    /// Default 1 024.
    pub spare_connections: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            outgoing_bytes: 16 << 20,
            outgoing_total_bytes: 256 << 20,
            spare_connections: 1_024,
        }
    }
}

/// How long to wait for others. Every wait has one of these, or the broker's `alive_timeout`.
#[derive(Debug, Clone)]
pub struct Deadlines {
    /// For the TLS handshake. Default 10 s.
    pub tls_handshake: Duration,
    /// For the head of a request, also on a connection kept alive. Default 10 s.
    pub request_head: Duration,
    /// For all requests on one connection together, answers included; a websocket is none. Default 120 s.
    pub http_connection: Duration,
    /// For a client to take the next batch of what waits for it: 64 kB, or one message if it is larger. Default 30 s.
    pub write: Duration,
    /// For a client to answer a close. Default 5 s.
    pub close: Duration,
    /// For everybody to be gone after the server was told to stop. Default 5 s.
    pub drain: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            tls_handshake: seconds(10),
            request_head: seconds(10),
            http_connection: seconds(120),
            write: seconds(30),
            close: seconds(5),
            drain: seconds(5),
        }
    }
}

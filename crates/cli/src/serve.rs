//! `peerjs-mesh serve`: the signalling server.
//!
//! Options have the names of npm `peer`'s, with `_`; the same with `-` is taken too.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args};
use peerjs_mesh_server::{
    Assets, BindError, BrokerConfig, Cors, Demo, Folder, IceServer, ServeOptions, Server, Tls,
    TlsFiles,
};

const EXIT_INTERNAL: u8 = 1;
/// What is wrong with an option, or a file it names.
const EXIT_USAGE: u8 = 2;
const EXIT_REFUSED: u8 = 4;
const EXIT_PORT_IN_USE: u8 = 5;
const EXIT_SECOND_CTRL_C: i32 = 130;

/// Serve signalling for peerjs-mesh and PeerJS clients, and the demo
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on; `::` is every address, IPv4 too
    #[arg(long, short = 'H', default_value = "::")]
    host: String,
    /// Port to listen on; 0 takes any free one
    #[arg(long, short = 'p', env = "PORT", default_value_t = 9000)]
    port: u16,
    /// What all paths begin with
    #[arg(long, env = "PEERSERVER_PATH", default_value = "/")]
    path: String,
    /// The key that clients have to name
    #[arg(long, short = 'k', default_value = "peerjs")]
    key: String,
    /// How long a message waits for a client that is not there [ms]
    #[arg(
        long = "expire_timeout",
        visible_alias = "expire-timeout",
        short = 't',
        value_name = "MS",
        default_value_t = 5_000
    )]
    expire_timeout: u64,
    /// A client that is silent for this long is removed [ms]
    #[arg(
        long = "alive_timeout",
        visible_alias = "alive-timeout",
        value_name = "MS",
        default_value_t = 60_000
    )]
    alive_timeout: u64,
    /// Most clients at one time
    #[arg(
        long = "concurrent_limit",
        visible_alias = "concurrent-limit",
        short = 'c',
        value_name = "N",
        default_value_t = 5_000
    )]
    concurrent_limit: usize,
    /// Let anybody list the ids that are connected
    #[arg(long = "allow_discovery", visible_alias = "allow-discovery", action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    allow_discovery: bool,
    /// Origins whose pages may call the HTTP part [default: all]
    #[arg(long, value_name = "ORIGIN", num_args = 1..)]
    cors: Vec<String>,
    /// Private key, PEM: serve https and wss
    #[arg(long, value_name = "FILE", requires = "sslcert")]
    sslkey: Option<PathBuf>,
    /// Certificate with its chain, PEM
    #[arg(long, value_name = "FILE", requires = "sslkey")]
    sslcert: Option<PathBuf>,
    /// Serve https and wss with a certificate made here, kept in DIR if one is named: phones in the house may then use
    /// their cameras, once their browser is told to trust it
    #[arg(
        long = "tls-self-signed",
        visible_alias = "tls_self_signed",
        value_name = "DIR",
        conflicts_with = "sslkey"
    )]
    tls_self_signed: Option<Option<PathBuf>>,
    /// Believe X-Forwarded-Proto and X-Forwarded-Host: a proxy stands in front
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    proxied: bool,
    /// Serve no demo
    #[arg(long = "no-demo", visible_alias = "no_demo")]
    no_demo: bool,
    /// Serve the demo from this folder
    #[arg(
        long = "demo-dir",
        visible_alias = "demo_dir",
        value_name = "DIR",
        conflicts_with = "no_demo"
    )]
    demo_dir: Option<PathBuf>,
    /// STUN and TURN servers by which the demo's pages meet across networks: `stun:HOST`, or one with a password as JSON,
    /// {"urls":"turn:HOST","username":"…","credential":"…"} [default: none]
    #[arg(long, value_name = "URL", num_args = 1..)]
    ice: Vec<String>,
    /// Say where it listens as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Serves until SIGINT or SIGTERM. `embedded` is the demo inside this binary, if there is one.
pub(crate) async fn run(args: ServeArgs, embedded: Option<Arc<dyn Assets>>) -> ExitCode {
    let (json, self_signed) = (args.json, args.tls_self_signed.is_some());
    let options = match options(args, embedded) {
        Ok(options) => options,
        Err(why) => return fail(EXIT_USAGE, "invalid-option", &why),
    };
    // Before anything is printed: whoever reads the first line may send a signal at once.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            return fail(
                EXIT_INTERNAL,
                "internal",
                &format!("cannot listen to signals: {error}"),
            );
        }
    };
    raise_file_limit();
    let server = match Server::bind(options).await {
        Ok(server) => server,
        Err(error) => {
            let (exit, code) = blame(&error);
            let option = match error {
                BindError::Host { .. } => "--host: ",
                _ => "",
            };
            return fail(exit, code, &format!("{option}{error}"));
        }
    };
    announce(&server, json);
    if self_signed {
        for url in server.urls_nearby() {
            tracing::info!("other machines of this network find it at {url}");
        }
        tracing::info!("browsers ask once whether to trust this server's own certificate");
    }
    server
        .run(async {
            signals.next().await;
            tracing::info!("stopping");
            // While the others are asked to go, a second Ctrl-C ends it at once.
            tokio::spawn(async move {
                signals.interrupt().await;
                std::process::exit(EXIT_SECOND_CTRL_C);
            });
        })
        .await;
    ExitCode::SUCCESS
}

/// The exit code, and the error's, of a server that cannot be made.
fn blame(error: &BindError) -> (u8, &'static str) {
    match error {
        BindError::PortInUse { .. } => (EXIT_PORT_IN_USE, "port-in-use"),
        BindError::NotPermitted { .. } => (EXIT_REFUSED, "not-permitted"),
        BindError::Host { .. } | BindError::Tls { .. } => (EXIT_USAGE, "invalid-option"),
        BindError::Listen { .. } | BindError::SelfSigned { .. } => (EXIT_INTERNAL, "internal"),
    }
}

fn options(args: ServeArgs, embedded: Option<Arc<dyn Assets>>) -> Result<ServeOptions, String> {
    if args.key.is_empty() {
        return Err(String::from("--key is empty: no client could name it"));
    }
    if !args
        .path
        .chars()
        .all(|character| character.is_ascii_graphic() && !"?#%".contains(character))
    {
        return Err(format!(
            "--path {:?} cannot stand in a URL as it is",
            args.path
        ));
    }
    let demo = match (args.no_demo, args.demo_dir, embedded) {
        (true, _, _) => Demo::Off,
        (false, Some(folder), _) => match Folder::new(&folder) {
            Ok(folder) => Demo::Files(Arc::new(folder)),
            Err(error) => return Err(format!("--demo-dir {}: {error}", folder.display())),
        },
        (false, None, Some(assets)) => Demo::Files(assets),
        (false, None, None) => Demo::Missing,
    };
    let ice_servers = args
        .ice
        .iter()
        .map(|ice| ice_server(ice))
        .collect::<Result<_, _>>()?;
    let any_origin = args.cors.is_empty() || args.cors.iter().any(|origin| origin == "*");
    Ok(ServeOptions {
        host: args.host,
        port: args.port,
        path: args.path,
        broker: BrokerConfig {
            key: args.key,
            expire_timeout: Duration::from_millis(args.expire_timeout),
            alive_timeout: Duration::from_millis(args.alive_timeout),
            concurrent_limit: args.concurrent_limit,
            ..BrokerConfig::default()
        },
        allow_discovery: args.allow_discovery,
        cors: if any_origin {
            Cors::Any
        } else {
            Cors::Only(args.cors)
        },
        tls: match (args.sslkey.zip(args.sslcert), args.tls_self_signed) {
            (Some((key, cert)), _) => Some(Tls::Files(TlsFiles { key, cert })),
            (None, Some(folder)) => Some(Tls::SelfSigned(folder)),
            (None, None) => None,
        },
        proxied: args.proxied,
        demo,
        ice_servers,
        ..ServeOptions::default()
    })
}

/// A STUN or TURN server: its address, or the JSON that browsers take.
fn ice_server(text: &str) -> Result<IceServer, String> {
    let wrong = |why: &str| Err(format!("--ice {text}: {why}"));
    let server = if text.starts_with('{') {
        let json: serde_json::Value = match serde_json::from_str(text) {
            Ok(json) => json,
            Err(error) => return wrong(&format!("no JSON: {error}")),
        };
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let urls: Option<Vec<String>> = match &json["urls"] {
            serde_json::Value::Array(urls) => urls.iter().map(text).collect(),
            one => text(one).map(|one| vec![one]),
        };
        // What is no text is no address.
        let urls = urls.unwrap_or_default();
        IceServer {
            urls,
            username: text(&json["username"]),
            credential: text(&json["credential"]),
        }
    } else {
        IceServer {
            urls: vec![text.to_owned()],
            ..IceServer::default()
        }
    };
    let begins = |url: &String, schemes: &[&str]| schemes.iter().any(|it| url.starts_with(it));
    let turn = |url: &String| begins(url, &["turn:", "turns:"]);
    let known = |url: &String| turn(url) || begins(url, &["stun:", "stuns:"]);
    if server.urls.is_empty() || !server.urls.iter().all(known) {
        return wrong("its address begins with stun:, stuns:, turn: or turns:");
    }
    // Browsers refuse to make any connection then.
    if server.urls.iter().any(turn) && (server.username.is_none() || server.credential.is_none()) {
        return wrong(
            r#"a TURN server needs a name and a password: {"urls":"turn:HOST","username":"…","credential":"…"}"#,
        );
    }
    Ok(server)
}

/// The first line of standard output. Whoever has closed it does not want to know.
fn announce(server: &Server, json: bool) {
    let mut out = io::stdout().lock();
    let written = if json {
        let url = serde_json::Value::from(server.url());
        let line = format!(
            r#"{{"event":"listening","url":{url},"port":{}}}"#,
            server.local_addr().port()
        );
        writeln!(out, "{line}")
    } else {
        writeln!(out, "Listening on {}", server.url())
    };
    drop(written.and_then(|()| out.flush()));
}

fn fail(exit: u8, code: &str, why: &str) -> ExitCode {
    eprintln!("peerjs-mesh: {code}: {why}");
    ExitCode::from(exit)
}

/// Every client costs a file descriptor, and most systems begin with 1 024.
fn raise_file_limit() {
    #[cfg(unix)]
    if let Err(error) = rlimit::increase_nofile_limit(rlimit::INFINITY) {
        tracing::debug!(%error, "cannot raise the limit of open files");
    }
}

/// SIGINT and SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for either.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        self.interrupt().await;
    }

    /// Waits for SIGINT.
    async fn interrupt(&mut self) {
        #[cfg(unix)]
        self.interrupt.recv().await;
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (Which ports a user may have is the system's business, and root may have all.)
    #[test]
    fn each_reason_why_it_cannot_listen_has_its_exit_code() {
        let host = || String::from("h");
        let source = || io::Error::other("x");
        let port = 80;
        for (error, exit, code) in [
            (
                BindError::PortInUse { host: host(), port },
                5,
                "port-in-use",
            ),
            (
                BindError::NotPermitted { host: host(), port },
                4,
                "not-permitted",
            ),
            (
                BindError::Host {
                    host: host(),
                    source: source(),
                },
                2,
                "invalid-option",
            ),
            (
                BindError::Listen {
                    host: host(),
                    port,
                    source: source(),
                },
                1,
                "internal",
            ),
        ] {
            assert_eq!(blame(&error), (exit, code), "{error}");
        }
    }
}

//! The log: on standard error, as much of it as `PEERJS_MESH_LOG` asks for.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::LevelFilter;

/// Starts logging. `PEERJS_MESH_LOG` is `error`, `warn`, `info` (the default) or `debug`.
pub(crate) fn start() {
    let asked = std::env::var("PEERJS_MESH_LOG").unwrap_or_default();
    let level = match asked.as_str() {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "" | "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        other => {
            eprintln!(
                "peerjs-mesh: PEERJS_MESH_LOG is {other:?}; it can be error, warn, info or debug. Taken for info."
            );
            LevelFilter::INFO
        }
    };
    let colour = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let started = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .compact()
        .try_init();
    // Only fails if somebody else has started one, and then there is a log.
    drop(started);
}

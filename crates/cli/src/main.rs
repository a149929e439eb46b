//! The `peerjs-mesh` binary: parses and prints, nothing else.

mod join;
mod logging;
mod serve;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use peerjs_mesh_server::Assets;

/// Rooms of browsers and programs that talk to each other directly, and the server through which they meet.
#[derive(Parser)]
#[command(name = "peerjs-mesh", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Join(join::JoinArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("peerjs-mesh: internal: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match cli.command {
        Command::Serve(args) => runtime.block_on(serve::run(args, demo())),
        Command::Join(args) => runtime.block_on(join::run(args)),
    }
}

/// The demo inside this binary.
#[cfg(feature = "demo")]
fn demo() -> Option<Arc<dyn Assets>> {
    use peerjs_mesh_server::{Embedded, EmbeddedFile};
    /// Written by build.rs.
    const FILES: &[EmbeddedFile] = include!(concat!(env!("OUT_DIR"), "/demo.rs"));
    Some(Arc::new(Embedded(FILES)))
}

/// There is none: the page at `/demo/` says how to get it.
#[cfg(not(feature = "demo"))]
fn demo() -> Option<Arc<dyn Assets>> {
    None
}

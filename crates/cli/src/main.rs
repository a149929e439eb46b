//! The `peerjs-mesh` binary: parses and prints, nothing else.

mod join;
mod logging;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
        // No demo is embedded yet.
        Command::Serve(args) => runtime.block_on(serve::run(args, None)),
        Command::Join(args) => runtime.block_on(join::run(args)),
    }
}

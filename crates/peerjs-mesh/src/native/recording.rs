//! A member, recorded to a file if that is wanted.

use super::clock;
use crate::error::{Error, ErrorCode};
use peerjs_mesh_core::record::{Recorder, Sink};
use peerjs_mesh_core::{Config, Member};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Makes the member.
pub(crate) fn member(config: Config, file: Option<&Path>) -> Result<Recorder, Error> {
    let seed = chance()?;
    let now = clock::now();
    let made = match file {
        None => Member::new(config, seed, now).map(Recorder::off),
        Some(path) => {
            let file = create(path).map_err(|error| {
                let detail = format!("record is {}: {error}", path.display());
                Error::new(ErrorCode::InvalidOption, detail)
                    .with_hint("record must name a file that can be written")
            })?;
            Recorder::on(config, seed, chance()?, now, sink(file))
        }
    };
    made.map_err(|code| Error::new(code, "refused by the core"))
}

fn chance() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::new(ErrorCode::Internal, error))?;
    Ok(bytes)
}

/// For its owner alone: it will hold what is said in the room.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes each line at once: what a crash leaves has the call that it happened in.
fn sink(file: File) -> Sink {
    let mut open = Some(file);
    Box::new(move |line| {
        let Some(file) = &mut open else { return };
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "the recording ends here: it cannot be written");
            open = None;
        }
    })
}

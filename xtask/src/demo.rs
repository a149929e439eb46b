//! `demo`: builds what is missing and serves it until Ctrl-C.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::repo::Repo;
use crate::{Failure, Result, build, run};

const POLL: Duration = Duration::from_millis(50);

/// `cargo xtask demo [--port 9000]`.
pub(crate) fn command(repo: &Repo, args: &[String]) -> Result<()> {
    let port = match args {
        [] => 9000,
        [flag, port] if flag == "--port" => port
            .parse::<u16>()
            .map_err(|_| Failure::Usage(format!("`{port}` is no port")))?,
        _ => return Err(Failure::Usage("demo takes `--port N`".into())),
    };
    build::everything(repo)?;
    // In our own process group: Ctrl-C reaches the server too, and it drains.
    let mut server = repo.program(repo.binary(), "");
    server.args(["serve", "--port", &port.to_string()]);
    let mut child = server
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .map_err(|e| Failure::new(format!("{}: {e}", repo.display(&repo.binary()))))?;
    if let Some(output) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(output)
                .lines()
                .map_while(std::result::Result::ok)
            {
                println!("{line}");
                if let Some(port) = listening_port(&line) {
                    println!("Demo: http://localhost:{port}/demo/");
                }
            }
        });
    }
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // A signal to us alone (not from the terminal) is passed on.
        if run::signalled() {
            run::ask_to_end(&child);
        }
        std::thread::sleep(POLL);
    };
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failure::new(format!(
            "the server ended with exit code {code}"
        ))),
        None => Err(Failure::new("the server was ended by a signal")),
    }
}

/// The port in `Listening on http://HOST:PORT/PATH`.
fn listening_port(line: &str) -> Option<u16> {
    let (_, address) = line.strip_prefix("Listening on ")?.split_once("://")?;
    let authority = address.split('/').next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_first_line() {
        assert_eq!(
            listening_port("Listening on http://0.0.0.0:9000/"),
            Some(9000)
        );
        assert_eq!(
            listening_port("Listening on http://[::]:34567/myapp"),
            Some(34567)
        );
        assert_eq!(listening_port("listening at 9000"), None);
    }
}

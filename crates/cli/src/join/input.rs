//! Standard input, and signals.

use std::io::{self, BufRead, Read};
use tokio::sync::mpsc;

/// The longest line taken, bytes: the largest message in base64, and room for the rest.
const MAX_LINE: u64 = 400 << 20;
const EXIT_SECOND_CTRL_C: i32 = 130;

/// The lines of standard input, without their ends.
pub(super) struct Lines(mpsc::Receiver<Vec<u8>>);

impl Lines {
    /// Reads in a thread of its own, which ends with the process: a read of a terminal cannot be called off.
    pub(super) fn new() -> Lines {
        let (lines, read) = mpsc::channel(16);
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let mut line = Vec::new();
                match (&mut input).take(MAX_LINE).read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                while line.last().is_some_and(|last| b"\r\n".contains(last)) {
                    line.pop();
                }
                if lines.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Lines(read)
    }

    /// The next; `None` at the end of input. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        self.0.recv().await
    }
}

/// The wish to leave: Ctrl-C or SIGTERM.
pub(super) struct Wish(mpsc::Receiver<()>);

impl Wish {
    /// Waits for it. Cancel safe.
    pub(super) async fn leave(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Listens to signals. The second Ctrl-C ends the process whatever it is doing.
pub(super) fn wishes() -> io::Result<Wish> {
    let (wish, wishes) = mpsc::channel(1);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            let mut interrupts = 0;
            loop {
                tokio::select! {
                    _ = interrupt.recv() => interrupts += 1,
                    _ = terminate.recv() => {}
                }
                if interrupts > 1 {
                    std::process::exit(EXIT_SECOND_CTRL_C);
                }
                // Full: it has been wished already.
                let _ = wish.try_send(());
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        let mut interrupts = 0;
        while tokio::signal::ctrl_c().await.is_ok() {
            interrupts += 1;
            if interrupts > 1 {
                std::process::exit(EXIT_SECOND_CTRL_C);
            }
            let _ = wish.try_send(());
        }
    });
    Ok(Wish(wishes))
}

//! Standard input, and signals.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// The longest line taken with its end, bytes: the largest message in base64, and room for the rest.
const MAX_LINE: u64 = 400 << 20;
/// Lines that may wait to be taken, and their bytes; one that is longer waits alone. (Besides, one is being read.)
const MAX_WAITING: usize = 16;
const MAX_WAITING_BYTES: usize = 1 << 20;
const EXIT_SECOND_CTRL_C: i32 = 130;

/// A line of input.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Without its end.
    Said(Vec<u8>),
    /// It was over the limit, and nothing is left of it.
    TooLong,
}

/// The lines of standard input.
pub(super) struct Lines(mpsc::Receiver<Waiting>);

/// A line, and the room that it takes until it is taken.
type Waiting = (Line, OwnedSemaphorePermit);

impl Lines {
    /// Reads in a thread of its own, which ends with the process: a read of a terminal cannot be called off.
    pub(super) fn new() -> Lines {
        let (lines, read) = queue();
        let runtime = Handle::current();
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            while let Ok(Some(line)) = next_line(&mut input, MAX_LINE) {
                if !runtime.block_on(lines.put(line)) {
                    return;
                }
            }
        });
        read
    }

    /// The next; `None` at the end of input. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Line> {
        self.0.recv().await.map(|(line, _room)| line)
    }
}

/// Where lines are put that are to be taken.
struct Queue {
    lines: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
}

fn queue() -> (Queue, Lines) {
    let (lines, read) = mpsc::channel(MAX_WAITING);
    let room = Arc::new(Semaphore::new(MAX_WAITING_BYTES));
    (Queue { lines, room }, Lines(read))
}

impl Queue {
    /// Waits for room. False when nobody takes lines any more.
    async fn put(&self, line: Line) -> bool {
        let bytes = match &line {
            Line::Said(said) => said.capacity().min(MAX_WAITING_BYTES),
            Line::TooLong => 0,
        };
        let room = Arc::clone(&self.room)
            .acquire_many_owned(bytes as u32)
            .await;
        // (Nobody closes the semaphore.)
        let Ok(room) = room else { return false };
        self.lines.send((line, room)).await.is_ok()
    }
}

/// The next line, `None` at the end. Of one that is longer than `max` nothing is taken for another line.
fn next_line(input: &mut impl BufRead, max: u64) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    if input.by_ref().take(max).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let cut = line.len() as u64 == max && line.last() != Some(&b'\n');
    if cut && input.skip_until(b'\n')? > 0 {
        return Ok(Some(Line::TooLong));
    }
    while line.last().is_some_and(|last| b"\r\n".contains(last)) {
        line.pop();
    }
    Ok(Some(Line::Said(line)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn lines(mut input: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut input, 8).expect("bytes") {
            lines.push(line);
        }
        lines
    }

    fn said(text: &str) -> Line {
        Line::Said(text.as_bytes().to_vec())
    }

    #[test]
    fn no_more_bytes_wait_than_the_largest_line_has() {
        let (queue, mut lines) = queue();
        let put = |bytes| queue.put(Line::Said(vec![b'x'; bytes])).now_or_never();
        let mut take = || match lines.next().now_or_never() {
            Some(Some(Line::Said(said))) => said.len(),
            other => panic!("{other:?}"),
        };
        // Short ones are bounded by their number.
        for _ in 0..16 {
            assert_eq!(put(1000), Some(true));
        }
        assert_eq!(put(0), None);
        for _ in 0..16 {
            assert_eq!(take(), 1000);
        }
        // Two that take all the room, and one that would take more than there is.
        for bytes in [1 << 19, 1 << 19] {
            assert_eq!(put(bytes), Some(true));
        }
        assert_eq!(put(1), None);
        assert_eq!((take(), take()), (1 << 19, 1 << 19));
        assert_eq!(put(5 << 20), Some(true));
        assert_eq!(put(1), None);
        assert_eq!(take(), 5 << 20);
        assert_eq!(put(1), Some(true));
    }

    #[test]
    fn of_a_line_over_the_limit_no_rest_is_a_line_of_its_own() {
        let input = b"before\n123456789 and more than that\nafter\r\n";
        assert_eq!(lines(input), [said("before"), Line::TooLong, said("after")]);
        assert_eq!(lines(b"12345678\nafter"), [Line::TooLong, said("after")]);
        assert_eq!(lines(b"123456789"), [Line::TooLong]);
    }

    #[test]
    fn a_line_of_the_limit_is_taken_with_an_end_or_without() {
        assert_eq!(
            lines(b"1234567\n\n12345678"),
            [said("1234567"), said(""), said("12345678")]
        );
    }
}

//! Between a websocket and its stream: messages that are too long to be ours are left out.
//!
//! A server may pass on whatever another client says (npm `peer`: up to 100 MiB), and to the websocket's reader a
//! message over its limit is the end. A higher limit would let anybody make us hold so much. So such a message is
//! taken out of the stream before the reader sees it, and no memory is taken for it, however long it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read from the stream at one time.
const CHUNK: usize = 8 << 10;
/// A frame's header: two bytes, eight more for its length, four of a mask.
const MAX_HEADER: usize = 14;

/// A stream out of which a websocket may be made.
pub(super) struct Sieve<S> {
    stream: S,
    frames: Frames,
    /// What has passed, and how much of it has been read.
    passed: Vec<u8>,
    read: usize,
}

impl<S> Sieve<S> {
    /// Nothing has been read from the stream yet: the server's answer to the request for a websocket comes first.
    /// `longest` is that of the messages which pass, bytes.
    pub(super) fn new(stream: S, longest: usize) -> Sieve<S> {
        Sieve {
            stream,
            frames: Frames {
                at: At::Answer { blank: false },
                message: Message::None,
                held: Vec::new(),
                longest,
            },
            passed: Vec::new(),
            read: 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Sieve<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.read == this.passed.len() {
            this.read = 0;
            this.passed.clear();
            // After a message in pieces it would stay as large as that was.
            this.passed.shrink_to(CHUNK + MAX_HEADER);
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(())); // its end
            }
            this.frames.sift(chunk.filled(), &mut this.passed);
        }
        let rest = this.passed.get(this.read..).unwrap_or_default();
        let taken = rest.len().min(out.remaining());
        out.put_slice(rest.get(..taken).unwrap_or_default());
        this.read += taken;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sieve<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// What a server says, as far as it has been read. It judges nothing but lengths: what is wrong otherwise passes, and
/// the websocket's reader refuses it.
struct Frames {
    at: At,
    message: Message,
    /// The pieces of a message that has not ended, with their headers: it may become too long yet.
    held: Vec<u8>,
    longest: usize,
}

enum At {
    /// In the answer to the request for a websocket; nothing stands in its line so far that comes after another.
    Answer { blank: bool },
    /// In a frame's header, of which so much has come.
    Header { bytes: [u8; MAX_HEADER], len: usize },
    /// In a frame's payload, of which so much is to come. It is the last of its message.
    Payload { left: u64, way: Way, last: bool },
}

/// Where a frame goes.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    On,
    Held,
    Nowhere,
}

/// The message of which a piece has come that is not its last.
#[derive(Clone, Copy)]
enum Message {
    None,
    Held,
    /// It is too long.
    Dropped,
}

impl Frames {
    /// Takes the next bytes; what is to be read goes to the end of `passed`.
    fn sift(&mut self, mut bytes: &[u8], passed: &mut Vec<u8>) {
        while let Some((first, rest)) = bytes.split_first() {
            match &mut self.at {
                At::Answer { blank } => {
                    passed.push(*first);
                    bytes = rest;
                    match first {
                        b'\n' if *blank => self.at = header(),
                        b'\n' => *blank = true,
                        b'\r' => {}
                        _ => *blank = false,
                    }
                }
                At::Header { bytes: head, len } => {
                    if let Some(next) = head.get_mut(*len) {
                        *next = *first;
                        *len += 1;
                    }
                    bytes = rest;
                    let (head, len) = (*head, *len);
                    let head = head.get(..len).unwrap_or_default();
                    if let Some(payload) = payload_len(head) {
                        self.begin(head, payload, passed);
                    }
                }
                At::Payload { left, way, .. } => {
                    let here = bytes
                        .len()
                        .min(usize::try_from(*left).unwrap_or(usize::MAX));
                    let (part, rest) = bytes.split_at(here);
                    *left -= part.len() as u64;
                    match way {
                        Way::On => passed.extend_from_slice(part),
                        Way::Held => self.held.extend_from_slice(part),
                        Way::Nowhere => {}
                    }
                    bytes = rest;
                    self.end(passed);
                }
            }
        }
    }

    /// A frame begins.
    fn begin(&mut self, head: &[u8], payload: u64, passed: &mut Vec<u8>) {
        let first = head.first().copied().unwrap_or(0);
        let (last, code) = (first & 0x80 != 0, first & 0x0f);
        let (is_control, continues) = (code & 8 != 0, code == 0);
        // Headers count: pieces may be empty.
        let before = if continues {
            self.held.len() + head.len()
        } else {
            0
        };
        let fits = payload.saturating_add(before as u64) <= self.longest as u64;
        let way = match self.message {
            // They come between the pieces of a message, too.
            _ if is_control => Way::On,
            Message::Dropped if continues => Way::Nowhere,
            Message::Held if continues && fits => Way::Held,
            _ if !fits => {
                tracing::debug!(payload, "a message that is too long is left out");
                self.held = Vec::new();
                Way::Nowhere
            }
            _ => {
                // What was held has no end, and this no beginning: the reader is to see that.
                passed.append(&mut std::mem::take(&mut self.held));
                if last || continues {
                    Way::On
                } else {
                    Way::Held
                }
            }
        };
        if !is_control {
            self.message = match way {
                Way::Held => Message::Held,
                Way::Nowhere if !last => Message::Dropped,
                _ => Message::None,
            };
        }
        match way {
            Way::On => passed.extend_from_slice(head),
            Way::Held => self.held.extend_from_slice(head),
            Way::Nowhere => {}
        }
        let left = payload;
        self.at = At::Payload { left, way, last };
        self.end(passed);
    }

    /// A frame ends, if nothing of it is to come.
    fn end(&mut self, passed: &mut Vec<u8>) {
        let At::Payload { left: 0, way, last } = self.at else {
            return;
        };
        if way == Way::Held && last {
            self.message = Message::None;
            passed.append(&mut std::mem::take(&mut self.held));
        }
        self.at = header();
    }
}

fn header() -> At {
    At::Header {
        bytes: [0; MAX_HEADER],
        len: 0,
    }
}

/// How long the payload is; `None` while the header is not whole.
fn payload_len(head: &[u8]) -> Option<u64> {
    let second = *head.get(1)?;
    let mask = if second & 0x80 != 0 { 4 } else { 0 };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    if head.len() < 2 + extended + mask {
        return None;
    }
    let number = head.get(2..2 + extended)?;
    Some(match extended {
        0 => u64::from(second & 0x7f),
        _ => number
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
    const LONGEST: usize = 1000;
    const TEXT: u8 = 1;
    const MORE: u8 = 0;
    const PING: u8 = 9;
    const LAST: u8 = 0x80;

    /// A frame as servers write it.
    fn frame(first: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match payload {
            0..126 => frame.push(payload as u8),
            126..0x1_0000 => {
                frame.push(126);
                frame.extend((payload as u16).to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        // Headers and line ends stand in payloads, too.
        frame.extend((0..payload).map(|at| b"\r\n\r\n\x81\x7f{\x00"[at % 8]));
        frame
    }

    /// What passes of these, when they come in parts of that many bytes.
    fn sifted(frames: &[Vec<u8>], part: usize) -> Vec<u8> {
        let mut sieve = Sieve::new((), LONGEST);
        let all = [ANSWER, &frames.concat()].concat();
        let mut passed = Vec::new();
        for part in all.chunks(part) {
            sieve.frames.sift(part, &mut passed);
            assert!(sieve.frames.held.len() <= LONGEST + MAX_HEADER);
        }
        let rest = passed.strip_prefix(ANSWER).expect("the answer passes");
        rest.to_vec()
    }

    #[track_caller]
    fn passes(frames: &[Vec<u8>], left: &[usize]) {
        let left: Vec<_> = left.iter().map(|at| frames[*at].clone()).collect();
        for part in [1, 2, 3, 7, 64, 100_000] {
            assert_eq!(sifted(frames, part), left.concat(), "in parts of {part}");
        }
    }

    #[test]
    fn a_message_over_the_limit_is_left_out_and_what_is_around_it_passes() {
        let text = |payload| frame(LAST | TEXT, payload);
        passes(
            &[text(5), text(1001), text(0), text(70_000), text(1000)],
            &[0, 2, 4],
        );
    }

    #[test]
    fn a_message_in_pieces_passes_whole_or_not_at_all() {
        let short = [
            frame(TEXT, 500),
            frame(LAST | PING, 3),
            frame(MORE, 0),
            frame(LAST | MORE, 100),
            frame(LAST | TEXT, 1),
        ];
        // What comes between its pieces does not wait for them.
        passes(&short, &[1, 0, 2, 3, 4]);
        for (second, third) in [(600, 1), (100, 600), (1_000_000, 5)] {
            let long = [
                frame(TEXT, 500),
                frame(LAST | PING, 3),
                frame(MORE, second),
                frame(LAST | MORE, third),
                frame(LAST | TEXT, 1),
            ];
            passes(&long, &[1, 4]);
        }
        let endless: Vec<_> = (0..10_000).map(|_| frame(MORE, 0)).collect();
        let endless = [&[frame(TEXT, 1)], &*endless].concat();
        passes(&endless, &[]);
    }

    #[test]
    fn what_is_wrong_otherwise_is_left_to_the_reader() {
        passes(&[frame(LAST | MORE, 1), frame(0xf3, 9)], &[0, 1]);
        passes(
            &[
                frame(TEXT, 1),
                frame(LAST | TEXT, 2),
                frame(LAST | MORE, 3),
                frame(TEXT, 4),
                frame(TEXT, 5),
                frame(LAST | MORE, 6),
            ],
            &[0, 1, 2, 3, 4, 5],
        );
        let masked = [&[LAST | TEXT, LAST | 3, 1, 2, 3, 4, 5, 6, 7], &[][..]].concat();
        passes(&[masked, frame(LAST | TEXT, 1)], &[0, 1]);
    }

    #[tokio::test]
    async fn no_memory_is_taken_for_what_is_left_out() {
        let (server, client) = tokio::io::duplex(64 << 10);
        let says = async move {
            let mut server = server;
            let after = frame(LAST | TEXT, 3);
            for first in [LAST | TEXT, TEXT, LAST | MORE] {
                let head = [&[first, 127][..], &(100u64 << 20).to_be_bytes()].concat();
                write_all(&mut server, &head).await;
                let part = vec![b'x'; 1 << 20];
                for _ in 0..100 {
                    write_all(&mut server, &part).await;
                }
            }
            write_all(&mut server, &after).await;
        };
        let reads = async move {
            let mut sieve = Sieve::new(client, LONGEST);
            sieve.frames.at = header();
            let mut bytes = [0; 5];
            sieve.read_exact(&mut bytes).await.expect("what came after");
            assert_eq!(bytes.to_vec(), frame(LAST | TEXT, 3));
            assert!(sieve.passed.capacity() + sieve.frames.held.capacity() <= 2 * CHUNK);
            assert_eq!(sieve.read(&mut bytes).await.expect("its end"), 0);
        };
        tokio::join!(says, reads);
    }

    async fn write_all(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
        tokio::io::AsyncWriteExt::write_all(to, bytes)
            .await
            .expect("it is read");
    }
}

//! Tokens are secrets: whoever has a member's can take its id, whoever has the room's its name.

use crate::Lane;
use crate::tokens::Tokens;
use crate::wire::{Reader, kind};
use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The tokens that came from others, in the order in which they came.
#[derive(Default)]
pub(super) struct Names {
    others: Vec<Vec<u8>>,
}

/// Tokens of others that are told apart. They come from hosts, one a reign; beyond it they share a name.
const MOST: usize = 10_000;

impl Names {
    /// The name of a token: the same for the same, as long as the token.
    pub(super) fn of(&mut self, tokens: &Tokens, token: &str) -> String {
        let name = tokens
            .name_of(token)
            .unwrap_or_else(|| self.of_other(token.as_bytes()));
        name.chars()
            .chain(core::iter::repeat('-'))
            .take(token.len())
            .collect()
    }

    fn of_other(&mut self, token: &[u8]) -> String {
        let known = self.others.iter().position(|other| other == token);
        let at = known.unwrap_or(self.others.len());
        if known.is_none() && at < MOST {
            self.others.push(token.to_owned());
        }
        format!("the-token-{:010}", at + 1)
    }

    /// The frame with names in place of the tokens in it.
    pub(super) fn hide<'a>(
        &mut self,
        tokens: &Tokens,
        lane: Lane,
        frame: &'a [u8],
    ) -> Cow<'a, [u8]> {
        // The default lane carries no records.
        if lane == Lane::Default {
            return Cow::Borrowed(frame);
        }
        let mut hidden: Option<Vec<u8>> = None;
        let mut reader = Reader::new(frame);
        while let Some((number, mut body)) = reader.record() {
            if number != kind::TOKEN {
                continue;
            }
            // Behind the token nothing is known to follow: what does is not worth the risk either.
            let end = frame.len() - reader.rest().len();
            let length = body.varint().map_or(0, |length| length as usize);
            let begin = end - body.rest().len();
            let token = frame.get(begin..end).unwrap_or_default();
            let (token, more) = token.split_at(length.min(token.len()));
            let name = match core::str::from_utf8(token) {
                Ok(token) => self.of(tokens, token),
                Err(_) => self.of_other(token),
            };
            let copy = hidden.get_or_insert_with(|| frame.to_owned());
            let names = name
                .bytes()
                .chain(core::iter::repeat(b'-'))
                .take(token.len())
                .chain(core::iter::repeat_n(b'-', more.len()));
            for (at, byte) in (begin..end).zip(names) {
                if let Some(place) = copy.get_mut(at) {
                    *place = byte;
                }
            }
        }
        hidden.map_or(Cow::Borrowed(frame), Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::Lane;
    use crate::tokens::Tokens;
    use crate::wire::{kind, record};

    #[test]
    fn tokens_in_frames_are_named_whatever_stands_beside_them() {
        let (mut names, tokens) = (Names::default(), Tokens::named());
        let token = |token: &[u8], more: &[u8]| {
            record(kind::TOKEN, |w| {
                w.blob(token);
                w.bytes(more);
            })
        };
        let mut frame = record(200, |w| w.bytes(b"unknown"));
        frame.extend(token(b"aaaaaaaaaaaaaaaaaaaa", b"secret too"));
        frame.extend(token(b"short", b""));
        frame.extend(token(b"aaaaaaaaaaaaaaaaaaaa", b""));
        frame.extend(token(b"\xff\xfe not text", b""));
        frame.extend(record(kind::TOKEN, |w| {
            w.bytes(b"\x50shorter than it says")
        }));
        let hidden = names.hide(&tokens, Lane::Control, &frame);
        let text = String::from_utf8_lossy(&hidden);
        assert_eq!(hidden.len(), frame.len());
        for secret in ["aaaa", "secret", "short", "not text"] {
            assert!(!text.contains(secret), "{secret} in {text:?}");
        }
        assert!(text.contains("unknown"));
        assert_eq!(text.matches("the-token-0000000001").count(), 2);
        // A recording that is repeated is recorded again: that changes nothing more.
        let again = hidden.into_owned();
        let mut names = Names::default();
        assert_eq!(*names.hide(&tokens, Lane::Control, &again), again);
    }
}

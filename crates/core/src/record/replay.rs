//! A recording, gone through once more.

use super::{Call, CallLine, FORM, Head, Recorder};
use crate::tokens::Tokens;
use crate::{Input, Instant};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use serde_json::Value;
use std::sync::Mutex;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// How many lines were repeated.
    pub lines: usize,
    /// The release that wrote the recording.
    pub release: String,
    /// Whether the recording was ended by its limit.
    pub full: bool,
    /// Whether the last line is cut: the program that wrote it was ended.
    pub cut: bool,
    /// Where it first goes otherwise. `None`: all outputs are identical.
    pub difference: Option<Difference>,
}

/// A line that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its number, from 1.
    pub line: usize,
    /// As recorded.
    pub then: String,
    /// As it comes out now; empty where nothing does.
    pub now: String,
}

/// A text that cannot be repeated, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRecording(String);

impl fmt::Display for NoRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for NoRecording {}

/// Repeats a recording: makes the same member, calls it as it was called, and compares every line.
pub fn replay(text: &str) -> Result<Replayed, NoRecording> {
    let mut lines = text.split_inclusive('\n').enumerate();
    let (_, first) = lines
        .next()
        .ok_or_else(|| NoRecording("the file is empty".to_owned()))?;
    let head: Head = serde_json::from_str(first)
        .map_err(|error| NoRecording(format!("the first line is no recording's: {error}")))?;
    if head.recording != FORM {
        let form = head.recording;
        return Err(NoRecording(format!(
            "recordings of form {form} cannot be read, only of form {FORM}"
        )));
    }
    let seed = STANDARD.decode(&head.seed).ok();
    let seed: [u8; 32] = seed
        .and_then(|seed| seed.try_into().ok())
        .ok_or_else(|| NoRecording("the first line has no seed of 32 bytes".to_owned()))?;
    let said: Said = Said::default();
    let sink = {
        let said = Arc::clone(&said);
        Box::new(move |line: &str| {
            if let Ok(mut said) = said.lock() {
                line.clone_into(&mut said);
            }
        })
    };
    let now = Instant::from_micros(head.t);
    let mut member = Recorder::with(head.config, seed, now, Tokens::named(), sink)
        .map_err(|code| NoRecording(format!("the configuration is refused: {code:?}")))?;
    let mut replayed = Replayed {
        lines: 1,
        release: head.release,
        full: false,
        cut: false,
        difference: None,
    };
    // What a call has come to, whose line follows its own.
    let mut due = String::new();
    for (number, line) in lines {
        if !line.ends_with('\n') {
            replayed.cut = true;
            break;
        }
        let bad = |why: &str| NoRecording(format!("line {}: {why}", number + 1));
        let parsed: Value = serde_json::from_str(line).map_err(|error| bad(&error.to_string()))?;
        let now = if parsed.get("full").is_some() {
            replayed.full = true;
            break;
        } else if parsed.get("call").is_some() {
            let call = serde_json::from_str(line).map_err(|error| bad(&error.to_string()))?;
            let (echo, outcome) = make(&mut member, call, &said).map_err(bad)?;
            due = outcome;
            echo
        } else if parsed.get("Output").is_some() {
            member.poll_output();
            taken(&said)
        } else if parsed.get("Outcome").is_some() {
            match member.poll_outcome() {
                Some(_) => taken(&said),
                None => String::new(),
            }
        } else if parsed.get("Event").is_some() {
            if member.poll_event().is_some() {
                taken(&said)
            } else {
                String::new()
            }
        } else {
            core::mem::take(&mut due)
        };
        if now != line {
            replayed.difference = Some(Difference {
                line: number + 1,
                then: line.trim_end().to_owned(),
                now: now.trim_end().to_owned(),
            });
            break;
        }
        replayed.lines += 1;
    }
    Ok(replayed)
}

/// The line that the repeated member wrote last.
type Said = Arc<Mutex<String>>;

fn taken(said: &Said) -> String {
    said.lock()
        .map(|mut said| core::mem::take(&mut *said))
        .unwrap_or_default()
}

/// Makes a call. Gives the line that it wrote itself, and the one of its outcome.
fn make(
    member: &mut Recorder,
    line: CallLine<'_>,
    said: &Said,
) -> Result<(String, String), &'static str> {
    let now = Instant::from_micros(line.t);
    let bytes = match &line.bytes {
        None => Vec::new(),
        Some(text) => STANDARD
            .decode(text)
            .map_err(|_| "bytes that are no base64")?,
    };
    let again = serde_json::to_string(&line).map_err(|_| "a call that cannot be said")?;
    match line.call {
        Call::Input(Input::LinkReceived { link, lane, .. }) => {
            let frame = &bytes;
            member.handle_input(now, Input::LinkReceived { link, lane, frame });
        }
        Call::Input(Input::MediaSignal { link, .. }) => {
            let signal = &bytes;
            member.handle_input(now, Input::MediaSignal { link, signal });
        }
        Call::Input(input) => member.handle_input(now, input),
        Call::Timeout => member.handle_timeout(now),
        Call::Send { to } => drop(member.send(now, bytes, to.as_deref())),
        Call::TrySend { to } => drop(member.try_send(now, bytes, to.as_deref())),
        Call::SetInitData => drop(member.set_init_data(now, bytes)),
        Call::DropHost => member.drop_host(now),
        Call::SetHidden(hidden) => member.set_hidden(now, hidden),
        Call::Leave(how) => member.leave(now, how),
    }
    Ok((again + "\n", taken(said)))
}

#[cfg(test)]
mod tests {
    use super::super::{MAX_BYTES, Recorder};
    use super::replay;
    use crate::{Config, Instant, SendError};
    use std::sync::{Arc, Mutex};

    fn recorder() -> (Recorder, Arc<Mutex<String>>) {
        let text = Arc::new(Mutex::new(String::new()));
        let sink = {
            let text = Arc::clone(&text);
            Box::new(move |line: &str| text.lock().unwrap().push_str(line))
        };
        let now = Instant::from_micros(7);
        let member = Recorder::on(Config::new("room"), [1; 32], [2; 32], now, sink).unwrap();
        (member, text)
    }

    #[test]
    fn a_recording_ends_at_its_limit_says_so_and_is_good_until_there() {
        let (mut member, text) = recorder();
        while member.poll_output().is_some() {}
        let mut calls = 0;
        while member.is_recording() {
            calls += 1;
            let now = Instant::from_micros(calls);
            let sent = member.send(now, vec![7; 3 << 20], None);
            assert!(sent.is_ok());
        }
        // The member goes on.
        assert!(
            member
                .send(Instant::from_micros(calls), vec![1], None)
                .is_ok()
        );
        let text = text.lock().unwrap();
        assert!(text.len() <= MAX_BYTES + 20 && text.len() > MAX_BYTES / 2);
        assert!(text.ends_with(&format!("{{\"full\":{MAX_BYTES}}}\n")));
        let replayed = replay(&text).unwrap();
        assert!(replayed.full && replayed.difference.is_none());
        assert_eq!(replayed.lines, text.lines().count() - 1);
    }

    #[test]
    fn what_a_call_came_to_is_compared_too() {
        let (mut member, text) = recorder();
        let now = Instant::from_micros(9);
        let refused = member.set_init_data(now, vec![0; 70_000]);
        assert_eq!(refused, Err(SendError::MessageTooLarge));
        let text = text.lock().unwrap();
        assert_eq!(replay(&text).unwrap().difference, None);
        let changed = text.replace(
            r#"{"Set":{"Err":"MessageTooLarge"}}"#,
            r#"{"Set":{"Ok":null}}"#,
        );
        assert_ne!(changed, *text);
        assert_eq!(replay(&changed).unwrap().difference.unwrap().line, 3);
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        for text in ["", "{}", "# peerjs-mesh-sim seed=1", "{\"recording\":1}\n"] {
            assert!(replay(text).is_err(), "{text}");
        }
        let (_member, text) = recorder();
        let text = text.lock().unwrap();
        assert!(replay(&text.replace("\"recording\":1", "\"recording\":9")).is_err());
        assert!(replay(&format!("{text}no line\n")).is_err());
    }
}

//! Repeats what a page recorded at the exports of its module (e2e/pages/recorder.js): `replay FILE`.
//!
//! Each line is a call, in order; what the member answers here, on another machine word and without a browser, is held
//! against what it answered there, byte for byte. Prints `page lines=N identical`, or which line differs and exits 1.

use peerjs_mesh_wasm::Boundary;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("replay FILE");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let mut member = None;
    let mut lines = 0;
    for line in text.lines() {
        lines += 1;
        if let Err(why) = repeat(&mut member, line) {
            println!("page line {lines} differs\n{why}");
            return ExitCode::FAILURE;
        }
    }
    println!("page lines={lines} identical");
    ExitCode::SUCCESS
}

/// Makes one call, and compares.
fn repeat(slot: &mut Option<Boundary>, line: &str) -> Result<(), String> {
    let mut words = Words(line.split(' '));
    let name = words.next()?;
    if name == "start" {
        let (now, config, seed) = (words.number()?, words.bytes()?, words.bytes()?);
        *slot = Some(Boundary::new(&config, &seed, now));
        return Ok(());
    }
    let member = slot.as_mut().ok_or("nothing was started")?;
    match name {
        "drain" => {
            member.drain();
            return drained(member, words);
        }
        "status" => {
            member.status();
            return same("status", &words.bytes()?, member.shown());
        }
        _ => {}
    }
    let now = words.number()?;
    match name {
        "input" => {
            let (kind, id, extra) = (words.whole()?, words.whole()?, words.whole()?);
            let bytes = words.bytes()?;
            let taken = member.input(now, kind, id, extra, &bytes);
            taken.ok_or("an input that is none")?;
        }
        "timeout" => member.timeout(now),
        "send" => {
            let (payload, to) = (words.bytes()?, words.bytes()?);
            answered(member.send(now, payload, &to), words.number()?)?;
        }
        "init" => {
            let data = words.bytes()?;
            answered(member.set_init_data(now, data), words.number()?)?;
        }
        "give" => member.give(now, words.whole()?),
        "call" => {
            let id = words.bytes()?;
            answered(member.call_peer(now, &id), words.number()?)?;
        }
        "drop" => member.drop_host(now),
        "hidden" => member.set_hidden(now, words.whole()? != 0),
        "leave" => member.leave(now, words.whole()? != 0),
        other => return Err(format!("no call is named {other}")),
    }
    Ok(())
}

/// The records, addresses apart, and all that these lead to.
fn drained(member: &Boundary, mut words: Words<'_>) -> Result<(), String> {
    let mut there = words.bytes()?;
    let (here, views) = member.drained();
    for place in member.addresses() {
        if let Some(address) = there.get_mut(place..place + 4) {
            address.fill(0);
        }
    }
    same("records", &there, &here)?;
    for view in views {
        same("a view", &words.bytes()?, view)?;
    }
    match words.next() {
        Ok(_) => Err("there were more views".into()),
        Err(_) => Ok(()),
    }
}

fn same(what: &str, there: &[u8], here: &[u8]) -> Result<(), String> {
    if there == here {
        return Ok(());
    }
    let first = there.iter().zip(here).position(|(a, b)| a != b);
    let at = first.unwrap_or(there.len().min(here.len()));
    let (there_length, here_length) = (there.len(), here.len());
    Err(format!(
        "{what}: {there_length} bytes there, {here_length} here, unlike from byte {at}"
    ))
}

fn answered(here: f64, there: f64) -> Result<(), String> {
    if here == there {
        Ok(())
    } else {
        Err(format!("the answer was {there}, it is {here}"))
    }
}

/// The words of a line.
struct Words<'a>(std::str::Split<'a, char>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| "a word is missing".into())
    }

    fn number(&mut self) -> Result<f64, String> {
        let word = self.next()?;
        word.parse().map_err(|_| format!("no number: {word}"))
    }

    fn whole(&mut self) -> Result<u32, String> {
        let word = self.next()?;
        // JavaScript shows numbers with their highest bit set as negative ones.
        let number: i64 = word.parse().map_err(|_| format!("no number: {word}"))?;
        Ok(number as u32)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, String> {
        let word = self.next()?;
        if word == "-" {
            return Ok(Vec::new());
        }
        word.as_bytes()
            .chunks(2)
            .map(|pair| {
                let text = std::str::from_utf8(pair).map_err(|_| "no hex")?;
                u8::from_str_radix(text, 16).map_err(|_| format!("no hex: {text}"))
            })
            .collect()
    }
}

//! The vector file that the npm package's tests read too: what one language refuses the other does, by the same name.

use super::Options;
use crate::error::Error;
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::json::{read_tagged, write_tagged};

fn file() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/options.json");
    let text = std::fs::read_to_string(path).expect("the vector file is in the repository");
    read_tagged(&text).expect("the vector file is JSON")
}

fn list<'a>(value: Option<&'a Value>, what: &str) -> &'a [Value] {
    value.and_then(Value::as_list).expect(what)
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).expect(name)
}

/// What joining does with them before it begins.
fn checked(options: &Value) -> Result<(), Error> {
    let mut all = Options::default();
    for (name, value) in options.as_map().expect("an object") {
        all.set(name, value)?;
    }
    all.settle("room").map(drop)
}

#[test]
fn every_room_s_name_is_taken_or_refused_as_the_file_says() {
    let file = file();
    for (kind, good) in [("good", true), ("bad", false)] {
        let rooms = file.get("rooms").and_then(|rooms| rooms.get(kind));
        for room in list(rooms, "rooms") {
            let room = room.as_str().expect("a name");
            let refused = Options::default().settle(room).err();
            let code = refused.as_ref().map(Error::code_text);
            assert_eq!(code, (!good).then_some("invalid-room"), "{room:?}");
        }
    }
}

#[test]
fn every_option_is_taken_or_refused_as_the_file_says() {
    let file = file();
    for options in list(file.get("good"), "good") {
        if let Err(error) = checked(options) {
            panic!("{}: {error}", write_tagged(options));
        }
    }
    let refused = list(file.get("refused"), "refused");
    assert!(refused.len() > 30);
    for row in refused {
        let options = row.get("options").expect("options");
        let shown = write_tagged(options);
        let error = checked(options).expect_err(&shown);
        assert_eq!(error.code_text(), text(row, "code"), "{shown}");
        assert!(
            error.message().contains(text(row, "names")),
            "{shown}: {error}"
        );
    }
}

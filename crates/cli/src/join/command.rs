//! Lines of standard input as commands.

use peerjs_mesh::{Error, ErrorCode, Value};
use peerjs_mesh_protocol::json::{mend_surrogates, read_tagged};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What a line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Send { data: Value, to: Option<String> },
    InitData { data: Value },
    Status,
    DropHost,
    Leave,
}

/// A line's fields. `null` is a value like any other, so a field's presence is kept apart from it.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(default)]
    cmd: Option<serde_json::Value>,
    #[serde(default, borrow, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "present")]
    to: Option<serde_json::Value>,
    #[serde(default)]
    tag: Option<serde_json::Value>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The command of a line, or what is wrong with it; and the tag, where there is one.
pub(super) fn read(line: &[u8]) -> (Result<Command, Error>, Option<serde_json::Value>) {
    let text = String::from_utf8_lossy(line);
    match serde_json::from_str::<Fields<'_>>(&mend_surrogates(&text)) {
        Ok(mut fields) => {
            let tag = fields.tag.take();
            (command(fields), tag)
        }
        Err(error) => (Err(bad(&error.to_string())), None),
    }
}

fn command(fields: Fields<'_>) -> Result<Command, Error> {
    let data = || -> Result<Value, Error> {
        let text = fields.data.ok_or_else(|| bad("there is no data"))?;
        read_tagged(text.get()).map_err(|error| bad(&format!("data: {error}")))
    };
    match fields.cmd.as_ref().and_then(serde_json::Value::as_str) {
        Some("send") => {
            let to = match &fields.to {
                None => None,
                Some(serde_json::Value::String(id)) => Some(id.clone()),
                Some(_) => return Err(bad("to is no id")),
            };
            Ok(Command::Send { data: data()?, to })
        }
        Some("initData") => Ok(Command::InitData { data: data()? }),
        Some("status") => Ok(Command::Status),
        Some("dropHost") => Ok(Command::DropHost),
        Some("leave") => Ok(Command::Leave),
        Some(other) => Err(bad(&format!(
            "{:?}",
            other.chars().take(64).collect::<String>()
        ))),
        None => Err(bad("there is no cmd")),
    }
}

fn bad(why: &str) -> Error {
    Error::with_code(
        ErrorCode::BadCommand,
        why,
        "a line is an object whose cmd is send, initData, status, dropHost or leave",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_command_is_refused_with_its_tag() {
        for line in [
            "",
            "{",
            "null",
            "[]",
            "7",
            "\"send\"",
            "{}",
            "{\"cmd\":7}",
            "{\"cmd\":\"dance\"}",
            "{\"cmd\":\"send\"}",
            "{\"cmd\":\"initData\"}",
            "{\"cmd\":\"send\",\"data\":{\"$bytes\":5}}",
            "{\"cmd\":\"send\",\"data\":1,\"to\":7}",
            "{\"cmd\":\"send\",\"data\":1,\"to\":null}",
        ] {
            let error = read(line.as_bytes()).0.unwrap_err();
            assert_eq!(error.code(), ErrorCode::BadCommand, "{line}");
        }
        assert!(read(b"\xff\xfe").0.is_err());
        let (refused, tag) = read(b"{\"cmd\":\"dance\",\"tag\":[1]}");
        assert!(refused.is_err());
        assert_eq!(tag, Some(serde_json::json!([1])));
    }

    #[test]
    fn half_a_character_is_read_as_a_page_reads_it() {
        let line = br#"{"cmd":"send","data":{"\udc00":"a\ud800"},"tag":"\ud83d"}"#;
        let (command, tag) = read(line);
        let pairs = vec![("\u{fffd}".to_owned(), Value::from("a\u{fffd}"))];
        let wanted = Command::Send {
            data: Value::Map(pairs),
            to: None,
        };
        assert_eq!(command.unwrap(), wanted);
        assert_eq!(tag, Some("\u{fffd}".into()));
    }

    #[test]
    fn null_is_data_like_any_other() {
        let (command, tag) = read(b"{\"cmd\":\"send\",\"data\":null,\"to\":\"x\",\"more\":1}");
        let wanted = Command::Send {
            data: Value::Null,
            to: Some("x".to_owned()),
        };
        assert_eq!((command.unwrap(), tag), (wanted, None));
        let (command, _) = read(b"{\"cmd\":\"initData\",\"data\":{\"$bytes\":\"AP8=\"}}");
        assert_eq!(
            command.unwrap(),
            Command::InitData {
                data: Value::Bytes(vec![0, 255])
            }
        );
    }
}

//! What `join` asks for: its own options, and those of `mesh()`.

use super::JoinArgs;
use peerjs_mesh::{Error, ErrorCode, Options, Value};
use peerjs_mesh_protocol::json::read_tagged;

/// Defaults, then what `--options` says, then what the other options say.
pub(super) fn options(args: &JoinArgs) -> Result<Options, Error> {
    let mut options = Options::new(&args.server);
    options.mesh_limit = None;
    // Whoever says nothing of it waits: a room whose host and deputies died together is there again after 90 s only.
    options.sync_timeout = None;
    if let Some(text) = &args.options {
        let value = json("--options", text)?;
        let pairs = value
            .as_map()
            .ok_or_else(|| wrong("--options is no object", "--options must be a JSON object"))?;
        for (name, value) in pairs {
            options.set(name, value)?;
        }
    }
    if let Some(key) = &args.key {
        options.key.clone_from(key);
    }
    if let Some(file) = &args.ca {
        let pem = std::fs::read(file).map_err(|error| {
            wrong(
                &format!("--ca {}: {error}", file.display()),
                "--ca must name a file that can be read",
            )
        })?;
        options.ca = Some(pem);
    }
    if let Some(mode) = &args.mode {
        options.set("mesh_mode", &Value::from(mode.as_str()))?;
    }
    if let Some(name) = &args.name {
        let name = Value::from(name.as_str());
        options.init_data = Some(Value::Map(vec![("name".to_owned(), name)]));
    }
    if let Some(init) = &args.init {
        options.init_data = Some(json("--init", init)?);
    }
    options.ice.extend(args.ice.iter().cloned());
    options.record.clone_from(&args.record);
    Ok(options)
}

fn json(name: &str, text: &str) -> Result<Value, Error> {
    read_tagged(text).map_err(|error| {
        wrong(
            &format!("{name} is no JSON: {error}"),
            &format!("{name} must be JSON"),
        )
    })
}

fn wrong(message: &str, hint: &str) -> Error {
    Error::with_code(ErrorCode::InvalidOption, message, hint)
}

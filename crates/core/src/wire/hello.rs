//! The first words on a link: a BinaryPack map that a stock peer can read (and ignore).

use peerjs_mesh_protocol::binarypack::{self, Dialect};
use peerjs_mesh_protocol::value::Value;

/// What the sender of a hello is in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Member,
    Host,
}

/// Who speaks, in which room, in which wire versions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hello {
    pub(crate) versions: (u16, u16),
    pub(crate) id: String,
    pub(crate) inc: u64,
    /// All zero: not in a room yet.
    pub(crate) founding: [u8; 16],
    pub(crate) term: u64,
    pub(crate) room: String,
    pub(crate) role: Role,
    /// How many members the sender's room has; decides a merge.
    pub(crate) size: u32,
}

impl Hello {
    pub(crate) fn write(&self) -> Vec<u8> {
        let text = |text: &str| Value::Text(text.to_owned());
        let field = |key: &str, value: Value| (key.to_owned(), value);
        let mesh = Value::Map(vec![
            field(
                "v",
                Value::List(vec![
                    Value::Int(i64::from(self.versions.0)),
                    Value::Int(i64::from(self.versions.1)),
                ]),
            ),
            field("caps", Value::Int(0)),
            field("id", text(&self.id)),
            field("inc", Value::Bytes(self.inc.to_le_bytes().to_vec())),
            field("founding", Value::Bytes(self.founding.to_vec())),
            field("term", Value::Int(self.term as i64)),
            field("room", text(&self.room)),
            field(
                "role",
                text(if self.role == Role::Host {
                    "host"
                } else {
                    "member"
                }),
            ),
            field("size", Value::Int(i64::from(self.size))),
        ]);
        binarypack::encode(&Value::Map(vec![field("mesh", mesh)]), Dialect::V2).unwrap_or_default()
    }

    pub(crate) fn read(frame: &[u8]) -> Option<Hello> {
        let whole = binarypack::decode(frame, Dialect::V2).ok()?;
        let mesh = whole.get("mesh")?;
        let version = |at: usize| -> Option<u16> {
            mesh.get("v")?
                .as_list()?
                .get(at)?
                .as_u64()
                .and_then(|v| u16::try_from(v).ok())
        };
        Some(Hello {
            versions: (version(0)?, version(1)?),
            id: mesh.get("id")?.as_str()?.to_owned(),
            inc: u64::from_le_bytes(mesh.get("inc")?.as_bytes()?.try_into().ok()?),
            founding: mesh.get("founding")?.as_bytes()?.try_into().ok()?,
            term: mesh.get("term")?.as_u64()?,
            room: mesh.get("room")?.as_str()?.to_owned(),
            role: if mesh.get("role")?.as_str()? == "host" {
                Role::Host
            } else {
                Role::Member
            },
            size: mesh
                .get("size")
                .and_then(Value::as_u64)
                .map_or(1, |size| size.min(u64::from(u32::MAX)) as u32),
        })
    }
}

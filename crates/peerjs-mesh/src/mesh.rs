//! The user's handle.

use crate::error::{Error, ErrorCode};
use crate::event::{Event, Status};
use crate::native::driver::{Command, Driver, MAX_COMMANDS};
use crate::native::{self, link::Links};
use crate::options::{MeshMode, Options, encode_init_data};
use crate::outlet::{Facts, Intake, outlet};
use bytes::Bytes;
use peerjs_mesh_core::LeaveHow;
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{Dialect, encode};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The largest encoded message, bytes.
const MAX_MESSAGE: usize = 256 << 20;
/// A polite leave ends by itself within 7 s; this is for the case that it does not.
const LEAVE_DEADLINE: Duration = Duration::from_secs(10);

/// One member of one room. Dropping it leaves at once, with a goodbye.
///
/// All methods take `&self`: one task may send while another takes events.
///
/// ```no_run
/// # async fn example() -> Result<(), peerjs_mesh::Error> {
/// use peerjs_mesh::{Event, Mesh, Options};
///
/// let mesh = Mesh::join("tea-room", Options::new("http://localhost:9000/"))?;
/// mesh.wait_to_sync().await?;
/// mesh.send("hello").await?;
/// while let Some(event) = mesh.next_event().await {
///     if let Event::Message(message) = event {
///         println!("{}: {:?}", message.from, message.data);
///     }
/// }
/// # Ok(()) }
/// ```
pub struct Mesh {
    id: String,
    room: String,
    mode: MeshMode,
    sync_timeout: Option<Duration>,
    commands: mpsc::Sender<Command>,
    intake: Intake,
    task: JoinHandle<()>,
}

impl Mesh {
    /// Begins to join a room, and returns at once; what becomes of it is told by [events](Self::next_event). Must be
    /// called inside a tokio runtime with I/O and time enabled.
    ///
    /// # Errors
    /// `invalid-room`, `invalid-option`, `unsupported`, `not-encodable` and `message-too-large` (of the init data);
    /// `internal` outside a runtime.
    pub fn join(room: &str, options: Options) -> Result<Mesh, Error> {
        let (config, server, trust) = options.settle(room)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| {
            Error::new(ErrorCode::Internal, "there is no tokio runtime here")
                .with_hint("call Mesh::join inside one, with I/O and time enabled")
        })?;
        let internal = |error: String| Error::new(ErrorCode::Internal, error);
        let window = config.link_window;
        let member = native::member(config, options.record.as_deref())?;
        let links = Links::new(window).map_err(internal)?;
        let (commands, obeyed) = mpsc::channel(MAX_COMMANDS);
        let (outlet, intake) = outlet();
        let id = member.id().to_owned();
        let name = options.log_id.clone().unwrap_or_else(|| id.clone());
        let driver = Driver::new(member, links, (server, trust), obeyed, outlet);
        let span = tracing::info_span!("mesh", member = name);
        let task = runtime.spawn(tracing::Instrument::instrument(driver.run(), span));
        Ok(Mesh {
            id,
            room: room.to_owned(),
            mode: options.mesh_mode,
            sync_timeout: options.sync_timeout,
            commands,
            intake,
            task,
        })
    }

    /// The own id; kept for life.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The room's name.
    pub fn room(&self) -> &str {
        &self.room
    }

    /// The ids of all in the room, the own included, as the events have told so far.
    pub fn peers(&self) -> Vec<String> {
        self.intake.facts.borrow().peers.clone()
    }

    /// What happens next; `None` when this member has left and everything has been told.
    ///
    /// A program that takes no events for long gets no messages either, and is dropped from the room after 10 s in
    /// which messages waited. Cancel safe.
    pub async fn next_event(&self) -> Option<Event> {
        self.intake.next().await.map(Event::from_core)
    }

    /// Waits until the own session at the signalling server is up.
    ///
    /// # Errors
    /// What kept it: `invalid-key`, `join-timeout`, …; `left`.
    pub async fn wait_to_join(&self) -> Result<(), Error> {
        self.wait(|facts| facts.joined).await
    }

    /// Waits until the room is whole for this member; gives the ids of all in it.
    ///
    /// # Errors
    /// `sync-timeout`, when it takes longer than `sync_timeout`; what kept it from joining; `left`.
    pub async fn wait_to_sync(&self) -> Result<Vec<String>, Error> {
        let synced = self.wait(|facts| facts.synced);
        match self.sync_timeout {
            None => synced.await?,
            Some(time) => match timeout(time, synced).await {
                Ok(result) => result?,
                Err(_) => return Err(Error::new(ErrorCode::SyncTimeout, "")),
            },
        }
        Ok(self.peers())
    }

    async fn wait(&self, fact: impl Fn(&Facts) -> bool) -> Result<(), Error> {
        let mut facts = self.intake.facts.clone();
        match facts.wait_for(|facts| fact(facts) || facts.over).await {
            Ok(facts) if fact(&facts) && !facts.over => Ok(()),
            Ok(facts) => Err(facts.error.clone().unwrap_or_else(left)),
            Err(_) => Err(left()),
        }
    }

    /// Sends a value to all. Returns when it is accepted under the budget, which means waiting while too much is under
    /// way: never wait for it in the task that alone takes the events of a busy room.
    ///
    /// # Errors
    /// `not-encodable`, `message-too-large`, `buffer-full`, `left`.
    pub async fn send<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Error> {
        self.send_payload(payload(value)?, None).await
    }

    /// Sends a value to one member, as [`send`](Self::send) does to all.
    ///
    /// # Errors
    /// As [`send`](Self::send), and `unknown-member`, `member-left`.
    pub async fn send_to<T: Serialize + ?Sized>(&self, id: &str, value: &T) -> Result<(), Error> {
        self.send_payload(payload(value)?, Some(id)).await
    }

    /// Sends bytes to all: an `ArrayBuffer` in JavaScript.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_bytes(&self, bytes: Bytes) -> Result<(), Error> {
        self.send_payload(encoded(&Value::Bytes(bytes.into()))?, None)
            .await
    }

    /// Sends a value to all, at once or not at all: `false` when too much is under way.
    ///
    /// # Errors
    /// As [`send`](Self::send), but never `buffer-full`.
    pub async fn try_send<T: Serialize + ?Sized>(&self, value: &T) -> Result<bool, Error> {
        let payload = payload(value)?;
        let to = None;
        self.ask(|reply| Command::TrySend { payload, to, reply })
            .await?
            .map_err(|code| Error::new(code, ""))
    }

    /// Hands a value over, for all (`to: None`) or one, and returns at once; the future that it gives tells when the
    /// value is accepted. For programs that have many on the way: values are sent in the order of these calls, whenever
    /// the futures are looked at.
    ///
    /// # Errors
    /// `not-encodable`, `message-too-large`, `left`; the future's as [`send_to`](Self::send_to).
    pub async fn begin_send<T: Serialize + ?Sized>(
        &self,
        value: &T,
        to: Option<&str>,
    ) -> Result<impl Future<Output = Result<(), Error>> + Send + use<T>, Error> {
        self.hand_over(payload(value)?, to).await
    }

    async fn send_payload(&self, payload: Vec<u8>, to: Option<&str>) -> Result<(), Error> {
        self.hand_over(payload, to).await?.await
    }

    async fn hand_over(
        &self,
        payload: Vec<u8>,
        to: Option<&str>,
    ) -> Result<impl Future<Output = Result<(), Error>> + Send + use<>, Error> {
        let to = to.map(str::to_owned);
        let named = to.clone().unwrap_or_default();
        let (reply, answer) = oneshot::channel();
        let command = Command::Send { payload, to, reply };
        self.commands.send(command).await.map_err(|_| left())?;
        Ok(async move {
            match answer.await {
                Ok(result) => result.map_err(|code| Error::new(code, named)),
                Err(_) => Err(left()),
            }
        })
    }

    /// Sets the own init data, which every member hears.
    ///
    /// # Errors
    /// `not-encodable`, `message-too-large` (over 64 KiB), `left`.
    pub async fn set_init_data<T: Serialize + ?Sized>(&self, data: &T) -> Result<(), Error> {
        let payload = encode_init_data(&value_of(data)?)?;
        self.ask(|reply| Command::SetInitData { payload, reply })
            .await?
            .map_err(|code| Error::new(code, ""))
    }

    /// The room as this member sees it.
    ///
    /// # Errors
    /// `left`.
    pub async fn status(&self) -> Result<Status, Error> {
        let status = self.ask(Command::Status).await?;
        Ok(Status::from_core(status, self.mode))
    }

    /// Ends only this member's host role, if it has it: another takes over.
    pub async fn drop_host(&self) {
        let _ = self.commands.send(Command::DropHost).await; // over: nothing to end
    }

    /// Begins to leave; [`Event::Left`] follows when everything sent is delivered, after 5 s at most.
    pub async fn begin_leave(&self) {
        let _ = self
            .commands
            .send(Command::Leave(LeaveHow::Delivered))
            .await;
    }

    /// Leaves once everything sent is delivered, after 5 s at most, and waits until all connections are closed. Events
    /// that nobody takes meanwhile are lost.
    pub async fn leave(&self) {
        self.begin_leave().await;
        let over = timeout(LEAVE_DEADLINE, async {
            let mut facts = self.intake.facts.clone();
            let _ = facts.wait_for(|facts| facts.over).await;
        });
        tokio::select! {
            _ = over => {}
            () = async { while self.intake.next().await.is_some() {} } => {}
        }
    }

    /// Ends it without a word to anybody, as a crash does. For tests.
    #[doc(hidden)]
    pub fn kill(self) {
        self.task.abort();
    }

    /// Hands a command over and waits for its answer.
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        if self.commands.send(command(reply)).await.is_err() {
            return Err(left());
        }
        answer.await.map_err(|_| left())
    }
}

impl std::fmt::Debug for Mesh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mesh")
            .field("id", &self.id)
            .field("room", &self.room)
            .finish_non_exhaustive()
    }
}

fn left() -> Error {
    Error::new(ErrorCode::Left, "")
}

fn value_of<T: Serialize + ?Sized>(thing: &T) -> Result<Value, Error> {
    Value::from_serialize(thing).map_err(|error| Error::new(ErrorCode::NotEncodable, error))
}

fn payload<T: Serialize + ?Sized>(thing: &T) -> Result<Vec<u8>, Error> {
    encoded(&value_of(thing)?)
}

fn encoded(value: &Value) -> Result<Vec<u8>, Error> {
    let bytes = encode(value, Dialect::Ours)
        .map_err(|error| Error::new(ErrorCode::NotEncodable, error.text()))?;
    if bytes.len() > MAX_MESSAGE {
        let detail = format!("{} bytes", bytes.len());
        return Err(Error::new(ErrorCode::MessageTooLarge, detail));
    }
    Ok(bytes)
}

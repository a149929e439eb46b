//! `peerjs-mesh join`: a member of a room that is a terminal, or a program that speaks JSON lines.

mod command;
mod input;
mod options;
mod people;
mod printer;

use clap::Args;
use command::Command;
use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use input::{Line, Lines, Wish, wishes};
use options::options;
use peerjs_mesh::{Error, ErrorCode, Event, Mesh, Value};
use printer::{Answer, Printer};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::timeout;

/// Commands whose answers may be outstanding; beyond it no more input is read.
const MAX_ANSWERS: usize = 2048;
/// How long the answers that are outstanding when this member has left may take.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// How long nothing more may come before what stood behind `leave` counts as read. A guess: it has been in the pipe
/// since before this member left, and only has to pass from the thread that reads.
const LAST_LINE: Duration = Duration::from_millis(50);
/// How long that may take altogether: somebody may never stop.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Join a room from here: lines typed go to everybody in it, and what they say is printed
#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// The room's name
    room: String,
    /// The signalling server
    #[arg(
        long,
        env = "PEERJS_MESH_SERVER",
        default_value = "http://localhost:9000/",
        value_name = "URL"
    )]
    server: String,
    /// The server's key [default: peerjs]
    #[arg(long)]
    key: Option<String>,
    /// Certificates to trust besides the system's, PEM: an authority's, or that of a server which made its own
    #[arg(long, value_name = "FILE")]
    ca: Option<std::path::PathBuf>,
    /// What the others call you: init data {"name": NAME}
    #[arg(long, conflicts_with = "init")]
    name: Option<String>,
    /// How messages travel: through the host, or directly wherever it can be [default: host]
    #[arg(long, value_name = "host|full")]
    mode: Option<String>,
    /// Init data, which every member hears
    #[arg(long, value_name = "JSON")]
    init: Option<String>,
    /// STUN and TURN servers (taken, but not used yet) [default: none]
    #[arg(long, value_name = "URL", num_args = 1..)]
    ice: Vec<String>,
    /// Any options of mesh(), by their names there; with sync_timeout it ends if the room is not whole by then
    #[arg(long, value_name = "JSON")]
    options: Option<String>,
    /// Record what this member goes through, at most 64 MiB: what is said in the room too, but no tokens
    #[arg(long, value_name = "FILE")]
    record: Option<std::path::PathBuf>,
    /// Print events, and take commands, as lines of JSON
    #[arg(long)]
    json: bool,
}

/// Joins, until it leaves.
pub(crate) async fn run(args: JoinArgs) -> ExitCode {
    let mut printer = Printer::new(args.json, &args.server);
    let joined = options(&args).and_then(|options| {
        let patient = options.join_timeout.is_some();
        Mesh::join(&args.room, options).map(|mesh| (mesh, patient))
    });
    let (mesh, patient) = match joined {
        Ok(joined) => joined,
        Err(error) => {
            printer.error(&error, None);
            return ExitCode::from(exit_of(error.code()));
        }
    };
    let wishes = match wishes() {
        Ok(wishes) => wishes,
        Err(error) => {
            eprintln!("peerjs-mesh: internal: cannot listen to signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    let session = Session {
        mesh: &mesh,
        printer: &mut printer,
        json: args.json,
        patient,
        answers: FuturesOrdered::new(),
        asked: false,
        told: false,
        synced: false,
        said: false,
        refused: false,
        fatal: None,
    };
    let exit = session.run(Lines::new(), wishes).await;
    // Until its connections are closed, so that the others hear the goodbye.
    mesh.leave().await;
    ExitCode::from(exit)
}

fn too_long() -> Error {
    Error::with_code(
        ErrorCode::MessageTooLarge,
        "a line of input was left out",
        "a line may have 400 MiB, a message 256 MiB",
    )
}

fn too_late() -> Error {
    Error::with_code(
        ErrorCode::Left,
        "",
        "nothing is done that is asked for after `leave`",
    )
}

/// The exit code that stands for an error which ends it.
fn exit_of(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::InvalidRoom
        | ErrorCode::InvalidOption
        | ErrorCode::Unsupported
        | ErrorCode::NotEncodable
        | ErrorCode::MessageTooLarge => 2,
        ErrorCode::JoinTimeout | ErrorCode::ServerUnreachable | ErrorCode::SyncTimeout => 3,
        ErrorCode::InvalidKey
        | ErrorCode::MeshFull
        | ErrorCode::IdTaken
        | ErrorCode::VersionMismatch => 4,
        _ => 1,
    }
}

struct Session<'a> {
    mesh: &'a Mesh,
    printer: &'a mut Printer,
    json: bool,
    /// With a time limit an unreachable server is tried again until then; without, that ends it.
    patient: bool,
    answers: FuturesOrdered<BoxFuture<'a, Option<Answer>>>,
    /// It was asked to leave.
    asked: bool,
    /// That by a command, and what comes after it is too late.
    told: bool,
    /// The room was whole once.
    synced: bool,
    /// Something was sent.
    said: bool,
    /// The last that it was told of its way in: that the room is full.
    refused: bool,
    /// The last error that may be why it ends unasked.
    fatal: Option<ErrorCode>,
}

impl Session<'_> {
    /// Until it has left; gives the exit code.
    async fn run(mut self, mut lines: Lines, mut wishes: Wish) -> u8 {
        let mut reading = true;
        // The input has ended before the room was whole: what was said is to be delivered first.
        let mut ended_early = false;
        let mut whole = pin!(self.mesh.wait_to_sync());
        let mut waits = true;
        loop {
            tokio::select! {
                event = self.mesh.next_event() => {
                    let Some(event) = event else { break };
                    if event == Event::Left {
                        self.last_answers().await;
                    }
                    self.on_event(&event).await;
                    if event == Event::Left {
                        reading = false;
                        self.last_lines(&mut lines).await;
                    }
                    if ended_early && self.synced {
                        ended_early = false;
                        self.leave().await;
                    }
                }
                // What comes after `leave` is answered after `left`, in its turn.
                line = lines.next(), if reading && !self.told && self.answers.len() < MAX_ANSWERS => match line {
                    Some(Line::Said(line)) => self.on_line(&line).await,
                    Some(Line::TooLong) => self.answer_now(Some(Answer::Error {
                        error: too_long(),
                        tag: None,
                    })),
                    None => {
                        reading = false;
                        if self.said && !self.synced {
                            ended_early = true;
                        } else {
                            self.leave().await;
                        }
                    }
                },
                Some(answer) = self.answers.next() => self.printer.answer(answer),
                result = &mut whole, if waits => {
                    waits = false;
                    if let Err(error) = result {
                        self.not_whole(error).await;
                    }
                }
                () = wishes.leave() => self.leave().await,
            }
            if self.printer.is_closed() && !self.asked {
                self.leave().await;
            }
        }
        match self.fatal {
            Some(code) if !self.asked => exit_of(code),
            None if !self.asked => 1,
            _ => 0,
        }
    }

    async fn leave(&mut self) {
        if !self.asked {
            self.asked = true;
            self.mesh.begin_leave().await;
        }
    }

    /// What is outstanding is answered before `left`.
    async fn last_answers(&mut self) {
        let answers = async {
            while let Some(answer) = self.answers.next().await {
                self.printer.answer(answer);
            }
        };
        let _ = timeout(LAST_ANSWERS, answers).await;
    }

    /// Commands that came too late are refused, not lost.
    async fn last_lines(&mut self, lines: &mut Lines) {
        if !self.json {
            return;
        }
        let refused = async {
            while let Ok(Some(line)) = timeout(LAST_LINE, lines.next()).await {
                let (error, tag) = match line {
                    Line::TooLong => (too_long(), None),
                    Line::Said(line) => match command::read(&line) {
                        (Ok(_), tag) => (too_late(), tag),
                        (Err(error), tag) => (error, tag),
                    },
                };
                self.printer.error(&error, tag.as_ref());
                if self.printer.is_closed() {
                    return;
                }
            }
        };
        let _ = timeout(LAST_LINES, refused).await;
    }

    async fn on_event(&mut self, event: &Event) {
        self.printer.event(event);
        match event {
            Event::Sync { peers: Some(_) } => self.synced = true,
            Event::MeshLimitExceeded { .. } => self.refused = true,
            Event::Error(error) => {
                self.fatal = Some(match error.code() {
                    // It was there in time, and was not let in.
                    ErrorCode::JoinTimeout | ErrorCode::SyncTimeout if self.refused => {
                        ErrorCode::MeshFull
                    }
                    code => code,
                });
                self.refused = false;
                let hopeless = error.code() == ErrorCode::ServerUnreachable && !self.synced;
                if hopeless && !self.patient && !self.asked {
                    self.mesh.begin_leave().await;
                }
            }
            _ => {}
        }
    }

    /// What ends a wait for the whole room. All but its time limit is told as an event, too.
    async fn not_whole(&mut self, error: Error) {
        if error.code() == ErrorCode::SyncTimeout && !self.synced && !self.asked {
            self.on_event(&Event::Error(error)).await;
            self.mesh.begin_leave().await;
        }
    }

    async fn on_line(&mut self, line: &[u8]) {
        if self.json {
            let (command, tag) = command::read(line);
            match command {
                Ok(command) => self.obey(command, tag).await,
                Err(error) => self.answer_now(Some(Answer::Error { error, tag })),
            }
        } else if let Some(said) = self.printer.said(line) {
            match said {
                Ok((to, text)) => {
                    let data = Value::from(text);
                    self.obey(Command::Send { data, to }, None).await;
                }
                Err(error) => self.printer.error(&error, None),
            }
        }
    }

    async fn obey(&mut self, command: Command, tag: Option<serde_json::Value>) {
        let mesh = self.mesh;
        match command {
            Command::Send { data, to } => {
                self.said = true;
                // It begins now; only its answer waits for its turn.
                match mesh.begin_send(&data, to.as_deref()).await {
                    Ok(sending) => self.answers.push_back(
                        async move {
                            Some(match sending.await {
                                Ok(()) => Answer::Sent { tag },
                                Err(error) => Answer::Error { error, tag },
                            })
                        }
                        .boxed(),
                    ),
                    Err(error) => self.answer_now(Some(Answer::Error { error, tag })),
                }
            }
            Command::InitData { data } => {
                let result = mesh.set_init_data(&data).await;
                self.answer_now(result.err().map(|error| Answer::Error { error, tag }));
            }
            Command::Status => {
                let answer = match mesh.status().await {
                    Ok(status) => Answer::Status {
                        status: Box::new(status),
                        tag,
                    },
                    Err(error) => Answer::Error { error, tag },
                };
                self.answer_now(Some(answer));
            }
            Command::DropHost => mesh.drop_host().await,
            Command::Leave => {
                self.told = true;
                self.leave().await;
            }
        }
    }

    /// An answer that is known already, given when those before it have been.
    fn answer_now(&mut self, answer: Option<Answer>) {
        self.answers.push_back(std::future::ready(answer).boxed());
    }
}

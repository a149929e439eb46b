//! A chat in one file. Start a server (`peerjs-mesh serve`), then in two terminals:
//!
//! ```text
//! cargo run --example chat -- tea-room anna
//! cargo run --example chat -- tea-room ben
//! ```
//!
//! A third argument is the server's URL.

use peerjs_mesh::{Event, Mesh, Options};
use std::collections::HashMap;
use std::error::Error;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(room), Some(name)) = (args.next(), args.next()) else {
        return Err("chat ROOM NAME [SERVER]".into());
    };
    let server = args.next().unwrap_or("http://localhost:9000/".to_owned());

    // Everybody hears our init data together with us.
    let options = Options::new(server).with_init_data(&HashMap::from([("name", &name)]))?;
    let mesh = Mesh::join(&room, options)?;
    let mut names: HashMap<String, String> = HashMap::new();
    let mut lines = BufReader::new(stdin()).lines();

    loop {
        tokio::select! {
            event = mesh.next_event() => match event {
                Some(Event::Sync { peers: Some(peers) }) => println!("* {} in the room", peers.len()),
                Some(Event::InitData { id, data }) => {
                    let name = data.get("name").and_then(|name| name.as_str()).unwrap_or("?");
                    println!("* {name} is here");
                    names.insert(id, name.to_owned());
                }
                Some(Event::Message(message)) => {
                    let name = names.get(&message.from).unwrap_or(&message.from);
                    // What others send is of any type; this chat knows text.
                    match message.data.to::<String>() {
                        Ok(text) => println!("{name}: {text}"),
                        Err(_) => println!("{name} sent {:?}", message.data),
                    }
                }
                Some(Event::PeerDropped { id, .. }) => {
                    println!("* {} left", names.get(&id).unwrap_or(&id));
                }
                Some(Event::Error(error)) => eprintln!("{error} {}", error.hint()),
                Some(_) => {}
                None => return Ok(()),
            },
            line = lines.next_line() => match line? {
                Some(line) => mesh.send(&line).await?,
                None => break,
            },
        }
    }
    mesh.leave().await;
    Ok(())
}

//! TCP relays from the namespace of the lab's process into a node.

use crate::netns;
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Connections through one relay at a time; one beyond is closed at once.
const MOST_CONNECTIONS: usize = 64;

/// How long a connection inside the node may take. It stays on one loopback.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of stack of a thread that only copies.
const STACK: usize = 128 << 10;

/// A relay from `127.0.0.1:listen` here to `127.0.0.1:port` in a node.
#[derive(Debug)]
pub(crate) struct Forward {
    pub(crate) listen: u16,
    pub(crate) port: u16,
}

/// What is connected now, to end the copying from outside.
type Connections = Arc<Mutex<Vec<Arc<Connection>>>>;

#[derive(Debug)]
struct Connection {
    outer: TcpStream,
    inner: TcpStream,
}

impl Connection {
    fn shut(&self) {
        let _ = self.outer.shutdown(Shutdown::Both);
        let _ = self.inner.shutdown(Shutdown::Both);
    }

    /// Copies until an end, and passes the end on; after an error both directions end.
    fn copy(&self, mut from: &TcpStream, mut to: &TcpStream) {
        match io::copy(&mut from, &mut to) {
            Ok(_) => {
                let _ = to.shutdown(Shutdown::Write);
            }
            Err(_) => self.shut(),
        }
    }
}

impl Forward {
    /// Listens on `listen` (0 = any free port). `port` 0 means the same number as `listen`, for
    /// programs that tell a remote their own port. Ends when `stop` becomes readable.
    pub(crate) fn start(
        namespace: Arc<OwnedFd>,
        listen: u16,
        port: u16,
        stop: Arc<OwnedFd>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, listen))?;
        listener.set_nonblocking(true)?;
        let listen = listener.local_addr()?.port();
        let port = if port == 0 { listen } else { port };
        let shared = Connections::default();
        thread::Builder::new()
            .name(format!("lab-forward-{listen}"))
            .stack_size(STACK)
            .spawn(move || {
                while wait(&listener, &stop) {
                    let Ok((outer, _)) = listener.accept() else {
                        continue;
                    };
                    // An error closes the connection, which is all there is to say to its other end.
                    let _ = connect(outer, &namespace, port, &shared);
                }
                lock(&shared)
                    .iter()
                    .for_each(|connection| connection.shut());
            })?;
        Ok(Self { listen, port })
    }
}

/// Waits for a connection: true; or for the stop: false.
fn wait(listener: &TcpListener, stop: &OwnedFd) -> bool {
    let mut both = [
        PollFd::new(stop, PollFlags::IN),
        PollFd::new(listener, PollFlags::IN),
    ];
    match poll(&mut both, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => both[0].revents().is_empty(),
        Err(_) => false,
    }
}

fn connect(
    outer: TcpStream,
    namespace: &OwnedFd,
    port: u16,
    connections: &Connections,
) -> io::Result<()> {
    outer.set_nonblocking(false)?;
    outer.set_nodelay(true)?;
    if lock(connections).len() >= MOST_CONNECTIONS {
        return Err(io::ErrorKind::QuotaExceeded.into());
    }
    // A socket belongs to the namespace that its thread was in when it was made.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let inner = netns::in_thread(namespace, move || {
        TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)
    })??;
    inner.set_nodelay(true)?;
    let connection = Arc::new(Connection { outer, inner });
    lock(connections).push(Arc::clone(&connection));
    let connections = Arc::clone(connections);
    let copying = Arc::clone(&connection);
    let started = thread::Builder::new()
        .name("lab-forward".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let Connection { outer, inner } = &*copying;
            thread::scope(|scope| {
                let back = thread::Builder::new().stack_size(STACK);
                match back.spawn_scoped(scope, || copying.copy(inner, outer)) {
                    Ok(_) => copying.copy(outer, inner),
                    Err(_) => copying.shut(),
                }
            });
            lock(&connections).retain(|other| !Arc::ptr_eq(other, &copying));
        });
    if started.is_err() {
        connection.shut();
    }
    started.map(drop)
}

fn lock(connections: &Connections) -> MutexGuard<'_, Vec<Arc<Connection>>> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

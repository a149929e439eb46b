//! The server as a whole: bind, accept, stop.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use peerjs_mesh_broker::Counters;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hub::Hub;
use crate::routes::Routes;
use crate::shared::{Place, Shared};
use crate::{ServeOptions, http, listen, tls};

/// The most bytes of one request's head, as in Node.
const HEAD_BYTES: usize = 16 * 1024;

/// How long to wait before accepting again when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A signalling server that listens. It answers nobody until it is [run](Server::run).
pub struct Server {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    places: Arc<Semaphore>,
    shared: Arc<Shared>,
    url: String,
}

/// Why a server could not be made.
#[derive(Debug)]
pub enum BindError {
    /// Somebody else listens on this port.
    PortInUse {
        /// The host asked for.
        host: String,
        /// The port asked for.
        port: u16,
    },
    /// This user may not listen on this port.
    NotPermitted {
        /// The host asked for.
        host: String,
        /// The port asked for.
        port: u16,
    },
    /// The host is no name or address of this machine.
    Host {
        /// The host asked for.
        host: String,
        /// The system's word.
        source: io::Error,
    },
    /// The address cannot be had for another reason.
    Listen {
        /// The host asked for.
        host: String,
        /// The port asked for.
        port: u16,
        /// The system's word.
        source: io::Error,
    },
    /// The key or the certificate cannot be used.
    Tls {
        /// Which file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// No certificate can be made here.
    SelfSigned {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortInUse { host, port } => {
                write!(
                    f,
                    "port {port} of {host} is in use: another program listens there; choose another port"
                )
            }
            Self::NotPermitted { host, port } => {
                write!(
                    f,
                    "this user may not listen on port {port} of {host}: choose another port (systems keep those below 1024)"
                )
            }
            Self::Host { host, source } => {
                write!(f, "{host} is no name or address of this machine: {source}")
            }
            Self::Listen { host, port, source } => {
                write!(f, "cannot listen on port {port} of {host}: {source}")
            }
            Self::Tls { file, reason } => write!(f, "cannot use {}: {reason}", file.display()),
            Self::SelfSigned { reason } => write!(f, "cannot make a certificate: {reason}"),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Host { source, .. } | Self::Listen { source, .. } => Some(source),
            Self::PortInUse { .. }
            | Self::NotPermitted { .. }
            | Self::Tls { .. }
            | Self::SelfSigned { .. } => None,
        }
    }
}

/// Asks a running server how it is. Cheap to clone.
#[derive(Clone)]
pub struct Gauge(Arc<Shared>);

impl Gauge {
    /// Ids registered at this moment.
    pub fn clients(&self) -> usize {
        self.0.hub.clients()
    }

    /// What the broker has done so far.
    pub fn counters(&self) -> Counters {
        self.0.hub.counters()
    }

    /// Bytes waiting to be sent, over all clients.
    pub fn outgoing_bytes(&self) -> usize {
        self.0.hub.outgoing_bytes()
    }
}

impl Server {
    /// Takes the port. Needs a tokio runtime with timers and network.
    pub async fn bind(options: ServeOptions) -> Result<Self, BindError> {
        let acceptor = match &options.tls {
            None => None,
            Some(tls) => Some(tls::acceptor(tls, &options.host)?),
        };
        let listener = listen::listen(&options.host, options.port).await?;
        let local = listener.local_addr().map_err(|source| BindError::Listen {
            host: options.host.clone(),
            port: options.port,
            source,
        })?;
        let routes = Routes::new(&options.path);
        let places = options
            .broker
            .concurrent_limit
            .saturating_add(options.limits.spare_connections);
        Ok(Self {
            url: listen::url(&options.host, local, acceptor.is_some(), routes.base()),
            listener,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            shared: Arc::new(Shared {
                key: options.broker.key.clone(),
                frame_bytes: options.broker.limits.frame_bytes,
                hub: Arc::new(Hub::new(options.broker, options.limits)),
                routes,
                cors: options.cors,
                demo: options.demo,
                ice_servers: options.ice_servers,
                allow_discovery: options.allow_discovery,
                proxied: options.proxied,
                tls: acceptor.is_some(),
                local,
                deadlines: options.deadlines,
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
            acceptor,
        })
    }

    /// The address taken, with the real port if any was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local
    }

    /// Where people and pages find it: `http://HOST:PORT/PATH/`, with `localhost` for "all addresses".
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where other machines of the same network find it; nothing if it listens at one address only.
    pub fn urls_nearby(&self) -> Vec<String> {
        let Shared { local, tls, .. } = *self.shared;
        listen::nearby(local)
            .iter()
            .map(|ip| listen::url(&ip.to_string(), local, tls, self.shared.routes.base()))
            .collect()
    }

    /// For looking on while it runs.
    pub fn gauge(&self) -> Gauge {
        Gauge(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` is over, then takes nobody new, closes all websockets with the status 1001 ("going
    /// away") and waits for them, for [`Deadlines::drain`](crate::Deadlines::drain) at most.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self {
            listener,
            acceptor,
            places,
            shared,
            ..
        } = self;
        let accepting = async {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => match Arc::clone(&places).try_acquire_owned() {
                        Ok(place) => {
                            let task =
                                connection(Arc::clone(&shared), acceptor.clone(), stream, place);
                            shared.tasks.spawn(task);
                        }
                        Err(_) => tracing::warn!("too many connections: one is turned away"),
                    },
                    // The one that was to be accepted has already gone.
                    Err(error) if is_of_the_connection(&error) => {}
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept connections at the moment");
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = accepting => {}
            () = shared.hub.keep_time() => {}
        }
        drop(listener);
        shared.stop.cancel();
        shared.hub.stop();
        shared.tasks.close();
        if timeout(shared.deadlines.drain, shared.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                connections = shared.tasks.len(),
                "not everybody has gone in time"
            );
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

async fn connection(
    shared: Arc<Shared>,
    acceptor: Option<TlsAcceptor>,
    stream: TcpStream,
    place: Place,
) {
    // Signalling messages are small and each is waited for.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => requests(shared, stream, place).await,
        Some(acceptor) => {
            match timeout(shared.deadlines.tls_handshake, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => requests(shared, stream, place).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            }
        }
    }
}

/// Serves one connection until it ends or becomes a websocket.
async fn requests<S>(shared: Arc<Shared>, stream: S, place: Place)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (deadlines, stop) = (shared.deadlines.clone(), shared.stop.clone());
    let place = Arc::new(place);
    let service =
        service_fn(move |request| http::answer(Arc::clone(&shared), Arc::clone(&place), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(deadlines.request_head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let serving = async {
        tokio::select! {
            result = connection.as_mut() => return result,
            () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    };
    // A websocket has left this task by then.
    match timeout(deadlines.http_connection, serving).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "connection ended"),
        Err(_) => tracing::debug!("connection took too long"),
    }
}

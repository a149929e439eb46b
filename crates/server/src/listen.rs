//! The listening socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, lookup_host};

use crate::BindError;

/// How many connections the system may hold before they are accepted.
const BACKLOG: i32 = 1_024;

/// Listens on the first address of `host` that can be had.
pub(crate) async fn listen(host: &str, port: u16) -> Result<TcpListener, BindError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::PortInUse {
            host: host.to_owned(),
            port,
        },
        _ => BindError::Listen {
            host: host.to_owned(),
            port,
            source,
        },
    };
    let mut addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => lookup_host((host, port)).await.map_err(failed)?.collect(),
    };
    if addresses == [SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)] {
        addresses.push(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    }
    let mut first_error = None;
    for address in addresses {
        match open(address) {
            Ok(listener) => return Ok(listener),
            // An address in use is not one to go round.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(failed(error)),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(failed(first_error.unwrap_or_else(|| {
        io::Error::other("the host has no address")
    })))
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // `::` means everybody, whatever the system's default is.
        socket.set_only_v6(false)?;
    }
    // On Windows this would let two servers share a port.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// This machine's addresses in its networks, if it listens at all of them. (Link-local ones of IPv6 can stand in no URL.)
pub(crate) fn nearby(local: SocketAddr) -> Vec<IpAddr> {
    let ip = local.ip();
    if !ip.is_unspecified() {
        return Vec::new();
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
        .map(if_addrs::Interface::ip)
        .filter(|found| ip.is_ipv6() || found.is_ipv4())
        .collect()
}

/// The address as people and pages write it.
pub(crate) fn url(host: &str, local: SocketAddr, tls: bool, base: &str) -> String {
    let scheme = if tls { "https" } else { "http" };
    let host = match host.parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() => String::from("localhost"),
        Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
        _ => host.to_owned(),
    };
    format!("{scheme}://{host}:{}{base}", local.port())
}

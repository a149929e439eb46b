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
    let unknown = |source: io::Error| BindError::Host {
        host: host.to_owned(),
        source,
    };
    let mut addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => lookup_host((host, port)).await.map_err(unknown)?.collect(),
    };
    if addresses == [SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)] {
        addresses.push(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    }
    let mut first_error = None;
    for address in addresses {
        match open(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => match failed(host, port, error) {
                // At another address it would be another's port, and one that is not permitted is so at each.
                error @ (BindError::PortInUse { .. } | BindError::NotPermitted { .. }) => {
                    return Err(error);
                }
                error => {
                    first_error.get_or_insert(error);
                }
            },
        }
    }
    Err(first_error.unwrap_or_else(|| unknown(io::Error::other("it has no address"))))
}

/// What the system's word means for whoever chose the address.
fn failed(host: &str, port: u16, source: io::Error) -> BindError {
    let host = host.to_owned();
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::PortInUse { host, port },
        io::ErrorKind::PermissionDenied => BindError::NotPermitted { host, port },
        io::ErrorKind::AddrNotAvailable => BindError::Host { host, source },
        _ => BindError::Listen { host, port, source },
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_word_says_whether_port_permission_host_or_something_else_is_at_fault() {
        let of = |kind: io::ErrorKind| failed("h", 80, kind.into());
        use BindError::{Host, Listen, NotPermitted, PortInUse};
        assert!(matches!(
            of(io::ErrorKind::AddrInUse),
            PortInUse { port: 80, .. }
        ));
        assert!(matches!(
            of(io::ErrorKind::PermissionDenied),
            NotPermitted { port: 80, .. }
        ));
        assert!(matches!(of(io::ErrorKind::AddrNotAvailable), Host { .. }));
        assert!(matches!(of(io::ErrorKind::OutOfMemory), Listen { .. }));
    }
}

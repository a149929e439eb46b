//! Where the signalling server is.

use crate::error::{Error, ErrorCode};
use tokio_tungstenite::tungstenite::http::Uri;

/// A signalling server's address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    secure: bool,
    host: String,
    port: u16,
    path: String,
    key: String,
}

impl ServerUrl {
    /// Reads `http(s)://host:port/path` (`ws` and `wss` do as well).
    ///
    /// # Errors
    /// `invalid-option` when it is none.
    pub(crate) fn read(url: &str, key: &str) -> Result<ServerUrl, Error> {
        let wrong = || {
            Error::new(ErrorCode::InvalidOption, format!("server is {url:?}"))
                .with_hint("server must be a URL: http://host:port/path or https://host:port/path")
        };
        if key.is_empty() {
            return Err(Error::new(ErrorCode::InvalidOption, "key is empty")
                .with_hint("key must be text; servers' default is \"peerjs\""));
        }
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err(wrong()),
        };
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or_else(wrong)?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') || uri.query().is_some() {
            return Err(wrong());
        }
        let port = match uri.port() {
            Some(port) if port.as_u16() > 0 => port.as_u16(),
            // (A port that is none is not told from its absence otherwise.)
            None if authority == host && secure => 443,
            None if authority == host => 80,
            _ => return Err(wrong()),
        };
        Ok(ServerUrl {
            secure,
            host: host.to_owned(),
            port,
            path: slashed(uri.path()),
            key: key.to_owned(),
        })
    }

    pub(crate) fn set_secure(&mut self, secure: bool) {
        self.secure = secure;
    }

    pub(crate) fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    pub(crate) fn set_host(&mut self, host: &str) -> Result<(), ()> {
        let host = match host.parse::<std::net::Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => host.to_owned(),
        };
        self.change(|server| server.host = host)
    }

    pub(crate) fn set_path(&mut self, path: &str) -> Result<(), ()> {
        self.change(|server| server.path = slashed(path))
    }

    /// A change after which it is to be readable still, and say the same.
    fn change(&mut self, change: impl FnOnce(&mut ServerUrl)) -> Result<(), ()> {
        let mut changed = self.clone();
        change(&mut changed);
        match ServerUrl::read(&changed.to_url(), &changed.key) {
            Ok(read) if read == changed => {
                *self = changed;
                Ok(())
            }
            _ => Err(()),
        }
    }

    /// The server's address as options have it.
    pub(crate) fn to_url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}:{}{}", self.host, self.port, self.path)
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host as resolvers take it: an IPv6 address without its brackets.
    pub(crate) fn host_name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The websocket's address. It contains the token: not to be logged.
    pub(crate) fn websocket(&self, id: &str, token: &str) -> String {
        format!(
            "{}://{}:{}{}peerjs?key={}&id={}&token={}&version=1.5.5",
            if self.secure { "wss" } else { "ws" },
            self.host,
            self.port,
            self.path,
            escape(&self.key),
            escape(id),
            escape(token)
        )
    }
}

/// A path with a slash at each end.
fn slashed(path: &str) -> String {
    match path.trim_matches('/') {
        "" => "/".to_owned(),
        path => format!("/{path}/"),
    }
}

/// Percent-encodes what may not stand in a query's value as it is.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn websocket(url: &str) -> String {
        ServerUrl::read(url, "peer js")
            .unwrap()
            .websocket("a room", "t&k")
    }

    const QUERY: &str = "peerjs?key=peer%20js&id=a%20room&token=t%26k&version=1.5.5";

    #[test]
    fn the_path_gets_its_slashes_and_the_port_its_default() {
        for (url, wanted) in [
            ("http://localhost:9000/", "ws://localhost:9000/"),
            ("http://localhost", "ws://localhost:80/"),
            (
                "https://example.org/my/app",
                "wss://example.org:443/my/app/",
            ),
            ("ws://[::1]:9000/app/", "ws://[::1]:9000/app/"),
        ] {
            assert_eq!(websocket(url), format!("{wanted}{QUERY}"));
        }
        assert_eq!(
            ServerUrl::read("http://[::1]:1", "k").unwrap().host_name(),
            "::1"
        );
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused_by_name() {
        for url in [
            "",
            "localhost:9000",
            "ftp://a/",
            "http://",
            "http://:9000/",
            "http://a:99999/",
            "http://a:b/",
            "http://user@a/",
            "http://a/?x=1",
            "http://a b/",
            "http://a:/",
            "/path",
        ] {
            let error = ServerUrl::read(url, "peerjs").unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidOption, "{url}");
            assert!(error.message().contains("server"), "{url}");
        }
        assert!(ServerUrl::read("http://a/", "").is_err());
    }
}

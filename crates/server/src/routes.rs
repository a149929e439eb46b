//! Which path means what.

/// The paths below one prefix.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    /// `/` or `/some/where/`.
    base: String,
    /// The one path where the websocket is.
    socket: String,
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// Who this server is.
    Root,
    /// A fresh id.
    FreshId,
    /// Who is connected.
    Peers,
    /// `{base}demo`, which ought to end in a slash.
    DemoWithoutSlash,
    /// A file of the demo, still percent-encoded; empty for its start page.
    Demo(&'a str),
    /// Below the prefix, but nothing.
    Unknown,
    /// A percent escape that is none, where one would have to be read.
    Malformed,
    /// Not below the prefix.
    Elsewhere,
}

impl Routes {
    /// All paths begin with `path`, whatever slashes are at its ends.
    pub(crate) fn new(path: &str) -> Self {
        let inner = path.trim_matches('/');
        let base = if inner.is_empty() {
            String::from("/")
        } else {
            format!("/{inner}/")
        };
        let socket = format!("{base}peerjs");
        Self { base, socket }
    }

    /// What all paths begin with; begins and ends with a slash.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether the websocket is here: exactly, unlike all other paths.
    pub(crate) fn is_socket(&self, path: &str) -> bool {
        path == self.socket
    }

    /// Finds the route; upper and lower case are the same, and a slash at the end does not matter.
    pub(crate) fn find<'a>(&self, path: &'a str) -> Route<'a> {
        let Some(rest) = self.below_base(path) else {
            return Route::Elsewhere;
        };
        let mut segments = rest.splitn(2, '/');
        let (first, after) = (segments.next().unwrap_or_default(), segments.next());
        let last = after.map(|after| after.strip_suffix('/').unwrap_or(after));
        match last {
            _ if rest.is_empty() => Route::Root,
            Some(last) if !first.is_empty() && last.eq_ignore_ascii_case("id") => {
                keyed(first, Route::FreshId)
            }
            Some(last) if !first.is_empty() && last.eq_ignore_ascii_case("peers") => {
                keyed(first, Route::Peers)
            }
            _ if first.eq_ignore_ascii_case("demo") => match after {
                None => Route::DemoWithoutSlash,
                Some(file) => Route::Demo(file),
            },
            _ => Route::Unknown,
        }
    }

    fn below_base<'a>(&self, path: &'a str) -> Option<&'a str> {
        let bare = self.base.len() - 1;
        let head = path.get(..self.base.len());
        if head.is_some_and(|head| head.eq_ignore_ascii_case(&self.base)) {
            path.get(self.base.len()..)
        } else if path.len() == bare
            && path.eq_ignore_ascii_case(self.base.get(..bare).unwrap_or_default())
        {
            Some("")
        } else {
            None
        }
    }
}

/// The key may be anything: over HTTP nobody checks it. But it has to be text.
fn keyed<'a>(key: &str, route: Route<'a>) -> Route<'a> {
    if is_escaped_text(key) {
        route
    } else {
        Route::Malformed
    }
}

/// Whether all percent escapes are two hex digits, and make UTF-8.
fn is_escaped_text(text: &str) -> bool {
    let escapes_are_whole = text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes().take(2);
        digits.len() == 2 && digits.all(|digit| digit.is_ascii_hexdigit())
    });
    escapes_are_whole
        && percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_the_root() {
        let routes = Routes::new("/");
        for (path, route) in [
            ("/", Route::Root),
            ("/peerjs/id", Route::FreshId),
            ("/anything/ID/", Route::FreshId),
            ("/a%20b/id", Route::FreshId),
            ("/%zz/id", Route::Malformed),
            ("/%ff/id", Route::Malformed),
            ("/%4/id", Route::Malformed),
            ("/peerjs/peers", Route::Peers),
            ("/peerjs/Peers/", Route::Peers),
            ("/peerjs", Route::Unknown),
            ("/peerjs/", Route::Unknown),
            ("/peerjs/id/x", Route::Unknown),
            ("/peerjs/id//", Route::Unknown),
            ("//id", Route::Unknown),
            ("/id", Route::Unknown),
            ("/peerjs/%69d", Route::Unknown),
            ("/../id", Route::FreshId),
            ("/demo", Route::DemoWithoutSlash),
            ("/demo/", Route::Demo("")),
            ("/Demo/a/b.js", Route::Demo("a/b.js")),
            ("/demo/id", Route::FreshId),
            ("/demon/", Route::Unknown),
        ] {
            assert_eq!(routes.find(path), route, "{path}");
        }
        assert!(
            routes.is_socket("/peerjs")
                && !routes.is_socket("/peerjs/")
                && !routes.is_socket("/PeerJS")
        );
    }

    #[test]
    fn paths_below_a_prefix_however_it_was_given() {
        for given in ["/my/app", "my/app/", "/my/app/", "my/app"] {
            let routes = Routes::new(given);
            assert_eq!(routes.base(), "/my/app/");
            for (path, route) in [
                ("/my/app", Route::Root),
                ("/MY/app/", Route::Root),
                ("/my/app/k/id", Route::FreshId),
                ("/my/app/demo/x", Route::Demo("x")),
                ("/", Route::Elsewhere),
                ("/my", Route::Elsewhere),
                ("/my/apple", Route::Elsewhere),
                ("/k/id", Route::Elsewhere),
                ("/my/ä", Route::Elsewhere),
            ] {
                assert_eq!(routes.find(path), route, "{path} below {given}");
            }
            assert!(routes.is_socket("/my/app/peerjs") && !routes.is_socket("/peerjs"));
        }
    }
}

//! What stands at `/demo/`: which file a path names, and the settings that the pages need.

use hyper::HeaderMap;
use hyper::header::HOST;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::options::IceServer;

/// The path of a file inside the assets; nothing for one that no asset may have.
pub(crate) fn asset_path(encoded: &str) -> Option<String> {
    let path = percent_decode_str(encoded).decode_utf8().ok()?;
    let path = if path.is_empty() || path.ends_with('/') {
        format!("{path}index.html")
    } else {
        path.into_owned()
    };
    let harmless =
        |segment: &str| !matches!(segment, "" | "." | "..") && !segment.contains(['\\', ':', '\0']);
    path.split('/').all(harmless).then_some(path)
}

/// How pages reach the signalling server that gave them to them: `mesh()`'s option `connection`, as JSON.
///
/// `local_port` and `tls` are this server's own; a proxy in front is believed only if `proxied`.
pub(crate) fn config_json(
    headers: &HeaderMap,
    base: &str,
    key: &str,
    local_port: u16,
    tls: bool,
    proxied: bool,
    ice: &[IceServer],
) -> String {
    let forwarded = |name: &str| {
        let value = headers.get(name).filter(|_| proxied)?.to_str().ok()?;
        value
            .split(',')
            .next()
            .map(str::trim)
            .filter(|value| !value.is_empty())
    };
    let secure =
        forwarded("x-forwarded-proto").map_or(tls, |proto| proto.eq_ignore_ascii_case("https"));
    let host = forwarded("x-forwarded-host").or_else(|| headers.get(HOST)?.to_str().ok());
    let (name, port) = match host {
        Some(host) => split_host(host, if secure { 443 } else { 80 }),
        None => ("localhost", local_port),
    };
    let ice: Vec<Value> = ice.iter().map(ice_json).collect();
    serde_json::json!({
        "host": name, "port": port, "path": base, "key": key, "secure": secure, "config": { "iceServers": ice },
    })
    .to_string()
}

fn ice_json(server: &IceServer) -> Value {
    let mut one = Map::new();
    one.insert("urls".into(), server.urls.clone().into());
    for (name, value) in [
        ("username", &server.username),
        ("credential", &server.credential),
    ] {
        if let Some(value) = value {
            one.insert(name.into(), value.as_str().into());
        }
    }
    one.into()
}

/// Name and port of `name`, `name:port`, `[v6]` or `[v6]:port`.
fn split_host(host: &str, default: u16) -> (&str, u16) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().unwrap_or(default)),
        _ => (host, default),
    }
}

/// Says how to get the demo, where it is not part of the program.
pub(crate) const MISSING_PAGE: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>peerjs-mesh</title>
<h1>peerjs-mesh</h1>
<p>The signalling server runs. Its demo is not part of this program.
<p>To get it, run <code>cargo xtask demo</code> in the repository of peerjs-mesh
(<code>cargo xtask build</code> puts it into the program),
or point this server at a folder that has it: <code>peerjs-mesh serve --demo-dir FOLDER</code>.
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_lead_to_assets() {
        for (encoded, path) in [
            ("", Some("index.html")),
            ("a/", Some("a/index.html")),
            ("a%20b.js", Some("a b.js")),
            ("a/b.js", Some("a/b.js")),
            ("..", None),
            ("../x", None),
            ("a/../x", None),
            ("%2e%2e/x", None),
            ("%2e%2e%2fx", None),
            ("..%5cx", None),
            ("//etc/passwd", None),
            ("/etc/passwd", None),
            ("c:x", None),
            ("a%00", None),
            ("./a", None),
            ("%ff", None),
        ] {
            assert_eq!(asset_path(encoded).as_deref(), path, "{encoded}");
        }
    }

    #[test]
    fn pages_are_told_the_host_they_came_from() {
        let config = |pairs: &[(&'static str, &str)], tls, proxied| -> serde_json::Value {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            serde_json::from_str(&config_json(&headers, "/x/", "k", 9000, tls, proxied, &[]))
                .unwrap()
        };
        let plain = config(&[("host", "a.example:9001")], false, false);
        let expected = serde_json::json!({ "host": "a.example", "port": 9001, "path": "/x/", "key": "k", "secure": false,
            "config": { "iceServers": [] } });
        assert_eq!(plain, expected);
        let v6 = config(&[("host", "[::1]:9001")], false, false);
        assert_eq!((&v6["host"], &v6["port"]), (&"[::1]".into(), &9001.into()));
        assert_eq!(config(&[("host", "[::1]")], true, false)["port"], 443);
        let forwarded = [
            ("host", "inner:1"),
            ("x-forwarded-host", "outer, b"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(config(&forwarded, false, false)["host"], "inner");
        let outer = config(&forwarded, false, true);
        assert_eq!(
            (&outer["host"], &outer["port"], &outer["secure"]),
            (&"outer".into(), &443.into(), &true.into())
        );
    }

    #[test]
    fn pages_are_told_of_the_servers_that_help_them_meet() {
        let stun = IceServer {
            urls: vec!["stun:a.example".into()],
            ..IceServer::default()
        };
        let turn = IceServer {
            urls: vec!["turn:a.example".into(), "turns:a.example".into()],
            username: Some("u".into()),
            credential: Some("p".into()),
        };
        let json = config_json(
            &HeaderMap::new(),
            "/",
            "k",
            9000,
            false,
            false,
            &[stun, turn],
        );
        let json: Value = serde_json::from_str(&json).unwrap();
        let expected = serde_json::json!({ "iceServers": [
            { "urls": ["stun:a.example"] },
            { "urls": ["turn:a.example", "turns:a.example"], "username": "u", "credential": "p" },
        ] });
        assert_eq!(json["config"], expected);
    }
}

//! The demo: files from a folder, never from beside it; settings for its pages; and a word where there is none.

mod common;

use std::path::PathBuf;
use std::sync::Arc;

use common::Running;
use peerjs_mesh_server::{Demo, Embedded, EmbeddedFile, Folder, ServeOptions};

/// A folder that is gone after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(path.join("demo/sub")).unwrap();
        for (file, text) in [
            ("secret.txt", "SECRET"),
            ("demo/index.html", "<!doctype html>start"),
            ("demo/app.js", "let a;"),
            ("demo/m.wasm", "\0asm"),
            ("demo/sub/index.html", "sub"),
            ("demo/a b.txt", "spaced"),
        ] {
            std::fs::write(path.join(file), text).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(path.join("secret.txt"), path.join("demo/way-out.txt")).unwrap();
        Self(path)
    }

    async fn serve(&self, path: &str) -> Running {
        let demo = Demo::Files(Arc::new(Folder::new(&self.0.join("demo")).unwrap()));
        Running::start(ServeOptions {
            demo,
            path: path.to_owned(),
            ..ServeOptions::default()
        })
        .await
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn files_come_with_their_media_types() {
    let scratch = Scratch::new("types");
    let server = scratch.serve("/").await;
    for (path, mime, body) in [
        ("/demo/", "text/html; charset=utf-8", "<!doctype html>start"),
        (
            "/demo/?x=1",
            "text/html; charset=utf-8",
            "<!doctype html>start",
        ),
        (
            "/demo/index.html",
            "text/html; charset=utf-8",
            "<!doctype html>start",
        ),
        ("/demo/app.js", "text/javascript; charset=utf-8", "let a;"),
        ("/demo/m.wasm", "application/wasm", "\0asm"),
        ("/demo/sub/", "text/html; charset=utf-8", "sub"),
        ("/demo/a%20b.txt", "text/plain; charset=utf-8", "spaced"),
    ] {
        let answer = server.get(path, &[]).await;
        assert_eq!(
            (
                answer.status(),
                answer.header("content-type"),
                answer.body()
            ),
            (200, Some(mime), body),
            "{path}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let scratch = Scratch::new("traversal");
    let server = scratch.serve("/").await;
    for path in [
        "/demo/../secret.txt",
        "/demo/sub/../../secret.txt",
        "/demo/%2e%2e/secret.txt",
        "/demo/%2e%2e%2fsecret.txt",
        "/demo/..%2fsecret.txt",
        "/demo/..%5csecret.txt",
        "/demo//etc/passwd",
        "/demo/%2fetc%2fpasswd",
        "/demo/way-out.txt",
        "/demo/sub",
        "/demo/none.txt",
        "/demo/app.js%00.txt",
        "/demo/%ff",
    ] {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(
            !answer.body().contains("SECRET") && !answer.body().contains("root:"),
            "{path}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn pages_are_told_how_to_reach_the_server() {
    let scratch = Scratch::new("config");
    let server = scratch.serve("/some/where").await;
    let answer = server.get("/some/where/demo/config.json", &[]).await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let config: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    let expected = serde_json::json!({
        "host": "127.0.0.1", "port": server.address.port(), "path": "/some/where/", "key": "peerjs", "secure": false,
        "config": { "iceServers": [] },
    });
    assert_eq!(config, expected);
    server.stop().await;
}

#[tokio::test]
async fn a_person_at_the_root_is_led_to_the_demo_and_a_program_is_not() {
    let scratch = Scratch::new("root");
    let server = scratch.serve("/x/").await;
    let browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for path in ["/x", "/x/"] {
        let answer = server.get(path, &[browser]).await;
        assert_eq!(
            (answer.status(), answer.header("location")),
            (302, Some("/x/demo/"))
        );
        for accept in [
            "Accept: */*",
            "Accept: application/json, text/html;q=0.5",
            "X: y",
        ] {
            let answer = server.get(path, &[accept]).await;
            assert_eq!(answer.status(), 200, "{accept}");
            assert!(answer.body().contains("PeerJS Server"), "{accept}");
        }
    }
    let answer = server.get("/x/demo", &[]).await;
    assert_eq!(
        (answer.status(), answer.header("location")),
        (302, Some("/x/demo/"))
    );
    server.stop().await;
}

#[tokio::test]
async fn without_a_demo_its_place_says_how_to_get_it() {
    let server = Running::plain().await;
    let answer = server.get("/demo/", &[]).await;
    assert_eq!(
        (answer.status(), answer.header("content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
    assert!(answer.body().contains("cargo xtask demo"));
    server.stop().await;
}

#[tokio::test]
async fn with_the_demo_off_there_is_nothing() {
    let server = Running::start(ServeOptions {
        demo: Demo::Off,
        ..ServeOptions::default()
    })
    .await;
    for path in ["/demo", "/demo/", "/demo/config.json"] {
        let answer = server.get(path, &[]).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(answer.body().contains("Cannot GET"), "{path}");
    }
    assert_eq!(server.get("/", &["Accept: text/html"]).await.status(), 200);
    server.stop().await;
}

/// What a build leaves: a page, code named by its content, a picture.
const BUILT: Embedded = Embedded(&[
    EmbeddedFile {
        path: "assets/index-C5Vz_x-1.js",
        bytes: b"let a;",
        gzip: Some(b"gzipped code"),
        hash: 1,
    },
    EmbeddedFile {
        path: "icon.png",
        bytes: b"PNG",
        gzip: None,
        hash: 2,
    },
    EmbeddedFile {
        path: "index.html",
        bytes: b"<!doctype html>start",
        gzip: Some(b"gzipped page"),
        hash: 0xabc,
    },
]);

async fn embedded() -> Running {
    Running::start(ServeOptions {
        demo: Demo::Files(Arc::new(BUILT)),
        ..ServeOptions::default()
    })
    .await
}

#[tokio::test]
async fn files_inside_the_program_come_gzipped_to_who_takes_it() {
    let server = embedded().await;
    for (path, mime, plain, gzipped) in [
        (
            "/demo/",
            "text/html; charset=utf-8",
            "<!doctype html>start",
            Some("gzipped page"),
        ),
        (
            "/demo/assets/index-C5Vz_x-1.js",
            "text/javascript; charset=utf-8",
            "let a;",
            Some("gzipped code"),
        ),
        ("/demo/icon.png", "image/png", "PNG", None),
    ] {
        let answer = server.get(path, &[]).await;
        assert_eq!((answer.status(), answer.body()), (200, plain), "{path}");
        assert_eq!(answer.header("content-type"), Some(mime), "{path}");
        assert_eq!(answer.header("content-encoding"), None, "{path}");
        let answer = server.get(path, &["Accept-Encoding: gzip, br"]).await;
        assert_eq!(answer.body(), gzipped.unwrap_or(plain), "{path}");
        assert_eq!(answer.header("content-type"), Some(mime), "{path}");
        assert_eq!(
            answer.header("content-encoding"),
            gzipped.map(|_| "gzip"),
            "{path}"
        );
    }
    assert_eq!(server.get("/demo/none.js", &[]).await.status(), 404);
    assert_eq!(server.get("/demo/assets", &[]).await.status(), 404);
    server.stop().await;
}

#[tokio::test]
async fn a_file_is_kept_as_long_as_it_is_the_same() {
    let server = embedded().await;
    let code = server.get("/demo/assets/index-C5Vz_x-1.js", &[]).await;
    assert_eq!(
        code.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    let page = server.get("/demo/", &[]).await;
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let tag = page.header("etag").unwrap();
    let same = format!("If-None-Match: \"other\", {tag}");
    let answer = server.get("/demo/", &[&same]).await;
    assert_eq!((answer.status(), answer.body()), (304, ""));
    assert_eq!(answer.header("etag"), Some(tag));
    let answer = server
        .get("/demo/", &["If-None-Match: W/\"0000000000000abd\""])
        .await;
    assert_eq!(
        (answer.status(), answer.body()),
        (200, "<!doctype html>start")
    );
    let config = server.get("/demo/config.json", &[]).await;
    assert_eq!(config.header("cache-control"), Some("no-cache"));
    assert!(config.body().contains("iceServers"));
    server.stop().await;
}

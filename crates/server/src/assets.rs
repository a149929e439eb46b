//! Files to serve: those of a folder, or those inside the program.

use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

/// A place that has files: a folder, or the program itself.
pub trait Assets: fmt::Debug + Send + Sync + 'static {
    /// The file at `path`, which is relative, uses `/`, and has no empty, `.` or `..` segment. May block shortly.
    fn get(&self, path: &str) -> Option<Asset>;
}

/// A file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its content.
    pub bytes: Bytes,
    /// The same, gzipped, for clients that take it.
    pub gzip: Option<Bytes>,
    /// Its media type, as for the header `Content-Type`.
    pub mime: &'static str,
    /// How long a client may keep it.
    pub keep: Keep,
}

/// How long a client may keep a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It asks each time, and gets the whole.
    Ask,
    /// It asks each time, and gets the whole only if this number, made from the content, is another one by then.
    UnlessChanged(u64),
    /// For good: another content would have another name.
    ForGood,
}

/// Files inside the program, sorted by path.
#[derive(Debug, Clone, Copy)]
pub struct Embedded(pub &'static [EmbeddedFile]);

/// One of them.
#[derive(Debug)]
pub struct EmbeddedFile {
    /// Where it stands: relative, with `/`.
    pub path: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// The same, gzipped, if that is worth it.
    pub gzip: Option<&'static [u8]>,
    /// A number made from the content.
    pub hash: u64,
}

impl Assets for Embedded {
    fn get(&self, path: &str) -> Option<Asset> {
        let at = self.0.binary_search_by(|file| file.path.cmp(path)).ok()?;
        let file = self.0.get(at)?;
        Some(Asset {
            bytes: Bytes::from_static(file.bytes),
            gzip: file.gzip.map(Bytes::from_static),
            mime: mime_of(path),
            keep: if is_named_by_content(path) {
                Keep::ForGood
            } else {
                Keep::UnlessChanged(file.hash)
            },
        })
    }
}

/// Whether a bundler named this file by its content: `assets/NAME-HASH.js`, the hash of eight characters.
fn is_named_by_content(path: &str) -> bool {
    let hash = path
        .strip_prefix("assets/")
        .and_then(|name| name.rsplit_once('.'))
        .and_then(|(stem, _)| stem.split_at_checked(stem.len().checked_sub(9)?))
        .and_then(|(_, end)| end.strip_prefix('-'));
    hash.is_some_and(|hash| {
        hash.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

/// The files in a folder, as they are at the moment of each request. Links that lead out of it lead nowhere.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Fails if `path` is not a folder that can be read.
    pub fn new(path: &Path) -> io::Result<Self> {
        let root = path.canonicalize()?;
        std::fs::read_dir(&root)?;
        Ok(Self { root })
    }
}

impl Assets for Folder {
    fn get(&self, path: &str) -> Option<Asset> {
        let relative = Path::new(path);
        // Already promised by the caller; but here it would be a hole.
        if !relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return None;
        }
        let file = self.root.join(relative).canonicalize().ok()?;
        if !file.starts_with(&self.root) || !file.is_file() {
            return None;
        }
        Some(Asset {
            bytes: std::fs::read(&file).ok()?.into(),
            gzip: None,
            mime: mime_of(path),
            keep: Keep::Ask,
        })
    }
}

/// The media type for a file name, of those that web pages are made of.
pub fn mime_of(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "webm" => "video/webm",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::is_named_by_content;

    #[test]
    fn a_name_with_a_hash_is_told_from_others() {
        for (path, named) in [
            ("assets/index-C5Vz_x-1.js", true),
            ("assets/index-ABCDEFGH.css", true),
            ("index-ABCDEFGH.css", false),
            ("assets/index.js", false),
            ("assets/index-ABCDEFG.js", false),
            ("assets/index-ABCDEFGHI.js", false),
            ("assets/index-ABCD FGH.js", false),
            ("assets/é-ABCDEFG.js", false),
            ("assets/index-ABCDEFGH", false),
            ("", false),
        ] {
            assert_eq!(is_named_by_content(path), named, "{path}");
        }
    }
}

//! With the feature `demo`: writes a table of the files of apps/demo/dist, gzipped where that is worth it, which the
//! binary includes. Without it there is nothing to do, and no Node is needed.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "demo")]
    if let Err(why) = demo::embed() {
        println!("cargo::error={why}");
    }
}

#[cfg(feature = "demo")]
mod demo {
    use std::env;
    use std::fmt::Write as _;
    use std::fs;
    use std::hash::{DefaultHasher, Hasher};
    use std::io::{self, Write as _};
    use std::path::{Path, PathBuf};

    use flate2::{Compression, write::GzEncoder};

    /// From this crate's folder.
    const DIST: &str = "../../apps/demo/dist";

    pub(super) fn embed() -> Result<(), String> {
        let dist = folder("CARGO_MANIFEST_DIR")?.join(DIST);
        println!("cargo::rerun-if-changed={}", dist.display());
        if !dist.join("index.html").exists() {
            return Err(String::from(
                "the demo to put into the binary is not built: run `cargo xtask build`, or build without the feature `demo`",
            ));
        }
        let table = table(&dist, &folder("OUT_DIR")?);
        table.map_err(|error| format!("{}: {error}", dist.display()))
    }

    fn folder(variable: &str) -> Result<PathBuf, String> {
        let path = env::var_os(variable).ok_or_else(|| format!("cargo does not set {variable}"))?;
        Ok(path.into())
    }

    /// Writes `demo.rs`, an expression for `Embedded`, and the gzipped files beside it.
    fn table(dist: &Path, out: &Path) -> io::Result<()> {
        // The paths as they stand in URLs, in the order in which they are looked up.
        let mut paths = Vec::new();
        collect(dist, "", &mut paths)?;
        paths.sort();
        let mut rows = String::new();
        for (number, path) in paths.iter().enumerate() {
            let file = dist.join(path).canonicalize()?;
            let bytes = fs::read(&file)?;
            let mut hasher = DefaultHasher::new();
            hasher.write(&bytes);
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&bytes)?;
            let gzip = encoder.finish()?;
            // Pictures, fonts and what is deflated already gain nothing.
            let gzip = if gzip.len() < bytes.len() / 10 * 9 {
                let name = out.join(format!("{number}.gz"));
                fs::write(&name, gzip)?;
                format!("Some(include_bytes!({name:?}))")
            } else {
                String::from("None")
            };
            let hash = hasher.finish();
            let row = writeln!(
                rows,
                "EmbeddedFile {{ path: {path:?}, bytes: include_bytes!({file:?}), gzip: {gzip}, hash: {hash} }},",
            );
            row.map_err(io::Error::other)?;
        }
        fs::write(out.join("demo.rs"), format!("&[\n{rows}]\n"))
    }

    fn collect(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name
                .to_str()
                .ok_or_else(|| io::Error::other("a file's name is no text"))?;
            let path = format!("{prefix}{name}");
            if entry.path().is_dir() {
                collect(&entry.path(), &format!("{path}/"), paths)?;
            } else {
                paths.push(path);
            }
        }
        Ok(())
    }
}

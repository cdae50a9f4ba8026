//! Lists the built playground, so that the binary can carry it. Without a build of it the list is empty.

use std::{
    env, fs,
    hash::{DefaultHasher, Hasher},
    io::{self, Write},
    path::{Path, PathBuf},
};

const DIST: &str = "playground/dist";

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by the environment where to write")]
fn main() -> io::Result<()> {
    let root = env::current_dir()?;
    let target = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    writeln!(io::stdout(), "cargo::rerun-if-changed={DIST}")?;
    let mut files = Vec::new();
    collect(&root.join(DIST), &mut files)?;
    files.sort();
    let mut list = fs::File::create(target.join("playground_files.rs"))?;
    writeln!(list, "&[")?;
    for file in files {
        let name = file.strip_prefix(root.join(DIST)).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(&file)?);
        let (path, gzip) = name.strip_suffix(".gz").map_or((name.as_str(), false), |path| (path, true));
        let file = file.to_string_lossy();
        let etag = format!("W/\"{:016x}\"", hasher.finish());
        writeln!(
            list,
            "    Built {{ path: {path:?}, gzip: {gzip}, etag: {etag:?}, bytes: include_bytes!({file:?}) }},"
        )?;
    }
    writeln!(list, "]")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

//! Finds the PostgreSQL server binaries on this machine.

use std::{
    env,
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{EmbeddedError, Settings, cluster, home::Home};

/// Where systems keep the binaries of a major version: `<root>/<prefix><major>/<inside>`.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),          // Debian, Ubuntu
    ("/usr/lib", "postgresql", "bin"),           // SUSE
    ("/usr", "pgsql-", "bin"),                   // the packages of postgresql.org for Red Hat
    ("/usr/libexec", "postgresql", ""),          // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"), // Homebrew
    ("/usr/local/opt", "postgresql@", "bin"),    // Homebrew on Intel
];

/// Where systems keep the binaries of their only version: Red Hat and Arch, and a build from source.
const UNVERSIONED: [&str; 2] = ["/usr/bin", "/usr/local/pgsql/bin"];

/// A folder with the server binaries, and the major version they are of.
#[derive(Clone, Debug)]
pub(super) struct Installation {
    bin: PathBuf,
    major: u32,
}

impl Installation {
    /// The first installation that runs and fits the cluster of `home`; any that runs if there is no cluster
    /// yet.
    pub(super) fn choose(settings: &Settings, home: &Home) -> Result<Self, EmbeddedError> {
        let made_by = cluster::major(home)?;
        let mut others = Vec::new();
        let mut failure = None;
        for bin in candidates(settings)? {
            match Self::examine(bin, home) {
                Ok(found) if made_by.is_none_or(|major| major == found.major) => return Ok(found),
                Ok(found) => others.push(found.major),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match (made_by, others.is_empty(), failure) {
            (Some(made_by), false, _) => Err(wrong_major(home.data(), made_by, &others)),
            (_, _, Some(failure)) => Err(failure),
            _ => Err(EmbeddedError::NoBinaries),
        }
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Whether the server can load `library`, going by the places where installations keep such files.
    pub(super) fn has_library(&self, library: &str) -> bool {
        ["../lib", "../lib/postgresql", "../lib64/pgsql", "../../lib/postgresql"].iter().any(|place| {
            let folder = self.bin.join(place);
            ["so", "dylib"].iter().any(|kind| folder.join(library).with_extension(kind).is_file())
        })
    }

    /// Whether the server was built for the value of a setting, given as `name=value`.
    pub(super) fn takes(&self, setting: &OsStr, home: &Home) -> bool {
        let name = setting.as_bytes().split(|&byte| byte == b'=').next().map(OsStr::from_bytes);
        let mut asking = home.command(&self.program("postgres"));
        asking.arg("-D").arg(home.data()).arg("-c").arg(setting).arg("-C").arg(name.unwrap_or(setting));
        asking.output().is_ok_and(|answer| answer.status.success())
    }

    /// Asks the server for its version, as the user and in the folder it will run in: that shows whether it
    /// can.
    fn examine(bin: PathBuf, home: &Home) -> Result<Self, EmbeddedError> {
        let program = bin.join("postgres");
        let output = match home.command(&program).arg("--version").output() {
            Ok(output) => output,
            Err(source) => return Err(unrunnable(program, home, source)),
        };
        let answer = String::from_utf8_lossy(&output.stdout);
        let unknown = || io::Error::other(format!("`--version` answered {:?}", answer.trim()));
        match major_of(&answer) {
            Some(major) => Ok(Self { bin, major }),
            None => Err(unrunnable(program, home, unknown())),
        }
    }
}

/// The folders that hold server binaries, the best first.
fn candidates(settings: &Settings) -> Result<Vec<PathBuf>, EmbeddedError> {
    if let Some(named) = &settings.bin_dir {
        let folder = server_folder(named).ok_or_else(|| EmbeddedError::NoBinariesIn(named.clone()))?;
        return Ok(vec![folder]);
    }
    let on_path: Vec<_> = env::split_paths(settings.search_path.as_deref().unwrap_or_default())
        .filter(|folder| folder.is_absolute())
        .collect();
    let told = on_path.iter().find_map(|folder| told_by_pg_config(folder));
    let places = versioned_folders().into_iter().chain(UNVERSIONED.map(PathBuf::from));
    let mut found = Vec::new();
    for folder in on_path.iter().cloned().chain(told).chain(places) {
        found.extend(server_folder(&folder).filter(|folder| !found.contains(folder)));
    }
    Ok(found)
}

/// The folder itself if it holds the server binaries, or, if it holds links to them, the one they are in:
/// beside it are the libraries.
fn server_folder(folder: &Path) -> Option<PathBuf> {
    let holds_server = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if !holds_server(folder) {
        return None;
    }
    let program = folder.join("postgres").canonicalize().ok()?;
    program
        .parent()
        .filter(|target| holds_server(target))
        .map(Path::to_owned)
        .or_else(|| folder.canonicalize().ok())
}

fn told_by_pg_config(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("pg_config");
    let output = program.is_file().then(|| Command::new(&program).arg("--bindir").output())?.ok()?;
    Some(PathBuf::from(OsStr::from_bytes(output.stdout.trim_ascii())))
}

/// The folders of [`VERSIONED`] that exist, the newest version first.
fn versioned_folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (root, prefix, inside) in VERSIONED {
        for entry in fs::read_dir(root).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let major: Option<u32> =
                name.to_str().and_then(|name| name.strip_prefix(prefix)).and_then(|major| major.parse().ok());
            found.extend(major.map(|major| (major, entry.path().join(inside))));
        }
    }
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The major version in the answer to `postgres --version`, such as `postgres (PostgreSQL) 15.18 (Debian
/// 15.18-0+deb12u1)`.
fn major_of(answer: &str) -> Option<u32> {
    let version = answer.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn unrunnable(program: PathBuf, home: &Home, source: io::Error) -> EmbeddedError {
    if source.kind() == io::ErrorKind::PermissionDenied
        && let Err(unreachable) = home.check_reachable()
    {
        return unreachable;
    }
    EmbeddedError::Unrunnable { program, user: home.user(), source }
}

fn wrong_major(data: PathBuf, made_by: u32, others: &[u32]) -> EmbeddedError {
    let installed: Vec<_> = others.iter().map(u32::to_string).collect();
    EmbeddedError::WrongMajor { data, made_by, installed: installed.join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_form_of_answer() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_of("postgres (PostgreSQL) devel\n"), None);
        assert_eq!(major_of(""), None);
    }

    #[test]
    fn a_named_folder_without_binaries_is_refused_and_nothing_else_is_looked_at() {
        let settings = Settings { bin_dir: Some(PathBuf::from("/nonexistent")), ..Settings::default() };
        let error = candidates(&settings).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.starts_with("PG_BIN_DIR names /nonexistent,"), "{error}");
    }

    #[test]
    fn versions_found_beside_the_wanted_one_are_named() {
        let text = wrong_major(PathBuf::from("/d/data"), 14, &[17, 16]).to_string();
        assert!(text.starts_with(
            "/d/data was made by PostgreSQL 14, but what is installed here is PostgreSQL 17 and 16:"
        ));
    }
}

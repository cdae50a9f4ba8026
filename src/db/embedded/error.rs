//! Why the private server did not start, in sentences that say what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// How much of an output is shown to the operator.
const SHOWN_LINES: usize = 12;

/// Why the private PostgreSQL server did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No server binaries in any of the usual places.
    #[error(
        "no PostgreSQL server was found on this machine: install one (`apt-get install postgresql`), or \
         name the folder of its binaries in PG_BIN_DIR, or name a running server in DATABASE_URL"
    )]
    NoBinaries,

    /// The folder the operator named holds no server binaries.
    #[error(
        "PG_BIN_DIR names {0}, which does not hold the PostgreSQL programs `initdb` and `postgres`: \
         correct it, or unset it to have them looked for, or name a running server in DATABASE_URL"
    )]
    NoBinariesIn(PathBuf),

    /// A program of the installation did not run.
    #[error(
        "{program} could not be run as {user}: {source}. Install PostgreSQL where every user can run it \
         (`apt-get install postgresql`), or name another installation in PG_BIN_DIR"
    )]
    Unrunnable {
        /// The program.
        program: PathBuf,
        /// Who was to run it.
        user: String,
        /// What the system said.
        source: io::Error,
    },

    /// The installed server cannot read a cluster of another major version.
    #[error(
        "{data} was made by PostgreSQL {made_by}, but what is installed here is PostgreSQL {installed}: \
         install PostgreSQL {made_by} or name its binaries in PG_BIN_DIR, or move that folder away to \
         begin with an empty database"
    )]
    WrongMajor {
        /// The folder of the cluster.
        data: PathBuf,
        /// The major version that made it.
        made_by: u32,
        /// The major versions that were found, newest first.
        installed: String,
    },

    /// This process is root and there is nobody else to be.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has no user `postgres` or `nobody` to run it \
         as: start as another user, or name a running server in DATABASE_URL"
    )]
    NoAccount,

    /// The account that runs the server cannot reach its folder.
    #[error(
        "PostgreSQL runs as {user} here, and that user may not enter {closed}: name another folder in \
         SKILLSWAP_DATA_DIR, or open this one (`chmod o+x {closed}`)"
    )]
    Unreachable {
        /// Who runs the server.
        user: String,
        /// The outermost folder that is closed to them.
        closed: PathBuf,
    },

    /// A folder that must be private belongs to somebody else.
    #[error(
        "{path} is not a folder of {user}, who runs PostgreSQL here (its owner is uid {owner}): start as \
         its owner, or move it away, or name another folder in SKILLSWAP_DATA_DIR"
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// Who runs the server.
        user: String,
        /// The owner that was found.
        owner: u32,
    },

    /// The data folder exists and holds something else.
    #[error(
        "{0} exists but holds no PostgreSQL cluster: move it away, or name another folder in \
         SKILLSWAP_DATA_DIR"
    )]
    NotACluster(PathBuf),

    /// A file operation in the folder failed.
    #[error("cannot {act} {path}: {source}. Mend that, or name another folder in SKILLSWAP_DATA_DIR")]
    File {
        /// What was tried.
        act: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The cluster could not be made.
    #[error(
        "PostgreSQL could not make its data folder {data}. What `initdb` said:\n{output}\nMend that, or \
         name a running server in DATABASE_URL"
    )]
    Initdb {
        /// The folder that was to be made.
        data: PathBuf,
        /// The last lines of its output.
        output: String,
    },

    /// The server ended while it was starting.
    #[error("PostgreSQL did not start. The last lines of {log}:\n{lines}")]
    Ended {
        /// The log of the server.
        log: PathBuf,
        /// Its end.
        lines: String,
    },

    /// The server runs but did not become ready.
    #[error(
        "PostgreSQL was not ready after {seconds} s; if it recovers from a crash, start again and give it \
         the time. The last lines of {log}:\n{lines}"
    )]
    NotReady {
        /// How long it was given.
        seconds: u64,
        /// The log of the server.
        log: PathBuf,
        /// Its end.
        lines: String,
    },

    /// Another process owns the folder, but its server is not usable.
    #[error(
        "another process holds {lock}, but its PostgreSQL was not ready after {seconds} s: stop that \
         process, or name another folder in SKILLSWAP_DATA_DIR"
    )]
    Busy {
        /// The lock of the folder.
        lock: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },

    /// The server of a dead owner does not end.
    #[error(
        "PostgreSQL (process {pid}) is left over from an earlier run and does not end: end it with `kill \
         -9 {pid}`"
    )]
    Immortal {
        /// Its process.
        pid: libc::pid_t,
    },

    /// The system gave no thread or process.
    #[error("PostgreSQL could not be started by the system: {0}")]
    System(#[source] io::Error),
}

impl EmbeddedError {
    /// For `map_err` after an operation on a file: `fs::read(path).map_err(EmbeddedError::file("read", path))`.
    pub(super) fn file(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { act, path: path.to_owned(), source }
    }
}

/// The last lines of an output, for the operator.
pub(super) fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(SHOWN_LINES))
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_of_an_output_are_shown() {
        let said: Vec<_> = (1..=20).map(|line| format!("line {line}\n\n")).collect();
        let shown = last_lines(said.concat().as_bytes());
        assert_eq!(shown.lines().count(), SHOWN_LINES);
        assert!(shown.starts_with("  line 9\n") && shown.ends_with("  line 20"), "{shown}");
    }
}

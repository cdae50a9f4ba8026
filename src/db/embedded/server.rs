//! The server process: starts with us, ends with us, however we end.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        process::CommandExt,
    },
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    EmbeddedError, Settings,
    error::last_lines,
    home::Home,
    installation::Installation,
    lifeline,
    postmaster::{self, POLL, Postmaster},
};

/// How long a start may take. It is long only after a crash, when up to 1 GB of log is replayed.
const READY_WITHIN: Duration = Duration::from_mins(3);

/// The server as a child of this process.
#[derive(Debug)]
pub(super) struct Server {
    pid: libc::pid_t,
    /// Lives as long as the child; see [`end_with_this_thread`](lifeline::end_with_this_thread).
    watcher: JoinHandle<()>,
    /// Whether an end of the child would be a surprise.
    needed: Arc<AtomicBool>,
    /// Held until the server has ended, so that nobody starts a second one before.
    _lock: File,
}

impl Server {
    /// Starts the server and returns when it accepts connections.
    pub(super) fn start(
        home: &Home,
        installation: &Installation,
        settings: &Settings,
        socket: &Path,
        lock: File,
    ) -> Result<Self, EmbeddedError> {
        let log = home.open_log()?;
        let before = log.metadata().map_or(0, |log| log.len());
        let mut command = home.command(&installation.program("postgres"));
        command.arg("-D").arg(home.data());
        for setting in server_settings(settings, installation, home, socket) {
            command.arg("-c").arg(setting);
        }
        command.stderr(log.try_clone().map_err(EmbeddedError::System)?).stdout(log);
        // Ctrl-C in a terminal reaches the whole group of the foreground process, and the server must outlive
        // our last work.
        command.process_group(0);
        lifeline::end_with_this_thread(&mut command, libc::SIGINT);
        let needed = Arc::new(AtomicBool::new(false));
        let (pid, watcher) = spawn_watched(command, Arc::clone(&needed)).map_err(EmbeddedError::System)?;
        let server = Self { pid, watcher, needed, _lock: lock };
        server.wait_until_ready(home, before)
    }

    /// Ends the server and waits for that.
    pub(super) fn stop(self) {
        self.needed.store(false, Ordering::Relaxed);
        if !postmaster::end(self.pid, || self.watcher.is_finished()) {
            tracing::error!(pid = self.pid, "the private PostgreSQL does not end");
        }
    }

    fn wait_until_ready(self, home: &Home, log_from: u64) -> Result<Self, EmbeddedError> {
        let (data, log) = (home.data(), home.log());
        let deadline = Instant::now() + READY_WITHIN;
        while Postmaster::of(&data) != Some(Postmaster { pid: self.pid, ready: true }) {
            if self.watcher.is_finished() {
                return Err(EmbeddedError::Ended { lines: end_of(&log, log_from), log });
            }
            if Instant::now() > deadline {
                self.stop();
                let seconds = READY_WITHIN.as_secs();
                return Err(EmbeddedError::NotReady { seconds, lines: end_of(&log, log_from), log });
            }
            thread::sleep(POLL);
        }
        self.needed.store(true, Ordering::Relaxed);
        Ok(self)
    }
}

/// Starts the child in a thread of its own, which waits for its end.
fn spawn_watched(mut command: Command, needed: Arc<AtomicBool>) -> io::Result<(libc::pid_t, JoinHandle<()>)> {
    let (tell, told) = mpsc::channel();
    let watch = move || match command.spawn() {
        Err(error) => drop(tell.send(Err(error))),
        Ok(mut child) => {
            drop(tell.send(libc::pid_t::try_from(child.id()).map_err(io::Error::other)));
            let ended = child.wait();
            if needed.load(Ordering::Relaxed) {
                tracing::error!(?ended, "the private PostgreSQL ended by itself; its log says why");
            }
        }
    };
    let watcher = thread::Builder::new().name("private-pg".to_owned()).spawn(watch)?;
    let pid = told.recv().map_err(io::Error::other)??;
    Ok((pid, watcher))
}

/// What the server is told beyond its defaults, each as `name=value`.
fn server_settings(
    settings: &Settings,
    installation: &Installation,
    home: &Home,
    socket: &Path,
) -> Vec<OsString> {
    let mut told: Vec<OsString> = [
        // Reached through the socket only.
        "listen_addresses=",
        "port=5432",
        "unix_socket_permissions=0700",
        "timezone=UTC",
        "log_timezone=UTC",
        // Many small statements on a local disk.
        "jit=off",
        "max_parallel_workers_per_gather=0",
        "random_page_cost=1.1",
        // Rare checkpoints, and at most this much to replay after a crash.
        "checkpoint_timeout=15min",
        "max_wal_size=1GB",
        // What failed, without the statement and the values: they are private. It also keeps the log small.
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
        "log_checkpoints=off",
    ]
    .map(OsString::from)
    .into();
    told.push(format!("max_connections={}", settings.max_connections).into());
    told.push(format!("shared_buffers={}MB", settings.shared_buffers_mb).into());
    told.push(socket_setting(socket));
    if settings.durable {
        // The first change of a page after a checkpoint logs the whole page. PostgreSQL's own compression of it takes more
        // time than everything else that a message costs; without a better one, it is logged as it is.
        let lz4 = OsString::from("wal_compression=lz4");
        told.extend(installation.takes(&lz4, home).then_some(lz4));
    } else {
        told.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(OsString::from));
    }
    if settings.statements && installation.has_library("pg_stat_statements") {
        told.push("shared_preload_libraries=pg_stat_statements".into());
    }
    told
}

/// The value is a list, in which a comma divides unless it is quoted.
fn socket_setting(folder: &Path) -> OsString {
    let mut setting = b"unix_socket_directories=\"".to_vec();
    for &byte in folder.as_os_str().as_bytes() {
        setting.extend(if byte == b'"' { vec![byte, byte] } else { vec![byte] });
    }
    setting.push(b'"');
    OsString::from_vec(setting)
}

fn end_of(log: &Path, from: u64) -> String {
    let mut said = Vec::new();
    let read = File::open(log).and_then(|mut log| {
        log.seek(SeekFrom::Start(from))?;
        log.read_to_end(&mut said)
    });
    read.map_or_else(|error| format!("  (it cannot be read: {error})"), |_| last_lines(&said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_folder_is_quoted() {
        assert_eq!(socket_setting(Path::new("/a, b/\"c\"")), "unix_socket_directories=\"/a, b/\"\"c\"\"\"");
    }
}

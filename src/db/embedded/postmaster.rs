//! `postmaster.pid`: how a running server says who and how it is.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::Path,
    process, thread,
    time::{Duration, Instant},
};

use super::EmbeddedError;

/// How often a state is looked at that nobody announces.
pub(super) const POLL: Duration = Duration::from_millis(10);

/// How a server is asked to end, ever less politely, and how long it is given: a fast shutdown, an immediate
/// one (the next start recovers from the log, nothing committed is lost), and the end.
const ENDINGS: [(libc::c_int, Duration); 3] = [
    (libc::SIGINT, Duration::from_secs(20)),
    (libc::SIGQUIT, Duration::from_secs(5)),
    (libc::SIGKILL, Duration::from_secs(5)),
];

/// In the folder of the cluster.
const PID_FILE: &str = "postmaster.pid";

/// In the folder of the socket.
const SOCKET_LOCK: &str = ".s.PGSQL.5432.lock";

/// What the file of a cluster says. The process may long be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: libc::pid_t,
    pub(super) ready: bool,
}

impl Postmaster {
    /// `None` if there is no such file or it is not complete yet.
    pub(super) fn of(data: &Path) -> Option<Self> {
        Self::parse(&String::from_utf8_lossy(&fs::read(data.join(PID_FILE)).ok()?))
    }

    /// Whether the process lives and is the server of `data`, not a stranger who was given the same number.
    pub(super) fn runs(self, data: &Path) -> bool {
        match fs::read(format!("/proc/{}/cmdline", self.pid)) {
            Ok(arguments) => {
                arguments.split(|&byte| byte == 0).any(|argument| argument == data.as_os_str().as_bytes())
            }
            // Where there is no /proc, the number has to do.
            Err(_) => !Path::new("/proc/self").exists() && signal(self.pid, 0).is_ok(),
        }
    }

    /// The lines are: process, data folder, start time, port, socket folder, address, shared memory, state.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A single-user server writes its number as a negative one.
        let pid = lines.next()?.trim().parse().ok().filter(|&pid| pid > 0)?;
        Some(Self { pid, ready: lines.nth(6).is_some_and(|state| state.trim() == "ready") })
    }
}

/// Asks the server to end until `ended` says that it did. `false` if it never does.
pub(super) fn end(pid: libc::pid_t, ended: impl Fn() -> bool) -> bool {
    ENDINGS.iter().any(|&(how, patience)| {
        if ended() {
            return true;
        }
        if let Err(error) = signal(pid, how) {
            tracing::debug!(pid, %error, "PostgreSQL could not be signalled");
        }
        let deadline = Instant::now() + patience;
        while !ended() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        ended()
    })
}

/// Makes sure that the lock files of a dead server are not taken for those of a live one.
///
/// PostgreSQL refuses to start while some process of its user has the number in such a file, which happens
/// where numbers start anew, as in a container. It does not take its own parent for another server, and still
/// looks for shared memory that is in use: so the number becomes that of this process.
pub(super) fn disown_lock_files(data: &Path, socket: &Path) -> Result<(), EmbeddedError> {
    for path in [data.join(PID_FILE), socket.join(SOCKET_LOCK)] {
        match rewrite_first_line(&path, &process::id().to_string()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.map_err(EmbeddedError::file("write", &path))?,
        }
    }
    Ok(())
}

fn rewrite_first_line(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    file.rewind()?;
    file.set_len(0)?;
    write!(file, "{line}\n{rest}")
}

#[expect(unsafe_code, reason = "the standard library sends no signals but SIGKILL")]
fn signal(pid: libc::pid_t, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: kill takes two numbers and touches no memory of this process. `pid` is above 0, so no group is
    // meant.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "4711\n/d/data\n1790000000\n5432\n/d/run\n\n  1048577   1\nready   \n";

    #[test]
    fn a_server_is_ready_when_the_eighth_line_says_so() {
        assert_eq!(Postmaster::parse(READY), Some(Postmaster { pid: 4711, ready: true }));
        let starting = READY.replace("ready", "starting");
        assert_eq!(Postmaster::parse(&starting), Some(Postmaster { pid: 4711, ready: false }));
        assert_eq!(Postmaster::parse("4711\n/d/data\n"), Some(Postmaster { pid: 4711, ready: false }));
    }

    #[test]
    fn an_empty_file_and_a_single_user_server_are_no_postmaster() {
        assert_eq!(Postmaster::parse(""), None);
        assert_eq!(Postmaster::parse("half"), None);
        assert_eq!(Postmaster::parse(&READY.replacen("4711", "-4711", 1)), None);
    }

    #[test]
    fn another_process_with_the_same_number_is_no_postmaster() {
        let own = libc::pid_t::try_from(process::id()).unwrap_or_default();
        assert!(!Postmaster { pid: own, ready: true }.runs(Path::new("/nonexistent/data")));
    }
}

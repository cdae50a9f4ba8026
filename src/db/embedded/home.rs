//! The folder of the private server: who may use it, and what is made in it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
        process::CommandExt,
    },
    path::{self, Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    EmbeddedError,
    account::{Account, effective_uid},
    postmaster::{self, POLL, Postmaster},
};

/// How long another process is given to get its server ready.
const ATTACH_WITHIN: Duration = Duration::from_mins(1);

/// The log is moved aside at a start when it is larger than this.
const LOG_BYTES: u64 = 4 * 1024 * 1024;

/// The longest folder a socket named `.s.PGSQL.5432` can be in; the system allows 104 to 108 bytes for both.
const SOCKET_FOLDER_BYTES: usize = 88;

/// The folder of the server, and who uses it.
#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
    /// The user to become. `None`: the one we are.
    account: Option<Account>,
}

/// What a process is to the server of a folder.
#[derive(Debug)]
pub(super) enum Claim {
    /// It runs the server, as long as it keeps the lock.
    Owned(File),
    /// It uses the server of another process, which is ready.
    Attached,
}

impl Home {
    /// Makes the folder if it is missing and settles who uses it.
    pub(super) fn open(folder: &Path) -> Result<Self, EmbeddedError> {
        let folder = path::absolute(folder).map_err(EmbeddedError::file("find", folder))?;
        create_folders(&folder)?;
        let folder = folder.canonicalize().map_err(EmbeddedError::file("open", &folder))?;
        let account = Account::for_cluster(&folder.join("data"))?;
        Ok(Self { folder, account })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// The name of who runs the server.
    pub(super) fn user(&self) -> String {
        self.account.as_ref().map_or_else(|| "this user".to_owned(), |account| format!("`{}`", account.name))
    }

    /// A program to be run as the user of the server. It gets nothing of our environment, which holds secrets
    /// and may hold settings of PostgreSQL.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C.UTF-8").current_dir(&self.folder).stdin(Stdio::null());
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// Names the folder that keeps the user of the server out, if one does.
    pub(super) fn check_reachable(&self) -> Result<(), EmbeddedError> {
        match self.account.as_ref().and_then(|account| account.closed_parent(&self.folder)) {
            Some(closed) => Err(EmbeddedError::Unreachable { user: self.user(), closed }),
            None => Ok(()),
        }
    }

    /// Takes the lock of the folder, or waits until the process that has it has a server ready.
    pub(super) fn claim(&self) -> Result<Claim, EmbeddedError> {
        let path = self.folder.join("lock");
        let lock = self.open_file(&path)?;
        let deadline = Instant::now() + ATTACH_WITHIN;
        while Instant::now() < deadline {
            match lock.try_lock() {
                Ok(()) => return Ok(Claim::Owned(lock)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(EmbeddedError::file("lock", &path)(source)),
            }
            let data = self.data();
            if Postmaster::of(&data).is_some_and(|found| found.ready && found.runs(&data)) {
                return Ok(Claim::Attached);
            }
            thread::sleep(POLL);
        }
        Err(EmbeddedError::Busy { lock: path, seconds: ATTACH_WITHIN.as_secs() })
    }

    /// Sees a server out whose owner died: the caller has the lock, so nobody owns it.
    pub(super) fn end_predecessor(&self, socket: &Path) -> Result<(), EmbeddedError> {
        let data = self.data();
        if let Some(left) = Postmaster::of(&data).filter(|found| found.runs(&data)) {
            tracing::info!(pid = left.pid, "waiting for the PostgreSQL of an earlier run to end");
            if !postmaster::end(left.pid, || !left.runs(&data)) {
                return Err(EmbeddedError::Immortal { pid: left.pid });
            }
        }
        postmaster::disown_lock_files(&data, socket)
    }

    /// The folder of the socket, made if it is missing.
    pub(super) fn socket_folder(&self) -> Result<PathBuf, EmbeddedError> {
        let folder = match self.folder.join("run") {
            inside if inside.as_os_str().len() <= SOCKET_FOLDER_BYTES => inside,
            _ => self.short_folder()?,
        };
        self.own_private_folder(&folder)?;
        Ok(folder)
    }

    /// Opens the log to append to it, and moves it aside before if it has grown large.
    pub(super) fn open_log(&self) -> Result<File, EmbeddedError> {
        let path = self.log();
        if path.symlink_metadata().is_ok_and(|log| log.len() > LOG_BYTES) {
            fs::rename(&path, path.with_extension("log.1")).map_err(EmbeddedError::file("rename", &path))?;
        }
        self.open_file(&path)
    }

    /// A folder with a short path that is the same for everyone who uses this home.
    fn short_folder(&self) -> Result<PathBuf, EmbeddedError> {
        let found = self.folder.metadata().map_err(EmbeddedError::file("open", &self.folder))?;
        Ok(PathBuf::from(format!("/tmp/skillswap-pg-{:x}-{:x}", found.dev(), found.ino())))
    }

    /// Makes a folder that only the user of the server may use. One that is there must be ours: in a folder
    /// that others write to, somebody else may have made it, or a link in its place.
    pub(super) fn own_private_folder(&self, path: &Path) -> Result<(), EmbeddedError> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(EmbeddedError::file("make", path)(error));
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_DIRECTORY);
        let folder = options.open(path).map_err(EmbeddedError::file("open", path))?;
        let owner = folder.metadata().map_err(EmbeddedError::file("open", path))?.uid();
        if owner != effective_uid() && self.account.as_ref().is_none_or(|account| account.uid != owner) {
            return Err(EmbeddedError::NotOurs { path: path.to_owned(), user: self.user(), owner });
        }
        self.hand_over(&folder)
            .and_then(|()| folder.set_permissions(Permissions::from_mode(0o700)))
            .map_err(EmbeddedError::file("own", path))
    }

    /// Opens a file of this folder to append to it. A link in its place is not followed.
    fn open_file(&self, path: &Path) -> Result<File, EmbeddedError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let file = options.open(path).map_err(EmbeddedError::file("open", path))?;
        self.hand_over(&file).map_err(EmbeddedError::file("own", path))?;
        Ok(file)
    }

    fn hand_over(&self, file: &File) -> io::Result<()> {
        self.account.as_ref().map_or(Ok(()), |account| fchown(file, Some(account.uid), Some(account.gid)))
    }
}

/// Makes the folder and the parents that are missing. As root they can be entered by everyone, because
/// another user has to, but not listed.
fn create_folders(folder: &Path) -> Result<(), EmbeddedError> {
    let mode = if effective_uid() == 0 { 0o711 } else { 0o700 };
    let missing: Vec<_> = folder.ancestors().take_while(|path| !path.exists()).collect();
    for path in missing.into_iter().rev() {
        match DirBuilder::new().mode(mode).create(path) {
            Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(EmbeddedError::file("make", path))?;
    }
    Ok(())
}

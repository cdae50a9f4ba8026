//! The cluster in the folder: which version made it, and how a new one is made.

use std::{
    fs::{self, File},
    io,
    os::unix::ffi::OsStrExt,
    path::Path,
    process,
};

use super::{EmbeddedError, error::last_lines, home::Home, installation::Installation, lifeline};

/// A cluster in the making is `initdb-<process>`.
const UNFINISHED: &str = "initdb-";

/// The major version that made the cluster. `None` if there is no cluster.
pub(super) fn major(home: &Home) -> Result<Option<u32>, EmbeddedError> {
    let data = home.data();
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().ok().map(Some).ok_or(EmbeddedError::NotACluster(data)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EmbeddedError::file("read", &path)(error))
        }
        // An empty folder is fine: a volume that was mounted for us.
        Err(_) if fs::read_dir(&data).is_ok_and(|mut entries| entries.next().is_some()) => {
            Err(EmbeddedError::NotACluster(data))
        }
        Err(_) => Ok(None),
    }
}

/// Makes the cluster beside its place and moves it there when it is complete, so that a kill leaves none that
/// is not.
pub(super) fn create_if_missing(
    home: &Home,
    installation: &Installation,
    durable: bool,
) -> Result<(), EmbeddedError> {
    remove_unfinished(home.folder());
    if major(home)?.is_some() {
        return Ok(());
    }
    let (data, unfinished) = (home.data(), home.folder().join(format!("{UNFINISHED}{}", process::id())));
    tracing::info!(folder = %data.display(), "making the private PostgreSQL cluster");
    home.own_private_folder(&unfinished)?;
    initdb(home, installation, &unfinished, durable)?;
    fs::rename(&unfinished, &data).map_err(EmbeddedError::file("make", &data))?;
    let folder = File::open(home.folder());
    folder.and_then(|folder| folder.sync_all()).map_err(EmbeddedError::file("save", home.folder()))
}

fn initdb(home: &Home, installation: &Installation, data: &Path, durable: bool) -> Result<(), EmbeddedError> {
    let program = installation.program("initdb");
    let mut command = home.command(&program);
    command.args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--pgdata"]);
    command.arg(data).args((!durable).then_some("--no-sync"));
    lifeline::end_with_this_thread(&mut command, libc::SIGKILL);
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(EmbeddedError::Initdb { data: home.data(), output: last_lines(&output.stderr) }),
        Err(source) => Err(EmbeddedError::Unrunnable { program, user: home.user(), source }),
    }
}

/// Best effort: what cannot be removed is in nobody's way, and is tried again at the next start.
fn remove_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_bytes().starts_with(UNFINISHED.as_bytes())
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            tracing::warn!(path = %entry.path().display(), %error, "an unfinished cluster stays");
        }
    }
}

//! Who runs the server when this process is root, which PostgreSQL refuses to be.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::EmbeddedError;

/// Users that may run the server, best first. `initdb` insists on a user that the system knows by name.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// Whom to become for the cluster in `data`: its owner if it exists, else the best candidate. `None` if
    /// this process is not root, so that the server simply runs as the same user.
    pub(super) fn for_cluster(data: &Path) -> Result<Option<Self>, EmbeddedError> {
        if effective_uid() != 0 {
            return Ok(None);
        }
        let passwd = Path::new("/etc/passwd");
        let known = fs::read_to_string(passwd).map_err(EmbeddedError::file("read", passwd))?;
        if let Ok(found) = data.metadata()
            && found.uid() != 0
        {
            return Ok(Some(Self::owner(&found, &known)));
        }
        let best = CANDIDATES.iter().find_map(|name| accounts(&known).find(|account| account.name == *name));
        best.map(Some).ok_or(EmbeddedError::NoAccount)
    }

    /// The outermost of `folder` and its parents that this user may not enter, going by the permission bits.
    pub(super) fn closed_parent(&self, folder: &Path) -> Option<PathBuf> {
        let closed = |path: &&Path| path.metadata().is_ok_and(|found| !self.may_enter(&found));
        folder.ancestors().filter(closed).last().map(Path::to_owned)
    }

    fn owner(of: &Metadata, passwd: &str) -> Self {
        let (uid, gid) = (of.uid(), of.gid());
        let name = accounts(passwd).find(|account| account.uid == uid).map(|account| account.name);
        Self { name: name.unwrap_or_else(|| format!("uid {uid}")), uid, gid }
    }

    fn may_enter(&self, folder: &Metadata) -> bool {
        let search = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & search != 0
    }
}

/// The user this process acts as.
#[expect(unsafe_code, reason = "the standard library does not tell the user of the process")]
pub(super) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing, touches no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// The entries of a file in the form of `/etc/passwd`.
fn accounts(passwd: &str) -> impl Iterator<Item = Account> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _password) = (fields.next()?.to_owned(), fields.next()?);
        let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Account { name, uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          broken line\n\
                          nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
                          postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn accounts_are_read_and_lines_of_another_form_are_skipped() {
        let names: Vec<_> =
            accounts(PASSWD).map(|account| (account.name, account.uid, account.gid)).collect();
        let expected = [("root", 0, 0), ("nobody", 65534, 65534), ("postgres", 101, 104)];
        assert_eq!(names, expected.map(|(name, uid, gid)| (name.to_owned(), uid, gid)));
    }

    #[test]
    fn everybody_may_enter_the_root_folder() {
        let stranger = Account { name: "stranger".to_owned(), uid: 4_000_001, gid: 4_000_001 };
        assert_eq!(stranger.closed_parent(Path::new("/")), None);
    }
}

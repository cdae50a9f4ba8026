//! By what right a WebSocket is open.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Viewer;
use crate::{app::Revoked, db::ids::AuthSessionId};

/// The token under which a socket's operations run. It can be replaced by one that ends later, so that a client need not
/// connect again.
#[derive(Debug)]
pub struct Pass {
    held: Mutex<Held>,
    /// Whether the first token came in a web page's cookie.
    pub by_cookie: bool,
}

#[derive(Debug)]
struct Held {
    viewer: Viewer,
    /// Devices whose tokens it had before: it ends with any of them.
    earlier: Vec<AuthSessionId>,
}

impl Pass {
    /// What a socket was opened with.
    #[must_use]
    pub const fn new(viewer: Viewer, by_cookie: bool) -> Self {
        Self { held: Mutex::new(Held { viewer, earlier: Vec::new() }), by_cookie }
    }

    /// Who holds it now.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        self.held().viewer
    }

    /// Whether a device that it had a token of was signed out.
    #[must_use]
    pub fn is_signed_out(&self, revoked: &Revoked) -> bool {
        let held = self.held();
        revoked.contains(held.viewer.auth_session_id) || held.earlier.iter().any(|id| revoked.contains(*id))
    }

    /// Takes another token of the same member, unless it ends before the present one; returns what holds now.
    pub fn renew(&self, next: Viewer) -> Viewer {
        let mut held = self.held();
        let present = held.viewer;
        if next.member_id == present.member_id && next.expires_at > present.expires_at {
            if next.auth_session_id != present.auth_session_id {
                held.earlier.push(present.auth_session_id);
            }
            held.viewer = next;
        }
        held.viewer
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

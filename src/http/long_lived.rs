//! The sockets and event streams: how many each caller keeps open: each holds a file descriptor of the process for as long
//! as its client likes.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{config::Config, db::ids::MemberId, engine, limits::Caller};

/// Those of this process.
#[derive(Debug)]
pub(super) struct LongLived {
    /// At most so many; 0 = any number.
    per_place: usize,
    per_member: usize,
    open: Mutex<HashMap<Caller, usize>>,
}

/// One of them: counted until it is dropped.
#[derive(Debug)]
pub(super) struct Kept {
    all: Arc<LongLived>,
    caller: Caller,
}

/// The caller has as many open as are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded {
    caller: Caller,
    most: usize,
}

impl LongLived {
    pub(super) fn new(config: &Config) -> Arc<Self> {
        let most = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (per_place, per_member) = (most(config.sockets_per_place()), most(config.sockets_per_member()));
        Arc::new(Self { per_place, per_member, open: Mutex::default() })
    }

    /// One more of a caller.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn of(self: &Arc<Self>, caller: &engine::Caller) -> Result<Kept, Crowded> {
        match caller.viewer {
            Some(viewer) => self.of_member(viewer.member_id),
            None => self.at_place(caller.client.ip),
        }
    }

    /// One more of a member.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn of_member(self: &Arc<Self>, member: MemberId) -> Result<Kept, Crowded> {
        self.count(Caller::Member(member), self.per_member)
    }

    /// One more of somebody who is not known, or not yet.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn at_place(self: &Arc<Self>, ip: Option<IpAddr>) -> Result<Kept, Crowded> {
        self.count(Caller::at(ip), self.per_place)
    }

    fn count(self: &Arc<Self>, caller: Caller, most: usize) -> Result<Kept, Crowded> {
        self.with(|open| {
            let count = open.entry(caller).or_default();
            if most > 0 && *count >= most {
                metrics::counter!("skillswap_connections_refused_total").increment(1);
                return Err(Crowded { caller, most });
            }
            *count += 1;
            Ok(Kept { all: Arc::clone(self), caller })
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Caller, usize>) -> T) -> T {
        act(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.all.with(|open| {
            if let Entry::Occupied(mut count) = open.entry(self.caller) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        });
    }
}

impl Crowded {
    /// What the caller can do about it.
    pub(super) fn message(self) -> String {
        let most = self.most;
        match self.caller {
            Caller::Place(_) => format!(
                "Your address has {most} WebSockets and event streams open without signing in: close some, or sign in."
            ),
            Caller::Member(_) => format!("You have {most} WebSockets and event streams open: close some."),
        }
    }
}

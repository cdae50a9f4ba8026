//! What a web page keeps for us without being able to read it. The resolvers ask and set by plain names; the transport
//! decides whether the request's cookies may be believed, and gives them their names and attributes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;

/// The cookies of one request and of its answer.
#[derive(Debug, Default)]
pub struct Cookies {
    sent: HashMap<&'static str, String>,
    set: Mutex<Vec<SetCookie>>,
}

/// A cookie of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// Its plain name.
    pub name: &'static str,
    /// Letters, digits and `-_.` only.
    pub value: String,
    /// How long it is kept; zero = it is taken away.
    pub life: TimeDelta,
}

impl Cookies {
    /// The cookies that a request sent.
    #[must_use]
    pub fn new(sent: HashMap<&'static str, String>) -> Self {
        Self { sent, set: Mutex::default() }
    }

    /// What the request sent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.sent.get(name).map(String::as_str)
    }

    /// Tells the page's browser to keep a value.
    pub fn set(&self, name: &'static str, value: &str, life: TimeDelta) {
        let cookie = SetCookie { name, value: value.to_owned(), life };
        self.set.lock().unwrap_or_else(PoisonError::into_inner).push(cookie);
    }

    /// Tells the page's browser to forget a value.
    pub fn forget(&self, name: &'static str) {
        self.set(name, "", TimeDelta::zero());
    }

    /// Takes what was set, in order.
    #[must_use]
    pub fn take(&self) -> Vec<SetCookie> {
        std::mem::take(&mut *self.set.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

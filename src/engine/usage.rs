//! How often which app runs what: counted in memory, written down every few seconds.
//!
//! What clients invent is bounded: beyond so many names a day they count as `other`, and so do members that the schema
//! does not have.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, NaiveDate, Utc};

use crate::graphql::ClientApp;

/// Apps a day that no registered document names.
const MOST_CLIENTS: usize = 200;
/// Members a day that the schema does not have.
const MOST_REMOVED: usize = 200;
/// Counts at once between two times that they are written down.
const MOST_COUNTS: usize = 20_000;
/// What is beyond a bound.
const OTHER: &str = "other";

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An execution of the registered document with this hash.
    Document(Arc<str>),
    /// An execution of a document that is not registered.
    Unregistered,
    /// An execution of a document that names this deprecated member of the schema.
    Deprecated(Arc<str>),
    /// An execution of a document that names this member, which the schema does not have.
    Removed(Arc<str>),
}

/// One counter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// Who.
    pub client: ClientApp,
    /// What.
    pub subject: Subject,
}

/// Its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: i64,
    /// When it was counted last.
    pub last_at: DateTime<Utc>,
}

/// The counters of this process.
#[derive(Debug, Default)]
pub struct Usage(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    tallies: HashMap<Row, Tally>,
    /// The apps that registered documents; no flood of names can hide them.
    expected: HashSet<ClientApp>,
    /// The day for which the names below are kept.
    day: NaiveDate,
    clients: HashSet<ClientApp>,
    removed: HashSet<Arc<str>>,
}

impl Usage {
    /// Counts one execution.
    pub fn count<'s>(
        &self,
        now: DateTime<Utc>,
        client: &ClientApp,
        subjects: impl IntoIterator<Item = &'s Subject>,
    ) {
        let mut counts = self.counts();
        let day = now.date_naive();
        if counts.day != day {
            (counts.day, counts.clients, counts.removed) = (day, HashSet::new(), HashSet::new());
        }
        let client = counts.client(client);
        for subject in subjects {
            let subject = counts.subject(subject);
            counts.add(Row { day, client: client.clone(), subject }, Tally { count: 1, last_at: now });
        }
    }

    /// Says which apps have registered documents.
    pub fn expect(&self, clients: impl IntoIterator<Item = ClientApp>) {
        self.counts().expected = clients.into_iter().collect();
    }

    /// Takes what was counted since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<(Row, Tally)> {
        let mut rows: Vec<_> = std::mem::take(&mut self.counts().tallies).into_iter().collect();
        // Processes that write at once lock the rows in the same order.
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        rows
    }

    /// Gives back what could not be written down.
    pub fn give_back(&self, rows: Vec<(Row, Tally)>) {
        let mut counts = self.counts();
        for (row, tally) in rows {
            counts.add(row, tally);
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn client(&mut self, client: &ClientApp) -> ClientApp {
        if *client == ClientApp::default() || self.expected.contains(client) || self.clients.contains(client)
        {
            return client.clone();
        }
        if self.clients.len() >= MOST_CLIENTS {
            return ClientApp::new(OTHER, "");
        }
        self.clients.insert(client.clone());
        client.clone()
    }

    fn subject(&mut self, subject: &Subject) -> Subject {
        match subject {
            Subject::Removed(member) if !self.removed.contains(member) => {
                if self.removed.len() >= MOST_REMOVED {
                    return Subject::Removed(OTHER.into());
                }
                self.removed.insert(Arc::clone(member));
                subject.clone()
            }
            _ => subject.clone(),
        }
    }

    fn add(&mut self, mut row: Row, tally: Tally) {
        if self.tallies.len() >= MOST_COUNTS && !self.tallies.contains_key(&row) {
            row.client = ClientApp::new(OTHER, "");
        }
        let sum = self.tallies.entry(row).or_insert(Tally { count: 0, last_at: tally.last_at });
        sum.count += tally.count;
        sum.last_at = sum.last_at.max(tally.last_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn invented_names_are_bounded_and_cannot_hide_the_known_ones() {
        let usage = Usage::default();
        let web = ClientApp::new("web", "1.0");
        usage.expect([web.clone()]);
        for n in 0..5_000 {
            let removed = Subject::Removed(format!("Query.x{n}").into());
            usage.count(at(0), &ClientApp::new(&format!("c{n}"), "1"), &[Subject::Unregistered, removed]);
        }
        usage.count(at(0), &web, &[Subject::Unregistered]);
        let rows = usage.take();
        assert!(rows.len() <= 2 * (MOST_CLIENTS + 1) + 1, "{}", rows.len());
        assert_eq!(rows.iter().map(|(_, tally)| tally.count).sum::<i64>(), 10_001);
        let sum = |name: &str| -> i64 {
            rows.iter().filter(|(row, _)| &*row.client.name == name).map(|(_, tally)| tally.count).sum()
        };
        assert_eq!((sum("web"), sum("c0"), sum("other")), (1, 2, 2 * 4_800));
        assert!(usage.take().is_empty());
    }

    #[test]
    fn each_day_counts_apart_and_begins_with_all_names_free() {
        let usage = Usage::default();
        for day in 0..3 {
            for n in 0..MOST_CLIENTS {
                let client = ClientApp::new(&format!("d{day}c{n}"), "1");
                usage.count(at(day * 86_400 + 5), &client, &[Subject::Unregistered]);
            }
        }
        let rows = usage.take();
        assert_eq!(rows.len(), 3 * MOST_CLIENTS);
        assert!(rows.iter().all(|(row, _)| &*row.client.name != OTHER));
    }

    #[test]
    fn what_could_not_be_written_down_is_added_to_what_came_meanwhile() {
        let usage = Usage::default();
        let (client, subjects) = (ClientApp::new("web", "1"), [Subject::Deprecated("A.b".into())]);
        usage.count(at(9), &client, &subjects);
        let taken = usage.take();
        usage.count(at(5), &client, &subjects);
        usage.give_back(taken);
        let rows = usage.take();
        assert_eq!(
            rows.iter().map(|(_, tally)| *tally).collect::<Vec<_>>(),
            [Tally { count: 2, last_at: at(9) }]
        );
    }
}

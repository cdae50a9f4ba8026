//! Lets the index follow what happens, in the same transaction.

use std::collections::BTreeSet;

use diesel::QueryResult;
use futures_util::future::{BoxFuture, FutureExt};

use super::service;
use crate::{
    db::{Tx, ids::MemberId},
    domains::{
        profiles::model::ProfileUpdated, reviews::model::ReviewAdded, scheduling::model::AvailabilityChanged,
    },
    events::{Listener, StreamName, log::Pending},
};

/// Follows profiles, ratings and availability.
#[derive(Clone, Copy, Debug)]
pub struct MentorIndex;

impl Listener for MentorIndex {
    fn on_events<'a>(&'a self, tx: &'a mut Tx, events: &'a [Pending]) -> BoxFuture<'a, QueryResult<()>> {
        async move {
            let (mut profiles, mut availability) = (BTreeSet::new(), BTreeSet::new());
            for event in events {
                // Each of these is told on the stream of the member whom it is about.
                let StreamName::User(member) = event.stream else { continue };
                if event.payload::<ProfileUpdated>().is_some() || event.payload::<ReviewAdded>().is_some() {
                    profiles.insert(member);
                }
                if event.payload::<AvailabilityChanged>().is_some() {
                    availability.insert(member);
                }
            }
            if !profiles.is_empty() {
                let members: Vec<MemberId> = profiles.into_iter().collect();
                service::follow_profiles(tx, &members).await?;
            }
            if !availability.is_empty() {
                let mentors: Vec<MemberId> = availability.into_iter().collect();
                service::follow_availability(tx, &mentors).await?;
            }
            Ok(())
        }
        .boxed()
    }
}

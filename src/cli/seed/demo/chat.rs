//! Conversations: one for each pair that met, with what they wrote, and one for each session.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    content::texts,
    world::{Meeting, Outcome, World},
};
use crate::cli::seed::{
    accounts::place,
    ids::{id, id_at, lot, pick},
    rows::Rows,
};

/// Pairs that wrote to each other; those of the demo accounts come first.
const PAIRS: usize = 160;

/// Conversations, their members, their messages.
pub(super) fn rows(world: &World) -> Vec<Rows> {
    let mut chat = Chat {
        conversations: Rows::of("conversations"),
        members: Rows::of("conversation_members"),
        messages: Rows::of("messages"),
    };
    let mut pairs = BTreeSet::new();
    for meeting in &world.meetings {
        if pairs.len() < PAIRS && pairs.insert((meeting.learner, meeting.mentor)) {
            chat.talk(world, meeting, pairs.len());
        }
        if meeting.outcome != Outcome::Cancelled {
            chat.open_room(world, meeting);
        }
    }
    vec![chat.conversations, chat.members, chat.messages]
}

struct Chat {
    conversations: Rows,
    members: Rows,
    messages: Rows,
}

impl Chat {
    /// What the pair of a meeting wrote.
    fn talk(&mut self, world: &World, meeting: &Meeting, number: usize) {
        let lines: Vec<&str> = if meeting.learner == place::LEARNER {
            texts::TALKS.iter().copied().flatten().copied().collect()
        } else {
            pick(texts::TALKS, lot("talk", number, 1000)).to_vec()
        };
        let conversation_id = id("conversation", number);
        let pair = [world.person(meeting.learner).id, world.person(meeting.mentor).id];
        let mut at = meeting.booked_at - TimeDelta::minutes(40);
        let opened_at = at;
        for (place, line) in lines.iter().enumerate() {
            at += TimeDelta::minutes(i64::try_from(1 + lot("pause", number * 100 + place, 12)).unwrap_or(1));
            let message = number * 100 + place;
            self.messages.push(json!({
                "id": id_at("message", message, at), "conversation_id": conversation_id, "seq": place + 1,
                "sender_id": pick(&pair, place), "client_id": format!("demo-{message}"),
                "body": world.say(line, meeting.skill), "created_at": at,
            }));
        }
        self.conversations.push(direct(conversation_id, pair, lines.len(), at, opened_at));
        for (place, member_id) in pair.iter().enumerate() {
            let read = read_until(number, place, lines.len());
            let unread = (read..lines.len()).filter(|line| line % 2 != place).count();
            self.members.push(json!({
                "conversation_id": conversation_id, "member_id": member_id, "last_read_seq": read,
                "unread_count": unread, "joined_at": opened_at,
            }));
        }
    }

    /// The conversation of a session, in which nobody has written yet.
    fn open_room(&mut self, world: &World, meeting: &Meeting) {
        let conversation_id = id("session conversation", meeting.number);
        self.conversations.push(json!({
            "id": conversation_id, "kind": "SESSION", "session_id": meeting.session_id(), "pair": null,
            "last_seq": 0, "last_message_at": null, "created_at": meeting.booked_at,
        }));
        for number in [meeting.learner, meeting.mentor] {
            self.members.push(json!({
                "conversation_id": conversation_id, "member_id": world.person(number).id, "last_read_seq": 0,
                "unread_count": 0, "joined_at": meeting.booked_at,
            }));
        }
    }
}

fn direct(
    id: Uuid,
    mut pair: [Uuid; 2],
    last_seq: usize,
    last: DateTime<Utc>,
    created_at: DateTime<Utc>,
) -> Value {
    pair.sort();
    json!({
        "id": id, "kind": "DIRECT", "session_id": null, "pair": pair, "last_seq": last_seq, "last_message_at": last,
        "created_at": created_at,
    })
}

/// How far a member has read: the sender of the last line everything, the other one sometimes not.
fn read_until(number: usize, place: usize, lines: usize) -> usize {
    let wrote_last = (lines - 1) % 2 == place;
    let left = if wrote_last { 0 } else { [0, 1, 3].get(number % 3).copied().unwrap_or_default() };
    lines.saturating_sub(left)
}

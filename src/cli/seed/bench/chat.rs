//! Conversations of two with their messages, and one that many listen to.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Client, Error};
use uuid::Uuid;

use super::{
    copy::{Array, Copy, UUID},
    draw::{Kind, draw, id, number, words},
    volume::Volume,
};

/// What a conversation has come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Talk {
    last_seq: i64,
    last_message: Option<usize>,
    /// Learner and mentor: number of the own last message, which is as far as one has read …
    own_last: [i64; 2],
    /// … and how many of the other's came after it.
    unread: [i32; 2],
}

/// The two members of a conversation: every learner has one at most.
fn pair(volume: &Volume, conversation: usize) -> [Uuid; 2] {
    let mentor = conversation * 7_919 % volume.mentors();
    [id(Kind::Member, volume.learner(conversation)), id(Kind::Member, volume.mentor(mentor))]
}

/// Writes the messages, oldest first, and returns what the conversations have come to. Four in ten are busy.
pub(super) async fn messages(
    client: &Client,
    volume: &Volume,
    now: DateTime<Utc>,
) -> Result<(u64, Vec<Talk>), Error> {
    let columns = "id, conversation_id, seq, sender_id, client_id, body, created_at";
    let mut copy = Copy::into(client, "messages", columns).await?;
    let mut talks = vec![Talk::default(); volume.conversations];
    for message in 0..volume.messages {
        let among = if message % 10 == 0 { volume.conversations } else { volume.conversations * 2 / 5 };
        let conversation = draw(message, 29, among);
        let sender = draw(message, 26, 2);
        let [learner, mentor] = pair(volume, conversation);
        let Some(talk) = talks.get_mut(conversation) else { continue };
        talk.write(message, sender);
        copy.row(&[
            &id(Kind::Message, message),
            &id(Kind::Conversation, conversation),
            &talk.last_seq,
            if sender == 0 { &learner } else { &mentor },
            &format!("bench-{message}"),
            &words(message, 27, 6 + draw(message, 28, 8)),
            &written_at(volume, message, now),
        ])
        .await?;
    }
    Ok((copy.finish().await?, talks))
}

impl Talk {
    fn write(&mut self, message: usize, sender: usize) {
        self.last_seq += 1;
        self.last_message = Some(message);
        for (place, (own_last, unread)) in self.own_last.iter_mut().zip(&mut self.unread).enumerate() {
            if place == sender {
                (*own_last, *unread) = (self.last_seq, 0);
            } else {
                *unread += 1;
            }
        }
    }
}

/// One every twenty seconds, the last of them now.
fn written_at(volume: &Volume, message: usize, now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::seconds(20 * number(volume.messages - message))
}

pub(super) async fn conversations(
    client: &Client,
    volume: &Volume,
    now: DateTime<Utc>,
    talks: &[Talk],
) -> Result<u64, Error> {
    let columns = "id, kind, session_id, pair, last_seq, last_message_at, created_at";
    let mut copy = Copy::into(client, "conversations", columns).await?;
    let opened_at = now - TimeDelta::days(600);
    for (conversation, talk) in talks.iter().enumerate() {
        let mut pair = pair(volume, conversation);
        pair.sort_unstable();
        let last = talk.last_message.map(|message| written_at(volume, message, now));
        copy.row(&[
            &id(Kind::Conversation, conversation),
            &"DIRECT",
            &None::<Uuid>,
            &Array(UUID, &pair),
            &talk.last_seq,
            &last,
            &opened_at,
        ])
        .await?;
    }
    let (room, session) = (id(Kind::Conversation, talks.len()), Some(id(Kind::Room, 0)));
    copy.row(&[&room, &"SESSION", &session, &None::<Uuid>, &0_i64, &None::<DateTime<Utc>>, &opened_at])
        .await?;
    copy.finish().await
}

pub(super) async fn seats(
    client: &Client,
    volume: &Volume,
    now: DateTime<Utc>,
    talks: &[Talk],
) -> Result<u64, Error> {
    let columns = "conversation_id, member_id, last_read_seq, unread_count, joined_at";
    let mut copy = Copy::into(client, "conversation_members", columns).await?;
    let opened_at = now - TimeDelta::days(600);
    for (conversation, talk) in talks.iter().enumerate() {
        let key = id(Kind::Conversation, conversation);
        for ((member, read), unread) in pair(volume, conversation).iter().zip(talk.own_last).zip(talk.unread)
        {
            copy.row(&[&key, member, &read, &unread, &opened_at]).await?;
        }
    }
    let room = id(Kind::Conversation, talks.len());
    for member in (0..volume.room).map(|listener| volume.learner(listener)).chain([volume.mentor(0)]) {
        copy.row(&[&room, &id(Kind::Member, member), &0_i64, &0_i32, &opened_at]).await?;
    }
    copy.finish().await
}

//! The law of snapshots and events: the snapshot at one place of the stream plus the events up to another place is the
//! snapshot there, however joining, leaving, losing, starting and ending mix.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Room;

/// What a client keeps of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    session: Value,
    participants: BTreeMap<String, Value>,
}

impl State {
    fn of(snapshot: &Value) -> Self {
        let participants = snapshot["participants"].as_array().expect("participants");
        Self { session: lifecycle(snapshot), participants: participants.iter().map(by_member).collect() }
    }

    /// The reducer that a client needs: last one wins, per member.
    fn apply(&mut self, event: &Value) {
        match event["__typename"].as_str().expect("a type") {
            "SessionStarted" | "SessionEnded" | "SessionCancelled" => {
                self.session = lifecycle(&event["session"]);
            }
            "ParticipantJoined" => self.participants.extend([by_member(&event["participant"])]),
            "ParticipantLeft" => {
                drop(self.participants.remove(event["participant"]["member"]["id"].as_str().expect("an id")));
            }
            other => panic!("a room does not tell {other}"),
        }
    }
}

fn lifecycle(session: &Value) -> Value {
    json!({ "status": session["status"], "startedAt": session["startedAt"], "endedAt": session["endedAt"], "cancelledAt": session["cancelledAt"] })
}

fn by_member(participant: &Value) -> (String, Value) {
    (participant["member"]["id"].as_str().expect("an id").to_owned(), participant["joinedAt"].clone())
}

/// A small generator, so that a failing round can be run again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }
}

/// A snapshot, and whether nothing else happened while it was read.
struct Taken {
    snapshot: Value,
    calm: bool,
}

async fn play(room: &Room, dice: &mut Dice, steps: usize) -> Vec<Taken> {
    let mut taken = vec![Taken { snapshot: room.snapshot().await, calm: true }];
    let mut presences: Vec<(bool, String)> = Vec::new();
    for step in 0..steps {
        if dice.roll(12) == 0 {
            room.app.advance(TimeDelta::seconds(61));
            room.app.work().await;
        }
        let moves: Vec<(usize, usize)> =
            (0..=dice.roll(4)).map(|_| (dice.roll(14), dice.roll(1_000))).collect();
        let known = presences.clone();
        let outcomes = join_all(moves.iter().map(async |&(act, pick)| {
            let host = pick % 2 == 0;
            let client = if host { &room.mentor } else { &room.learner };
            match act {
                0..6 => {
                    let joined = room.join(client, None).await;
                    let presence = joined.data("joinSession")["presenceId"].as_str().map(str::to_owned);
                    return presence.map(|presence| {
                        (Some((host, presence)), Some(joined.data("joinSession")["session"].clone()))
                    });
                }
                6..11 => {
                    if let Some((host, presence)) = known.get(pick % known.len().max(1)) {
                        let owner = if *host { &room.mentor } else { &room.learner };
                        room.leave(owner, presence).await.data("leaveSession");
                    }
                }
                11 => drop(room.host("startSession").await),
                // Late, as nothing comes after it.
                12 if step > steps * 3 / 4 => drop(room.host("endSession").await),
                _ => return Some((None, Some(room.snapshot().await))),
            }
            None
        }))
        .await;
        for (presence, snapshot) in outcomes.into_iter().flatten() {
            presences.extend(presence);
            taken.extend(snapshot.map(|snapshot| Taken { snapshot, calm: false }));
        }
        taken.push(Taken { snapshot: room.snapshot().await, calm: true });
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_plus_the_events_after_it_is_every_later_snapshot() {
    let mut told = 0;
    for seed in 0..6 {
        let room = Room::open().await;
        let start = room.snapshot().await;
        let mut subscription = room.subscribe(&room.learner, None, start["cursor"].as_str()).await;
        let taken = play(&room, &mut Dice(seed * 7_919 + 1), 48).await;
        // One last event, so that there is something to read up to.
        let last = taken.last().expect("a snapshot").snapshot["cursor"].clone();
        let mut events: Vec<Value> = Vec::new();
        while events.last().map_or(&start["cursor"], |event| &event["cursor"]) != &last {
            events.push(subscription.next().await);
        }

        let place = |cursor: &Value| {
            if *cursor == start["cursor"] {
                Some(0)
            } else {
                events.iter().position(|event| event["cursor"] == *cursor).map(|at| at + 1)
            }
        };
        let mut checked = 0;
        for from in &taken {
            let begin =
                place(&from.snapshot["cursor"]).expect("the cursor of a snapshot is that of an event");
            let mut state = State::of(&from.snapshot);
            let mut at = begin;
            for to in taken.iter().filter(|to| to.calm) {
                let end =
                    place(&to.snapshot["cursor"]).expect("the cursor of a snapshot is that of an event");
                if end < at {
                    continue;
                }
                events[at..end].iter().for_each(|event| state.apply(event));
                at = end;
                // A snapshot that was read while things happened may be ahead of its cursor, until those were told.
                if from.calm || end > begin + 8 || end == events.len() {
                    assert_eq!(state, State::of(&to.snapshot), "seed {seed}, {begin}..{end}");
                    checked += 1;
                }
            }
        }
        assert!(checked > 100, "only {checked} pairs");
        told += events.len();
    }
    assert!(told > 60, "only {told} events");
}

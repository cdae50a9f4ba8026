use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Room;

async fn attendance(room: &Room) -> Value {
    let query = "query($id: ID!) { session(id: $id) { attendance { member { name } seconds overlapSeconds intervals { joinedAt leftAt } } } }";
    room.learner.run(query, json!({ "id": room.booked.session })).await.data("session")["attendance"].clone()
}

/// Name, seconds and seconds together, each time rounded to 10 s, as the test's own requests take time.
fn rounded(attendance: &Value) -> Vec<(String, i64, i64, usize)> {
    let near = |value: &Value| (value.as_i64().expect("seconds") + 5) / 10 * 10;
    attendance
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let name = row["member"]["name"].as_str().expect("a name").to_owned();
            (
                name,
                near(&row["seconds"]),
                near(&row["overlapSeconds"]),
                row["intervals"].as_array().expect("intervals").len(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn attendance_counts_each_member_once_and_the_time_together() {
    let room = Room::open().await;
    assert_eq!(attendance(&room).await, json!([]));
    // ada: 0 to 100 on two devices and 150 to 200; grace: 50 to 200, when the session ends.
    let advance = async |seconds: i64, alive: &[(&crate::support::Client, &str)]| {
        for _ in 0..seconds / 50 {
            room.app.advance(TimeDelta::seconds(50));
            for (client, presence) in alive {
                room.join(client, Some(presence)).await.ok("joinSession");
            }
        }
    };
    let (ada, grace) = (&room.learner, &room.mentor);
    let phone = room.enter(ada).await;
    let laptop = room.enter(ada).await;
    advance(50, &[(ada, &phone), (ada, &laptop)]).await;
    let host = room.enter(grace).await;
    room.leave(ada, &phone).await.ok("leaveSession");
    advance(50, &[(ada, &laptop), (grace, &host)]).await;
    room.leave(ada, &laptop).await.ok("leaveSession");
    advance(50, &[(grace, &host)]).await;
    let back = room.enter(ada).await;
    room.host("startSession").await.ok("startSession");
    advance(50, &[(grace, &host), (ada, &back)]).await;
    let going_on = attendance(&room).await;
    assert_eq!(going_on[0]["intervals"][1]["leftAt"], Value::Null);

    room.host("endSession").await.ok("endSession");

    let expected = [("ada".to_owned(), 150, 100, 2), ("grace".to_owned(), 150, 100, 1)];
    let ended = attendance(&room).await;
    assert_eq!(rounded(&ended), expected, "{ended}");
    // Another process, and every later time, finds the same.
    let other = room.app.another().await;
    let mut elsewhere = room.learner.clone();
    elsewhere.url.clone_from(&other.url);
    let query = "query($id: ID!) { session(id: $id) { attendance { member { name } seconds overlapSeconds intervals { joinedAt leftAt } } } }";
    other.advance(room.app.now() - other.now());
    let there = elsewhere.run(query, json!({ "id": room.booked.session })).await;
    assert_eq!(there.data("session")["attendance"], ended);
}

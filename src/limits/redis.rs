//! The shared counters in Redis: a number per caller that expires by itself.

use chrono::{DateTime, Utc};
use redis::{AsyncCommands, Client, RedisResult, aio::MultiplexedConnection};

use super::{Caller, Spent, Total};

/// What the names of our keys begin with.
const PREFIX: &str = "skillswap:used:";
/// Keys looked at in one step of the search.
const STEP: usize = 1_000;
/// Steps of the search at most: the server may keep much else.
const STEPS: usize = 200;

/// A connection that is made when it is needed, and again when it broke.
#[derive(Debug)]
pub(super) struct Redis {
    client: Client,
    connection: Option<Connection>,
}

struct Connection(MultiplexedConnection);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Redis {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// If the address cannot be read.
    pub(super) fn new(url: &str) -> RedisResult<Self> {
        Ok(Self { client: Client::open(url)?, connection: None })
    }

    /// Connects unless that was done.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub(super) async fn connect(&mut self) -> RedisResult<()> {
        if self.connection.is_none() {
            self.connection = Some(Connection(self.client.get_multiplexed_async_connection().await?));
        }
        Ok(())
    }

    async fn connected(&mut self) -> RedisResult<MultiplexedConnection> {
        self.connect().await?;
        match &self.connection {
            Some(Connection(connection)) => Ok(connection.clone()),
            None => Err((redis::ErrorKind::Client, "no connection").into()),
        }
    }

    /// Forgets the connection: it may be broken.
    pub(super) fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Adds what was spent and returns the totals.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(super) async fn exchange(&mut self, spent: &[Spent], now: DateTime<Utc>) -> RedisResult<Vec<Total>> {
        let now = now.timestamp_millis();
        let mut commands = redis::pipe();
        for Spent { caller, amount, ends_at } in spent {
            let (key, life) = (format!("{PREFIX}{caller}"), (ends_at - now).max(1));
            commands.cmd("SET").arg(&key).arg(0).arg("PX").arg(life).arg("NX").ignore();
            commands.cmd("INCRBY").arg(&key).arg(*amount);
            commands.cmd("PTTL").arg(&key);
        }
        let mut connection = self.connected().await?;
        let answers: Vec<(u64, i64)> = pairs(&commands.query_async::<Vec<i64>>(&mut connection).await?);
        // It expired between two commands, and the second made it anew without an end.
        let mut endless = redis::pipe();
        for (spent, _) in spent.iter().zip(&answers).filter(|(_, (_, left))| *left < 0) {
            endless.pexpire(format!("{PREFIX}{}", spent.caller), (spent.ends_at - now).max(1)).ignore();
        }
        if !endless.is_empty() {
            endless.exec_async(&mut connection).await?;
        }
        let totals = spent.iter().zip(answers).map(|(spent, (used, left))| Total {
            caller: spent.caller,
            used,
            ends_at: if left < 0 { spent.ends_at } else { now + left },
        });
        Ok(totals.collect())
    }

    /// The counters that go on, as far as a bounded search finds them.
    ///
    /// # Errors
    /// If the server does not answer.
    pub(super) async fn running(&mut self, now: DateTime<Utc>) -> RedisResult<Vec<Total>> {
        let mut connection = self.connected().await?;
        let (mut cursor, mut totals) = (0_u64, Vec::new());
        for _ in 0..STEPS {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{PREFIX}*")).arg("COUNT").arg(STEP);
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
            if !keys.is_empty() {
                let used: Vec<Option<u64>> = connection.mget(&keys).await?;
                let mut commands = redis::pipe();
                for key in &keys {
                    commands.pttl(key);
                }
                let left: Vec<i64> = commands.query_async(&mut connection).await?;
                totals.extend(keys.iter().zip(used).zip(left).filter_map(|((key, used), left)| {
                    let caller: Caller = key.strip_prefix(PREFIX)?.parse().ok()?;
                    Some(Total { caller, used: used?, ends_at: now.timestamp_millis() + left })
                }));
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        Ok(totals)
    }
}

fn pairs(answers: &[i64]) -> Vec<(u64, i64)> {
    let pairs = answers.chunks_exact(2).filter_map(|pair| pair.first().zip(pair.last()));
    pairs.map(|(&used, &left)| (u64::try_from(used).unwrap_or_default(), left)).collect()
}

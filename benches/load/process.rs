//! CPU time and memory of process trees, from `/proc`.

use std::fs;

/// Clock ticks a second: Linux fixes what it shows to a hundred.
const TICKS: f64 = 100.0;

/// A process with all that descend from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree(u32);

/// What a moment looked like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// CPU seconds of the server.
    pub(crate) server: f64,
    /// CPU seconds of PostgreSQL.
    pub(crate) postgres: f64,
    /// CPU seconds of this program.
    pub(crate) own: f64,
    /// CPU seconds of the whole machine.
    pub(crate) machine: f64,
}

impl Tree {
    /// The tree below a process.
    pub(crate) const fn of(pid: u32) -> Self {
        Self(pid)
    }

    /// The first process.
    pub(crate) const fn pid(self) -> u32 {
        self.0
    }

    /// CPU seconds used so far, also by descendants that have ended and been waited for.
    pub(crate) fn cpu(self) -> f64 {
        self.pids().iter().filter_map(|&pid| stat(pid)).map(|stat| stat.ticks).sum::<f64>() / TICKS
    }

    /// KiB of memory in use.
    pub(crate) fn memory(self) -> f64 {
        self.pids().iter().filter_map(|pid| status(*pid, "VmRSS:")).sum()
    }

    fn pids(self) -> Vec<u32> {
        let everybody: Vec<(u32, u32)> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, stat(pid)?.parent)))
            .collect();
        let mut pids = vec![self.0];
        let mut at = 0;
        while let Some(&parent) = pids.get(at) {
            pids.extend(everybody.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            at += 1;
        }
        pids
    }
}

impl Mark {
    /// Now.
    pub(crate) fn now(server: Tree, postgres: Tree) -> Self {
        let own = stat(std::process::id()).map_or(0.0, |stat| stat.ticks / TICKS);
        Self { server: server.cpu(), postgres: postgres.cpu(), own, machine: machine() }
    }

    /// What was used since another moment.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            own: self.own - before.own,
            machine: self.machine - before.machine,
        }
    }

    /// CPU seconds that others used.
    pub(crate) fn others(self) -> f64 {
        (self.machine - self.server - self.postgres - self.own).max(0.0)
    }
}

struct Stat {
    parent: u32,
    ticks: f64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything.
    let fields: Vec<&str> = text.get(text.rfind(')')? + 2..)?.split(' ').collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, ticks })
}

fn status(pid: u32, key: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    text.lines().find(|line| line.starts_with(key))?.split_whitespace().nth(1)?.parse().ok()
}

/// User, nice, system, interrupts and what the host took: all but waiting.
fn machine() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let busy = fields.take(8).enumerate().filter(|(place, _)| !matches!(place, 3 | 4));
    busy.filter_map(|(_, field)| field.parse::<f64>().ok()).sum::<f64>() / TICKS
}

//! How many connections the process can hold.

use std::thread::available_parallelism;

/// Descriptors kept for the database, files and outgoing requests.
const RESERVE: usize = 512;
/// The most that one worker is given, however many descriptors there are.
const MOST_PER_WORKER: usize = 25_600;

/// Raises the limit of descriptors as far as the process may, and tells how many connections one of so many workers (0 =
/// one per core) may hold: more wait to be accepted, instead of taking the descriptors that all need.
pub(super) fn connections_per_worker(workers: usize) -> usize {
    let workers = if workers == 0 { available_parallelism().map_or(1, usize::from) } else { workers };
    share(raised(), workers)
}

fn share(descriptors: usize, workers: usize) -> usize {
    let free = descriptors - RESERVE.min(descriptors / 2);
    (free / workers.max(1)).clamp(1, MOST_PER_WORKER)
}

#[expect(unsafe_code, reason = "the standard library does not know the limit")]
fn raised() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes into the value, which outlives the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return usize::MAX;
    }
    let more = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
    // SAFETY: the kernel reads the value, which outlives the call.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const more) } == 0 {
        limit = more;
    }
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        assert_eq!(share(20_000, 2), 9_744);
        assert_eq!(share(256, 4), 32);
        assert_eq!(share(usize::MAX, 2), MOST_PER_WORKER);
        assert!(raised() > 0);
    }
}

//! Ties a child process to this one.

use std::process::Command;
#[cfg(target_os = "linux")]
use std::{io, os::unix::process::CommandExt};

/// Lets the kernel send `signal` to the child when this process dies, even by `kill -9`.
///
/// The kernel watches the *thread* that started the child: it must stay until the child has ended.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "only code between fork and exec can ask the kernel for this")]
pub(super) fn end_with_this_thread(command: &mut Command, signal: libc::c_int) {
    let parent = libc::pid_t::try_from(std::process::id()).ok();
    let signal: libc::c_ulong = signal.unsigned_abs().into();
    let ask = move || {
        // SAFETY: a system call with plain numbers, allowed between fork and exec.
        if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: as above. It catches a parent that died before the call, which the kernel does not tell.
        if Some(unsafe { libc::getppid() }) != parent {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: the closure makes two system calls, takes no lock and no memory from the heap.
    unsafe { command.pre_exec(ask) };
}

/// Other systems have no such request: there a server may outlive a killed owner, and the next start ends it.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_with_this_thread(_command: &mut Command, _signal: libc::c_int) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_child_can_be_started_that_ends_with_this_thread() {
        let mut command = Command::new("/bin/true");
        end_with_this_thread(&mut command, libc::SIGKILL);
        assert!(command.status().is_ok_and(|status| status.success()));
    }
}

//! Lets what computes come after the window that a person looks at, where processors are few.

use std::panic::resume_unwind;
use std::thread::scope;

/// How far behind: what comes first gets about nine tenths of a processor that both want, and all else stays as it was.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Starts something, so that the threads and processes that it starts come after all others of this program. So it is on
/// Linux, where these inherit it; other systems see to a window in front by themselves.
pub fn behind<T: Send>(start: impl FnOnce() -> T + Send) -> T {
    let starting = scope(|scope| {
        let start = || {
            give_way();
            start()
        };
        scope.spawn(start).join()
    });
    starting.unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(target_os = "linux")]
fn give_way() {
    // Without a process it is this thread alone, whatever POSIX says of processes.
    // It fails only where this thread gives way already.
    let _ = rustix::process::setpriority_process(None, NICE);
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;
    use std::process::Command;

    /// What `nice` prints of a process that is started here.
    fn niceness() -> i32 {
        let output = Command::new("nice").output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    #[test]
    fn what_is_started_behind_gives_way_and_nothing_else_does() {
        let before = niceness();
        let (process, thread) = behind(|| (niceness(), std::thread::spawn(niceness).join().unwrap()));
        assert_eq!([process, thread], [before.max(NICE); 2]);
        assert_eq!(niceness(), before);
    }
}

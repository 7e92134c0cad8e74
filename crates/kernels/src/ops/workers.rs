//! The threads that share the operations' work.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a thread that is kept awake waits for work: far longer than one operation leaves it without.
const PATIENCE: Duration = Duration::from_micros(200);
/// Threads that are kept awake, with the one that works: small operations have no work for more.
const AWAKE: usize = 4;

/// Runs work on one of the threads that share the operations' work, so that operations need not be handed over to
/// them and waited for one by one.
pub fn among_workers<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}

/// The same for work of many small operations: some of the other threads stay awake from one to the next, since to wake one
/// takes longer than such an operation does.
pub fn among_awake_workers<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let done = &AtomicBool::new(false);
    rayon::scope(|scope| {
        let own = rayon::current_thread_index();
        for _ in 1..rayon::current_num_threads().min(AWAKE) {
            scope.spawn(move |_| {
                // Whoever waits here while others wait for it goes on after a while: nothing waits for ever.
                let mut since = Instant::now();
                while !done.load(Ordering::Acquire)
                    && rayon::current_thread_index() != own
                    && since.elapsed() < PATIENCE
                {
                    if rayon::yield_now() == Some(rayon::Yield::Executed) {
                        since = Instant::now();
                    } else {
                        spin_loop();
                    }
                }
            });
        }
        let result = work();
        done.store(true, Ordering::Release);
        result
    })
}

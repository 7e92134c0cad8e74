//! The threads that share the operations' work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a thread that is kept awake waits for work: longer than what a training step does on one thread takes.
const PATIENCE: Duration = Duration::from_millis(3);
/// Threads that are kept awake, with the one that works: small operations have no work for more.
const AWAKE: usize = 4;

/// Runs work on one of the threads that share the operations' work, so that operations need not be handed over to
/// them and waited for one by one. Some of the others stay awake from one operation to the next, since to wake one takes
/// about as long as a small operation; meanwhile they let any other thread of the machine go first.
pub fn among_workers<R: Send>(work: impl FnOnce() -> R + Send) -> R {
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
                        std::thread::yield_now();
                    }
                }
            });
        }
        let result = work();
        done.store(true, Ordering::Release);
        result
    })
}

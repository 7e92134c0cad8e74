//! The engine's threads: what they are called, how much stack they have, and what becomes of their panics.

use std::cell::RefCell;
use std::fmt::Display;
use std::panic;
use std::sync::Once;

/// The thread that owns the networks.
pub(crate) const ENGINE: &str = "engine";

/// What threads that answer questions are called.
pub(crate) const INSPECTOR: &str = "inspector";

/// Backward passes through deep networks recurse; 64 MiB are far more than 1,202 layers need.
pub(crate) const STACK: usize = 64 << 20;

/// The names of the threads whose panics become events.
const NAMES: [&str; 2] = [ENGINE, INSPECTOR];

thread_local! {
    /// The message of this thread's last panic, which the hook leaves here for [`contained`].
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the engine's panics off the terminal: they become events. Other threads' panics are printed as ever.
pub(crate) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if std::thread::current().name().is_some_and(|name| NAMES.contains(&name)) {
                let text = info.payload_as_str().unwrap_or("no message");
                let place =
                    info.location().map_or(String::new(), |place| format!(" ({}:{})", place.file(), place.line()));
                LAST_PANIC.set(Some(format!("{text}{place}")));
            } else {
                before(info);
            }
        }));
    });
}

/// Runs something that may panic on one of the engine's threads, whose errors leave the engine in words. A panic is reported
/// as an error, too: what it ended, its message, and what to do about it.
///
/// # Errors
/// What `run` says, or the panic's message.
pub(crate) fn contained<T, E: Display>(
    ends: &str,
    advice: &str,
    run: impl FnOnce() -> Result<T, E>,
) -> Result<T, String> {
    // What somebody else has caught on this thread before is not this one's message.
    LAST_PANIC.set(None);
    match panic::catch_unwind(panic::AssertUnwindSafe(run)) {
        Ok(said) => said.map_err(|why| why.to_string()),
        Err(payload) => {
            // A panic of a thread that helped this one was printed, and comes here with its message alone.
            let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
            let message = LAST_PANIC.take().unwrap_or_else(|| text.unwrap_or("no message").into());
            Err(format!("an internal error ended {ends}: {message}; {advice}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_by_its_own_message_and_not_by_an_older_one() {
        quiet_panics();
        let work = || {
            let _ = panic::catch_unwind(|| panic!("caught by somebody else"));
            // A helper's panic comes here like this: the hook has seen it on another thread.
            contained("it", "ask again", || -> Result<(), String> { panic::resume_unwind(Box::new("the helper's")) })
        };
        let thread = std::thread::Builder::new().name(ENGINE.into()).spawn(work).unwrap();
        assert_eq!(thread.join().unwrap(), Err("an internal error ended it: the helper's; ask again".to_owned()));
    }
}

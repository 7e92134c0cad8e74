//! What was worked out in an earlier frame, kept as long as nothing has changed that it depends on. Must not know what
//! it keeps.

use eframe::egui::util::hash;
use std::collections::HashMap;
use std::hash::Hash;

/// Values under keys, each with its seal.
pub struct Cache<K, T> {
    list: HashMap<K, CacheEntry<T>>,
}

struct CacheEntry<T> {
    seal: u64,
    value: T,
    used: bool,
}

impl<K, T> Default for Cache<K, T> {
    fn default() -> Self {
        Self { list: HashMap::new() }
    }
}

impl<K: Eq + Hash, T: Clone> Cache<K, T> {
    /// What is kept under a key; made anew where there is nothing, or where it has another seal.
    pub fn get(&mut self, key: K, seal: u64, make: impl FnOnce() -> T) -> T {
        match self.list.get_mut(&key) {
            Some(entry) if entry.seal == seal => {
                entry.used = true;
                entry.value.clone()
            }
            _ => {
                let value = make();
                self.list.insert(key, CacheEntry { seal, value: value.clone(), used: true });
                value
            }
        }
    }

    /// Forgets what nobody has asked for since the last time.
    pub fn sweep(&mut self) {
        self.list.retain(|_, entry| std::mem::take(&mut entry.used));
    }
}

/// The seal of something that depends on these alone.
#[must_use]
pub fn seal(parts: impl Hash) -> u64 {
    // Some thousand seals are made in a frame, for which the standard library's hash is too careful.
    hash(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_made_again_only_under_another_seal_or_after_nobody_asked_for_it() {
        let mut kept = Cache::default();
        assert_eq!(kept.get("loss", seal(1), || 1), 1);
        assert_eq!(kept.get("loss", seal(1), || 2), 1);
        assert_eq!(kept.get("loss", seal(2), || 3), 3);
        kept.sweep();
        assert_eq!(kept.get("loss", seal(2), || 4), 3, "it was asked for");
        kept.sweep();
        kept.sweep();
        assert_eq!(kept.get("loss", seal(2), || 5), 5);
    }
}

//! How much memory this machine has to spare.

use std::fs;
use std::path::Path;

/// Bytes that are free, swapping included; known on Linux only. Within a group that may take less, that is what counts.
#[must_use]
pub fn free() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let free = (entry(&text, "MemAvailable:")? + entry(&text, "SwapFree:").unwrap_or(0)) * 1024;
    Some(allowed().map_or(free, |allowed| allowed.min(free)))
}

/// The most bytes that this process has had so far; known on Linux only.
#[must_use]
pub fn peak() -> Option<u64> {
    entry(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:").map(|kibibytes| kibibytes * 1024)
}

/// Bytes that this process has in memory now; known on Linux only.
#[must_use]
pub fn resident() -> Option<u64> {
    entry(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:").map(|kibibytes| kibibytes * 1024)
}

/// What the control groups of this process leave to it: its own and those around it, as a container, a scheduler or
/// systemd makes them (version 2, <https://docs.kernel.org/admin-guide/cgroup-v2.html>).
fn allowed() -> Option<u64> {
    let root = Path::new("/sys/fs/cgroup");
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let own = root.join(own);
    let groups = own.ancestors().take_while(|group| group.starts_with(root));
    let left = groups.filter_map(|group| {
        let read = |name: &str| fs::read_to_string(group.join(name)).ok();
        left(&read("memory.max")?, &read("memory.current")?, &read("memory.stat").unwrap_or_default())
    });
    left.min()
}

/// What is left of a group's most bytes; nothing where it has no such number. Pages of files that were read count as in
/// use, but are given back when memory is short.
fn left(most: &str, used: &str, stat: &str) -> Option<u64> {
    let [most, used] = [most, used].map(|text| text.trim().parse::<u64>().ok());
    Some(most?.saturating_sub(used?.saturating_sub(entry(stat, "inactive_file ").unwrap_or(0))))
}

/// The number behind a name at the start of a line.
fn entry(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_files_that_were_read_are_not_in_use() {
        let stat = "anon 300\nfile 700\ninactive_file 600\nactive_file 100\n";
        assert_eq!(left("1024\n", "1000\n", stat), Some(624));
        assert_eq!(left("1024\n", "1000\n", ""), Some(24));
        assert_eq!(left("1024\n", "100\n", stat), Some(1024), "never more than there may be");
        assert_eq!(left("max\n", "1000\n", stat), None);
    }
}

//! How much memory this machine has to spare.

/// Bytes that are free, swapping included; known on Linux only. Within a group that may take less, that is what counts.
#[must_use]
pub fn free() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let free = (of("MemAvailable:")? + of("SwapFree:").unwrap_or(0)) * 1024;
    Some(allowed().map_or(free, |allowed| allowed.min(free)))
}

/// What a container or a scheduler leaves to this process.
fn allowed() -> Option<u64> {
    let of = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    Some(of("memory.max")?.saturating_sub(of("memory.current")?))
}

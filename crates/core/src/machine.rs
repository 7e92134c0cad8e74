//! What computer this is, in words.

/// The system, the processor and how many threads compute, as in `linux on x86_64, AMD EPYC 7763, 2 threads`.
#[must_use]
pub fn in_words() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or_else(String::new, |(_, name)| format!(", {}", name.trim()));
    let threads = rayon::current_num_threads();
    let plural = if threads == 1 { "" } else { "s" };
    format!("{} on {}{model}, {threads} thread{plural}", std::env::consts::OS, std::env::consts::ARCH)
}

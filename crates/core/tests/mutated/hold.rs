//! Changes a file at random, again and again, and holds whoever reads it to its limits.

use lab_core::random::{Purpose, Random};
use std::fs;
use std::time::{Duration, Instant};

/// How often each file is changed, unless somebody says otherwise.
pub fn times(usual: u32) -> u32 {
    std::env::var("RESIDUAL_LAB_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// Numbers at which sizes go wrong.
const EDGES: [u32; 8] = [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/// Changes one to eight places: a bit, a byte, a number at the edge, a part left out, doubled or swapped, an early end.
fn mutate(good: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len().max(1));
        let end = (at + 1 + random.below(16)).min(bytes.len());
        let edge = EDGES[random.below(EDGES.len())];
        match random.below(8) {
            _ if bytes.is_empty() => {}
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            2 => bytes.splice(at..(at + 4).min(bytes.len()), edge.to_le_bytes()).for_each(drop),
            3 => bytes.splice(at..(at + 4).min(bytes.len()), edge.to_be_bytes()).for_each(drop),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part).for_each(drop);
            }
            6 => {
                let other = random.below(bytes.len());
                bytes.swap(at, other);
            }
            _ if random.below(4) == 0 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

/// The most memory that this process has ever taken, in bytes; `None` where the system does not say.
pub fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? << 10)
}

/// Does something with a file changed so often, and keeps what it was where that takes too long.
pub fn hold(name: &str, good: &[u8], count: u32, mut act: impl FnMut(&[u8])) {
    let mut random = Random::new(7, Purpose::Inspect, 0, good.len() as u64);
    for number in 0..count {
        let bytes = mutate(good, &mut random);
        let start = Instant::now();
        act(&bytes);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(2), "{name}: change {number} took {took:?}");
        assert!(peak().is_none_or(|peak| peak < 512 << 20), "{name}: change {number} took {:?} bytes", peak());
    }
}

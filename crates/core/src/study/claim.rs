//! Who works on which trial: small files that any number of processes on any number of machines make and look at.
//!
//! A claim on trial 7 is the file `0007-0001.json`. It is made so that of several who try at once one succeeds
//! ([`create_first`]), and only its owner writes it afterwards: every few seconds, which is its heartbeat. A claim whose
//! owner is dead is never touched; whoever takes over makes `0007-0002.json`, and the newest counts. So nobody can take
//! away a claim that somebody else has taken over in the meantime.
//!
//! Ages are differences between times that the file system itself has written down, because clocks of machines differ.

use super::owner::Owner;
use crate::files::{beside, create_first, json, lacks_room, write_atomically};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A claim is written again this often.
pub(super) const BEAT: Duration = Duration::from_secs(5);

/// Whose claim was not written for so long is taken for dead.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is in a claim's file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claim {
    pub owner: Owner,
    /// Since when, local time with its offset.
    pub since: String,
    /// The newest step of the trial.
    pub step: u64,
    /// Whether the owner has let go of it.
    pub released: bool,
}

/// The newest claim on a trial, as it was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// `None` while it is being made on a file system that shows half of a file.
    pub claim: Option<Claim>,
    written: SystemTime,
}

/// Whether a trial can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grip {
    /// Let go of, or its owner is dead.
    Free,
    /// Somebody works on it.
    Held,
    /// Held, but whether its owner is alive shows only with its next heartbeat.
    Perhaps,
}

/// The folder of claims.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    folder: PathBuf,
}

impl Claims {
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn path(&self, trial: u32, generation: u32) -> PathBuf {
        self.folder.join(format!("{trial:04}-{generation:04}.json"))
    }

    /// The newest generation of each trial that was ever claimed.
    pub fn generations(&self) -> io::Result<BTreeMap<u32, u32>> {
        let mut newest: BTreeMap<u32, u32> = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let numbers = name.to_str().and_then(|name| name.strip_suffix(".json")?.split_once('-'));
            let Some((trial, generation)) = numbers else { continue };
            if let (Ok(trial), Ok(generation)) = (trial.parse(), generation.parse()) {
                let known = newest.entry(trial).or_insert(generation);
                *known = generation.max(*known);
            }
        }
        Ok(newest)
    }

    /// A claim as it is now. Opening the file is what makes a network file system ask the server.
    pub fn find(&self, trial: u32, generation: u32) -> io::Result<Found> {
        let mut file = File::open(self.path(trial, generation))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let written = file.metadata()?.modified()?;
        Ok(Found { claim: serde_json::from_str(&text).ok(), written })
    }

    /// Makes a claim; `false` if somebody else was first.
    pub fn make(&self, trial: u32, generation: u32, claim: &Claim) -> io::Result<bool> {
        create_first(&self.path(trial, generation), &json(claim)?)
    }

    /// The time by the clock of the file system.
    pub fn now(&self) -> io::Result<SystemTime> {
        let path = beside(&self.folder.join("now"), "tmp");
        let now = File::create_new(&path).and_then(|mut file| {
            file.write_all(b"now")?;
            file.sync_all()?;
            file.metadata()?.modified()
        });
        // What stays behind is harmless.
        let _ = fs::remove_file(&path);
        now
    }
}

/// Writes a claim that is one's own. On a full disk there is no room for a second file, but there is for new bytes in the
/// place of the old ones; a heartbeat must not end there, or others take over as soon as there is room.
pub(super) fn write(path: &Path, claim: &Claim) -> io::Result<()> {
    let mut text = json(claim)?;
    write_atomically(path, &text).or_else(|error| {
        if !lacks_room(&error) {
            return Err(error);
        }
        let mut file = File::options().write(true).open(path)?;
        // Whatever was longer before is overwritten by spaces, which mean nothing there.
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        text.resize(text.len().max(length), b' ');
        file.write_all(&text)
    })
}

impl Found {
    /// Whether it can be taken over, `now` by the clock of the file system, and when its owner was last heard of by
    /// somebody who has looked before.
    pub fn grip(&self, me: &Owner, now: SystemTime, before: Option<SystemTime>) -> Grip {
        let owner = self.claim.as_ref().filter(|claim| !claim.released).map(|claim| claim.owner.is_alive(me));
        let silent = now.duration_since(self.written).is_ok_and(|age| age > PATIENCE);
        match (&self.claim, owner) {
            (Some(_), None) | (_, Some(Some(false))) => Grip::Free,
            _ if silent => Grip::Free,
            (_, Some(Some(true))) => Grip::Held,
            _ if before.is_some_and(|before| before != self.written) => Grip::Held,
            _ => Grip::Perhaps,
        }
    }

    /// When its owner was last heard of, by the clock of the file system.
    pub fn heard(&self) -> SystemTime {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(owner: Owner) -> Claim {
        Claim { owner, since: String::new(), step: 3, released: false }
    }

    /// A process that cannot be seen from here.
    fn stranger() -> Owner {
        let text = serde_json::json!({ "host": "far", "process": 1, "token": "far", "place": "far" });
        serde_json::from_value(text).unwrap()
    }

    fn place() -> (tempfile::TempDir, Claims) {
        let place = tempfile::tempdir().unwrap();
        let claims = Claims::in_folder(place.path().to_owned());
        (place, claims)
    }

    #[test]
    fn of_many_who_take_over_one_succeeds_and_the_newest_counts() {
        let (_place, claims) = place();
        assert!(claims.make(7, 1, &claim(stranger())).unwrap());
        let winners = std::thread::scope(|scope| {
            let take = |_| scope.spawn(|| claims.make(7, 2, &claim(different())).unwrap());
            (0..16)
                .map(take)
                .collect::<Vec<_>>()
                .into_iter()
                .filter_map(|one| one.join().ok())
                .filter(|won| *won)
                .count()
        });
        assert_eq!(winners, 1);
        assert_eq!(claims.generations().unwrap(), BTreeMap::from([(7, 2)]));
    }

    fn different() -> Owner {
        let token = format!("{:?}", std::thread::current().id());
        let text = serde_json::json!({ "host": "near", "process": 1, "token": token });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_claim_is_free_when_it_is_let_go_of_or_silent_for_too_long() {
        let (_place, claims) = place();
        let me = Owner::me();
        claims.make(1, 1, &claim(stranger())).unwrap();
        let found = claims.find(1, 1).unwrap();
        let now = claims.now().unwrap();
        assert_eq!(found.grip(&me, now, None), Grip::Perhaps);
        assert_eq!(found.grip(&me, now, Some(found.heard())), Grip::Perhaps, "not heard of since");
        let before = found.heard() - BEAT;
        assert_eq!(found.grip(&me, now, Some(before)), Grip::Held, "it has a pulse");
        assert_eq!(found.grip(&me, now + 2 * PATIENCE, Some(before)), Grip::Free);

        write(&claims.path(1, 1), &Claim { released: true, ..claim(stranger()) }).unwrap();
        assert_eq!(claims.find(1, 1).unwrap().grip(&me, now, None), Grip::Free);
        write(&claims.path(1, 1), &claim(me.clone())).unwrap();
        assert_eq!(claims.find(1, 1).unwrap().grip(&me, now, None), Grip::Held, "one's own");
    }

    #[test]
    fn a_claim_that_is_half_written_is_held_until_it_is_old() {
        let (_place, claims) = place();
        fs::write(claims.path(2, 1), b"{ \"owner\"").unwrap();
        let found = claims.find(2, 1).unwrap();
        let now = claims.now().unwrap();
        assert_eq!(found.grip(&Owner::me(), now, None), Grip::Perhaps);
        assert_eq!(found.grip(&Owner::me(), now + 2 * PATIENCE, None), Grip::Free);
    }
}

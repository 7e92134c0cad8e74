//! What happened to a run: a file with a line of JSON for each event, oldest first.

use super::growing::{Growing, whole_lines};
use crate::experiment::Source;
use crate::files::write_atomically;
use crate::protocol::Change;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What kind of thing happened, as the file calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// The run was begun.
    Start,
    Resume,
    /// Something came from outside, or an arm has stopped.
    Intervention,
    Finish,
    /// What another version has written.
    #[serde(untagged)]
    Other(String),
}

/// A line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// Local time with its offset.
    pub time: String,
    /// After this many steps.
    pub step: u64,
    pub event: Happening,
    /// In words.
    pub what: String,
    /// What was changed by hand, so that it can be done again after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "exact")]
    pub change: Option<Change>,
    /// The arm that stopped, if that is what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Where the images are from here on, if they have moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Source>,
}

impl EventLine {
    pub(super) fn new(step: u64, event: Happening, what: &str) -> Self {
        Self { time: now(), step, event, what: what.to_owned(), change: None, stopped: None, images: None }
    }
}

/// Local time. A clock that is tens of thousands of years off is taken for one that was never set.
pub(super) fn clock(now: SystemTime) -> jiff::Zoned {
    jiff::Timestamp::try_from(now).unwrap_or_default().to_zoned(jiff::tz::TimeZone::system())
}

/// Local time to the millisecond, with its offset, as every file of a run has it.
pub(crate) fn now() -> String {
    clock(SystemTime::now()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// Lines that make no sense are passed over: only the last one can be torn, and the others are no less true for it.
pub(super) fn read(path: &Path) -> io::Result<Vec<EventLine>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    Ok(parse(&fs::read(path)?))
}

fn parse(bytes: &[u8]) -> Vec<EventLine> {
    bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// The file that is being written.
pub(super) struct Diary(Growing);

impl Diary {
    /// Opens a run's file, or begins it.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        Growing::open(path, whole_lines).map(Self)
    }

    /// Adds a line at the end; it reaches the file with the next flush.
    pub(super) fn note(&mut self, line: &EventLine) -> io::Result<()> {
        self.0.push(&encoded(line)?);
        Ok(())
    }

    /// Drops what came after this step. Changes by hand stay, because whoever goes on from here makes them again; they are
    /// given, with those made at this very step. So does where the images are.
    pub(super) fn cut(&mut self, step: u64) -> io::Result<Vec<(u64, Change)>> {
        let lines = parse(&self.0.contents()?);
        let stays = |line: &&EventLine| line.step <= step || line.change.is_some() || line.images.is_some();
        let kept = lines.iter().filter(stays);
        let kept = kept.map(encoded).collect::<io::Result<Vec<_>>>()?;
        write_atomically(self.0.path(), &kept.concat())?;
        *self = Self::open(self.0.path().to_owned())?;
        let later = lines.into_iter().filter(|line| line.step >= step);
        Ok(later.filter_map(|line| Some((line.step, line.change?))).collect())
    }

    /// The file below.
    pub(super) fn file(&mut self) -> &mut Growing {
        &mut self.0
    }
}

fn encoded(line: &EventLine) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(text)
}

/// As TOML within the line, because JSON does not give back every number to the last bit.
mod exact {
    use super::Change;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrapped {
        change: Change,
    }

    #[allow(clippy::ref_option, reason = "serde hands it over like this")]
    pub(super) fn serialize<S: Serializer>(change: &Option<Change>, serializer: S) -> Result<S::Ok, S::Error> {
        let change = change.clone().ok_or_else(|| S::Error::custom("there is no change"))?;
        toml::to_string(&Wrapped { change }).map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Change>, D::Error> {
        let text = String::deserialize(deserializer)?;
        toml::from_str(&text).map(|wrapped: Wrapped| Some(wrapped.change)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Course;
    use crate::protocol::Tune;

    #[test]
    fn a_clock_of_whatever_year_gives_a_time() {
        let far = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 42);
        let shown = [far, SystemTime::UNIX_EPOCH].map(|time| clock(time).timestamp());
        assert_eq!(shown[0], shown[1]);
    }

    #[test]
    fn changes_by_hand_are_given_back_to_the_last_bit() {
        let place = tempfile::tempdir().unwrap();
        let mut diary = Diary::open(place.path().join("events.jsonl")).unwrap();
        let changes =
            [Change::Tune(Tune::LearningRate(0.1 + 0.2)), Change::Length { steps: 90, course: Course::new(90) }];
        for (step, change) in [(4, Some(changes[0].clone())), (9, None), (12, Some(changes[1].clone()))] {
            diary.note(&EventLine { change, ..EventLine::new(step, Happening::Intervention, "by hand") }).unwrap();
        }
        assert_eq!(diary.cut(4).unwrap(), [(4, changes[0].clone()), (12, changes[1].clone())]);
        assert_eq!(diary.cut(5).unwrap(), [(12, changes[1].clone())], "what was said without a change is gone");
        let steps = |path: &Path| read(path).unwrap().iter().map(|line| line.step).collect::<Vec<_>>();
        assert_eq!(steps(&place.path().join("events.jsonl")), [4, 12]);
    }

    #[test]
    fn a_kind_that_another_version_has_written_stays_as_it_is() {
        let line = r#"{"time":"","step":1,"event":"moved","what":"elsewhere"}"#;
        let read: EventLine = serde_json::from_str(line).unwrap();
        assert_eq!(read.event, Happening::Other("moved".to_owned()));
        assert_eq!(serde_json::to_string(&read).unwrap(), line);
        assert_eq!(serde_json::to_string(&Happening::Intervention).unwrap(), "\"intervention\"");
    }
}

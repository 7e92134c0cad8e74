//! Tables that grow by rows: CSV files with a header, appended to and flushed by and by.
//!
//! A crash may tear the last line. Readers leave it out, and the next one who appends cuts it off.

use crate::files::write_atomically;
use crate::protocol::{ArmStep, Evaluation, PastStep};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A step of one arm, with the validation that followed it, if one did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricsRow {
    /// From 1; 0 for a validation before training.
    pub step: u64,
    /// Passes over the training images.
    pub epoch: f64,
    /// Training time in seconds.
    pub seconds: f64,
    /// Throughput of the step.
    pub images_per_second: Option<f64>,
    /// Used by the step.
    pub learning_rate: Option<f64>,
    /// Mean over the batch.
    pub train_loss: Option<f64>,
    /// Share of the batch.
    pub train_accuracy: Option<f64>,
    /// Mean over the validation images.
    pub validation_loss: Option<f64>,
    /// Share of the validation images.
    pub validation_accuracy: Option<f64>,
    /// Share of the validation images whose class is among the five likeliest.
    pub validation_top5: Option<f64>,
}

impl MetricsRow {
    /// The step, unless the row has a validation alone.
    #[must_use]
    pub fn trained(&self) -> Option<PastStep> {
        let (loss, accuracy) = (self.train_loss?, self.train_accuracy?);
        let learning_rate = self.learning_rate.unwrap_or(f64::NAN);
        Some(PastStep {
            step: self.step,
            seconds: self.seconds,
            images_per_second: self.images_per_second.unwrap_or(f64::NAN),
            seen: ArmStep { loss, accuracy, learning_rate },
        })
    }

    /// The validation of an arm, if there was one, after those `before`.
    #[must_use]
    pub fn evaluation(&self, arm: usize, before: &[Evaluation]) -> Option<Evaluation> {
        let (loss, accuracy) = (self.validation_loss?, self.validation_accuracy?);
        let finite = before.iter().map(|evaluation| evaluation.loss).filter(|loss| loss.is_finite());
        Some(Evaluation {
            arm,
            step: self.step,
            epoch: self.epoch,
            seconds: self.seconds,
            loss,
            accuracy,
            top5: self.validation_top5.unwrap_or(f64::NAN),
            confusion: Vec::new(),
            predicted: Vec::new(),
            best: finite.min_by(f64::total_cmp).is_none_or(|best| loss < best),
        })
    }
}

/// What a probe saw in one block, or in the network as a whole: block `all`, which has no output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GradientRow {
    /// From 1.
    pub step: u64,
    /// `layer1.0`, …
    pub block: String,
    /// ‖∂L/∂W‖
    pub weight_gradient_norm: f64,
    /// ‖W‖
    pub weight_norm: Option<f64>,
    /// ‖ΔW‖ of the step.
    pub update_norm: Option<f64>,
    /// ‖∂L/∂y‖ of the output y.
    pub output_gradient_norm: Option<f64>,
    /// Mean of the output.
    pub activation_mean: Option<f64>,
    /// Standard deviation of the output.
    pub activation_std: Option<f64>,
    /// ‖αF(x)‖ / ‖x‖, in a block with a shortcut.
    #[serde(default)]
    pub branch_ratio: Option<f64>,
}

/// A row with the names of its columns; the first column is the step.
pub(super) trait Row: Serialize + DeserializeOwned {
    const HEADER: &'static str;
}

impl Row for MetricsRow {
    const HEADER: &'static str = "step,epoch,seconds,images_per_second,learning_rate,train_loss,train_accuracy,\
        validation_loss,validation_accuracy,validation_top5\n";
}

impl Row for GradientRow {
    const HEADER: &'static str = "step,block,weight_gradient_norm,weight_norm,update_norm,output_gradient_norm,activation_mean,\
        activation_std,branch_ratio\n";
}

/// A table that is being written.
pub(super) struct Table {
    path: PathBuf,
    file: File,
    /// Bytes of whole rows in the file.
    written: u64,
    /// Rows that are not in the file yet.
    buffer: Vec<u8>,
    /// Where the newest row starts, counted from the start of the file.
    newest: Option<u64>,
}

impl Table {
    /// Opens a table for appending, or begins it with its header.
    pub(super) fn append<R: Row>(path: PathBuf) -> io::Result<Self> {
        let kept = if path.exists() { whole_lines(&path)? } else { String::new() };
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        let mut table = Self { path, file, written: kept.len() as u64, buffer: Vec::new(), newest: None };
        if kept.is_empty() {
            table.buffer.extend_from_slice(R::HEADER.as_bytes());
        }
        table.flush()?;
        Ok(table)
    }

    /// Adds a row; it reaches the file with the next [`Self::flush`].
    pub(super) fn push<R: Row>(&mut self, row: &R) -> io::Result<()> {
        self.newest = Some(self.written + self.buffer.len() as u64);
        self.buffer.extend_from_slice(&line(row)?);
        Ok(())
    }

    /// Puts a row in the place of the one pushed last.
    pub(super) fn replace_newest<R: Row>(&mut self, row: &R) -> io::Result<()> {
        if let Some(start) = self.newest {
            if let Some(keep) = start.checked_sub(self.written) {
                self.buffer.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
            } else {
                self.written = start;
                self.buffer.clear();
            }
        }
        self.push(row)
    }

    /// Hands all rows to the system. After an error nothing is lost: the next flush tries again.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        self.file.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.file.set_len(self.written)
    }

    /// Flushes, and waits until the rows are on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()
    }

    /// Drops the rows after a step; says whether there were any.
    pub(super) fn cut<R: Row>(&mut self, step: u64) -> io::Result<bool> {
        self.flush()?;
        let text = whole_lines(&self.path)?;
        let number = |line: &str| line.split(',').next().and_then(|first| first.parse().ok());
        let keep = |line: &&str| number(line).is_none_or(|at: u64| at <= step);
        let kept: String = text.split_inclusive('\n').filter(keep).collect();
        if kept.len() == text.len() {
            return Ok(false);
        }
        write_atomically(&self.path, kept.as_bytes())?;
        *self = Self::append::<R>(std::mem::take(&mut self.path))?;
        Ok(true)
    }
}

fn line<R: Row>(row: &R) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.serialize(row).map_err(io::Error::other)?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The text up to and with its last line break.
fn whole_lines(path: &Path) -> io::Result<String> {
    let mut bytes = std::fs::read(path)?;
    bytes.truncate(bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1));
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not text"))
}

/// Reads a table's whole rows. An absent file is an empty table: nothing of that kind was recorded yet.
pub(super) fn read<R: Row>(path: &Path) -> io::Result<Vec<R>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = whole_lines(path)?;
    // A run that was begun by another version may go on with other columns.
    let rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().map_err(io::Error::other)
}

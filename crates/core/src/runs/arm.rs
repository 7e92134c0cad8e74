//! The files of one arm while it trains. What cannot be written waits in memory.

use super::board::Board;
use super::growing::Growing;
use super::history::History;
use super::layout;
use super::rows::{GradientRow, MetricsRow};
use super::table::GrowingTable;
use crate::experiment::Setting;
use crate::files::{link_folder, remove_if_there, sweep, write_atomically};
use crate::instrument::matrix;
use crate::protocol::{ArmProbe, Evaluation, Histogram};
use crate::quantity::Measure;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(super) struct ArmFiles {
    folder: PathBuf,
    metrics: GrowingTable,
    gradients: GrowingTable,
    predictions: History,
    board: Board,
    /// The newest confusion matrix, until it is written.
    confusion: Option<String>,
    newest: Option<MetricsRow>,
}

impl ArmFiles {
    pub fn open(folder: PathBuf, images: usize, plan: &str, settings: &[Setting]) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        layout::settle(&folder)?;
        sweep(&folder);
        sweep(&layout::checkpoints(&folder));
        let metrics = GrowingTable::append::<MetricsRow>(folder.join(layout::METRICS))?;
        let gradients = GrowingTable::append::<GradientRow>(folder.join(layout::GRADIENTS))?;
        let predictions = History::open(folder.join(layout::PREDICTIONS), images)?;
        let rows = || Ok((metrics.rows()?, gradients.rows()?));
        let board = Board::open(&folder, plan, settings, rows)?;
        Ok(Self { folder, metrics, gradients, predictions, board, confusion: None, newest: None })
    }

    /// Where its checkpoints are.
    pub fn checkpoints(&self) -> PathBuf {
        layout::checkpoints(&self.folder)
    }

    pub fn stepped(&mut self, row: MetricsRow) -> io::Result<()> {
        self.metrics.push(&row)?;
        self.board.measured(&row);
        self.newest = Some(row);
        Ok(())
    }

    pub fn evaluated(&mut self, evaluation: &Evaluation, classes: &[String]) -> io::Result<()> {
        let row = if let Some(step) = self.newest.take().filter(|row| row.step == evaluation.step) {
            let row = step.validated(evaluation);
            self.metrics.replace_newest(&row)?;
            row
        } else {
            let row = MetricsRow::at(evaluation.step, evaluation.epoch, evaluation.seconds).validated(evaluation);
            self.metrics.push(&row)?;
            row
        };
        self.board.measured(&MetricsRow::at(row.step, row.epoch, row.seconds).validated(evaluation));
        self.board.confused(evaluation, classes.len());
        self.newest = Some(row);
        self.predictions.push(evaluation.step, &evaluation.predicted);
        self.confusion = Some(matrix(&evaluation.confusion, classes).csv());
        Ok(())
    }

    pub fn probed(&mut self, step: u64, probe: &ArmProbe, blocks: &[String]) -> io::Result<()> {
        GradientRow::of(step, probe, blocks).try_for_each(|row| {
            self.board.probed(&row);
            self.gradients.push(&row)
        })
    }

    pub fn counted(&mut self, step: u64, histograms: &[Histogram]) {
        self.board.spread(step, histograms);
    }

    pub fn rewind(&mut self, step: u64) -> io::Result<()> {
        self.gradients.cut::<GradientRow>(step)?;
        self.predictions.cut(step)?;
        self.board.cut(step)?;
        let cut = self.metrics.cut::<MetricsRow>(step)?;
        if cut.iter().any(|row| row.get(Measure::ValidationLoss).is_some()) {
            // The matrix may be newer than the step; the next validation writes it anew.
            remove_if_there(&self.folder.join(layout::CONFUSION))?;
        }
        // A stop may have ended a validation, which then comes after its step has been written.
        self.newest = self.metrics.take_up()?;
        Ok(())
    }

    fn growing(&mut self) -> [&mut Growing; 4] {
        [self.metrics.file(), self.gradients.file(), self.predictions.file(), self.board.file()]
    }

    /// Hands all rows to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.growing().into_iter().try_for_each(Growing::flush)?;
        if let Some(confusion) = &self.confusion {
            write_atomically(&self.folder.join(layout::CONFUSION), confusion.as_bytes())?;
            self.confusion = None;
        }
        Ok(())
    }

    /// Flushes, and waits until all is on the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.growing().into_iter().try_for_each(Growing::sync)
    }

    /// Copies all that was recorded into another folder, and the checkpoints if they can be read.
    pub fn copied_to(&mut self, folder: &Path) -> io::Result<[Growing; 4]> {
        fs::create_dir_all(folder)?;
        let [metrics, gradients, predictions, board] =
            self.growing().map(|file| file.copied_to(folder.join(file.path().file_name().unwrap_or_default())));
        // Where they cannot be read, the session writes new ones.
        let _ = link_folder(&self.checkpoints(), &layout::checkpoints(folder));
        let _ = fs::copy(self.folder.join(layout::CONFUSION), folder.join(layout::CONFUSION));
        Ok([metrics?, gradients?, predictions?, board?])
    }

    /// Goes on in another folder with the copies that are there.
    pub fn go_on_in(&mut self, folder: &Path, copies: [Growing; 4]) {
        folder.clone_into(&mut self.folder);
        self.growing().into_iter().zip(copies).for_each(|(file, copy)| *file = copy);
    }
}

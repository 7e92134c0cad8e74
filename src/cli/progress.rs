//! Training seen from a terminal: a bar that moves, or plain lines where nobody watches.

use super::output::{self, Failure};
use indicatif::ProgressBar;
use lab_core::number::{self, duration, precise, precise_percent};
use lab_core::protocol::{ArmStep, Evaluation, Event, Phase, Prepared, StepRecord};
use std::collections::BTreeSet;
use std::io::{IsTerminal, stderr, stdin};
use std::time::{Duration, Instant};

/// Without a bar and without validations, a line at least this often.
const HEARTBEAT: Duration = Duration::from_mins(1);

/// Shows events as they come.
pub(super) struct Progress {
    quiet: bool,
    /// Whether whoever read the output has gone away.
    unread: bool,
    /// Whether another folder can be typed where this one cannot be written to.
    offers: bool,
    bar: Option<ProgressBar>,
    total_steps: u64,
    arms: Vec<ArmProgress>,
    newest_line: Instant,
    /// Notices that are not shown again, where several trainings are shown one after another.
    noticed: Option<BTreeSet<String>>,
}

/// What one arm did since its last line.
struct ArmProgress {
    name: String,
    loss: f64,
    correct: f64,
    steps: u32,
}

impl ArmProgress {
    fn mean(&self) -> Option<(f64, f64)> {
        (self.steps > 0).then(|| (self.loss / f64::from(self.steps), self.correct / f64::from(self.steps)))
    }

    fn add(&mut self, step: &ArmStep) {
        self.loss += step.loss;
        self.correct += step.accuracy;
        self.steps += 1;
    }

    fn clear(&mut self) {
        (self.loss, self.correct, self.steps) = (0.0, 0.0, 0);
    }
}

impl Progress {
    /// Quiet progress keeps the standard output free for JSON.
    pub(super) fn new(quiet: bool) -> Self {
        Self {
            quiet,
            unread: false,
            offers: false,
            bar: None,
            total_steps: 0,
            arms: Vec::new(),
            newest_line: Instant::now(),
            noticed: None,
        }
    }

    /// The same for the trials of a study, which have most of what is to be noticed in common: each is shown once.
    pub(super) fn of_trials(quiet: bool) -> Self {
        let mut progress = Self::new(quiet);
        progress.noticed = Some(BTreeSet::new());
        progress
    }

    /// One of several trainings has ended.
    pub(super) fn rest(&mut self) {
        self.bar = None;
    }

    /// The same where another folder can be typed, if somebody is there to type.
    pub(super) fn offering(mut self) -> Self {
        self.offers = stdin().is_terminal();
        self
    }

    /// Training is done, and not all of it can be written: what is wanted, and how long that is waited for.
    pub(super) fn waits(&self, wanted: Option<&str>, patience: Duration) {
        let wanted = wanted.map_or_else(String::new, |wanted| format!(": {wanted}"));
        let most = if patience == Duration::MAX {
            String::new()
        } else {
            format!(", {} at most (--wait-for-room)", number::plural(patience.as_secs() / 60, "minute"))
        };
        self.beside_bar(|| {
            output::notice(&format!("training is done; waiting for room to write the end of it{most}{wanted}"));
        });
    }

    /// Whether whoever read the output has gone away. Nothing is printed from then on.
    pub(super) fn is_unread(&self) -> bool {
        self.unread
    }

    /// Shows one event.
    pub(super) fn show(&mut self, event: Event) -> Result<(), Failure> {
        match self.shown(event) {
            Err(Failure::Silent) => {
                (self.unread, self.quiet) = (true, true);
                Ok(())
            }
            shown => shown,
        }
    }

    fn shown(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Prepared(prepared) => self.prepared(&prepared),
            Event::Steps(steps) => steps.iter().try_for_each(|step| self.step(step)),
            Event::Evaluated(evaluation) => self.evaluated(&evaluation),
            Event::Intervened(intervention) => self.say(&format!("step {}: {}", intervention.step, intervention.what)),
            Event::Notice(text) => {
                if self.noticed.as_mut().is_some_and(|noticed| !noticed.insert(text.clone())) {
                    return Ok(());
                }
                self.beside_bar(|| output::notice(&text));
                Ok(())
            }
            Event::Unwritten(why) => {
                let text = why.map_or_else(
                    || "everything has been written now".to_owned(),
                    |why| {
                        let way = if self.offers { ", or type another folder and press Enter" } else { "" };
                        format!(
                            "{why}{way}; training goes on in memory, and everything is written as soon as that is possible"
                        )
                    },
                );
                self.beside_bar(|| output::notice(&text));
                Ok(())
            }
            Event::Phase(phase) => {
                self.phase(phase);
                Ok(())
            }
            Event::Probed(_)
            | Event::Spread(_)
            | Event::Answer { .. }
            | Event::Progress { .. }
            | Event::Imported(_)
            | Event::Tuned(_)
            | Event::Finished(_)
            | Event::Refused(_)
            | Event::Failed(_) => Ok(()),
        }
    }

    fn prepared(&mut self, prepared: &Prepared) -> Result<(), Failure> {
        self.rest();
        let data = &prepared.dataset;
        let [channels, height, width] = data.shape;
        self.say(&format!(
            "{}: {} training and {} validation images of {channels}×{height}×{width} in {} classes, on {}",
            data.name,
            data.train,
            data.validation,
            data.classes.len(),
            prepared.device
        ))?;
        let (wanted, steps) = (prepared.experiment.recipe.batch_size, prepared.steps_per_epoch);
        let batch = wanted.min(data.train);
        let all = if batch < wanted {
            format!("; recipe.batch_size is {wanted}, and there are no more")
        } else {
            String::new()
        };
        let left = (data.train as u64).saturating_sub(steps * batch as u64);
        let left =
            (left > 0).then(|| format!("; {left} more fill no batch and are left out, other ones in each epoch"));
        let steps = number::plural(steps, "step");
        self.say(&format!("{steps} of {batch} images an epoch{}{all}", left.unwrap_or_default()))?;
        for arm in &prepared.arms {
            let (parameters, macs) = (number::count(arm.parameters), number::precise_large(arm.macs));
            self.say(&format!("{}: {parameters} parameters, {macs} MAC an image", arm.name))?;
        }
        if let Some(run) = &prepared.run {
            self.say(&format!("run folder: {}", run.display()))?;
        }
        self.total_steps = prepared.total_steps;
        let arm = |name: &String| ArmProgress { name: name.clone(), loss: 0.0, correct: 0.0, steps: 0 };
        self.arms = prepared.arms.iter().map(|info| arm(&info.name)).collect();
        // A run that goes on in the middle of an epoch has a part of its mean already.
        let past = prepared.past.iter().flat_map(|past| &past.arms);
        for (arm, past) in self.arms.iter_mut().zip(past) {
            let since = past.evaluations.last().map_or(0, |evaluation| evaluation.step);
            let steps = past.steps.iter().filter(|step| (since + 1..=prepared.first_step).contains(&step.step));
            steps.for_each(|step| arm.add(&step.seen));
        }
        if stderr().is_terminal() && !self.quiet {
            let template = "{wide_bar:.blue} {pos}/{len} steps  {elapsed} elapsed, {eta} left  {msg}";
            let bar = output::bar(prepared.total_steps, template).with_position(prepared.first_step);
            bar.reset_eta();
            self.bar = Some(bar);
        }
        Ok(())
    }

    fn step(&mut self, record: &StepRecord) -> Result<(), Failure> {
        for (arm, step) in self.arms.iter_mut().zip(&record.arms) {
            if let Some(step) = step {
                arm.add(step);
            }
        }
        let rate = format!("{} images/s", precise(record.images_per_second));
        if let Some(bar) = &self.bar {
            let losses: Vec<String> = record.arms.iter().flatten().map(|step| precise(step.loss)).collect();
            bar.set_position(record.step);
            bar.set_message(format!("loss {}  {rate}", losses.join(" ")));
        } else if self.newest_line.elapsed() > HEARTBEAT {
            let arms: Vec<String> = self
                .arms
                .iter()
                .filter_map(|arm| {
                    let (loss, _) = arm.mean()?;
                    Some(format!("{} loss {}", arm.name, precise(loss)))
                })
                .collect();
            let total = self.total_steps;
            let arms = arms.join("  ");
            self.say(&format!("epoch {:.2}  step {}/{total}  {arms}  {rate}", record.epoch, record.step))?;
        }
        Ok(())
    }

    fn evaluated(&mut self, evaluation: &Evaluation) -> Result<(), Failure> {
        let Some(arm) = self.arms.get_mut(evaluation.arm) else { return Ok(()) };
        let mut line =
            format!("epoch {:.2}  step {}/{}  {}", evaluation.epoch, evaluation.step, self.total_steps, arm.name);
        if let Some((loss, accuracy)) = arm.mean() {
            line += &format!("  training: loss {}, accuracy {}", precise(loss), precise_percent(accuracy));
        }
        arm.clear();
        let (loss, accuracy) = (precise(evaluation.loss), precise_percent(evaluation.accuracy));
        line += &format!("  validation: loss {loss}, accuracy {accuracy}");
        line += if evaluation.best { ", best so far" } else { "" };
        line += &format!("  ({})", duration(evaluation.seconds));
        self.say(&line)
    }

    fn phase(&mut self, phase: Phase) {
        if phase == Phase::Loading && stderr().is_terminal() && !self.quiet {
            let bar = ProgressBar::new_spinner().with_message("reading images");
            bar.enable_steady_tick(Duration::from_millis(100));
            self.bar = Some(bar);
        }
        let Some(bar) = &self.bar else { return };
        match phase {
            Phase::Tuning => bar.set_message("trying out GPU kernels"),
            Phase::Evaluating => bar.set_message("validating"),
            _ => {}
        }
        bar.tick();
    }

    fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.newest_line = Instant::now();
        if self.quiet { Ok(()) } else { self.beside_bar(|| output::print(line)) }
    }

    fn beside_bar<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }
}

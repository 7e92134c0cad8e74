//! What the window knows of an experiment under way, fed by events alone. Must not know widgets, panels or run folders.

pub mod answers;
pub mod inquiries;
pub mod live;
pub mod probes;
pub mod selected;
pub mod series;
pub mod sketch;
pub mod spreads;
pub mod thinned;
pub mod trace;

use lab_core::number::{capital, count, percent, plural, short};
use lab_core::protocol::{
    ArmPast, Evaluation, Event, Intervention, Outcome, Past, PastEvent, PastStep, Phase, Prepared, ProbeRecord,
    StepRecord,
};
use live::SettingsInUse;
use probes::Probes;
use spreads::Spreads;
use std::path::Path;
use std::sync::Arc;
use trace::Trace;

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    /// What a person should know.
    Notice,
    Error,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The step it was said at.
    pub step: u64,
    /// How much it matters.
    pub level: Level,
    pub text: String,
}

/// The experiment before the one under way, as far as it came.
#[derive(Clone, Debug)]
pub struct PreviousAttempt {
    pub prepared: Prepared,
    /// One for each arm.
    pub arms: Vec<Trace>,
}

/// What is known of the experiment under way, as far as it has come.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    /// Grows by one with each experiment: whoever caches something compares it.
    pub generation: u64,
    /// What the engine is doing.
    pub phase: Phase,
    pub prepared: Option<Prepared>,
    /// What can be changed while it trains, as it is now.
    pub live: SettingsInUse,
    /// Steps so far, from 1.
    pub steps: Vec<f64>,
    /// Training seconds at each step.
    pub seconds: Vec<f64>,
    /// One for each arm.
    pub arms: Vec<Trace>,
    /// Looks at gradients and activations, oldest first.
    pub probes: Probes,
    /// How parameters and their gradients were spread, oldest first.
    pub spreads: Spreads,
    /// What happened from outside, oldest first.
    pub interventions: Vec<Intervention>,
    pub outcome: Option<Outcome>,
    /// What was trained before, if anything was.
    pub before: Option<PreviousAttempt>,
    /// Why what is measured cannot be written at present.
    pub unwritten: Option<String>,
    /// Why it failed, until read.
    pub failure: Option<String>,
    /// Whether there are networks that say what is in a picture: an experiment's, also after a reset, or those of a file.
    pub classifies: bool,
    /// Everything that was said, over all experiments.
    pub log: Vec<LogLine>,
    /// After a reset, until the engine has ended what was running.
    discarding: bool,
}

/// Lines the log keeps.
const LOG_LINES: usize = 10_000;

impl Monitor {
    /// Forgets the experiment, but neither the log nor whether there are networks. What the engine still sends of it is
    /// passed over.
    pub fn reset(&mut self) {
        let discarding = self.discarding || self.phase.is_active();
        let arms = std::mem::take(&mut self.arms);
        let trained = self.prepared.take().filter(|_| arms.iter().any(|trace| !trace.times.steps.is_empty()));
        let before = trained.map(|prepared| PreviousAttempt { prepared, arms }).or_else(|| self.before.take());
        *self = Self {
            before,
            generation: self.generation + 1,
            discarding,
            log: std::mem::take(&mut self.log),
            live: self.live.forgotten(),
            classifies: self.classifies,
            ..Self::default()
        };
    }

    /// Makes room for an experiment that was just asked for.
    pub fn starting(&mut self) {
        self.reset();
        self.phase = Phase::Loading;
    }

    /// Makes ready for a run that goes on from its last checkpoint, with the curves it has.
    pub fn continuing(&mut self) {
        self.phase = Phase::Loading;
        self.outcome = None;
        self.failure = None;
    }

    /// The folder of a run that ended before its last step and can go on.
    #[must_use]
    pub fn unfinished(&self) -> Option<&Path> {
        let (outcome, prepared) = (self.outcome.as_ref()?, self.prepared.as_ref()?);
        let stopped = outcome.steps < prepared.total_steps && self.phase == Phase::Done;
        outcome.run.as_deref().filter(|_| stopped)
    }

    /// The last step done.
    #[must_use]
    pub fn step(&self) -> u64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let last = self.steps.last().map(|&step| step as u64);
        last.or(self.prepared.as_ref().map(|prepared| prepared.first_step)).unwrap_or(0)
    }

    /// Whether an experiment is under way.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.phase.is_active()
    }

    /// The share of all steps that is done.
    #[must_use]
    pub fn progress(&self) -> f64 {
        let total = self.prepared.as_ref().map_or(0, |prepared| prepared.total_steps);
        if total == 0 { 0.0 } else { (self.step() as f64 / total as f64).min(1.0) }
    }

    /// Seconds that each of the last hundred steps took.
    fn pace(&self) -> Option<f64> {
        let last = self.steps.len().checked_sub(1)?;
        let back = last.min(100);
        (back > 0).then(|| (self.seconds[last] - self.seconds[last - back]) / back as f64)
    }

    /// Seconds of training left at the pace of the last hundred steps.
    #[must_use]
    pub fn remaining(&self) -> Option<f64> {
        let total = self.prepared.as_ref()?.total_steps;
        Some(self.pace()? * total.saturating_sub(self.step()) as f64)
    }

    /// The step after which an arm has stopped, if it has: the others go on, or went on, without it.
    #[must_use]
    pub fn stopped(&self, arm: usize) -> Option<u64> {
        if let Some(outcome) = &self.outcome {
            return outcome.arms.get(arm).and_then(|arm| arm.diverged_at);
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let last = self.arms.get(arm)?.times.steps.last().map_or(0, |&step| step as u64);
        (last < self.step() && !self.steps.is_empty()).then_some(last)
    }

    /// What an arm is called.
    #[must_use]
    pub fn arm_name(&self, arm: usize) -> &str {
        self.prepared.as_ref().and_then(|prepared| prepared.arms.get(arm)).map_or("", |info| info.name.as_str())
    }

    /// The newest validation of an arm.
    #[must_use]
    pub fn evaluation(&self, arm: usize) -> Option<&Evaluation> {
        self.arms.get(arm).and_then(|curves| curves.evaluations.last())
    }

    /// The last step after which all arms were validated that still train: one of them is validated after the other.
    #[must_use]
    pub fn validated_alike(&self) -> Option<u64> {
        let all = || (0..self.arms.len()).filter(|arm| self.evaluation(*arm).is_some());
        let last = |arm: usize| self.evaluation(arm).map(|it| it.step);
        let training = all().filter(|arm| self.stopped(*arm).is_none()).filter_map(last).min();
        training.or_else(|| all().filter_map(last).min())
    }

    /// The last validation of an arm, or the last one up to a step.
    #[must_use]
    pub fn evaluation_until(&self, arm: usize, step: Option<u64>) -> Option<&Evaluation> {
        let all = &self.arms.get(arm)?.evaluations;
        all.iter().rev().find(|it| step.is_none_or(|step| it.step <= step))
    }

    /// Training images a second: at present while it trains, over the whole of it once it has ended.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let batch = self.prepared.as_ref()?.experiment.recipe.batch_size as f64;
        let over_all = self.outcome.as_ref().filter(|outcome| !self.is_active() && outcome.steps > 0);
        let pace = over_all.map(|outcome| outcome.seconds / outcome.steps as f64).or_else(|| self.pace())?;
        (pace > 0.0).then(|| batch / pace)
    }

    /// Writes a line into the log.
    pub fn say(&mut self, level: Level, text: impl Into<String>) {
        if self.log.len() >= LOG_LINES {
            self.log.drain(..LOG_LINES / 10);
        }
        let text = text.into();
        match level {
            Level::Info => tracing::info!("{text}"),
            Level::Notice => tracing::warn!("{text}"),
            Level::Error => tracing::error!("{text}"),
        }
        self.log.push(LogLine { step: self.step(), level, text });
    }

    /// Takes in what the engine reports; returns what a person should be shown at once. Answers are not its business.
    pub fn apply(&mut self, event: Event) -> Option<(Level, String)> {
        if self.discarding && !self.ends_discarding(&event) {
            return None;
        }
        match event {
            Event::Phase(phase) => {
                self.phase = phase;
                None
            }
            Event::Prepared(mut prepared) => {
                let text = described(&prepared);
                // A run that is extended or goes on keeps its curves up to where it goes on.
                if self.steps.is_empty() || self.arms.len() != prepared.arms.len() {
                    self.arms = vec![Trace::default(); prepared.arms.len()];
                }
                self.classifies = true;
                let mut rates = None;
                if let Some(past) = prepared.past.take()
                    && self.steps.is_empty()
                {
                    let last = |arm: &ArmPast| arm.steps.last().map(|step| step.seen.learning_rate);
                    rates = Some(past.arms.iter().map(last).collect());
                    self.remember(Arc::unwrap_or_clone(past), &prepared);
                }
                self.cut(prepared.first_step);
                self.outcome = None;
                // A run that is opened again is no attempt before itself.
                self.before.take_if(|before| before.prepared.run.is_some() && before.prepared.run == prepared.run);
                self.live.prepared(&prepared);
                if let Some(rates) = rates {
                    self.live.remembered(rates);
                }
                self.prepared = Some(*prepared);
                self.say(Level::Info, text);
                None
            }
            Event::Steps(records) => {
                records.iter().for_each(|record| self.record(record));
                records.last().into_iter().for_each(|record| self.live.stepped(record));
                None
            }
            Event::Probed(record) => {
                self.probed(*record);
                None
            }
            Event::Spread(record) => {
                self.spreads.push(*record);
                None
            }
            Event::Evaluated(evaluation) => {
                self.evaluated(*evaluation);
                None
            }
            Event::Intervened(intervention) => {
                self.say(Level::Info, intervention.what.clone());
                self.interventions.push(intervention);
                None
            }
            Event::Imported(import) => {
                let text =
                    format!("{} from {} is ready: drop a picture on the window", import.name, import.weights.display());
                self.say(Level::Info, text.clone());
                self.classifies = true;
                Some((Level::Info, text))
            }
            Event::Tuned(live) => {
                self.live.tuned(*live);
                None
            }
            Event::Answer { .. } | Event::Progress { .. } => None,
            Event::Notice(text) => {
                self.say(Level::Notice, text.clone());
                Some((Level::Notice, text))
            }
            Event::Refused(text) => {
                let text = capital(&text);
                self.say(Level::Error, text.clone());
                Some((Level::Error, text))
            }
            Event::Unwritten(why) => {
                let level = if why.is_some() { Level::Error } else { Level::Info };
                let text = why.clone().unwrap_or_else(|| "Everything has been written now".to_owned());
                self.unwritten = why;
                self.say(level, text.clone());
                Some((level, text))
            }
            Event::Finished(outcome) => {
                // How a run ended that was only opened is no news.
                let first = self.prepared.as_ref().map_or(0, |prepared| prepared.first_step);
                let is_news = outcome.steps > first || first == 0;
                Some(self.finished(*outcome)).filter(|_| is_news)
            }
            Event::Failed(text) => {
                let text = capital(&text);
                self.phase = Phase::Idle;
                self.classifies = false;
                self.unwritten = None;
                self.say(Level::Error, text.clone());
                self.failure = Some(text.clone());
                Some((Level::Error, text))
            }
        }
    }

    /// Whether the event is the last word of what was reset, or the first of something new.
    fn ends_discarding(&mut self, event: &Event) -> bool {
        match event {
            Event::Finished(_) | Event::Failed(_) => {
                self.discarding = false;
                false
            }
            Event::Prepared(_) => {
                self.discarding = false;
                true
            }
            Event::Notice(_) | Event::Imported(_) | Event::Refused(_) => true,
            _ => false,
        }
    }

    fn probed(&mut self, record: ProbeRecord) {
        for (trace, seen) in self.arms.iter_mut().zip(&record.arms) {
            trace.probed(record.step, seen);
        }
        self.probes.push(record);
    }

    fn record(&mut self, record: &StepRecord) {
        self.steps.push(record.step as f64);
        self.seconds.push(record.seconds);
        for (arm, trace) in self.arms.iter_mut().enumerate() {
            if let Some(step) = PastStep::of(record, arm) {
                trace.step(&step);
            }
        }
    }

    /// Takes in what was recorded of a run before it goes on.
    fn remember(&mut self, past: Past, prepared: &Prepared) {
        let until = prepared.first_step;
        self.log_again(&past, prepared);
        for (trace, arm) in self.arms.iter_mut().zip(past.arms) {
            trace.remember(arm, until);
        }
        if let Some(longest) = self.arms.iter().max_by_key(|trace| trace.times.steps.len()) {
            (self.steps, self.seconds) = (longest.times.steps.clone(), longest.times.seconds.clone());
        }
        past.probes.into_iter().filter(|record| record.step <= until).for_each(|record| self.probed(record));
        past.spreads.into_iter().filter(|record| record.step <= until).for_each(|record| self.spreads.push(record));
        for PastEvent { step, what, intervened, stopped } in past.events {
            if intervened && step <= until {
                self.interventions.push(Intervention { stopped, ..Intervention::new(step, what) });
            }
        }
    }

    /// Writes into the log what was said of a run before, in the order in which it was said: validations come before what
    /// happened after their step.
    fn log_again(&mut self, past: &Past, prepared: &Prepared) {
        let evaluations = past.arms.iter().zip(&prepared.arms).flat_map(|(arm, info)| {
            let known = arm.evaluations.iter().filter(|found| found.step <= prepared.first_step);
            known.map(move |found| (found.step, validated(&info.name, found)))
        });
        let happened = past.events.iter().map(|event| (event.step, capital(&event.what)));
        let mut said: Vec<(u64, String)> = evaluations.chain(happened).collect();
        said.sort_by_key(|(step, _)| *step);
        let newest = said.split_off(said.len().saturating_sub(LOG_LINES / 2));
        self.log.extend(newest.into_iter().map(|(step, text)| LogLine { step, level: Level::Info, text }));
    }

    /// Forgets what came after a step.
    fn cut(&mut self, step: u64) {
        let kept = self.steps.partition_point(|&at| at <= step as f64);
        self.steps.truncate(kept);
        self.seconds.truncate(kept);
        self.arms.iter_mut().for_each(|trace| trace.cut(step));
        self.probes.cut(step);
        self.spreads.cut(step);
    }

    fn evaluated(&mut self, evaluation: Evaluation) {
        self.say(Level::Info, validated(self.arm_name(evaluation.arm), &evaluation));
        if let Some(curves) = self.arms.get_mut(evaluation.arm) {
            curves.evaluated(evaluation);
        }
    }

    fn finished(&mut self, outcome: Outcome) -> (Level, String) {
        let text = outcome.in_words();
        if self.phase.is_active() {
            self.phase = Phase::Done;
        }
        self.say(Level::Info, text.clone());
        self.live.ended();
        self.outcome = Some(outcome);
        (Level::Info, text)
    }
}

/// What a validation of an arm of this name came to.
fn validated(name: &str, evaluation: &Evaluation) -> String {
    let best = if evaluation.best { ", its least loss so far" } else { "" };
    let (loss, accuracy) = (short(evaluation.loss), percent(evaluation.accuracy));
    format!("{name}: validation loss {loss}, accuracy {accuracy}{best}")
}

fn described(prepared: &Prepared) -> String {
    let data = &prepared.dataset;
    let arms: Vec<String> =
        prepared.arms.iter().map(|arm| format!("{} ({} parameters)", arm.name, count(arm.parameters))).collect();
    if data.train + data.validation == 0 {
        return format!("Ready on {}: {}", prepared.device, arms.join(", "));
    }
    format!(
        "Ready on {}: {}, {} training and {} validation images, {}; {}",
        prepared.device,
        data.name,
        count(data.train as u64),
        count(data.validation as u64),
        plural(prepared.total_steps, "step"),
        arms.join(", ")
    )
}

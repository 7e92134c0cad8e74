//! What the engine's thread does: takes commands between steps, drives the session, tells and keeps what comes of it.

use super::contained::contained;
use super::device::{self, Opened};
use super::import;
use super::session::{Session, Stepped, dataset_info};
use super::snapshot::{Latest, Snapshot};
use super::start::{self, Settled};
use crossbeam_channel::{Receiver, TryRecvError};
use lab_core::checkpoint::Checkpoint;
use lab_core::data::Dataset;
use lab_core::experiment::{DeviceChoice, Experiment, Extension};
use lab_core::protocol::keep::{KeepNothing, Keeper, Record};
use lab_core::protocol::outbox::Outbox;
use lab_core::protocol::{Command, Event, Import, Intervention, Past, Phase, Prepared, Tune};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a run may go without a checkpoint.
const SAVE_EVERY: Duration = Duration::from_mins(2);

/// How long a busy engine goes on before it shows its networks anew.
const SHOW_EVERY: Duration = Duration::from_millis(100);

/// What to do after a panic.
const ADVICE: &str = "the last checkpoint is kept, so resume the run, on another device if this comes again";

/// The engine's thread.
pub struct Worker {
    inbox: Receiver<Command>,
    /// Commands that came while something could not be interrupted.
    deferred: VecDeque<Command>,
    outbox: Outbox,
    keeper: Box<dyn Keeper>,
    run: Option<Run>,
    latest: Latest,
    phase: Phase,
}

/// How an experiment starts.
#[derive(Clone, Copy)]
struct Start {
    /// Whether it waits before its first step.
    paused: bool,
    /// Whether it is kept.
    kept: bool,
}

/// A session with its record.
struct Run {
    session: Session,
    record: Box<dyn Record>,
    paused: bool,
    over: bool,
    /// Steps to be done although the session is paused.
    singles: u32,
    saved: Instant,
    /// The folders of each arm's checkpoints.
    checkpoints: Vec<[Option<PathBuf>; 2]>,
    /// The step at which the networks were last shown, and when that was.
    shown: Option<(u64, Instant)>,
}

impl Worker {
    /// A worker that does nothing yet.
    pub fn new(inbox: Receiver<Command>, outbox: Outbox, keeper: Box<dyn Keeper>, latest: Latest) -> Self {
        Self { inbox, deferred: VecDeque::new(), outbox, keeper, run: None, latest, phase: Phase::Idle }
    }

    /// Works until told to quit or until nobody is left to tell.
    pub fn run(mut self) {
        loop {
            let busy = self.run.as_ref().is_some_and(|run| !run.over && (!run.paused || run.singles > 0));
            self.show(busy);
            match self.next(busy) {
                Some(Command::Quit) => break,
                Some(command) => self.guarded(|worker| worker.obey(command)),
                None if busy => self.guarded(Self::advance),
                None => break,
            }
        }
        self.guarded(|worker| worker.end("the program was closed"));
        self.outbox.flush();
    }

    /// The next command: at once if there is work to do, else whenever it comes. `None` is "none now" for a busy
    /// worker and "none ever again" for an idle one.
    fn next(&mut self, busy: bool) -> Option<Command> {
        if let Some(command) = self.deferred.pop_front() {
            return Some(command);
        }
        if !busy {
            self.outbox.flush();
            return self.inbox.recv().ok();
        }
        match self.inbox.try_recv() {
            Ok(command) => Some(command),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Command::Quit),
        }
    }

    /// Does something; an error or a panic ends the experiment with a message.
    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> Result<(), String>) {
        if let Err(message) = contained("the experiment", ADVICE, || work(self)) {
            // Tensors of a panicked step are not to be trusted; the last checkpoint is.
            self.forget();
            self.outbox.flush();
            self.outbox.send(Event::Failed(message));
            self.enter(Phase::Idle);
        }
    }

    /// Shows the networks as they are now to whoever asks questions of them; while busy, not after each quick step.
    fn show(&mut self, busy: bool) {
        let Some(run) = &mut self.run else { return };
        let recent = |(step, at): (u64, Instant)| step == run.session.step || (busy && at.elapsed() < SHOW_EVERY);
        if !run.shown.is_some_and(recent) {
            self.latest.show(Some(Snapshot::of(&run.session, &run.checkpoints)));
            run.shown = Some((run.session.step, Instant::now()));
        }
    }

    /// Lets go of the networks.
    fn forget(&mut self) {
        self.run = None;
        self.latest.show(None);
    }

    fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            self.phase = phase;
            self.outbox.send(Event::Phase(phase));
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Start { experiment, device, paused } => {
                self.end("another experiment was started")?;
                self.start(*experiment, device, Start { paused, kept: true })
            }
            Command::Play { experiment, device } => {
                self.end("another experiment was started")?;
                self.start(*experiment, device, Start { paused: false, kept: false })
            }
            Command::Import(import) => {
                self.end("weights were opened")?;
                self.import(import)
            }
            Command::Resume { run, device } => {
                self.end("another run was resumed")?;
                self.resume(&run, device)
            }
            Command::Pause => {
                self.pause(true);
                Ok(())
            }
            Command::Continue => {
                self.pause(false);
                Ok(())
            }
            Command::Step => {
                if let Some(run) = &mut self.run {
                    run.paused = true;
                    run.singles += u32::from(!run.over);
                }
                Ok(())
            }
            Command::Stop => self.end("stopped by hand"),
            Command::Tune(change) => self.tune(&change),
            Command::Checkpoint => self.save(&[]),
            Command::Extend { epochs, schedule } => self.extend(epochs, schedule),
            // Questions never come this far: the engine hands them to whoever answers them.
            Command::Ask { .. } | Command::Cancel(_) | Command::Quit => Ok(()),
        }
    }

    fn start(&mut self, experiment: Experiment, choice: DeviceChoice, start: Start) -> Result<(), String> {
        self.forget();
        self.enter(Phase::Loading);
        let Settled { experiment, origins, notices } = start::settle(experiment, self.keeper.as_ref())?;
        notices.into_iter().for_each(|notice| self.outbox.send(Event::Notice(notice)));
        let dataset = Dataset::of(&experiment).map_err(|error| error.to_string())?;
        let mut session = self.session(experiment, dataset, choice)?;
        session.start_from(&origins)?.into_iter().for_each(|notice| self.outbox.send(Event::Notice(notice)));
        let prepared = prepared(&session, None);
        let record = if start.kept { self.keeper.open(&prepared)? } else { Box::new(KeepNothing) };
        self.begin(session, record, None, start.paused)
    }

    fn import(&mut self, import: Box<Import>) -> Result<(), String> {
        self.forget();
        self.enter(Phase::Idle);
        let (imported, notice) = import::snapshot(&import)?;
        self.latest.show(Some(imported));
        notice.into_iter().for_each(|notice| self.outbox.send(Event::Notice(notice)));
        self.outbox.send(Event::Imported(import));
        Ok(())
    }

    fn resume(&mut self, folder: &Path, choice: DeviceChoice) -> Result<(), String> {
        self.forget();
        self.enter(Phase::Loading);
        let kept = self.keeper.reopen(folder)?;
        let dataset = Dataset::of(&kept.experiment).map_err(|error| error.to_string())?;
        if dataset_info(&dataset) != kept.dataset {
            return Err(format!(
                "the images of this run have changed since it was started ({} training and {} validation images then, {} \
                 and {} now); put them back, or start a new run",
                kept.dataset.train,
                kept.dataset.validation,
                dataset.train.len(),
                dataset.validation.len()
            ));
        }
        let mut session = self.session(kept.experiment, dataset, choice)?;
        let mut record = kept.record;
        session.resume(record.as_ref())?;
        let steps: Vec<u64> = session.arms.iter().map(|arm| arm.progress.step).collect();
        record.rewind(&steps)?;
        record.intervened(&Intervention { step: session.step, what: format!("resumed on {}", session.opened.name) })?;
        self.begin(session, record, Some(Arc::new(kept.past)), false)
    }

    fn session(&mut self, experiment: Experiment, dataset: Dataset, choice: DeviceChoice) -> Result<Session, String> {
        for notice in &dataset.notices {
            self.outbox.send(Event::Notice(notice.clone()));
        }
        let opened: Opened = device::open(choice)?;
        if let Some(notice) = &opened.notice {
            self.outbox.send(Event::Notice(notice.clone()));
        }
        Session::new(experiment, Arc::new(dataset), opened)
    }

    fn begin(
        &mut self,
        session: Session,
        record: Box<dyn Record>,
        past: Option<Arc<Past>>,
        paused: bool,
    ) -> Result<(), String> {
        let prepared = Prepared { past, ..prepared(&session, record.folder()) };
        let over = session.is_over();
        let saved = Instant::now();
        let both = |arm| [Checkpoint::Last, Checkpoint::Best].map(|which| record.checkpoint(arm, which));
        let checkpoints = (0..session.arms.len()).map(both).collect();
        self.run = Some(Run { session, record, paused, over, singles: 0, saved, checkpoints, shown: None });
        // Whoever hears that the networks are ready may ask of them at once.
        self.show(false);
        self.outbox.send(Event::Prepared(Box::new(prepared)));
        let missing = self.run.as_ref().is_some_and(|run| run.session.is_evaluation_missing());
        if let Some(reason) = if missing { self.evaluate()? } else { self.enough()? } {
            return self.finish(&reason);
        }
        if over {
            return self.finish("all its steps are done already");
        }
        if paused {
            self.enter(Phase::Paused);
        }
        Ok(())
    }

    fn pause(&mut self, paused: bool) {
        let Some(run) = self.run.as_mut().filter(|run| !run.over) else { return };
        run.paused = paused;
        run.singles = 0;
        if paused {
            self.enter(Phase::Paused);
        }
    }

    fn tune(&mut self, change: &Tune) -> Result<(), String> {
        let Some(run) = &mut self.run else { return Ok(()) };
        run.session.tune(change);
        let what = match change {
            Tune::LearningRate(rate) => format!("learning rate {rate}"),
            Tune::Momentum(momentum) => format!("momentum {momentum}"),
            Tune::WeightDecay(decay) => format!("weight decay {decay}"),
            Tune::Augmentation(_) => "augmentation changed".into(),
            Tune::ProbeEvery(steps) => format!("probes every {steps} steps"),
        };
        let intervention = Intervention { step: run.session.step, what };
        run.record.intervened(&intervention)?;
        let live = Box::new(run.session.live());
        self.outbox.send(Event::Intervened(intervention));
        self.outbox.send(Event::Tuned(live));
        Ok(())
    }

    fn extend(&mut self, epochs: u32, schedule: Extension) -> Result<(), String> {
        let Some(run) = self.run.as_mut().filter(|run| !run.session.all_diverged()) else { return Ok(()) };
        run.session.extend(epochs, schedule);
        run.over = false;
        run.paused = false;
        let what = format!("extended by {epochs} epochs; {}", schedule.in_words());
        let intervention = Intervention { step: run.session.step, what };
        run.record.intervened(&intervention)?;
        let prepared = prepared(&run.session, run.record.folder());
        self.outbox.send(Event::Intervened(intervention));
        self.outbox.send(Event::Prepared(Box::new(prepared)));
        Ok(())
    }

    /// One step, and whatever is due after it.
    fn advance(&mut self) -> Result<(), String> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let first = run.session.step == 0 && run.session.opened.is_gpu();
        let phase = match (first, run.session.is_warming_up()) {
            (true, _) => Phase::Tuning,
            (_, true) => Phase::WarmingUp,
            _ => Phase::Training,
        };
        run.singles = run.singles.saturating_sub(1);
        self.enter(phase);
        let Some(run) = &mut self.run else { return Ok(()) };
        let stepped = run.session.advance()?;
        self.tell(stepped)?;
        let Some(run) = &mut self.run else { return Ok(()) };
        if run.session.all_diverged() {
            return self.finish("every arm's loss left the finite numbers");
        }
        if run.session.is_evaluation_due() {
            if let Some(reason) = self.evaluate()? {
                return self.finish(&reason);
            }
        } else if run.saved.elapsed() > SAVE_EVERY {
            self.save(&[])?;
        }
        let Some(run) = &mut self.run else { return Ok(()) };
        if run.session.is_over() {
            return self.finish("all steps are done");
        }
        if run.session.has_stalled() {
            return self.finish("stopped early: the validation loss no longer falls");
        }
        if run.paused && run.singles == 0 {
            self.enter(Phase::Paused);
        }
        Ok(())
    }

    /// Keeps and tells what a step brought.
    fn tell(&mut self, stepped: Stepped) -> Result<(), String> {
        let Some(run) = &mut self.run else { return Ok(()) };
        run.record.step(&stepped.record)?;
        let step = stepped.record.step;
        self.outbox.step(stepped.record);
        if let Some(probe) = stepped.probe {
            run.record.probed(&probe)?;
            self.outbox.send(Event::Probed(Box::new(probe)));
        }
        if let Some(spread) = stepped.spread {
            self.outbox.send(Event::Spread(Box::new(spread)));
        }
        for index in stepped.diverged {
            let name = &run.session.arms[index].name;
            let what = format!(
                "{name}: the loss is no longer a finite number, so this arm stops; try a smaller learning rate or a warm-up"
            );
            let intervention = Intervention { step, what };
            run.record.intervened(&intervention)?;
            self.outbox.send(Event::Intervened(intervention));
        }
        Ok(())
    }

    /// Validates every arm and saves; says why it is to end here, if it is. Commands that come meanwhile are obeyed
    /// afterwards, those that end it at once.
    fn evaluate(&mut self) -> Result<Option<String>, String> {
        self.enter(Phase::Evaluating);
        self.show(false);
        let Self { run: Some(run), inbox, deferred, outbox, .. } = self else { return Ok(None) };
        let (mut best, mut ending) = (Vec::new(), false);
        for index in 0..run.session.arms.len() {
            let go_on = |_| {
                for command in inbox.try_iter() {
                    ending |=
                        matches!(command, Command::Stop | Command::Quit | Command::Start { .. } | Command::Play { .. });
                    deferred.push_back(command);
                }
                !ending
            };
            let Some(evaluation) = run.session.evaluate(index, go_on)? else { continue };
            if evaluation.best {
                best.push(index);
            }
            run.record.evaluated(&evaluation)?;
            outbox.send(Event::Evaluated(Box::new(evaluation)));
        }
        // Asked before the checkpoint is written, so that whoever goes on from it finds the question answered.
        let enough = if ending { None } else { self.enough()? };
        self.save(&best)?;
        Ok(enough)
    }

    /// Whether whoever keeps the record wants no more of the experiment, and why.
    fn enough(&mut self) -> Result<Option<String>, String> {
        let Some(run) = self.run.as_mut().filter(|run| run.session.step > 0) else { return Ok(None) };
        run.record.enough(run.session.step)
    }

    fn save(&mut self, best: &[usize]) -> Result<(), String> {
        let Some(run) = &mut self.run else { return Ok(()) };
        run.saved = Instant::now();
        let said = run.session.save(run.record.as_ref(), best)?;
        said.into_iter().for_each(|notice| self.outbox.send(Event::Notice(notice)));
        Ok(())
    }

    /// Ends what is running, if anything is, with a checkpoint.
    fn end(&mut self, reason: &str) -> Result<(), String> {
        match &self.run {
            Some(run) if !run.over => {
                self.save(&[])?;
                self.finish(reason)
            }
            _ => Ok(()),
        }
    }

    /// Ends the run but keeps its networks, so that questions can be asked and training extended.
    fn finish(&mut self, reason: &str) -> Result<(), String> {
        let Some(run) = &mut self.run else { return Ok(()) };
        run.over = true;
        run.singles = 0;
        let outcome = run.session.outcome(reason, run.record.folder());
        run.record.finished(&outcome)?;
        let phase = if run.session.all_diverged() { Phase::Diverged } else { Phase::Done };
        self.enter(phase);
        self.outbox.send(Event::Finished(Box::new(outcome)));
        Ok(())
    }
}

fn prepared(session: &Session, run: Option<&Path>) -> Prepared {
    Prepared {
        experiment: session.experiment.clone(),
        dataset: dataset_info(&session.dataset),
        device: session.opened.name.clone(),
        steps_per_epoch: session.steps_per_epoch,
        total_steps: session.total_steps,
        first_step: session.step,
        run: run.map(Path::to_path_buf),
        arms: session.arm_infos(),
        live: session.live(),
        past: None,
    }
}

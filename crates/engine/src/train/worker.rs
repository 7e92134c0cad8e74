//! What the engine's thread does: takes commands between steps, drives the session, tells and keeps what comes of it.

use super::contained::contained;
use super::device::{self, Opened};
use super::failure::Failure;
use super::import::{self, Imported};
use super::session::{Session, Stepped};
use super::snapshot::Latest;
use super::start::{self, Settled};
use super::under_way::{self, Before, Ending, RETRY, Run};
use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use lab_core::data::Dataset;
use lab_core::experiment::{DeviceChoice, Experiment, Extension, warnings};
use lab_core::number::plural;
use lab_core::protocol::keep::{KeepNothing, Keeper};
use lab_core::protocol::outbox::Outbox;
use lab_core::protocol::{Change, Command, End, Event, Import, Intervention, Outcome, Past, Phase, Prepared, Tune};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

impl Worker {
    /// A worker that does nothing yet.
    pub fn new(inbox: Receiver<Command>, outbox: Outbox, keeper: Box<dyn Keeper>, latest: Latest) -> Self {
        Self { inbox, deferred: VecDeque::new(), outbox, keeper, run: None, latest, phase: Phase::Idle }
    }

    /// Works until it is asked to quit or nobody is left to hear of it.
    pub fn run(mut self) {
        loop {
            let busy = self.run.as_ref().is_some_and(|run| !run.over && (!run.paused || run.singles > 0));
            self.show(busy);
            match self.next(busy) {
                Some(Command::Quit) => break,
                Some(command) => self.guarded(|worker| worker.obey(command)),
                None if busy => self.guarded(Self::advance),
                None => self.guarded(Self::retry),
            }
        }
        self.guarded(|worker| worker.end("the program was closed".into()));
        self.outbox.flush();
    }

    /// The next command: at once if there is work to do, else whenever it comes. `None` is "none now".
    fn next(&mut self, busy: bool) -> Option<Command> {
        if let Some(command) = self.deferred.pop_front() {
            return Some(command);
        }
        if busy {
            return match self.inbox.try_recv() {
                Ok(command) => Some(command),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Command::Quit),
            };
        }
        self.outbox.flush();
        if !self.run.as_ref().is_some_and(Run::waits) {
            return Some(self.inbox.recv().unwrap_or(Command::Quit));
        }
        match self.inbox.recv_timeout(RETRY) {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Command::Quit),
        }
    }

    /// Tries again to write what could not be written.
    fn retry(&mut self) -> Result<(), Failure> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let said = run.retry()?;
        self.say(said);
        Ok(())
    }

    /// Tells notices, and whether anything cannot be written.
    fn say(&mut self, notices: Vec<String>) {
        notices.into_iter().for_each(|notice| self.outbox.send(Event::Notice(notice)));
        if let Some(news) = self.run.as_mut().and_then(Run::news) {
            self.outbox.send(news);
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "every command is answered alike")]
    fn move_run(&mut self, folder: &Path) -> Result<(), Failure> {
        let Some(run) = &mut self.run else { return Ok(()) };
        // A folder that will not do is no reason to end anything.
        let said = run.move_to(folder).unwrap_or_else(|why| vec![why.to_string()]);
        self.outbox.send(Event::Prepared(Box::new(run.session.prepared(run.record.folder()))));
        self.say(said);
        Ok(())
    }

    /// Does something; an error or a panic ends the experiment with a message.
    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> Result<(), Failure>) {
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
            self.latest.show(Some(run.snapshot()));
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

    fn obey(&mut self, command: Command) -> Result<(), Failure> {
        match command {
            Command::Start { experiment, device, paused } => {
                self.end("another experiment was started".into())?;
                self.start(*experiment, device, Start { paused, kept: true })
            }
            Command::Play { experiment, device } => {
                self.end("another experiment was started".into())?;
                self.start(*experiment, device, Start { paused: false, kept: false })
            }
            Command::Import(import) => self.import(import),
            Command::Resume { run, device } => {
                self.end("another run was resumed".into())?;
                self.reopen(&run, device, true)
            }
            Command::Open { run, device } => {
                self.end("another run was opened".into())?;
                self.reopen(&run, device, false)
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
            Command::Stop => self.end(End::Stopped),
            Command::Tune(change) => self.tune(&change),
            Command::Checkpoint => self.save(),
            Command::MoveRun(folder) => self.move_run(&folder),
            Command::Extend { epochs, schedule } => self.extend(epochs, schedule),
            // Questions never come this far: the engine hands them to whoever answers them.
            Command::Ask { .. } | Command::Cancel(_) | Command::Quit => Ok(()),
        }
    }

    fn start(&mut self, experiment: Experiment, choice: DeviceChoice, start: Start) -> Result<(), Failure> {
        self.forget();
        self.enter(Phase::Loading);
        let Settled { experiment, origins, notices } = start::settle(experiment, self.keeper.as_ref())?;
        notices.into_iter().for_each(|notice| self.outbox.send(Event::Notice(notice)));
        let dataset = start::images(&experiment)?;
        let mut session = self.session(experiment, dataset, choice)?;
        session.arms.iter_mut().for_each(|arm| arm.brief = !start.kept);
        let said = session.start_from(&origins, &vec![true; origins.len()])?;
        self.say(warnings(&session.experiment, session.steps_per_epoch).into_iter().chain(said).collect());
        let prepared = session.prepared(None);
        let record =
            if start.kept { self.keeper.open(&prepared).map_err(Failure::Keep)? } else { Box::new(KeepNothing) };
        let mut run = Run::new(session, record, start.paused);
        // Whoever is killed before the first checkpoint goes on from this one.
        let said = run.save()?;
        self.begin(run, Before::default(), said)
    }

    /// Opens weights; those that cannot be read end nothing.
    fn import(&mut self, import: Box<Import>) -> Result<(), Failure> {
        let read = contained("the file of weights", "everything stays as it was", || import::read(&import));
        let read = read.map_err(|why| self.outbox.send(Event::Refused(why)));
        let Ok(Imported { snapshot, prepared, notices }) = read else { return Ok(()) };
        self.end("weights were opened".into())?;
        self.forget();
        self.enter(Phase::Idle);
        self.latest.show(Some(snapshot));
        self.outbox.send(Event::Prepared(Box::new(prepared)));
        self.say(notices);
        self.outbox.send(Event::Imported(import));
        Ok(())
    }

    /// Reads a kept run, to go on with it or to show it as it was left.
    fn reopen(&mut self, folder: &Path, choice: DeviceChoice, goes_on: bool) -> Result<(), Failure> {
        self.forget();
        self.enter(Phase::Loading);
        let mut kept = self.keeper.reopen(folder).map_err(Failure::Keep)?;
        let dataset = Dataset::of(&kept.experiment).map_err(Failure::RunImages)?;
        under_way::same_images(&kept.dataset, &dataset)?;
        under_way::count(&mut kept.past, &dataset);
        let mut record = kept.record;
        let mut session = self.session(kept.experiment.clone(), dataset, choice)?;
        let new = session.without_checkpoint(record.as_mut());
        if new.contains(&true) {
            let Settled { origins, .. } = start::settle(kept.experiment, self.keeper.as_ref())?;
            session.start_from(&origins, &new)?;
        }
        let mut said = session.resume(record.as_mut(), &kept.past)?;
        said.extend(kept.edited);
        let before = Before { past: Some(Arc::new(kept.past)), outcome: kept.outcome };
        let mut run = Run::opened(session, record, before.recorded());
        if !goes_on {
            self.look(run, before, said);
            return Ok(());
        }
        run.take_up()?;
        if !run.over {
            run.record.resumed(run.session.step).map_err(Failure::Keep)?;
            let what = format!("resumed on {}", run.session.opened.name);
            let resumed = Intervention::new(run.session.step, what);
            run.record.intervened(&resumed).map_err(Failure::Keep)?;
        }
        self.begin(run, before, said)
    }

    /// Shows a run as it was left. Nothing is written before somebody goes on with it.
    fn look(&mut self, run: Run, before: Before, mut said: Vec<String>) {
        let (outcome, behind) = before.left(&run);
        said.extend(behind);
        self.present(run, before.past, outcome.steps, said);
        self.tell_end(before.outcome.map_or(outcome.clone(), |known| Outcome { run: outcome.run, ..known }));
    }

    fn session(&mut self, experiment: Experiment, dataset: Dataset, choice: DeviceChoice) -> Result<Session, Failure> {
        for notice in &dataset.notices {
            self.outbox.send(Event::Notice(notice.clone()));
        }
        let opened: Opened = device::open_for(choice, experiment.recipe.precision)?;
        if let Some(notice) = &opened.notice {
            self.outbox.send(Event::Notice(notice.clone()));
        }
        Session::new(experiment, Arc::new(dataset), opened)
    }

    /// Takes a run on, and tells of it.
    fn present(&mut self, run: Run, past: Option<Arc<Past>>, first_step: u64, said: Vec<String>) {
        let mut prepared = Prepared { past, first_step, ..run.session.prepared(run.record.folder()) };
        // Where nothing could be kept after a run was extended, its checkpoints know less than its tables.
        prepared.total_steps = prepared.total_steps.max(first_step);
        self.run = Some(run);
        // Whoever hears that the networks are ready may ask of them at once.
        self.show(false);
        self.outbox.send(Event::Prepared(Box::new(prepared)));
        self.say(said);
    }

    fn begin(&mut self, run: Run, before: Before, said: Vec<String>) -> Result<(), Failure> {
        let (over, paused, step) = (run.over, run.paused, run.session.step);
        let missing = run.session.is_evaluation_missing();
        self.present(run, before.past, step, said);
        if over && !missing && before.outcome.is_some_and(|outcome| outcome.steps == step) {
            self.ended_before();
            return Ok(());
        }
        if let Some(reason) = if missing { self.evaluate()? } else { self.enough()? } {
            return self.finish(reason.into());
        }
        if self.run.as_ref().is_some_and(|run| run.over || run.session.has_stalled()) {
            return self.finish_by_itself();
        }
        if paused {
            self.enter(Phase::Paused);
        }
        Ok(())
    }

    /// A run that has ended stays as it is.
    fn ended_before(&mut self) {
        if let Some(outcome) = self.run.as_ref().map(|run| run.outcome(&"this run was already complete".into())) {
            self.tell_end(outcome);
        }
    }

    fn pause(&mut self, paused: bool) {
        let Some(run) = self.run.as_mut().filter(|run| !run.over) else { return };
        run.paused = paused;
        run.singles = 0;
        if paused {
            self.enter(Phase::Paused);
        }
    }

    fn tune(&mut self, change: &Tune) -> Result<(), Failure> {
        let Some(run) = &mut self.run else { return Ok(()) };
        if let Err(why) = run.session.tune(change) {
            self.outbox.send(Event::Notice(format!("not changed: {why}")));
            return Ok(());
        }
        let (step, what) = (run.session.step, change.in_words());
        let intervention = Intervention { change: Some(Change::Tune(change.clone())), ..Intervention::new(step, what) };
        run.record.intervened(&intervention).map_err(Failure::Keep)?;
        self.outbox.send(Event::Intervened(intervention));
        self.outbox.send(Event::Tuned(Box::new(run.session.live())));
        Ok(())
    }

    fn extend(&mut self, epochs: u32, schedule: Extension) -> Result<(), Failure> {
        let Some(run) = self.run.as_mut().filter(|run| !run.session.all_stopped()) else { return Ok(()) };
        run.take_up()?;
        run.go_on();
        if let Some(said) = run.puts_off(epochs, schedule) {
            self.say(vec![said]);
            return Ok(());
        }
        run.session.extend(epochs, schedule);
        let what = format!("extended by {}; {}", plural(epochs.into(), "epoch"), schedule.in_words());
        let course = run.session.course().clone();
        let change = Some(Change::Length { steps: run.session.total_steps, course });
        let intervention = Intervention { change, ..Intervention::new(run.session.step, what) };
        run.record.intervened(&intervention).map_err(Failure::Keep)?;
        let prepared = run.session.prepared(run.record.folder());
        self.outbox.send(Event::Intervened(intervention));
        self.outbox.send(Event::Prepared(Box::new(prepared)));
        Ok(())
    }

    /// One step, and whatever is due after it.
    fn advance(&mut self) -> Result<(), Failure> {
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
        if run.session.all_stopped() {
            self.save()?;
            return self.finish_by_itself();
        }
        if run.session.is_evaluation_due() {
            if let Some(reason) = self.evaluate()? {
                return self.finish(reason.into());
            }
        } else if run.is_save_due() {
            self.save()?;
        }
        self.retry()?;
        let Some(run) = &mut self.run else { return Ok(()) };
        if run.change_again() {
            self.outbox.send(Event::Tuned(Box::new(run.session.live())));
        }
        for (epochs, schedule) in run.due() {
            self.extend(epochs, schedule)?;
        }
        if self.run.as_ref().is_some_and(|run| run.session.is_over() || run.session.has_stalled()) {
            return self.finish_by_itself();
        }
        let Some(run) = &mut self.run else { return Ok(()) };
        if run.paused && run.singles == 0 {
            self.enter(Phase::Paused);
        }
        Ok(())
    }

    /// Keeps and tells what a step brought.
    fn tell(&mut self, stepped: Stepped) -> Result<(), Failure> {
        let Some(run) = &mut self.run else { return Ok(()) };
        run.record.step(&stepped.record).map_err(Failure::Keep)?;
        self.outbox.step(stepped.record);
        if let Some(probe) = stepped.probe {
            run.record.probed(&probe).map_err(Failure::Keep)?;
            self.outbox.send(Event::Probed(Box::new(probe)));
        }
        if let Some(spread) = stepped.spread {
            run.record.counted(&spread).map_err(Failure::Keep)?;
            self.outbox.send(Event::Spread(Box::new(spread)));
        }
        for arm in stepped.stopped {
            self.tell_stopped(arm)?;
        }
        Ok(())
    }

    fn tell_stopped(&mut self, arm: usize) -> Result<(), Failure> {
        let Some(run) = &mut self.run else { return Ok(()) };
        self.outbox.send(Event::Intervened(run.stopped(arm)?));
        Ok(())
    }

    /// Validates every arm and saves; says why it is to end here, if it is. Commands that come meanwhile are obeyed
    /// afterwards.
    fn evaluate(&mut self) -> Result<Option<String>, Failure> {
        self.enter(Phase::Evaluating);
        self.show(false);
        let Self { run: Some(run), inbox, deferred, outbox, .. } = self else { return Ok(None) };
        let mut ending = Ending::default();
        let go_on = || {
            deferred.extend(inbox.try_iter().inspect(|command| ending.hear(command)));
            !ending.is_near()
        };
        let failed = run.evaluate(go_on, |evaluation| outbox.send(Event::Evaluated(Box::new(evaluation))))?;
        failed.into_iter().try_for_each(|arm| self.tell_stopped(arm))?;
        // Asked before the checkpoint is written, so that whoever goes on from it finds the question answered.
        let enough = if ending.is_near() { None } else { self.enough()? };
        self.save()?;
        Ok(enough)
    }

    /// Whether whoever keeps the record wants no more of the experiment, and why.
    fn enough(&mut self) -> Result<Option<String>, Failure> {
        let Some(run) = self.run.as_mut().filter(|run| run.session.step > 0) else { return Ok(None) };
        run.record.enough(run.session.step).map_err(Failure::Keep)
    }

    fn save(&mut self) -> Result<(), Failure> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let said = run.save()?;
        self.say(said);
        Ok(())
    }

    /// Ends what is running, if anything is, with a checkpoint.
    fn end(&mut self, reason: End) -> Result<(), Failure> {
        match &self.run {
            Some(run) if !run.over => {
                self.save()?;
                self.finish(reason)
            }
            _ => Ok(()),
        }
    }

    /// Ends the run but keeps its networks, so that questions can be asked and training extended.
    fn finish(&mut self, reason: End) -> Result<(), Failure> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let outcome = run.finish(reason)?;
        self.say(Vec::new());
        self.tell_end(outcome);
        Ok(())
    }

    fn finish_by_itself(&mut self) -> Result<(), Failure> {
        let Some(reason) = self.run.as_ref().map(Run::reason) else { return Ok(()) };
        self.finish(reason)
    }

    fn tell_end(&mut self, outcome: Outcome) {
        let Some(run) = &mut self.run else { return };
        (run.over, run.singles) = (true, 0);
        let phase = if run.session.all_stopped() { Phase::Diverged } else { Phase::Done };
        self.enter(phase);
        self.outbox.send(Event::Finished(Box::new(outcome)));
    }
}

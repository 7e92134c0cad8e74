//! The numbers of one arm over time, whether it trains now or lies on disk.

use super::series::{SeriesColumn, stamped};
use lab_core::protocol::{ArmPast, ArmProbe, Evaluation, PastStep};
use lab_core::quantity::{Measure, Metric, Part, Probed, Source};
use lab_core::statistics::Sample;
use std::collections::BTreeSet;
use std::ops::Range;

/// When the entries of some columns were taken.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// Steps, ascending.
    pub steps: Vec<f64>,
    pub seconds: Vec<f64>,
}

impl Times {
    fn push(&mut self, step: f64, seconds: f64) {
        self.steps.push(step);
        self.seconds.push(seconds);
    }

    /// How many entries come no later than a step.
    fn until(&self, step: f64) -> usize {
        self.steps.partition_point(|&at| at <= step)
    }

    fn truncate(&mut self, length: usize) {
        self.steps.truncate(length);
        self.seconds.truncate(length);
    }
}

/// A column with when its entries were taken.
pub type Dense<'a> = (&'a Times, &'a SeriesColumn);

/// The curves of one arm.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// When its steps were.
    pub times: Times,
    /// One for each of [`Measure::ALL`]; those of validations stay empty.
    steps: [SeriesColumn; Measure::ALL.len()],
    /// Every validation, oldest first.
    pub evaluations: Vec<Evaluation>,
    /// For each validation, the mean of each of [`Measure::ALL`] over the steps since the validation before.
    means: Vec<[f64; Measure::ALL.len()]>,
    /// A number that traces with other validations do not share.
    validated: u64,
    /// When its probes were.
    pub probe_times: Times,
    /// For each of [`Probed::ALL`], one for each part.
    probes: [[SeriesColumn; 3]; Probed::ALL.len()],
}

impl Trace {
    /// Takes in a step.
    pub fn step(&mut self, step: &PastStep) {
        self.times.push(step.step as f64, step.seconds);
        for (measure, column) in Measure::ALL.iter().zip(&mut self.steps) {
            measure.of_step(step).into_iter().for_each(|value| column.push(value));
        }
    }

    /// Takes in a validation of the steps so far.
    pub fn evaluated(&mut self, evaluation: Evaluation) {
        let since = self.evaluations.last().map_or(0, |before| self.times.until(before.step as f64));
        let mean = |column: &SeriesColumn| {
            let recent = column.values().get(since..).unwrap_or(&[]);
            recent.iter().sum::<f64>() / recent.len() as f64
        };
        self.validation(evaluation, self.steps.each_ref().map(mean));
    }

    fn validation(&mut self, evaluation: Evaluation, means: [f64; Measure::ALL.len()]) {
        let Evaluation { loss, accuracy, top5, seconds, step, .. } = evaluation;
        let words = [loss, accuracy, top5, seconds].into_iter().chain(means).map(f64::to_bits);
        self.validated = words.fold(stamped(self.validated, step), stamped);
        self.evaluations.push(evaluation);
        self.means.push(means);
    }

    /// A number that traces with other validations do not share.
    #[must_use]
    pub fn validated(&self) -> u64 {
        self.validated
    }

    /// The values of each step or probe, if it has them.
    #[must_use]
    pub fn dense(&self, metric: Metric) -> Option<Dense<'_>> {
        match metric.source() {
            Source::Measured { trained, .. } => Some((&self.times, &self.steps[trained? as usize])),
            Source::Gap { .. } => None,
            Source::Probed(probed, part) => Some((&self.probe_times, &self.probes[probed as usize][part as usize])),
        }
    }

    /// The value at each validation, if validations have it.
    #[must_use]
    pub fn sparse(&self, metric: Metric) -> impl DoubleEndedIterator<Item = (&Evaluation, f64)> {
        let source = metric.source();
        let value = move |evaluation: &Evaluation, means: &[f64; Measure::ALL.len()]| match source {
            Source::Measured { validated, .. } => validated.and_then(|measure| measure.of_validation(evaluation)),
            Source::Gap { trained, validated } => validated.of_validation(evaluation).map(|value| {
                let worse = value - means[trained as usize];
                if validated.less_is_better() { worse } else { -worse }
            }),
            Source::Probed(..) => None,
        };
        // Twenty plots of many lines ask for what most of them do not have.
        let shown = if metric.is_validated() { self.evaluations.len() } else { 0 };
        let evaluations = self.evaluations[..shown].iter().zip(&self.means);
        evaluations.filter_map(move |(evaluation, means)| Some((evaluation, value(evaluation, means)?)))
    }

    /// Takes in what was recorded until a step; looks inside come after it.
    pub fn remember(&mut self, past: ArmPast, until: u64) {
        let mut evaluations = past.evaluations.into_iter().filter(|evaluation| evaluation.step <= until).peekable();
        for step in past.steps.iter().take_while(|step| step.step <= until) {
            while let Some(earlier) = evaluations.next_if(|evaluation| evaluation.step < step.step) {
                self.evaluated(earlier);
            }
            self.step(step);
        }
        evaluations.for_each(|evaluation| self.evaluated(evaluation));
    }

    /// Takes in a probe of a step that was taken in before.
    pub fn probed(&mut self, step: u64, seen: &ArmProbe) {
        if seen.blocks.is_empty() {
            return;
        }
        let taken = self.times.until(step as f64).checked_sub(1).map_or(0.0, |last| self.times.seconds[last]);
        self.probe_times.push(step as f64, taken);
        for (probed, columns) in Probed::ALL.iter().zip(&mut self.probes) {
            for (part, column) in Part::ALL.iter().zip(columns) {
                column.push(probed.of(*part, seen).unwrap_or(f64::NAN));
            }
        }
    }

    /// Forgets what came after a step: the run goes on from there.
    pub fn cut(&mut self, step: u64) {
        let step = step as f64;
        let kept = self.times.until(step);
        self.times.truncate(kept);
        self.steps.iter_mut().for_each(|column| column.truncate(kept));
        let means = std::mem::take(&mut self.means);
        self.validated = 0;
        for (evaluation, means) in std::mem::take(&mut self.evaluations).into_iter().zip(means) {
            if evaluation.step as f64 <= step {
                self.validation(evaluation, means);
            }
        }
        let kept = self.probe_times.until(step);
        self.probe_times.truncate(kept);
        self.probes.iter_mut().flatten().for_each(|column| column.truncate(kept));
    }

    /// The step at which the loss was no longer a number, after which the arm was not trained any more.
    #[must_use]
    pub fn diverged_at(&self) -> Option<f64> {
        let loss = self.steps[Measure::TrainLoss as usize].values().last()?;
        if loss.is_finite() { None } else { self.times.steps.last().copied() }
    }

    /// The validation with the least loss.
    #[must_use]
    pub fn best(&self) -> Option<&Evaluation> {
        let finite = self.evaluations.iter().filter(|evaluation| evaluation.loss.is_finite());
        finite.min_by(|a, b| a.loss.total_cmp(&b.loss))
    }
}

/// Values of a column that are looked at in each stretch where a mean over traces is taken.
const SAMPLE: usize = 8;

/// The mean over some traces, and the edges of a band around it: a standard deviation to each side.
#[derive(Clone, Debug, Default)]
pub struct Averaged {
    pub mean: Trace,
    /// The lower and the upper edge.
    pub edges: [Trace; 2],
}

/// Steps that are taken together, and the entries of each trace that belong to them.
struct StepGroup {
    step: f64,
    seconds: f64,
    entries: Vec<Range<usize>>,
}

impl Averaged {
    /// Over at most so many stretches of steps. A stretch, or a validation, counts where every trace has a value, so that
    /// the mean ends with the first that ends: one over those that are left would jump. Between two validations of a trace
    /// lies the line between them.
    #[must_use]
    pub fn over(traces: &[&Trace], most: usize) -> Self {
        let mut made = Self::default();
        for stretch in stretches(traces.iter().map(|trace| &trace.times).collect(), most) {
            made.all(|_, trace| trace.times.push(stretch.step, stretch.seconds));
            for measure in 0..Measure::ALL.len() {
                let columns: Vec<&SeriesColumn> = traces.iter().map(|trace| &trace.steps[measure]).collect();
                let values = averaged(&columns, &stretch.entries);
                made.all(|of, trace| values.into_iter().for_each(|values| trace.steps[measure].push(values[of])));
            }
        }
        for stretch in stretches(traces.iter().map(|trace| &trace.probe_times).collect(), most) {
            made.all(|_, trace| trace.probe_times.push(stretch.step, stretch.seconds));
            for (probed, part) in (0..Probed::ALL.len()).flat_map(|probed| (0..3).map(move |part| (probed, part))) {
                let columns: Vec<&SeriesColumn> = traces.iter().map(|trace| &trace.probes[probed][part]).collect();
                let values = averaged(&columns, &stretch.entries);
                made.all(|of, trace| values.into_iter().for_each(|values| trace.probes[probed][part].push(values[of])));
            }
        }
        made.validations(traces);
        made
    }

    fn all(&mut self, mut put: impl FnMut(usize, &mut Trace)) {
        let [low, high] = &mut self.edges;
        [&mut self.mean, low, high].into_iter().enumerate().for_each(|(of, trace)| put(of, trace));
    }

    fn validations(&mut self, traces: &[&Trace]) {
        let steps = traces.iter().flat_map(|trace| trace.evaluations.iter().map(|evaluation| evaluation.step));
        for step in steps.collect::<BTreeSet<u64>>() {
            let all = traces.iter().map(|trace| trace.validation_at(step)).collect::<Option<Vec<_>>>();
            let Some(all) = all else { continue };
            let of = |value: &dyn Fn(&Evaluation) -> f64| ends(all.iter().map(|(evaluation, _)| value(evaluation)));
            let [loss, accuracy, top5] = [of(&|it| it.loss), of(&|it| it.accuracy), of(&|it| it.top5)];
            let (epoch, seconds) = (of(&|it| it.epoch)[0], of(&|it| it.seconds)[0]);
            let means = std::array::from_fn(|measure| ends(all.iter().map(|(_, means)| means[measure]))[0]);
            self.all(|of, trace| {
                let (loss, accuracy, top5) = (loss[of], accuracy[of], top5[of]);
                let made = Evaluation { step, epoch, seconds, loss, accuracy, top5, ..Evaluation::default() };
                trace.validation(made, means);
            });
        }
    }
}

impl Trace {
    /// The validation at a step, or what lies between the one before and the one after; `None` outside of them.
    fn validation_at(&self, step: u64) -> Option<(Evaluation, [f64; Measure::ALL.len()])> {
        let next = self.evaluations.partition_point(|evaluation| evaluation.step < step);
        let (after, later) = (self.evaluations.get(next)?, self.means.get(next)?);
        let place = if after.step == step { next } else { next.checked_sub(1)? };
        let (before, earlier) = (self.evaluations.get(place)?, self.means.get(place)?);
        let apart = (after.step - before.step).max(1) as f64;
        let share = (step - before.step) as f64 / apart;
        let between = |from: f64, to: f64| if share == 0.0 { from } else { from + share * (to - from) };
        let made = Evaluation {
            step,
            epoch: between(before.epoch, after.epoch),
            seconds: between(before.seconds, after.seconds),
            loss: between(before.loss, after.loss),
            accuracy: between(before.accuracy, after.accuracy),
            top5: between(before.top5, after.top5),
            ..Evaluation::default()
        };
        Some((made, std::array::from_fn(|measure| between(earlier[measure], later[measure]))))
    }
}

fn stretches(times: Vec<&Times>, most: usize) -> Vec<StepGroup> {
    let ends = times.iter().map(|times| times.steps.last().copied().unwrap_or(0.0));
    let end = ends.reduce(f64::min).unwrap_or(0.0);
    let width = (end / most as f64).ceil().max(1.0);
    let stretch = |index: usize| {
        let (from, to) = (index as f64 * width, (index + 1) as f64 * width);
        let entries: Vec<Range<usize>> = times.iter().map(|times| times.until(from)..times.until(to)).collect();
        let whole = entries.iter().all(|entries| !entries.is_empty());
        let (times, entries_of) = times.iter().zip(&entries).find(|(_, entries)| !entries.is_empty())?;
        let last = entries_of.end - 1;
        let (step, seconds) = (*times.steps.get(last)?, *times.seconds.get(last)?);
        whole.then_some(StepGroup { step, seconds, entries })
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as many as there may be at most")]
    let count = (end / width).ceil() as usize;
    (0..count).filter_map(stretch).collect()
}

/// Mean, lower and upper edge over the entries of some columns; `None` where no column has any.
fn averaged(columns: &[&SeriesColumn], entries: &[Range<usize>]) -> Option<[f64; 3]> {
    if columns.iter().all(|column| column.values().is_empty()) {
        return None;
    }
    let mean = |(column, entries): (&&SeriesColumn, &Range<usize>)| {
        Sample::of(column.sample(entries.clone(), SAMPLE)).map(|sample| sample.mean)
    };
    Some(ends(columns.iter().zip(entries).filter_map(mean)))
}

/// Mean, lower and upper edge of some values; not-a-number of none.
fn ends(values: impl IntoIterator<Item = f64>) -> [f64; 3] {
    let Some(Sample { mean, sd, .. }) = Sample::of(values) else { return [f64::NAN; 3] };
    [mean, mean - sd, mean + sd]
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::protocol::{ArmStep, BlockProbe};

    fn trace(steps: u64) -> Trace {
        let mut trace = Trace::default();
        for step in 1..=steps {
            let seen = ArmStep { loss: step as f64, accuracy: 0.01 * step as f64, learning_rate: 0.1 };
            trace.step(&PastStep { step, seconds: step as f64, images_per_second: 100.0, seen });
            if step % 10 == 0 {
                let (seconds, loss) = (step as f64, 50.0 - step as f64);
                let evaluation =
                    Evaluation { step, seconds, loss, accuracy: 0.5, top5: 0.9, best: true, ..Evaluation::default() };
                trace.evaluated(evaluation);
            }
        }
        trace
    }

    #[test]
    fn the_gap_is_between_a_validation_and_the_training_since_the_one_before() {
        let trace = trace(20);
        // Steps 11 to 20 have a mean loss of 15.5; the validation's is 30.
        let last = |metric| trace.sparse(metric).next_back().map(|(at, value)| (at.step, value)).unwrap();
        assert_eq!(last(Metric::LossGap), (20, 14.5));
        assert!((last(Metric::AccuracyGap).1 - (0.155 - 0.5)).abs() < 1e-12);
    }

    #[test]
    fn a_run_that_goes_on_earlier_forgets_what_came_after() {
        let mut cut = trace(37);
        cut.cut(25);
        let plain = trace(25);
        assert_eq!(cut.times.steps, plain.times.steps);
        let loss = |trace: &Trace| trace.dense(Metric::Loss).unwrap().1.values().to_vec();
        assert_eq!(loss(&cut), loss(&plain));
        assert_eq!(cut.evaluations, plain.evaluations);
        assert_eq!(cut.best().map(|best| best.step), Some(20));
    }

    #[test]
    fn a_mean_over_traces_ends_where_the_first_ends_and_has_its_band() {
        let steep = |factor: f64, steps: u64| {
            let mut trace = Trace::default();
            for step in 1..=steps {
                let seen = ArmStep { loss: factor * step as f64, accuracy: 0.5, learning_rate: 0.1 };
                trace.step(&PastStep { step, seconds: step as f64, images_per_second: 100.0, seen });
                if step % 10 == 0 {
                    trace.evaluated(Evaluation { step, loss: factor, ..Evaluation::default() });
                }
            }
            trace
        };
        let (one, other, short) = (steep(1.0, 40), steep(3.0, 40), steep(2.0, 20));
        let made = Averaged::over(&[&one, &other, &short], 1000);
        let loss = |trace: &Trace| trace.dense(Metric::Loss).unwrap().1.values().to_vec();
        let mean = loss(&made.mean);
        assert_eq!(mean.len(), 20);
        assert!((mean[9] - 20.0).abs() < 1e-9 && (mean[19] - 40.0).abs() < 1e-9, "{mean:?}");
        let [low, high] = made.edges.each_ref().map(loss);
        assert!((low[9] - 10.0).abs() < 1e-9 && (high[9] - 30.0).abs() < 1e-9, "{} {}", low[9], high[9]);
        let validated: Vec<f64> = made.mean.evaluations.iter().map(|evaluation| evaluation.loss).collect();
        assert_eq!(validated, [2.0, 2.0]);
        assert!(Averaged::over(&[&one], 4).mean.times.steps.len() <= 4);
        assert!(Averaged::over(&[], 4).mean.times.steps.is_empty());
    }

    #[test]
    fn traces_that_are_validated_at_other_steps_have_a_mean_at_each() {
        let validated = |steps: &[u64]| {
            let mut trace = trace(0);
            for &step in steps {
                trace.evaluated(Evaluation { step, loss: step as f64, accuracy: 0.5, ..Evaluation::default() });
            }
            trace
        };
        let made = Averaged::over(&[&validated(&[10, 20, 40]), &validated(&[15, 25])], 4);
        let found: Vec<(u64, f64)> = made.mean.evaluations.iter().map(|it| (it.step, it.loss)).collect();
        assert_eq!(found, [(15, 15.0), (20, 20.0), (25, 25.0)], "each lies on the line of both");
    }

    #[test]
    fn what_probes_see_is_plotted_at_the_step_they_looked_at() {
        let mut trace = trace(3);
        let blocks = [4.0, 5.0].map(|weight_norm| BlockProbe { weight_norm, ..BlockProbe::default() }).to_vec();
        trace.probed(2, &ArmProbe { weight_norm: 10.0, blocks, ..ArmProbe::default() });
        let seen = |part| {
            let (times, column) = trace.dense(Metric::Probe(Probed::Weight, part)).unwrap();
            (times.steps.clone(), column.last())
        };
        assert_eq!(seen(Part::Whole), (vec![2.0], Some(10.0)));
        assert_eq!(seen(Part::First), (vec![2.0], Some(4.0)));
        assert_eq!(seen(Part::Last), (vec![2.0], Some(5.0)));
        assert!(trace.sparse(Metric::Probe(Probed::Weight, Part::Last)).next().is_none(), "no validation has it");
    }
}

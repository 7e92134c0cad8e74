//! The numbers of one arm over time, whether it trains now or lies on disk.

use super::measured::{PROBED, Part, Quantity};
use super::series::Column;
use lab_core::protocol::{ArmPast, ArmProbe, ArmStep, Evaluation, PastStep};

/// When the entries of some columns were taken.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// Steps, ascending.
    pub steps: Vec<f64>,
    /// Seconds of training.
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

/// How far validation lags behind training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gap {
    /// Validation loss minus the mean training loss since the validation before.
    pub loss: f64,
    /// The mean training accuracy since the validation before, minus validation accuracy.
    pub accuracy: f64,
}

/// The curves of one arm.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// When its steps were.
    pub times: Times,
    /// Mean loss of each step's batch.
    pub loss: Column,
    /// Share of each step's batch that is classified correctly.
    pub accuracy: Column,
    /// The learning rate of each step.
    pub learning_rate: Column,
    /// Images a second in each step.
    pub throughput: Column,
    /// Every validation, oldest first.
    pub evaluations: Vec<Evaluation>,
    /// One for each validation.
    pub gaps: Vec<Gap>,
    /// When its probes were.
    pub probe_times: Times,
    /// One for each of [`PROBED`].
    probes: [Column; PROBED.len()],
}

impl Trace {
    /// Takes in a step.
    pub fn step(&mut self, step: u64, seconds: f64, throughput: f64, seen: &ArmStep) {
        self.times.push(step as f64, seconds);
        self.loss.push(seen.loss);
        self.accuracy.push(seen.accuracy);
        self.learning_rate.push(seen.learning_rate);
        self.throughput.push(throughput);
    }

    /// Takes in a validation of the steps so far.
    pub fn evaluated(&mut self, evaluation: Evaluation) {
        let since = self.evaluations.last().map_or(0, |before| self.times.until(before.step as f64));
        let mean = |column: &Column| {
            let recent = column.values().get(since..).unwrap_or(&[]);
            recent.iter().sum::<f64>() / recent.len() as f64
        };
        let (loss, accuracy) = (mean(&self.loss), mean(&self.accuracy));
        self.gaps.push(Gap { loss: evaluation.loss - loss, accuracy: accuracy - evaluation.accuracy });
        self.evaluations.push(evaluation);
    }

    /// Takes in a step that was recorded.
    pub fn recorded(&mut self, step: &PastStep) {
        self.step(step.step, step.seconds, step.images_per_second, &step.seen);
    }

    /// Takes in what was recorded until a step; looks inside come after it.
    pub fn remember(&mut self, past: ArmPast, until: u64) {
        let mut evaluations = past.evaluations.into_iter().filter(|evaluation| evaluation.step <= until).peekable();
        for step in past.steps.iter().take_while(|step| step.step <= until) {
            while let Some(earlier) = evaluations.next_if(|evaluation| evaluation.step < step.step) {
                self.evaluated(earlier);
            }
            self.recorded(step);
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
        for ((quantity, part), column) in PROBED.iter().zip(&mut self.probes) {
            column.push(probed(seen, *quantity, *part).unwrap_or(f64::NAN));
        }
    }

    /// What the probes saw.
    #[must_use]
    pub fn probe(&self, quantity: Quantity, part: Part) -> Option<&Column> {
        PROBED.iter().position(|known| *known == (quantity, part)).map(|index| &self.probes[index])
    }

    /// Forgets what came after a step: the run goes on from there.
    pub fn cut(&mut self, step: u64) {
        let step = step as f64;
        let kept = self.times.until(step);
        self.times.truncate(kept);
        for column in [&mut self.loss, &mut self.accuracy, &mut self.learning_rate, &mut self.throughput] {
            column.truncate(kept);
        }
        self.evaluations.retain(|evaluation| evaluation.step as f64 <= step);
        self.gaps.truncate(self.evaluations.len());
        let kept = self.probe_times.until(step);
        self.probe_times.truncate(kept);
        self.probes.iter_mut().for_each(|column| column.truncate(kept));
    }

    /// The validation with the least loss.
    #[must_use]
    pub fn best(&self) -> Option<&Evaluation> {
        let finite = self.evaluations.iter().filter(|evaluation| evaluation.loss.is_finite());
        finite.min_by(|a, b| a.loss.total_cmp(&b.loss))
    }
}

fn probed(seen: &ArmProbe, quantity: Quantity, part: Part) -> Option<f64> {
    let block = match part {
        Part::Whole => None,
        Part::First => Some(seen.blocks.first()?),
        Part::Last => Some(seen.blocks.last()?),
    };
    let share = |part: f64, whole: f64| part / whole;
    Some(match (quantity, block) {
        (Quantity::Gradient, None) => seen.gradient_norm,
        (Quantity::Gradient, Some(block)) => block.weight_gradient_norm,
        (Quantity::Weight, None) => seen.weight_norm,
        (Quantity::Weight, Some(block)) => block.weight_norm,
        (Quantity::Update, None) => share(seen.update_norm, seen.weight_norm),
        (Quantity::Update, Some(block)) => share(block.update_norm, block.weight_norm),
        (Quantity::OutputGradient, block) => block?.output_gradient_norm,
        (Quantity::Activation, block) => block?.activation_std,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::protocol::BlockProbe;

    fn trace(steps: u64) -> Trace {
        let mut trace = Trace::default();
        for step in 1..=steps {
            let seen = ArmStep { loss: step as f64, accuracy: 0.01 * step as f64, learning_rate: 0.1 };
            trace.step(step, step as f64, 100.0, &seen);
            if step % 10 == 0 {
                let evaluation = Evaluation {
                    arm: 0,
                    step,
                    epoch: 0.0,
                    seconds: step as f64,
                    loss: 50.0 - step as f64,
                    accuracy: 0.5,
                    top5: 0.9,
                    confusion: vec![],
                    predicted: vec![],
                    best: true,
                };
                trace.evaluated(evaluation);
            }
        }
        trace
    }

    #[test]
    fn the_gap_is_between_a_validation_and_the_training_since_the_one_before() {
        let trace = trace(20);
        // Steps 11 to 20 have a mean loss of 15.5; the validation's is 30.
        assert_eq!(trace.gaps[1].loss, 14.5);
        assert!((trace.gaps[1].accuracy - (0.155 - 0.5)).abs() < 1e-12);
    }

    #[test]
    fn a_run_that_goes_on_earlier_forgets_what_came_after() {
        let mut cut = trace(37);
        cut.cut(25);
        let plain = trace(25);
        assert_eq!(cut.times.steps, plain.times.steps);
        assert_eq!(cut.loss.values(), plain.loss.values());
        assert_eq!(cut.evaluations, plain.evaluations);
        assert_eq!(cut.best().map(|best| best.step), Some(20));
    }

    #[test]
    fn the_update_ratio_is_how_far_a_step_moved_the_weights() {
        let mut trace = trace(1);
        let first = BlockProbe { weight_norm: 4.0, update_norm: 0.02, ..BlockProbe::default() };
        let last = BlockProbe { weight_norm: 2.0, update_norm: 0.02, ..BlockProbe::default() };
        let seen = ArmProbe { gradient_norm: 3.0, weight_norm: 10.0, update_norm: 0.1, blocks: vec![first, last] };
        trace.probed(1, &seen);
        let value = |quantity, part| trace.probe(quantity, part).and_then(Column::last);
        assert_eq!(value(Quantity::Update, Part::Whole), Some(0.01));
        assert_eq!(value(Quantity::Update, Part::First), Some(0.005));
        assert_eq!(value(Quantity::Update, Part::Last), Some(0.01));
        assert_eq!(value(Quantity::Gradient, Part::Whole), Some(3.0));
        assert!(trace.probe(Quantity::Activation, Part::Whole).is_none(), "a network as a whole has no output map");
    }
}

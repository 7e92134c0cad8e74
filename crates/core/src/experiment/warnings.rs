//! What a person should know of an experiment before it is run: settings that are allowed, and hardly meant.

use super::{Curve, Experiment, Length, Schedule, Unit};

/// What is hardly meant in the schedules of an experiment whose epochs have so many steps, a sentence each.
#[must_use]
pub fn warnings(experiment: &Experiment, steps_per_epoch: u64) -> Vec<String> {
    let length = experiment.recipe.length;
    let about = |place: String, schedule: &Schedule| {
        let said = of(schedule, length, steps_per_epoch).into_iter();
        said.map(move |said| format!("{place}: {said}")).collect::<Vec<_>>()
    };
    let is_used = experiment.arms.iter().any(|arm| arm.schedule.is_none());
    let shared = is_used.then(|| about("recipe.schedule".to_owned(), &experiment.recipe.schedule));
    let own = experiment.arms.iter().enumerate().filter_map(|(index, arm)| {
        arm.schedule.as_ref().map(|schedule| about(format!("arms[{index}].schedule"), schedule))
    });
    shared.into_iter().chain(own).flatten().collect()
}

fn of(schedule: &Schedule, length: Length, steps_per_epoch: u64) -> Vec<String> {
    let (steps, per_epoch) = (length.steps(steps_per_epoch) as f64, steps_per_epoch.max(1) as f64);
    // How long training is, in what the schedule's times count in.
    let (end, unit) = match schedule.unit {
        Unit::Epochs => (steps / per_epoch, "epoch"),
        Unit::Steps => (steps, "step"),
    };
    let times = |time: f64| {
        let time = (100.0 * time).round() / 100.0;
        format!("{time} {unit}{}", if time == 1.0 { "" } else { "s" })
    };
    if schedule.warmup > 0.0 && schedule.warmup >= end {
        return vec![format!(
            "the warm-up takes {} and training {}, so the learning rate only ever rises, and the schedule behind it is \
             never reached",
            times(schedule.warmup),
            times(end)
        )];
    }
    let mut said = Vec::new();
    if schedule.warmup > 0.0 && matches!(schedule.curve, Curve::OneCycle { .. }) {
        said.push(
            "one-cycle rises by itself, so behind a warm-up the learning rate falls back and rises once more; \
             a warmup of 0 leaves it to one-cycle"
                .to_owned(),
        );
    }
    let late = match &schedule.curve {
        Curve::MultiStep { milestones, .. } => milestones.iter().copied().filter(|time| *time >= end).collect(),
        Curve::Step { every, .. } if *every >= end => vec![*every],
        _ => Vec::new(),
    };
    if let Some(first) = late.first() {
        let is_all = match &schedule.curve {
            Curve::MultiStep { milestones, .. } => late.len() == milestones.len(),
            _ => true,
        };
        let (drops, what) = if is_all {
            ("the learning rate is to drop first", "so it never drops")
        } else {
            ("the learning rate is to drop once more", "so it does not")
        };
        said.push(format!(
            "{drops} after {}, and training ends after {}, {what}; longer training or earlier times change that",
            times(*first),
            times(end)
        ));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::preset;

    fn said(curve: Curve, warmup: f64, length: Length) -> String {
        let mut plan = preset("resnet20").unwrap().plan();
        plan.recipe.schedule = Schedule { warmup, ..curve.into() };
        plan.recipe.length = length;
        warnings(&Experiment::check(plan).unwrap(), 10).join("\n")
    }

    #[test]
    fn what_is_hardly_meant_is_said() {
        let drops = |milestones: &[f64]| Curve::MultiStep { milestones: milestones.to_vec(), factor: 0.1 };
        let six = Length::Epochs(6);
        for (curve, warmup, length, part) in [
            (Curve::one_cycle(), 2.0, six, "rises by itself"),
            (Curve::Cosine { end: 0.0 }, 100.0, six, "the warm-up takes 100 epochs and training 6 epochs"),
            (Curve::Constant, 1.0, Length::Steps(10), "takes 1 epoch and training 1 epoch,"),
            (drops(&[91.0, 137.0]), 0.0, six, "drop first after 91 epochs, and training ends after 6 epochs"),
            (drops(&[3.0, 6.0]), 0.0, six, "drop once more after 6 epochs"),
            (Curve::Step { every: 30.0, factor: 0.1 }, 0.0, six, "drop first after 30 epochs"),
        ] {
            let said = said(curve, warmup, length);
            assert!(said.contains(part) && said.starts_with("recipe.schedule: "), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
        assert_eq!(said(Curve::one_cycle(), 0.0, six), "");
        assert_eq!(said(drops(&[3.0, 5.0]), 1.0, six), "");
        assert_eq!(said(Curve::Cosine { end: 0.0 }, 1.0, six), "");
    }

    #[test]
    fn an_arm_of_its_own_is_named() {
        let mut plan = preset("plain-vs-residual").unwrap().plan();
        plan.arms[1].schedule = Some(Schedule { warmup: 100.0, ..Curve::Constant.into() });
        let said = warnings(&Experiment::check(plan).unwrap(), 10);
        assert!(said.len() == 1 && said[0].starts_with("arms[1].schedule: "), "{said:?}");
    }
}

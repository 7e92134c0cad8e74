//! A study's folder as processes share it: who gets which trial, how trials end, what the table says.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lab_core::instrument::Confusion;
use lab_core::protocol::{ArmInfo, ArmOutcome, DatasetInfo, End, Evaluation, Live, Outcome, Prepared, StepRecord};
use lab_core::study::{
    Assignment, Ending, Next, Standing, Study, StudyError, StudyFolder, StudyPlan, TrialState, Worker,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

struct Place {
    _place: tempfile::TempDir,
    folder: PathBuf,
}

impl Place {
    /// A study of three learning rates and two seeds, with more of its file.
    fn new(more: &str) -> Self {
        Self::of(more, "preset = \"resnet20\"\nset = [\"recipe.length.epochs=9\"]")
    }

    /// The same of another experiment.
    fn of(more: &str, experiment: &str) -> Self {
        let text = format!(
            "name = \"rates\"\nseeds = 2\n{more}\n[[axes]]\nfield = \"recipe.optimizer.learning_rate\"\n\
             values = [0.01, 0.1, 1.0]\n[experiment]\n{experiment}"
        );
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("study");
        StudyFolder::create(&folder, Study::check(StudyPlan::from_toml(&text).unwrap()).unwrap()).unwrap();
        Self { _place: place, folder }
    }

    fn study(&self) -> StudyFolder {
        StudyFolder::open(&self.folder).unwrap()
    }

    fn worker(&self) -> Worker {
        Worker::new(self.study())
    }
}

fn next(worker: &mut Worker) -> Option<Box<Assignment>> {
    match worker.next(None).unwrap() {
        Next::Trial(assignment) => Some(assignment),
        Next::Nothing { .. } | Next::Wait => None,
        Next::Stopped => panic!("nobody has stopped it"),
    }
}

fn outcome(accuracy: f64, steps: u64, diverged_at: Option<u64>) -> Outcome {
    outcome_of(&["resnet20"], accuracy, steps, diverged_at)
}

/// All arms come to the same.
fn outcome_of(arms: &[&str], accuracy: f64, steps: u64, diverged_at: Option<u64>) -> Outcome {
    let arm = |name: &&str| ArmOutcome {
        name: (*name).to_owned(),
        parameters: 10,
        train_loss: Some(1.0 - accuracy),
        train_accuracy: None,
        validated_at: None,
        validation_loss: Some(2.0),
        validation_accuracy: Some(accuracy),
        accuracy_at_least_loss: None,
        least_loss_step: None,
        diverged_at,
        unsaved: false,
        fault: None,
    };
    Outcome {
        reason: End::Complete,
        steps,
        seconds: 4.0,
        run: None,
        arms: arms.iter().map(arm).collect(),
        planned: None,
        discordant: vec![],
    }
}

fn prepared(assignment: &Assignment) -> Prepared {
    let (name, classes) = ("pictures".to_owned(), vec!["cat".to_owned(), "dog".to_owned()]);
    let (mean, std) = (vec![0.1], vec![0.2]);
    let experiment = assignment.experiment().unwrap().clone();
    let arms = experiment.arms.iter().map(|arm| arm.name.clone()).collect::<Vec<_>>().into_iter();
    Prepared {
        experiment,
        dataset: DatasetInfo { name, shape: [1, 2, 2], classes, train: 80, validation: 2, mean, std },
        device: "CPU".to_owned(),
        steps_per_epoch: 10,
        total_steps: 90,
        first_step: 0,
        run: None,
        arms: arms.map(|name| ArmInfo { name, parameters: 10, macs: 20, blocks: Vec::new() }).collect(),
        live: Live::default(),
        past: None,
    }
}

/// Trains as the engine would, with this accuracy after each epoch, and says why it ended if that was early.
fn train(assignment: Box<Assignment>, accuracies: &[f64]) -> Option<String> {
    let mut record = assignment.keeper().open(&prepared(&assignment)).unwrap();
    let arms: Vec<&str> = assignment.experiment().unwrap().arms.iter().map(|arm| arm.name.as_str()).collect();
    let mut why = None;
    let (mut reached, mut at) = (0.0, 0);
    for (epoch, &accuracy) in (1_u32..).zip(accuracies) {
        let step = u64::from(epoch) * 10;
        let (confusion, predicted) = (Confusion::of(&[0, 1], &[0, 1], 2), vec![0, 1]);
        let (epoch, seconds, loss) = (f64::from(epoch), 1.0, 1.0);
        let one =
            Evaluation { arm: 0, step, epoch, seconds, loss, accuracy, top5: 1.0, confusion, predicted, best: true };
        for arm in 0..arms.len() {
            record.evaluated(&Evaluation { arm, ..one.clone() }).unwrap();
        }
        (reached, at) = (accuracy, step);
        why = record.enough(step).unwrap();
        if why.is_some() {
            assert_eq!(record.enough(step).unwrap(), why, "asked again, it says the same");
            break;
        }
    }
    let outcome = outcome_of(&arms, reached, at, None);
    record.finished(&outcome).unwrap();
    drop(record);
    assignment.end(&Ending::Finished(&outcome)).unwrap();
    why
}

#[test]
fn many_workers_share_all_trials_and_none_is_run_twice() {
    let place = Place::new("");
    let runs: Vec<u32> = std::thread::scope(|scope| {
        let work = |_| {
            scope.spawn(|| {
                let mut worker = place.worker();
                let mut done = Vec::new();
                while let Some(assignment) = next(&mut worker) {
                    let number = assignment.record().number;
                    done.push(number);
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    train(assignment, &[0.5]);
                }
                done
            })
        };
        let threads: Vec<_> = (0..4).map(work).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut sorted = runs.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [1, 2, 3, 4, 5, 6], "in the order {runs:?}");
    let trials = place.study().trials().unwrap();
    assert!(trials.iter().all(|trial| trial.standing == Standing::Over(TrialState::Done)), "{trials:?}");
    let names: Vec<String> = fs::read_dir(place.folder.join("trials"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.contains(&"0002-learning_rate-0.1-seed-0".to_owned()), "{names:?}");
    let hidden = walk(&place.folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "tmp"))
        .collect::<Vec<_>>();
    assert_eq!(hidden, Vec::<PathBuf>::new(), "nothing stays behind");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn what_ends_is_written_down_and_what_is_let_go_of_is_taken_up_again() {
    let place = Place::new("");
    let mut worker = place.worker();
    let first = next(&mut worker).unwrap();
    let seen = place.study().trials().unwrap();
    assert!(matches!(seen[0].standing, Standing::Running { .. }), "{:?}", seen[0]);
    assert_eq!((seen[1].standing.clone(), seen[1].point.as_deref()), (Standing::Waiting, Some("learning_rate 0.1")));
    first.end(&Ending::Interrupted).unwrap();
    drop(first);
    assert_eq!(place.study().trials().unwrap()[0].standing, Standing::Interrupted);

    let again = next(&mut worker).unwrap();
    assert_eq!((again.record().number, again.resumes()), (1, false), "there was no checkpoint");
    again.end(&Ending::Failed("the disk is full".to_owned())).unwrap();
    drop(again);
    let second = next(&mut worker).unwrap();
    assert_eq!(second.record().number, 2);
    let record = second.end(&Ending::Finished(&outcome(0.5, 90, Some(3)))).unwrap();
    drop(second);
    assert_eq!((record.state, record.objective), (TrialState::Diverged, None));

    let third = next(&mut worker).unwrap();
    let record = third.end(&Ending::Finished(&outcome(0.5, 90, None))).unwrap();
    assert_eq!(record.state, TrialState::Waiting, "its last validation was not made");

    assert_eq!(worker.retry(&[]).unwrap(), [1], "what has failed");
    assert_eq!(worker.retry(&[2]).unwrap(), [2], "what was asked for");
    let third = next(&mut worker).unwrap();
    assert_eq!((third.record().number, third.record().why), (1, None));
    assert!(matches!(worker.retry(&[1]), Err(StudyError::Busy { number: 1, .. })));
    assert!(matches!(worker.retry(&[7]), Err(StudyError::NoTrial { number: 7, trials: 6 })));
}

/// Makes the owner of a trial somebody on another machine who was last heard of so long ago.
fn elsewhere(place: &Place, claim: &str, silent: Duration) {
    let path = place.folder.join("claims").join(claim);
    let mut text: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    text["owner"]["place"] = "another machine".into();
    text["owner"]["token"] = "another process".into();
    text["released"] = false.into();
    fs::write(&path, text.to_string()).unwrap();
    fs::File::options().append(true).open(&path).unwrap().set_modified(SystemTime::now() - silent).unwrap();
}

#[test]
fn a_trial_whose_owner_was_silent_for_a_minute_is_taken_over_by_one() {
    let place = Place::new("");
    drop(next(&mut place.worker()).unwrap());
    elsewhere(&place, "0001-0001.json", Duration::from_secs(30));
    assert_eq!(next(&mut place.worker()).unwrap().record().number, 2, "perhaps alive");
    assert!(matches!(place.study().trials().unwrap()[0].standing, Standing::Running { .. }));
    assert!(matches!(place.worker().next(Some(1)).unwrap(), Next::Wait), "whoever wants this one waits");

    elsewhere(&place, "0001-0001.json", Duration::from_secs(90));
    assert_eq!(place.study().trials().unwrap()[0].standing, Standing::Interrupted);
    let (mut one, mut other) = (place.worker(), place.worker());
    let taken = next(&mut one).unwrap();
    let second = next(&mut other).unwrap();
    assert_eq!((taken.record().number, second.record().number), (1, 2));
}

#[test]
fn whoever_has_lost_a_trial_stops_writing_there() {
    let place = Place::new("");
    let assignment = next(&mut place.worker()).unwrap();
    let mut record = assignment.keeper().open(&prepared(&assignment)).unwrap();
    let step = |step| StepRecord { step, epoch: 0.1, seconds: 1.0, images_per_second: 1.0, arms: vec![None] };
    record.step(&step(1)).unwrap();
    assert!(record.checkpoints(0).is_some());
    let claims = place.folder.join("claims");
    fs::copy(claims.join("0001-0001.json"), claims.join("0001-0002.json")).unwrap();
    let start = Instant::now();
    while record.step(&step(2)).is_ok() {
        assert!(start.elapsed().as_secs() < 20, "it went on");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(record.step(&step(3)).unwrap_err().contains("taken over"));
    assert_eq!(record.checkpoints(0), None);
    drop(record);
    assert!(assignment.end(&Ending::Interrupted).unwrap_err().to_string().contains("taken over"));
}

#[test]
fn a_study_that_is_stopped_gives_out_nothing_and_tells_whoever_works() {
    let place = Place::new("");
    let mut worker = place.worker();
    let assignment = next(&mut worker).unwrap();
    assert!(!assignment.is_stopping());
    place.study().stop().unwrap();
    assert!(matches!(worker.next(None).unwrap(), Next::Stopped));
    let start = std::time::Instant::now();
    while !assignment.is_stopping() {
        assert!(start.elapsed().as_secs() < 20, "it was not told");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(assignment);
    place.study().go_on().unwrap();
    assert_eq!(next(&mut worker).unwrap().record().number, 1);
}

#[test]
fn a_study_whose_file_was_changed_is_not_gone_on_with() {
    let place = Place::new("");
    train(next(&mut place.worker()).unwrap(), &[0.5]);
    drop(next(&mut place.worker()).unwrap());
    let file = place.folder.join("study.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("0.1,", "0.2,")).unwrap();
    let Err(error) = place.worker().next(None) else { panic!("it went on") };
    assert!(error.to_string().contains("was begun as learning_rate 0.1 seed 0"), "{error}");
    fs::write(&file, text.replace("seeds = 2", "seeds = 3")).unwrap();
    assert_eq!(place.study().study().trials(), 9, "more seeds only add trials");
    assert_eq!(next(&mut place.worker()).unwrap().record().number, 2);
}

#[test]
fn results_are_means_over_seeds_and_the_best_is_marked() {
    let place = Place::new("");
    let mut worker = place.worker();
    for accuracy in [0.5, 0.7, 0.6, 0.6, 0.8] {
        train(next(&mut worker).unwrap(), &[0.1, accuracy]);
    }
    next(&mut worker).unwrap().end(&Ending::Failed("lost".to_owned())).unwrap();
    let results = place.study().results().unwrap();
    assert_eq!(results.best, Some(1));
    let ns: Vec<usize> = results.points.iter().map(|point| point.objective.map_or(0, |of| of.n)).collect();
    assert_eq!(ns, [2, 2, 1]);
    assert!((results.points[1].objective.unwrap().mean - 0.75).abs() < 1e-12);
    let summary = results.summary().markdown(results.best);
    assert!(summary.contains("| **0.1** | **2** | **0.2500 ± 0.0707** | **75.00 ± 7.07 %** |"), "{summary}");
    assert!(summary.contains("| 60.00 % | 1 failed |"), "{summary}");
    let csv = results.table().csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows[1]["validation accuracy mean"], "0.75");
    assert_eq!(rows[2]["validation accuracy sd"], "");
}

#[test]
fn an_arm_called_like_an_objective_hides_it_from_no_table() {
    let header = |more: &str, experiment: &str| {
        let place = Place::of(more, experiment);
        train(next(&mut place.worker()).unwrap(), &[0.5]);
        place.study().results().unwrap().summary().markdown(None).lines().next().unwrap().to_owned()
    };
    let lone = "preset = \"resnet20\"\nset = [\"recipe.length.epochs=9\", \"arms[0].name=best\"]";
    let best = header("[search]\nobjective = \"best_validation_accuracy\"", lone);
    assert_eq!(best.matches("best validation accuracy").count(), 2, "the objective and the arm: {best}");
    let pair = "preset = \"plain-vs-residual\"\nset = [\"recipe.length.epochs=9\", \"arms[0].name=mean\"]";
    let mean = header("", pair);
    assert_eq!(mean.matches("mean validation accuracy").count(), 2, "the mean and the arm: {mean}");
    let one = header("[search]\narm = \"mean\"", pair);
    assert_eq!(one.matches("mean validation accuracy").count(), 1, "the arm's alone, as it is judged: {one}");
}

#[test]
fn a_trial_that_is_behind_the_others_ends_early_and_says_so() {
    let place = Place::new("[early_stopping]\nmethod = \"asha\"\neta = 2");
    let mut worker = place.worker();
    assert_eq!(train(next(&mut worker).unwrap(), &[0.5; 9]), None);
    let why = train(next(&mut worker).unwrap(), &[0.4; 9]).expect("it is behind");
    assert!(why.contains("number 2 of 2"), "{why}");
    let record = place.study().trials().unwrap().swap_remove(1).begun.unwrap().record;
    assert_eq!((record.state, record.step(), record.why), (TrialState::EndedEarly, 10, Some(why)));
    assert_eq!(train(next(&mut worker).unwrap(), &[0.6; 9]), None);
    let results = place.study().results().unwrap();
    assert_eq!((results.points[1].remark.as_str(), results.points[1].objective), ("1 ended early, 1 to do", None));
}

#[test]
fn a_trial_that_ended_early_goes_on_when_those_after_it_were_worse() {
    let place = Place::new("[early_stopping]\nmethod = \"asha\"\neta = 2");
    let mut worker = place.worker();
    let mut taken = Vec::new();
    let accuracy = [0.5, 0.4, 0.3, 0.2, 0.1, 0.05];
    while let Some(assignment) = next(&mut worker) {
        let number = assignment.record().number;
        taken.push(number);
        train(assignment, &[accuracy[number as usize - 1]; 9]);
    }
    assert_eq!(taken[..5], [1, 2, 3, 4, 2], "with four at the first rung, two go on");
    assert_eq!(taken.iter().filter(|number| **number == 6).count(), 1, "{taken:?}");
    assert!(place.worker().next(None).is_ok_and(|next| matches!(next, Next::Nothing { held: 0 })), "it ends");
}

#[test]
fn a_search_that_learns_is_told_what_its_trials_came_to() {
    let place = Place::new("[search]\nmethod = \"tpe\"\npoints = 20");
    let mut worker = place.worker();
    let mut tried = Vec::new();
    while let Some(assignment) = next(&mut worker) {
        let rate = assignment.experiment().unwrap().recipe.optimizer.learning_rate;
        tried.push(rate);
        train(assignment, &[if rate == 0.1 { 0.9 } else { 0.1 }]);
    }
    assert_eq!(tried.len(), 40);
    assert!(tried.chunks(2).all(|seeds| seeds[0] == seeds[1]), "both seeds of a point: {tried:?}");
    let good = tried[20..].iter().filter(|rate| **rate == 0.1).count();
    assert!(good >= 14, "after ten points it knows: {tried:?}");
}

#[test]
fn a_training_that_cannot_be_read_is_missed_in_the_verdict_in_words() {
    let place = Place::new("");
    let mut worker = place.worker();
    for accuracy in [0.5, 0.7, 0.6, 0.6, 0.8, 0.7] {
        train(next(&mut worker).unwrap(), &[0.1, accuracy]);
    }
    let whole = place.study().verdicts().unwrap();
    assert!(whole.iter().all(|(_, found)| found.caveats.iter().all(|text| !text.contains("read"))), "{whole:?}");
    let trials = place.study().trials().unwrap();
    let folder = |trial: usize| trials[trial].begun.as_ref().unwrap().folder.clone();
    fs::write(folder(1).join("outcome.json"), "{").unwrap();
    let (of, found) = place.study().verdicts().unwrap().swap_remove(0);
    assert_eq!((of.as_str(), found.arms[1].accuracy.unwrap().n), ("All settings", 1));
    let said = found.caveats.join("\n");
    assert!(said.contains("1 training that has ended is left out") && said.contains("outcome.json"), "{said}");
    (2..6).chain([0]).for_each(|trial| fs::write(folder(trial).join("run.json"), "").unwrap());
    let (_, found) = place.study().verdicts().unwrap().swap_remove(0);
    assert!(found.caveats.join("\n").contains("6 trainings that have ended are left out"), "{found:?}");
}

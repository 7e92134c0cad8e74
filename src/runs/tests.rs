//! A run is written as the engine would, torn as a crash would, read as a person would.

use super::*;
use crate::experiment::{Experiment, Source, preset};
use crate::train::keep::{Keeper, Record, Which};
use crate::train::protocol::{
    ArmInfo, ArmOutcome, ArmProbe, ArmStep, BlockProbe, DatasetInfo, Evaluation, Intervention, Outcome, Prepared,
    ProbeRecord, StepRecord,
};
use std::fs;
use std::path::Path;

fn prepared() -> Prepared {
    let mut plan = preset("plain-vs-residual").unwrap().plan();
    plan.data.source = Source::Path("some/pictures".into());
    let arm = |name: &str| ArmInfo {
        name: name.to_owned(),
        parameters: 10,
        macs: 20,
        blocks: vec!["layer1.0".to_owned(), "layer1.1".to_owned()],
    };
    Prepared {
        experiment: Experiment::check(plan).unwrap(),
        dataset: DatasetInfo {
            name: "pictures".to_owned(),
            shape: [1, 2, 2],
            classes: vec!["cat, tabby".to_owned(), "dog".to_owned()],
            train: 8,
            validation: 4,
            mean: vec![0.1],
            std: vec![0.2],
        },
        device: "CPU".to_owned(),
        steps_per_epoch: 2,
        total_steps: 8,
        first_step: 0,
        run: None,
        arms: vec![arm("plain"), arm("residual")],
    }
}

fn step(step: u64, arms: [Option<f64>; 2]) -> StepRecord {
    let arm = |loss| ArmStep { loss, accuracy: 0.5, learning_rate: 0.1 };
    let arms = arms.map(|loss| loss.map(arm)).to_vec();
    StepRecord { step, epoch: step as f64 / 2.0, seconds: step as f64, images_per_second: 100.0, arms }
}

fn evaluation(arm: usize, step: u64) -> Evaluation {
    let confusion = vec![1, 2, 3, 4];
    let (epoch, seconds) = (step as f64 / 2.0, step as f64);
    Evaluation {
        arm,
        step,
        epoch,
        seconds,
        loss: 1.5,
        accuracy: 0.75,
        top5: 1.0,
        confusion,
        predicted: vec![0, 1, 0, 1],
        best: true,
    }
}

fn probe(step: u64) -> ProbeRecord {
    let block = BlockProbe { weight_gradient_norm: 0.25, weight_norm: 2.0, ..BlockProbe::default() };
    let arm = ArmProbe { gradient_norm: 0.5, blocks: vec![block; 2] };
    ProbeRecord { step, arms: vec![arm, ArmProbe::default()] }
}

fn outcome(steps: u64) -> Outcome {
    let arm = ArmOutcome {
        name: "plain".to_owned(),
        parameters: 10,
        train_loss: Some(1.0),
        train_accuracy: None,
        validation_loss: None,
        validation_accuracy: None,
        best_accuracy: None,
        best_step: None,
        diverged_at: Some(3),
    };
    Outcome { reason: "finished".to_owned(), steps, seconds: 4.0, run: None, arms: vec![arm] }
}

/// Four steps with a validation of both arms after the second and the fourth; the first arm stops after three.
fn train(record: &mut dyn Record) {
    for at in 1..=4 {
        record.step(&step(at, [(at < 4).then_some(1.0 / at as f64), Some(0.1)])).unwrap();
        record.probed(&probe(at)).unwrap();
        if at % 2 == 0 {
            assert!(record.checkpoint(1, Which::Last).is_some(), "which flushes before the validation is known");
            record.evaluated(&evaluation(1, at)).unwrap();
        }
    }
    record.intervened(&Intervention { step: 3, what: "learning rate 0.05".to_owned() }).unwrap();
    record.finished(&outcome(4)).unwrap();
}

fn trained(folder: &Path) -> Run {
    let mut record = Folder::exactly(folder.to_owned()).open(&prepared()).unwrap();
    train(&mut *record);
    drop(record);
    open(folder).unwrap()
}

#[test]
fn a_run_reads_back_as_it_was_trained() {
    let place = tempfile::tempdir().unwrap();
    let run = trained(&place.path().join("run"));
    assert_eq!(run.experiment.arms.len(), 2);
    assert_eq!(run.info.dataset, prepared().dataset);
    assert_eq!(run.outcome, Some(outcome(4)));

    let residual = run.metrics(1).unwrap();
    assert_eq!(residual.iter().map(|row| row.step).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(residual[1].train_loss, Some(0.1));
    assert_eq!(residual[1].validation_accuracy, Some(0.75), "beside the step that it followed");
    assert_eq!(residual[2].validation_accuracy, None);
    assert_eq!(run.metrics(0).unwrap().len(), 3, "a stopped arm gets no more rows");

    let gradients = run.gradients(0).unwrap();
    assert_eq!(gradients.len(), 4 * 3);
    assert_eq!((gradients[0].block.as_str(), gradients[0].weight_gradient_norm), ("all", 0.5));
    assert_eq!((gradients[1].block.as_str(), gradients[1].weight_norm), ("layer1.0", Some(2.0)));
    assert!(run.gradients(1).unwrap().is_empty());

    let events: Vec<String> = run.events().unwrap().into_iter().map(|line| line.event).collect();
    assert_eq!(events, ["start", "intervention", "finish"]);
    let matrix = fs::read_to_string(run.folder.join("arms/residual/confusion.csv")).unwrap();
    assert_eq!(matrix, "actual \\ predicted,\"cat, tabby\",dog\n\"cat, tabby\",1,2\ndog,3,4\n");
}

#[test]
fn the_data_set_is_found_again_from_anywhere() {
    let place = tempfile::tempdir().unwrap();
    let run = trained(&place.path().join("run"));
    let Source::Path(path) = &run.experiment.data.source else { panic!("the path is gone") };
    assert!(path.is_absolute() && path.ends_with("some/pictures"));
}

#[test]
fn going_on_cuts_what_came_after_the_checkpoint_and_what_a_crash_tore() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let table = folder.join("arms/residual/metrics.csv");
    let whole = fs::read_to_string(&table).unwrap();
    fs::write(&table, format!("{whole}5,2.5,5.0,100")).unwrap();
    assert_eq!(open(&folder).unwrap().metrics(1).unwrap().len(), 4, "a torn line is no row");

    let mut kept = Folder::under(place.path().to_owned()).reopen(&folder).unwrap();
    assert_eq!(kept.arms, prepared().arms);
    kept.record.rewind(&[2, 2]).unwrap();
    let run = open(&folder).unwrap();
    assert_eq!(run.outcome, None);
    assert!(!folder.join("arms/residual/confusion.csv").exists());
    kept.record.step(&step(3, [Some(9.0), Some(9.0)])).unwrap();
    kept.record.finished(&outcome(3)).unwrap();
    drop(kept);

    let steps: Vec<u64> = run.metrics(1).unwrap().iter().map(|row| row.step).collect();
    assert_eq!(steps, [1, 2, 3]);
    assert_eq!(run.metrics(1).unwrap()[2].train_loss, Some(9.0));
    assert_eq!(run.metrics(1).unwrap()[1].validation_loss, Some(1.5), "validated before the cut");
    let events: Vec<String> = run.events().unwrap().into_iter().map(|line| line.event).collect();
    assert_eq!(events, ["start", "resume", "finish"]);
}

#[test]
fn an_arm_whose_checkpoint_is_ahead_keeps_its_rows() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let mut kept = Folder::under(place.path().to_owned()).reopen(&folder).unwrap();
    kept.record.rewind(&[2, 4]).unwrap();
    drop(kept);
    let run = open(&folder).unwrap();
    let rows = |arm: usize| run.metrics(arm).unwrap().iter().map(|row| row.step).collect::<Vec<u64>>();
    assert_eq!((rows(0), rows(1)), (vec![1, 2], vec![1, 2, 3, 4]));
}

#[test]
fn a_run_is_written_by_one_at_a_time() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let mut keeper = Folder::under(place.path().to_owned());
    let first = keeper.reopen(&folder).unwrap();
    let refused = keeper.reopen(&folder).err().unwrap();
    assert!(refused.contains("another Residual Lab is training there"), "{refused}");
    drop(first);
    assert!(keeper.reopen(&folder).is_ok());
}

#[test]
fn runs_of_the_same_second_get_folders_of_their_own_and_are_listed_newest_first() {
    let place = tempfile::tempdir().unwrap();
    let mut keeper = Folder::under(place.path().join("runs"));
    let folders: Vec<_> = (0..3).map(|_| keeper.open(&prepared()).unwrap().folder().unwrap().to_owned()).collect();
    fs::create_dir(place.path().join("runs/holiday pictures")).unwrap();
    fs::write(folders[0].join("run.json"), "{").unwrap();
    let runs = list(&place.path().join("runs")).unwrap();
    let listed: Vec<_> = runs.whole.into_iter().map(|run| run.folder).collect();
    assert_eq!(listed, [folders[2].clone(), folders[1].clone()]);
    assert!(runs.damaged[0].to_string().contains("run.json"));
    assert!(list(&place.path().join("nowhere")).unwrap().whole.is_empty());
}

#[test]
fn a_folder_that_is_in_use_or_a_file_is_refused_and_left_alone() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("thesis.txt"), "years of work").unwrap();
    for taken in [place.path().to_owned(), place.path().join("thesis.txt")] {
        assert!(Folder::exactly(taken).open(&prepared()).is_err());
    }
    assert_eq!(fs::read_to_string(place.path().join("thesis.txt")).unwrap(), "years of work");
    let refused = open(place.path()).unwrap_err().to_string();
    assert!(refused.contains("is not a run folder"), "{refused}");
}

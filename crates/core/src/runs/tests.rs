//! A run is written as the engine would, torn as a crash would, read as a person would.

use crate::experiment::{Experiment, Source, preset};
use crate::instrument::{Confusion, Histogram};
use crate::protocol::keep::{Keeper, Record};
use crate::protocol::{
    ArmInfo, ArmOutcome, ArmProbe, ArmStep, BlockProbe, DatasetInfo, Evaluation, Intervention, Live, Outcome, Past,
    Prepared, ProbeRecord, SpreadRecord, StepRecord,
};
use crate::quantity::{BlockQuantity, Measure};
use crate::runs::*;
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
        live: Live::default(),
        past: None,
    }
}

fn step(step: u64, arms: [Option<f64>; 2]) -> StepRecord {
    let arm = |loss| ArmStep { loss, accuracy: 0.5, learning_rate: 0.1 };
    let arms = arms.map(|loss| loss.map(arm)).to_vec();
    StepRecord { step, epoch: step as f64 / 2.0, seconds: step as f64, images_per_second: 100.0, arms }
}

fn evaluation(arm: usize, step: u64) -> Evaluation {
    let confusion = Confusion::of_matrix(&[1, 2, 3, 4], 2);
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
    let block =
        BlockProbe { weight_gradient_norm: 0.25, weight_norm: 2.0, branch_ratio: Some(0.5), ..BlockProbe::default() };
    let arm = ArmProbe { gradient_norm: 0.5, blocks: vec![block; 2], ..ArmProbe::default() };
    ProbeRecord { step, arms: vec![arm, ArmProbe::default()] }
}

fn spread(step: u64) -> SpreadRecord {
    let counted = |gradient_counts: &[u32]| Histogram {
        parameter: "layer1.0.conv1.weight".to_owned(),
        limit: 0.3,
        counts: vec![1, 2, 3],
        gradient_limit: if gradient_counts.is_empty() { 0.0 } else { 7e-5 },
        gradient_counts: gradient_counts.to_vec(),
    };
    SpreadRecord { step, arms: vec![vec![counted(&[4, 0, 2])], vec![counted(&[])]] }
}

fn outcome(steps: u64) -> Outcome {
    let arm = ArmOutcome {
        name: "plain".to_owned(),
        parameters: 10,
        train_loss: Some(1.0),
        train_accuracy: None,
        validated_at: None,
        validation_loss: None,
        validation_accuracy: None,
        accuracy_at_least_loss: None,
        least_loss_step: None,
        diverged_at: Some(3),
        unsaved: false,
        fault: None,
    };
    Outcome {
        reason: "finished".into(),
        steps,
        seconds: 4.0,
        run: None,
        arms: vec![arm],
        planned: None,
        discordant: Vec::new(),
    }
}

/// Four steps with a validation of both arms after the second and the fourth; the first arm stops after three.
fn train(record: &mut dyn Record) {
    for at in 1..=4 {
        record.step(&step(at, [(at < 4).then_some(1.0 / at as f64), Some(0.1)])).unwrap();
        record.probed(&probe(at)).unwrap();
        if at == 3 {
            record.counted(&spread(at)).unwrap();
        }
        if at % 2 == 0 {
            assert!(record.checkpoints(1).is_some(), "which flushes before the validation is known");
            record.evaluated(&evaluation(1, at)).unwrap();
        }
    }
    record.intervened(&Intervention { stopped: Some("plain".into()), ..Intervention::new(3, "no number") }).unwrap();
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
    assert_eq!(residual[1].get(Measure::TrainLoss), Some(0.1));
    assert_eq!(residual[1].get(Measure::ValidationAccuracy), Some(0.75), "beside the step that it followed");
    assert_eq!(residual[2].get(Measure::ValidationAccuracy), None);
    assert_eq!(run.metrics(0).unwrap().len(), 3, "a stopped arm gets no more rows");

    let gradients = run.gradients(0).unwrap();
    assert_eq!(gradients.len(), 4 * 3);
    assert_eq!((gradients[0].block.as_str(), gradients[0].get(BlockQuantity::WeightGradient)), ("all", Some(0.5)));
    assert_eq!((gradients[1].block.as_str(), gradients[1].get(BlockQuantity::WeightNorm)), ("layer1.0", Some(2.0)));
    assert!(run.gradients(1).unwrap().is_empty());

    let events: Vec<Happening> = run.events().unwrap().into_iter().map(|line| line.event).collect();
    assert_eq!(events, [Happening::Start, Happening::Intervention, Happening::Finish]);
    let matrix = fs::read_to_string(run.folder.join("arms/residual/confusion.csv")).unwrap();
    assert_eq!(matrix, "actual \\ predicted,\"cat, tabby\",dog\n\"cat, tabby\",1,2\ndog,3,4\n");
}

#[test]
fn tables_have_the_bytes_that_they_always_had() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let begins = |path: &str, expected: &str| {
        let text = fs::read_to_string(folder.join(path)).unwrap();
        assert_eq!(text.split_inclusive('\n').take(expected.lines().count()).collect::<String>(), expected);
    };
    begins(
        "arms/residual/metrics.csv",
        "step,epoch,seconds,images_per_second,learning_rate,train_loss,train_accuracy,validation_loss,\
         validation_accuracy,validation_top5\n\
         1,0.5,1.0,100.0,0.1,0.1,0.5,,,\n\
         2,1.0,2.0,100.0,0.1,0.1,0.5,1.5,0.75,1.0\n",
    );
    begins(
        "arms/plain/gradients.csv",
        "step,block,weight_gradient_norm,weight_norm,update_norm,output_gradient_norm,activation_mean,\
         activation_std,branch_ratio\n\
         1,all,0.5,0.0,0.0,,,,\n\
         1,layer1.0,0.25,2.0,0.0,0.0,0.0,0.0,0.5\n",
    );
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
    kept.record.rewind(2, &[2, 2]).unwrap();
    kept.record.resumed(2).unwrap();
    let run = open(&folder).unwrap();
    assert_eq!(run.outcome, None);
    assert!(!folder.join("arms/residual/confusion.csv").exists());
    kept.record.step(&step(3, [Some(9.0), Some(9.0)])).unwrap();
    kept.record.finished(&outcome(3)).unwrap();
    drop(kept);

    let steps: Vec<u64> = run.metrics(1).unwrap().iter().map(|row| row.step).collect();
    assert_eq!(steps, [1, 2, 3]);
    assert_eq!(run.metrics(1).unwrap()[2].get(Measure::TrainLoss), Some(9.0));
    assert_eq!(run.metrics(1).unwrap()[1].get(Measure::ValidationLoss), Some(1.5), "validated before the cut");
    let events: Vec<Happening> = run.events().unwrap().into_iter().map(|line| line.event).collect();
    assert_eq!(events, [Happening::Start, Happening::Resume, Happening::Finish]);
}

#[test]
fn a_run_that_goes_on_brings_along_what_was_recorded() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let Past { arms, probes, spreads, events } = Folder::under(place.path().to_owned()).reopen(&folder).unwrap().past;
    let steps = |arm: usize| arms[arm].steps.iter().map(|it| (it.step, it.seen.loss)).collect::<Vec<_>>();
    assert_eq!(steps(0), [(1, 1.0), (2, 0.5), (3, 1.0 / 3.0)]);
    assert_eq!(steps(1), [1, 2, 3, 4].map(|at| (at, 0.1)));
    assert_eq!((arms[1].steps[1].seconds, arms[1].steps[1].images_per_second), (2.0, 100.0));
    assert!(arms[0].evaluations.is_empty());
    let seen: Vec<_> = arms[1].evaluations.iter().map(|it| (it.arm, it.step, it.loss, it.best)).collect();
    assert_eq!(seen, [(1, 2, 1.5, true), (1, 4, 1.5, false)], "the same loss is no better");
    assert_eq!(probes.iter().map(|it| it.step).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(probes[3].arms, [probe(4).arms[0].clone(), ArmProbe::default()], "the second arm was not looked at");
    assert_eq!(spreads, [spread(3)], "as they were counted");
    let happened: Vec<_> = events.iter().map(|it| (it.step, &*it.what, it.intervened, it.stopped.as_deref())).collect();
    assert_eq!(happened[1..], [(3, "no number", true, Some("plain")), (4, "finished", false, None)]);
    assert!(happened[0].1.starts_with("started on "), "{happened:?}");
}

#[test]
fn an_arm_whose_checkpoint_is_ahead_keeps_its_rows() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let mut kept = Folder::under(place.path().to_owned()).reopen(&folder).unwrap();
    kept.record.rewind(2, &[2, 4]).unwrap();
    drop(kept);
    let run = open(&folder).unwrap();
    let rows = |arm: usize| run.metrics(arm).unwrap().iter().map(|row| row.step).collect::<Vec<u64>>();
    assert_eq!((rows(0), rows(1)), (vec![1, 2], vec![1, 2, 3, 4]));
}

#[test]
fn of_several_that_begin_in_one_folder_at_once_one_does() {
    let place = tempfile::tempdir().unwrap();
    for round in 0..40 {
        let folder = place.path().join(format!("race-{round}"));
        let begin = || Folder::exactly(folder.clone()).open(&prepared());
        let begun: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(begin)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let refused: Vec<&String> = begun.iter().filter_map(|one| one.as_ref().err()).collect();
        assert_eq!(refused.len(), 3, "{refused:?}");
        assert!(open(&folder).is_ok(), "what was begun is there: {refused:?}");
    }
}

#[test]
fn a_run_is_written_by_one_at_a_time() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let mut keeper = Folder::under(place.path().to_owned());
    let first = keeper.reopen(&folder).unwrap();
    let refused = keeper.reopen(&folder).err().unwrap();
    assert!(refused.contains("is open in another Residual Lab"), "{refused}");
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

/// All that an arm's tables hold, as a follower heard it.
fn heard(follower: &mut Follower, ended: bool) -> Vec<News> {
    let mut news = Vec::new();
    follower.read(ended, |it| news.push(it)).unwrap();
    news
}

fn steps(news: &[News]) -> Vec<u64> {
    let step = |it: &News| if let News::Metrics(row) = it { Some(row.step) } else { None };
    news.iter().filter_map(step).collect()
}

#[test]
fn a_growing_run_is_followed_row_by_row() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("run");
    let mut record = Folder::exactly(folder.clone()).open(&prepared()).unwrap();
    let mut follower = Follower::new(&open(&folder).unwrap().arm_folder(1).unwrap(), true);
    assert!(heard(&mut follower, false).is_empty());
    for at in 1..=3 {
        record.step(&step(at, [None, Some(at as f64)])).unwrap();
    }
    // Asking for a checkpoint's path brings the tables up to date.
    assert!(record.checkpoints(1).is_some());
    assert!(is_being_written(&folder));
    assert_eq!(steps(&heard(&mut follower, false)), [1, 2], "a validation may still come beside the newest");
    record.evaluated(&evaluation(1, 3)).unwrap();
    assert!(discard(&folder).is_err(), "a run that is being written is not thrown away");
    drop(record);
    assert!(!is_being_written(&folder));
    let rest = heard(&mut follower, true);
    let [News::Metrics(row)] = &rest[..] else { panic!("{rest:?}") };
    assert_eq!((row.step, row.get(Measure::TrainLoss), row.get(Measure::ValidationLoss)), (3, Some(3.0), Some(1.5)));
    assert!(heard(&mut follower, true).is_empty());
}

#[test]
fn following_starts_over_when_a_run_went_on_from_an_earlier_step() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let mut follower = Follower::new(&open(&folder).unwrap().arm_folder(0).unwrap(), true);
    let before = heard(&mut follower, true);
    assert_eq!(steps(&before), [1, 2, 3]);
    let probes: Vec<&News> = before.iter().filter(|it| matches!(it, News::Probe(..))).collect();
    let News::Probe(4, last) = probes[3] else { panic!("{probes:?}") };
    assert_eq!((last.gradient_norm, last.blocks.len(), last.blocks[1].weight_norm), (0.5, 2, 2.0));

    let mut kept = Folder::under(place.path().to_owned()).reopen(&folder).unwrap();
    kept.record.rewind(2, &[2, 2]).unwrap();
    // Longer than before, so that its length alone gives nothing away.
    for at in 3..=9 {
        kept.record.step(&step(at, [Some(7.0), None])).unwrap();
    }
    drop(kept);
    let after = heard(&mut follower, true);
    assert_eq!(after[0], News::Again);
    assert_eq!(steps(&after), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_run_is_thrown_away_and_taken_back() {
    let place = tempfile::tempdir().unwrap();
    let folder = trained(&place.path().join("run")).folder;
    let notes = Notes {
        name: Some("baseline".into()),
        tags: vec!["paper".into()],
        note: "keep".into(),
        starred: true,
        guess: None,
    };
    notes.write(&folder).unwrap();
    let discarded = discard(&folder).unwrap();
    assert!(list(place.path()).unwrap().whole.is_empty());
    let back = restore(&discarded).unwrap();
    assert_eq!(back, folder);
    assert_eq!(Notes::read(&back).unwrap(), notes);
    assert_eq!(open(&back).unwrap().outcome, Some(outcome(4)));
}

#[test]
fn a_table_of_an_older_version_is_read_and_followed() {
    let place = tempfile::tempdir().unwrap();
    let run = trained(&place.path().join("run"));
    let table = run.arm_folder(1).unwrap().join("metrics.csv");
    fs::write(&table, "step,epoch,seconds,train_loss\n1,0.5,1,2.5\n2,1,2,2.25,0.1,extra\n").unwrap();
    assert_eq!(run.metrics(1).unwrap()[1].get(Measure::TrainLoss), Some(2.25));
    let News::Metrics(row) = heard(&mut Follower::new(&run.arm_folder(1).unwrap(), false), true).remove(1) else {
        panic!("no row")
    };
    assert_eq!((row.get(Measure::TrainLoss), row.get(Measure::TrainAccuracy)), (Some(2.25), None));
}

/// A stop may come between a step and its validation, which then belongs to the step all the same.
#[test]
fn a_validation_after_going_on_is_written_beside_its_step() {
    let place = tempfile::tempdir().unwrap();
    let (whole, torn) = (place.path().join("whole"), place.path().join("torn"));
    for folder in [&whole, &torn] {
        let mut record = Folder::exactly(folder.clone()).open(&prepared()).unwrap();
        (1..=2).for_each(|at| record.step(&step(at, [Some(0.5), Some(0.25)])).unwrap());
        if folder == &torn {
            drop(record);
            record = Folder::under(place.path().to_owned()).reopen(folder).unwrap().record;
            record.rewind(2, &[2, 2]).unwrap();
        }
        record.evaluated(&evaluation(1, 2)).unwrap();
        record.step(&step(3, [Some(0.5), Some(0.25)])).unwrap();
    }
    let table = |run: &Path| fs::read_to_string(run.join("arms/residual/metrics.csv")).unwrap();
    assert_eq!(table(&torn), table(&whole));
    assert_eq!(open(&torn).unwrap().metrics(1).unwrap().len(), 3);
}

/// Somebody takes the folder away and puts something else there; when that is gone, all is written anew.
#[cfg(unix)]
#[test]
fn what_cannot_be_written_waits_and_is_written_when_it_can() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("run");
    let mut record = Folder::exactly(folder.clone()).open(&prepared()).unwrap();
    record.step(&step(1, [Some(1.0), Some(0.1)])).unwrap();
    record.write();
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    record.step(&step(2, [Some(0.5), Some(0.1)])).unwrap();
    record.evaluated(&evaluation(1, 2)).unwrap();
    record.finished(&outcome(2)).unwrap();
    assert!(record.unwritten().unwrap().contains("mend it"), "{:?}", record.unwritten());
    fs::remove_file(&folder).unwrap();
    record.write();
    assert_eq!(record.unwritten(), None);
    let run = open(&folder).unwrap();
    assert_eq!(run.outcome, Some(outcome(2)));
    let steps = |arm: usize| run.metrics(arm).unwrap().iter().map(|row| row.step).collect::<Vec<u64>>();
    assert_eq!((steps(0), steps(1)), (vec![1, 2], vec![1, 2]));
    assert_eq!(run.validations(1).unwrap().len(), 1);
    let events: Vec<Happening> = run.events().unwrap().into_iter().map(|line| line.event).collect();
    assert_eq!(events, [Happening::Start, Happening::Finish]);

    // Another folder gets all there is, and the old one is left as it was.
    let elsewhere = place.path().join("elsewhere");
    record.move_to(&elsewhere).unwrap();
    record.step(&step(3, [Some(0.25), Some(0.1)])).unwrap();
    drop(record);
    assert_eq!(open(&elsewhere).unwrap().metrics(0).unwrap().len(), 3);
    assert_eq!(open(&folder).unwrap().metrics(0).unwrap().len(), 2);
}

#[test]
fn a_run_that_cannot_be_moved_as_a_whole_goes_on_where_it_was() {
    let place = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (place.path().join("run"), place.path().join("elsewhere"));
    let mut record = Folder::exactly(folder.clone()).open(&prepared()).unwrap();
    record.step(&step(1, [Some(1.0), Some(0.1)])).unwrap();
    let arms = elsewhere.join("arms");
    // The folder is free when it is looked at; only then does something come into the place of its second arm.
    let in_the_way = std::thread::spawn(move || {
        while !arms.is_dir() {
            std::hint::spin_loop();
        }
        fs::write(arms.join("residual"), "in the way").is_ok()
    });
    let moved = record.move_to(&elsewhere);
    let was_in_time = in_the_way.join().unwrap() && moved.is_err();
    record.step(&step(2, [Some(0.5), Some(0.1)])).unwrap();
    drop(record);
    let run = open(if was_in_time { &folder } else { &elsewhere }).unwrap();
    assert_eq!([0, 1].map(|arm| run.metrics(arm).unwrap().len()), [2, 2], "moved: {moved:?}");
}

/// The window asks each second whether runs are being written; whoever wants to write must not be kept from it by that.
#[test]
fn asking_whether_a_run_is_written_keeps_nobody_from_writing_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("run");
    drop(Folder::exactly(folder.clone()).open(&prepared()).unwrap());
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = layout::is_being_written(&folder);
                }
            });
        }
        let refused: Vec<String> = (0..50).filter_map(|_| Some(layout::lock(&folder).err()?.to_string())).collect();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(refused.is_empty(), "{refused:?}");
    });
    assert!(!layout::is_being_written(&folder));
}

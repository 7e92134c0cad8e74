//! Studies as people write them: files, axes as typed, what is refused with which words.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lab_core::study::{Axis, Base, Study, StudyError, StudyPlan};

const SHORT: &str = r#"
    name = "rate and depth"
    question = "Which learning rate suits which depth?"
    seeds = 2

    [[axes]]
    field = "recipe.optimizer.learning_rate"
    low = 0.001
    high = 0.1
    steps = 3
    log = true

    [[axes]]
    field = "arms[*].network.body.cifar.depth"
    values = [8, 14]

    [experiment]
    preset = "plain-vs-residual"
    set = ["recipe.length.epochs=2"]
"#;

fn plan(text: &str) -> StudyPlan {
    StudyPlan::from_toml(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn study(text: &str) -> Study {
    Study::check(plan(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(plan: StudyPlan) -> String {
    Study::check(plan).expect_err("a mistake").to_string()
}

/// A study that varies these on the default preset.
fn varying(axes: &[&str]) -> StudyPlan {
    let axes = axes.iter().map(|text| Axis::typed(text).unwrap()).collect();
    StudyPlan { axes, ..plan("name = \"x\"\nexperiment = { preset = \"plain-vs-residual\" }") }
}

#[test]
fn a_grid_has_every_combination_with_every_seed_and_all_points_come_before_the_second_seed() {
    let study = study(SHORT);
    assert_eq!((study.points(), study.trials(), study.seeds()), (6, 12, &[0, 1][..]));
    let trials: Vec<_> = (1..=12).map(|number| study.trial(number, &[]).unwrap()).collect();
    let words: Vec<&str> = trials.iter().map(|trial| trial.words.as_str()).collect();
    assert_eq!(
        words[..3],
        ["learning_rate 0.001, depth 8", "learning_rate 0.001, depth 14", "learning_rate 0.01, depth 8"]
    );
    assert_eq!(words[..6], words[6..]);
    assert_eq!(trials.iter().map(|trial| trial.seed).collect::<Vec<_>>(), [[0; 6], [1; 6]].concat());

    let experiment = study.experiment(&trials[8]).unwrap();
    assert_eq!((experiment.recipe.seed, experiment.recipe.seeds), (1, 1));
    assert_eq!(experiment.recipe.optimizer.learning_rate, 0.01);
    assert!(experiment.arms.iter().all(|arm| arm.network.depth() == 8), "both arms");
    assert!(study.trial(13, &[]).unwrap_err().to_string().contains("the study has 12"));
}

#[test]
fn one_arm_can_be_varied_by_its_name() {
    let study = Study::check(varying(&["arms[plain].network.body.cifar.depth=8,20"])).unwrap();
    let trial = study.trial(2, &[]).unwrap();
    assert_eq!(trial.words, "plain depth 20");
    let depths: Vec<usize> = study.experiment(&trial).unwrap().arms.iter().map(|arm| arm.network.depth()).collect();
    assert_eq!(depths, [20, 56]);
}

#[test]
fn files_survive_reading_and_writing() {
    for text in [SHORT, "name = \"x\"\nseeds = [3, 7]\nexperiment = { preset = \"resnet20\" }\n"] {
        let plan = plan(text);
        let again = plan.to_toml().unwrap();
        assert_eq!(StudyPlan::from_toml(&again).unwrap(), plan, "{again}");
    }
    let whole = StudyPlan { experiment: Base::Whole(Box::new(plan(SHORT).experiment.plan().unwrap())), ..plan(SHORT) };
    assert_eq!(StudyPlan::from_toml(&whole.to_toml().unwrap()).unwrap(), whole);
}

#[test]
fn an_experiment_with_seeds_is_a_study_without_axes() {
    let mut plan = plan(SHORT).experiment.plan().unwrap();
    plan.recipe.seed = 5;
    plan.recipe.seeds = 3;
    let experiment = lab_core::experiment::Experiment::check(plan).unwrap();
    let study = Study::check(StudyPlan::of_seeds(experiment)).unwrap();
    assert_eq!((study.points(), study.seeds()), (1, &[5, 6, 7][..]));
    assert_eq!(study.trial(3, &[]).unwrap().words, "");
}

#[test]
fn mistakes_in_a_file_are_named() {
    for (text, expected) in [
        ("name = \"x\"\n", "experiment is missing"),
        ("name = \"x\"\nexperiment = { preset = \"resnet19\" }", "no preset \"resnet19\""),
        ("name = \"x\"\nexperiment = { preset = \"resnet20\", batch = 3 }", "unknown field `batch`"),
        ("name = \"x\"\n[experiment]\nname = \"y\"\narms = [{ name = \"a\", nework = 3 }]", "nework"),
        ("name = \"x\"\nseeds = \"many\"\nexperiment = { preset = \"resnet20\" }", "a number of seeds, or a list"),
        ("name = \"x\"\nexperiment = { preset = \"resnet20\", set = [\"recipe.batch=3\"] }", "recipe.batch=3"),
        ("name = \"x\"\naxis = 3\nexperiment = { preset = \"resnet20\" }", "line 2: unknown field `axis`"),
        ("name = \"x\"\nseeds = [1, 1]\nexperiment = { preset = \"resnet20\" }", "seeds is 1 twice"),
        (
            "name = \"x\"\nexperiment = { preset = \"resnet20\", set = [\"recipe.length.epochs=1\"] }\n\
             early_stopping = { method = \"median\" }",
            "less than the 1 epochs",
        ),
        ("name = \"\"\nexperiment = { preset = \"resnet20\" }", "name is \"\""),
        ("name = \"x\"\nexperiment = { preset = \"resnet20\" }\nsearch = { arm = \"y\" }", "one of resnet20"),
        (
            "name = \"x\"\nexperiment = { preset = \"resnet20\" }\nearly_stopping = { method = \"asha\", eta = 1 }",
            "eta is 1",
        ),
    ] {
        let error = StudyPlan::from_toml(text).and_then(Study::check).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_point_that_cannot_be_run_names_its_axis_its_value_and_the_reason() {
    let error = refused(varying(&["recipe.batch_size=64,128", "arms[*].network.body.cifar.depth=8,9"]));
    assert!(error.starts_with("the axis arms[*].network.body.cifar.depth cannot have the value 9"), "{error}");
    assert!(error.contains("6n + 2"), "{error}");
    let error = refused(varying(&["recipe.nonsense=1,2"]));
    assert!(error.contains("the axis recipe.nonsense") && error.contains("unknown field"), "{error}");
    let error = refused(varying(&["recipe.batch_size=64,many"]));
    assert!(error.contains("value many") && error.contains("a whole number"), "{error}");
    // Each is fine by itself.
    let method = "recipe.optimizer.method={ sgd = { momentum = 0.9 } },{ sgd = { momentum = 0.0 } }";
    let error = refused(varying(&[method, "recipe.optimizer.method.sgd.nesterov=false,true"]));
    assert!(error.starts_with("the point method") || error.contains("cannot have the value"), "{error}");
}

#[test]
fn axes_that_are_none() {
    for (axes, expected) in [
        (&["recipe.seed=1,2"][..], "seeds are no axis"),
        (&["recipe.batch_size=8", "recipe.batch_size=16"], "varied twice"),
        (&["arms[0].name=a,b"], "the arms must be the same"),
        (&["recipe.optimizer.learning_rate=0.1..1.0"], "LOW..HIGH:STEPS"),
        (&["recipe.optimizer.learning_rate=1.0..0.1:3"], "downwards"),
        (&["recipe.batch_size=1..200", "recipe.probe_every=1..200"], "200 × 200"),
    ] {
        let error = refused(varying(axes));
        assert!(error.contains(expected), "{axes:?}: {error}");
    }
    let error = Study::check(StudyPlan {
        seeds: Some(lab_core::study::Seeds::Count(900)),
        ..varying(&["recipe.batch_size=1..20"])
    });
    assert!(matches!(error, Err(StudyError::TooMany { trials: 18_000, .. })));
    // Found by changing a file at random: so many seeds fill any memory before they are counted.
    for seeds in [0, 1001, u32::MAX] {
        let error = refused(StudyPlan { seeds: Some(lab_core::study::Seeds::Count(seeds)), ..varying(&[]) });
        assert!(error.contains(&format!("{seeds} seeds")) && error.contains("1 to 1000"), "{error}");
    }
}

#[test]
fn searches_that_do_not_learn_are_checked_point_by_point_and_know_their_number() {
    let with = |search: &str| {
        let text =
            SHORT.replace("steps = 3\n", "").replace("[experiment]", &format!("[search]\n{search}\n[experiment]"));
        Study::check(plan(&text))
    };
    let error = with("method = \"random\"").unwrap_err().to_string();
    assert!(error.starts_with("search.points is left out"), "{error}");
    let random = with("method = \"random\"\npoints = 5").unwrap();
    assert_eq!(random.trials(), 10);
    let sobol = with("method = \"sobol\"\npoints = 5").unwrap();
    assert_ne!(random.trial(1, &[]).unwrap().settings, sobol.trial(1, &[]).unwrap().settings);
    let tpe = with("method = \"tpe\"\npoints = 5").unwrap();
    let seeds: Vec<(u32, u64)> = (1..=4).map(|number| tpe.place(number).unwrap()).collect();
    assert_eq!(seeds, [(0, 0), (0, 1), (1, 0), (1, 1)], "a point is finished before the next is chosen");
}

//! Experiments as people write them: presets, files, single settings, and what is refused with which words.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper that fails fails its test")]

use lab_core::blueprint::{Blueprint, BlueprintError, Summary};
use lab_core::experiment::{
    Block, Body, Curve, Experiment, Length, Method, Network, Norm, PRESETS, Plan, Schedule, Shortcut, Stage, preset,
    with_overrides,
};

fn default_plan() -> Plan {
    preset("plain-vs-residual").expect("the default preset").plan()
}

/// The complaints about a plan, as a person reads them.
fn complaints(plan: Plan) -> Vec<String> {
    Experiment::check(plan).expect_err("a plan with a mistake").iter().map(ToString::to_string).collect()
}

fn set(setting: &str) -> Plan {
    with_overrides(&default_plan(), &[setting]).unwrap_or_else(|error| panic!("{setting}: {error}"))
}

#[test]
fn every_preset_is_valid_and_survives_a_file() {
    assert_eq!(PRESETS[0].id, "plain-vs-residual");
    for preset in PRESETS {
        let plan = preset.plan();
        let text = plan.to_toml().expect("text");
        assert_eq!(Plan::from_toml(&text).expect(preset.id), plan, "{text}");
        assert!(Experiment::check(plan).is_ok(), "{}", preset.id);
        assert!(preset.about.len() > 20);
    }
}

#[test]
fn a_short_file_is_enough() {
    let text = r#"
        name = "mine"
        [recipe]
        length = { steps = 100 }
        [[arms]]
        name = "a"
        network = { body = { cifar = { depth = 14, width = 8 } }, shortcut = "b" }
    "#;
    let plan = Plan::from_toml(text).expect("a plan");
    assert_eq!(plan.recipe.length, Length::Steps(100));
    assert_eq!(plan.arms[0].network, Network::cifar(14, 8, Shortcut::B));
    assert!(Experiment::check(plan).is_ok());
}

#[test]
fn mistakes_in_a_file_are_named_with_their_line() {
    let text = "name = \"x\"\n[recipe]\nbatchsize = 3\n[[arms]]\nname = \"a\"\n";
    let error = Plan::from_toml(text).expect_err("an unknown field").to_string();
    assert!(error.contains("line 3") && error.contains("batchsize") && error.contains(" batch_size, "), "{error}");
    assert!(!error.contains("expected one of"), "in words and not a parser's: {error}");
}

#[test]
fn values_out_of_range_are_refused_with_field_value_and_range() {
    let cases = [
        ("recipe.batch_size=0", "recipe.batch_size is 0, but must be from 1 to 65536"),
        ("recipe.length.epochs=0", "recipe.length.epochs is 0, but must be from 1 to 100000"),
        ("recipe.optimizer.learning_rate=-1.0", "recipe.optimizer.learning_rate is -1, but must be above 0"),
        ("recipe.optimizer.learning_rate=nan", "recipe.optimizer.learning_rate is NaN"),
        ("recipe.optimizer.method.momentum=1.0", "recipe.optimizer.method.momentum is 1, but must be at least 0"),
        ("recipe.label_smoothing=1.5", "recipe.label_smoothing is 1.5"),
        ("recipe.augmentation.rotation=270.0", "recipe.augmentation.rotation is 270, but must be from 0 to 180"),
        ("data.holdout=0.9", "data.holdout is 0.9"),
        ("data.train_limit=0", "data.train_limit is 0"),
        ("name=a/b", "name is \"a/b\""),
        ("arms[1].name=plain", "arms[1].name is \"plain\" again"),
        ("arms[0].network.body.cifar={depth=21,width=8}", "cifar.depth is 21, but must be 6n + 2"),
        ("arms[0].network.body.imagenet={depth=50,width=64}", "imagenet.depth is 50, but must be 18 or 34"),
        ("arms[1].network.norm={group=3}", "arms[1].network.norm.group is 3"),
        (
            "arms[0].network.stochastic_depth=0.5",
            "arms[0].network.stochastic_depth is 0.5, but must be 0 in a plain net",
        ),
        ("arms[0].network.init.zero_gamma=true", "arms[0].network.init.zero_gamma is true"),
        ("arms=[]", "arms is 0 arms"),
        ("arms[0].start.weights=", "arms[0].start.weights is nothing, but must be a file of weights"),
        (
            "arms[0].start={weights='a.pth', freeze='stage 4'}",
            "arms[0].start.freeze is \"stage 4\", but must be none, stem",
        ),
        (
            "arms[0].start={weights='a.pth', backbone_factor=1.5}",
            "arms[0].start.backbone_factor is 1.5, but must be from 0",
        ),
    ];
    for (setting, expected) in cases {
        let found = complaints(set(setting));
        assert!(found.iter().any(|complaint| complaint.contains(expected)), "{setting}: {found:?}");
    }
}

#[test]
fn precision_is_written_only_where_it_is_not_single() {
    let text = default_plan().to_toml().expect("text");
    assert!(!text.contains("precision"), "single precision is written as before: {text}");
    let plan = set("recipe.precision=bf16");
    let text = plan.to_toml().expect("text");
    assert!(text.contains("precision = \"bf16\"\n"), "{text}");
    assert_eq!(Plan::from_toml(&text).expect("a plan"), plan);
    assert_eq!(set("recipe.precision=f32"), default_plan());
    let error = with_overrides(&default_plan(), &["recipe.precision=f16"]).expect_err("no such precision").to_string();
    assert!(error.contains("f16") && error.contains("must be f32 or bf16"), "{error}");
}

#[test]
fn arms_start_from_weights_only_if_the_file_says_so() {
    let text = default_plan().to_toml().expect("text");
    assert!(!text.contains("start]"), "an arm with fresh weights is written as before: {text}");
    let plan = set("arms[1].start.weights=some.pth");
    let text = plan.to_toml().expect("text");
    assert!(text.contains("[arms.start]\nweights = \"some.pth\"\n"), "what is as usual is not written: {text}");
    assert_eq!(Plan::from_toml(&text).expect("a plan"), plan);
    let start =
        "arms[1].start={weights='run', freeze='stage 2', head='new', normalization='imagenet', checkpoint='last'}";
    let (plan, text) = (set(start), set(start).to_toml().expect("text"));
    assert!(text.contains("freeze = \"stage 2\"") && text.contains("checkpoint = \"last\""), "{text}");
    assert_eq!(Plan::from_toml(&text).expect("a plan"), plan);
    let wrong = with_overrides(&plan, &["arms[1].start.freeze=half"]).expect_err("no part").to_string();
    assert!(wrong.contains("\"half\" was given") && wrong.contains("backbone"), "{wrong}");
}

#[test]
fn several_mistakes_are_told_together() {
    let mut plan = set("recipe.batch_size=0");
    plan.recipe.schedule = Schedule::from(Curve::MultiStep { milestones: vec![9.0, 3.0], factor: 0.0 });
    let found = complaints(plan);
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn settings_that_lead_nowhere_say_so() {
    for (setting, expected) in [
        ("recipe.btch=5", "unknown field `btch`"),
        ("recipe.batch_size", "there is no ="),
        ("arms[7].name=x", "not a place in a list of 2"),
        ("recipe.seed.low=1", "there is nothing below \"recipe.seed\""),
        ("recipe.batch_size=many", "it must be a whole number of 0 or more, and \"many\" was given"),
        ("recipe.batch_size=128.0", "it must be a whole number of 0 or more, and 128.0 was given"),
        ("recipe.optimizer.learning_rate=\"0.1\"", "it must be a number, and \"0.1\" was given"),
        ("recipe.length={epochs=2,steps=9}", "several were given where one is meant"),
        ("recipe.batch_size={many=1}", "it must be a whole number of 0 or more, and a table was given"),
        ("data.resize.height=32", "width is missing"),
        (
            "recipe.schedule={curve={name='cosine'}}",
            "recipe.schedule.curve.end is missing; set it as well, as in recipe.schedule.curve.end=0.0",
        ),
        ("arms[1].schedule={curve={name='cosine'}}", "arms.1.schedule.curve.end is missing"),
        ("recipe.length=foo", "it must be {epochs=6} or {steps=1000}, say, and \"foo\" was given"),
    ] {
        let error = with_overrides(&default_plan(), &[setting]).expect_err(setting).to_string();
        assert!(error.contains(expected), "{setting}: {error}");
    }
}

#[test]
fn an_optimiser_or_a_schedule_that_is_named_has_its_usual_settings() {
    let adam = set("recipe.optimizer.method=adam").recipe.optimizer.method;
    assert_eq!(adam, Method::all()[1], "a rule that is named has its usual settings");
    assert_eq!(set("recipe.optimizer.method.name=adam").recipe.optimizer.method, adam);
    let settings = ["recipe.optimizer.method.beta1=0.5", "recipe.optimizer.method.name=adam"];
    let Method::Adam { beta1, .. } = with_overrides(&default_plan(), &settings).expect("both").recipe.optimizer.method
    else {
        panic!("no Adam")
    };
    assert!((beta1 - 0.5).abs() < 1e-12, "the rule comes first, whatever the order");
    assert_eq!(
        set("recipe.schedule.curve.name=exponential").recipe.schedule.curve,
        Curve::Exponential { factor: 0.95 }
    );
    let settings = ["recipe.optimizer.method=sgd", "recipe.optimizer.method.nesterov=true"];
    let plan = with_overrides(&set("recipe.optimizer.method.momentum=0.5"), &settings).expect("the rule it has");
    assert_eq!(plan.recipe.optimizer.method, Method::Sgd { momentum: 0.5, dampening: 0.0, nesterov: true });
    for (setting, expected) in [
        (
            "recipe.optimizer.method=adma",
            "there is no \"adma\"; method is one of sgd, adam, adam_w, rms_prop, lion, lamb",
        ),
        ("recipe.schedule.curve.factr=1", "unknown field `factr`"),
    ] {
        let error = with_overrides(&default_plan(), &[setting]).expect_err(setting).to_string();
        assert!(error.contains(expected), "{setting}: {error}");
    }
}

/// Each setting alone would leave a size without its other side.
#[test]
fn settings_are_applied_together_and_the_wrong_one_is_named() {
    let plan = with_overrides(&default_plan(), &["data.resize.height=32", "data.resize.width=48"]).expect("a size");
    assert_eq!(plan.data.resize.map(|size| (size.height, size.width)), Some((32, 48)));
    let settings = ["recipe.seed=3", "recipe.batch_size=lots", "name=mine"];
    let error = with_overrides(&default_plan(), &settings).expect_err("no number").to_string();
    assert!(error.starts_with("cannot set \"recipe.batch_size=lots\""), "{error}");
}

/// Windows PowerShell 5 writes what a program prints as UTF-16.
#[test]
fn a_file_is_read_in_the_encodings_that_editors_and_shells_write() {
    let plan = default_plan();
    let text = plan.to_toml().expect("text");
    let place = tempfile::tempdir().expect("a folder");
    let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        [mark.to_vec(), text.encode_utf16().flat_map(bytes).collect()].concat()
    };
    let cases: [Vec<u8>; 4] = [
        text.clone().into_bytes(),
        [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(),
        wide([0xFF, 0xFE], u16::to_le_bytes),
        wide([0xFE, 0xFF], u16::to_be_bytes),
    ];
    let path = place.path().join("mine.toml");
    for bytes in cases {
        std::fs::write(&path, bytes).expect("a file");
        assert_eq!(Plan::read(&path).expect("a plan"), plan);
    }
    std::fs::write(&path, b"\x89PNG\r\n\x1a\n\xFF").expect("a file");
    let error = Plan::read(&path).expect_err("a picture").to_string();
    assert!(error.contains("is not a text file"), "{error}");
}

#[test]
fn shortcuts_of_option_a_add_nothing_and_option_b_adds_2752() {
    let parameters = |shortcut| {
        let blueprint = Blueprint::new(&Network::cifar(20, 16, shortcut), [3, 32, 32], 10).expect("it fits");
        Summary::new(&blueprint).parameters
    };
    assert_eq!(parameters(Shortcut::None), 269_722);
    assert_eq!(parameters(Shortcut::A), 269_722);
    assert_eq!(parameters(Shortcut::B), 269_722 + 2_752);
}

#[test]
fn depth_counts_layers_with_weights() {
    for (depth, block) in [(20, Block::Basic), (110, Block::PreBasic), (29, Block::Bottleneck)] {
        let network = Network { block, ..Network::cifar(depth, 16, Shortcut::A) };
        assert_eq!(network.depth(), depth);
    }
    assert_eq!(Network::imagenet(50).depth(), 50);
}

#[test]
fn a_net_too_deep_for_its_images_is_refused_by_name() {
    let mut page = preset("resnet9").expect("a preset").plan().arms.remove(0).network;
    let Body::Stages(stages) = &mut page.body else { panic!("stages") };
    stages.extend([stages[0]; 3]);
    let error = Blueprint::new(&page, [3, 28, 28], 10).expect_err("too small");
    assert!(matches!(&error, BlueprintError::TooSmall { layer, .. } if layer.contains("layer5")), "{error}");
    let one_class = Blueprint::new(&Network::default(), [1, 28, 28], 1).expect_err("one class");
    assert_eq!(one_class, BlueprintError::Classes(1));
    let odd = Network { norm: Norm::Group(4), body: Body::Stages(vec![Stage::new(1, 8, 3)]), ..Network::default() };
    assert!(Blueprint::new(&odd, [1, 7, 5], 2).is_ok());
}

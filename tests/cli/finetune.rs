//! A network that knows something learns something else.

use crate::lab::{Lab, TINY};
use safetensors::SafeTensors;

const SMALL: [&str; 6] = [
    "--preset",
    "resnet20",
    "--set",
    "arms[0].network.body.cifar={depth=8,width=2}",
    "--set",
    "data.resize={height=12,width=12}",
];

/// Pictures of two kinds and of three, and a network that knows the two.
fn prepared() -> Lab {
    let lab = Lab::new();
    lab.pictures("animals", &["cat", "dog"], 12);
    lab.pictures("flowers", &["daisy", "rose", "tulip"], 12);
    lab.ok(&[&["train", "--data", "animals", "--epochs", "2", "--out", "first"], TINY, &SMALL].concat());
    lab
}

#[test]
fn a_run_is_fine_tuned_on_other_classes_and_tells_them_apart() {
    let lab = prepared();
    let tune = ["train", "--data", "flowers", "--epochs", "3", "--out", "second"];
    let start = ["--set", "arms[0].start.weights=first", "--set", "arms[0].start.freeze=backbone"];
    let output = lab.command(&[&tune[..], TINY, &SMALL, &start].concat()).output().unwrap();
    let notes = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{notes}");
    assert!(notes.contains("with a new head for 3 classes instead of that for 2"), "{notes}");
    assert!(notes.contains("images are normalised as the weights of \"resnet20\" expect"), "{notes}");

    let read = |run: &str, which: &str| {
        std::fs::read(lab.path(run).join(format!("arms/resnet20/checkpoints/{which}/weights.safetensors"))).unwrap()
    };
    let (before, after) = (read("first", "best"), read("second", "last"));
    let (before, after) = (SafeTensors::deserialize(&before).unwrap(), SafeTensors::deserialize(&after).unwrap());
    for (name, tensor) in after.tensors() {
        let same = before.tensor(&name).unwrap().data() == tensor.data();
        assert_eq!(same, !name.starts_with("linear."), "{name}");
    }
    let told = lab.ok(&["classify", "second", "flowers/rose/1.png"]);
    assert!(["daisy", "rose", "tulip"].iter().all(|class| told.contains(class)) && !told.contains("cat"), "{told}");

    // The run says where its weights came from, and can be run again as it stands.
    let again = std::fs::read_to_string(lab.path("second/experiment.toml")).unwrap();
    assert!(again.contains(&format!("weights = \"{}\"", lab.path("first").display())), "{again}");
    lab.ok(&["train", "second/experiment.toml", "--device", "flex", "--out", "third"]);
    assert_eq!(lab.numbers("third", "resnet20"), lab.numbers("second", "resnet20"));
}

#[test]
fn what_cannot_be_started_from_is_refused_in_words() {
    let lab = prepared();
    let refuse = |says: &[&str], settings: &[&str]| {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]).collect::<Vec<&str>>();
        let all = [&["train", "--data", "flowers", "--out", "second"][..], TINY, &SMALL, &settings].concat();
        lab.refuses(2, says, &all);
    };
    let says =
        ["arm \"resnet20\" is to keep the head", "is for 2 classes and the images are of 3", "set start.head to new"];
    refuse(&says, &["arms[0].start.weights=first", "arms[0].start.head=kept"]);
    refuse(&["there is neither a file of weights nor a run \"gone\""], &["arms[0].start.weights=gone"]);
    refuse(&["has no arm \"plain\" but resnet20"], &["arms[0].start.weights=first", "arms[0].start.arm=plain"]);
    refuse(&["\"stage 4\"", "\"stage 1\" to \"stage 3\""], &["arms[0].start={weights='first',freeze='stage 4'}"]);
    refuse(&["\"half\" was given"], &["arms[0].start={weights='first',freeze='half'}"]);
    refuse(
        &["cannot start from", "which this network has no place for"],
        &["arms[0].start.weights=first", "arms[0].network.norm={group=2}"],
    );
    lab.write("no-weights.pth", b"<html>not found</html>");
    refuse(&["it is a web page"], &["arms[0].start.weights=no-weights.pth"]);
}

/// Weights from elsewhere, whose head is called otherwise.
#[test]
fn a_head_that_is_made_anew_may_have_any_name_in_the_file() {
    let lab = prepared();
    let stored = std::fs::read(lab.path("first/arms/resnet20/checkpoints/best/weights.safetensors")).unwrap();
    let stored = SafeTensors::deserialize(&stored).unwrap();
    let renamed = stored.tensors().into_iter().map(|(name, tensor)| (name.replace("linear.", "fc."), tensor));
    safetensors::serialize_to_file(renamed, None, &lab.path("fc.safetensors")).unwrap();
    let tune = ["train", "--data", "flowers", "--steps", "1", "--set", "arms[0].start.weights=fc.safetensors"];
    for head in ["new", "fitting"] {
        let set = format!("arms[0].start.head={head}");
        lab.ok(&[&tune[..], TINY, &SMALL, &["--set", &set, "--out", head]].concat());
    }
}

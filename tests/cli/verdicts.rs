//! What runs have shown, in a sentence.

use crate::lab::{Lab, TINY};

const ARMS: &[&str] =
    &["--set", "arms[0].network.body.cifar={depth=8,width=2}", "--set", "arms[1].network.body.cifar={depth=8,width=2}"];

#[test]
fn a_run_ends_with_a_verdict_in_words_and_in_its_folder() {
    let lab = Lab::new();
    let said = lab.ok(&[&["train", "--epochs", "2", "--out", "run"], TINY, ARMS].concat());
    let file = std::fs::read_to_string(lab.path("run/verdict.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&file).unwrap();
    let headline = kept["headline"].as_str().unwrap();
    assert!(said.contains(headline) && headline.contains("one seed"), "{said}");
    assert!(headline.contains("plain") && headline.contains("residual"), "{headline}");
    let [only, other] = ["first_only", "second_only"].map(|side| {
        kept["comparisons"][0]["test"]["mc_nemar"][side].as_u64().unwrap_or_else(|| panic!("no {side} in {file}"))
    });
    // Who is right on more images is right on more of those where only one is.
    let outcome: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(lab.path("run/outcome.json")).unwrap()).unwrap();
    let right = |arm: usize| (20.0 * outcome["arms"][arm]["validation_accuracy"].as_f64().unwrap()).round() as i64;
    assert_eq!(right(0) - right(1), i64::try_from(only).unwrap() - i64::try_from(other).unwrap());
    assert_eq!(lab.json(&["verdict", "run", "--json"])["headline"], headline);
}

#[test]
fn numbers_and_the_way_on_are_shown_where_the_verdict_cannot_be_written() {
    let lab = Lab::new();
    lab.ok(&[&["train", "--epochs", "1", "--out", "run"], TINY, ARMS].concat());
    std::fs::remove_file(lab.path("run/verdict.json")).unwrap();
    std::fs::create_dir(lab.path("run/verdict.json")).unwrap();
    let extend = |more: &[&'static str]| {
        lab.command(&[&["train", "--resume", "run", "--device", "flex", "--extend"], more].concat())
    };
    let told = |output: std::process::Output| {
        let [said, errors] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        assert!(errors.contains("the verdict cannot be written into run"), "{errors}");
        (output.status.code(), said, errors)
    };
    let (code, said, _) = told(extend(&["1"]).output().unwrap());
    assert!(code == Some(1) && said.contains("validation accuracy") && said.contains("one seed"), "{code:?}: {said}");
    let (code, said, _) = told(extend(&["1", "--json"]).output().unwrap());
    let outcome: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert!(code == Some(1) && outcome["arms"].is_array(), "{said}");

    let before = lab.metrics("run", "plain").len();
    let mut child = extend(&["2000"]).spawn().unwrap();
    lab.wait_for(&mut child, || lab.metrics("run", "plain").len() > before);
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let (code, said, errors) = told(child.wait_with_output().unwrap());
    assert!(code == Some(75) && said.contains("validation accuracy"), "{code:?}: {said}");
    assert!(errors.contains("train --resume run"), "{errors}");
}

#[test]
fn seeds_are_taken_together_and_other_runs_refused() {
    let lab = Lab::new();
    for seed in ["0", "1", "2"] {
        lab.ok(&[&["train", "--epochs", "2", "--seed", seed, "--out", seed], TINY, ARMS].concat());
    }
    let found = lab.json(&["verdict", "0", "1", "2", "--json"]);
    assert_eq!(found["arms"][0]["accuracy"]["n"], 3);
    assert!(found["headline"].as_str().unwrap().contains("3 seeds"), "{found}");
    // Of twenty images, accuracies may be equally far apart with every seed; losses are not.
    assert_eq!(found["comparisons"][1]["quantity"], "train_loss");
    assert!(found["comparisons"][1]["interval"][0].is_f64(), "{found}");
    let said = lab.ok(&["verdict", "0", "1", "2"]);
    assert!(said.contains(" ± "), "{said}");
    lab.ok(&[&["train", "--epochs", "1", "--out", "short"], TINY, ARMS].concat());
    lab.refuses(2, &["differ in more than their seed: in epochs (2 and 1)"], &["verdict", "0", "short"]);
}

#[test]
fn a_study_is_told_at_each_of_its_settings_and_as_a_whole() {
    let lab = Lab::new();
    let vary = ["--vary", "recipe.optimizer.learning_rate=0.01,0.1", "--seeds", "2", "--epochs", "1"];
    lab.ok(&[&["study", "new", "rates"], &TINY[2..], ARMS, &vary].concat());
    lab.refuses(2, &["no training of the study rates has ended yet"], &["verdict", "rates"]);
    lab.ok(&["study", "run", "rates", "--device", "flex"]);
    let said = lab.ok(&["verdict", "rates"]);
    for of in ["Networks at learning_rate 0.01\n", "Networks at learning_rate 0.1\n", "All settings\n"] {
        assert!(said.contains(of), "{of}: {said}");
    }
    assert!(said.contains("2 seeds"), "{said}");
    let found = lab.json(&["verdict", "rates", "--json"]);
    let whole = found["settings"].as_array().unwrap().iter().find(|one| one["of"] == "All settings").unwrap();
    assert_eq!(whole["verdict"]["arms"].as_array().unwrap().len(), 4, "two networks at two rates: {found}");
    assert!(lab.ok(&["study", "results", "rates"]).contains("`residual-lab verdict rates`"));
}

#[test]
fn networks_that_have_blown_up_are_not_called_equal() {
    let lab = Lab::new();
    let rate = ["--set", "recipe.optimizer.learning_rate=1000", "--epochs", "3"];
    let args = [&["train", "--out", "run"], &rate[..], TINY, ARMS].concat();
    let said = String::from_utf8(lab.command(&args).output().unwrap().stdout).unwrap();
    assert!(said.contains("Try a lower learning rate") || said.contains("try a lower learning rate"), "{said}");
    assert!(!said.contains("No difference found"), "{said}");
}

#[test]
fn a_run_whose_table_was_lost_is_not_called_stopped_at_its_beginning() {
    let lab = Lab::new();
    lab.ok(&[&["train", "--epochs", "1", "--out", "run"], TINY, ARMS].concat());
    for arm in ["plain", "residual"] {
        std::fs::remove_file(lab.path(&format!("run/arms/{arm}/metrics.csv"))).unwrap();
    }
    let said = lab.ok(&["verdict", "run"]);
    assert!(!said.contains("Stopped after 0") && said.contains("over the last epoch"), "{said}");
}

#[test]
fn what_is_shorter_than_an_epoch_is_not_called_one() {
    let lab = Lab::new();
    let small = ["--preset", "resnet20", "--set", "arms[0].network.body.cifar={depth=8,width=2}", "--steps", "3"];
    let said = lab.ok(&[&["train", "--out", "run"], &small[..], TINY].concat());
    assert!(said.contains("over the first 3 of an epoch's 8 steps"), "{said}");
    let table = lab.ok(&["verdict", "run"]);
    assert!(table.contains("training loss, first 3 steps"), "{table}");
    lab.ok(&["export", "run", "--html"]);
    let page = std::fs::read_to_string(lab.path("run.html")).unwrap();
    assert!(page.contains("training loss, first 3 steps") && !page.contains("last epoch"), "no page says otherwise");
}

//! Guided experiments: three of them once more, smaller, and a teacher's own.

use crate::lab::Lab;
use serde_json::Value;

/// The guided experiment of this name as its file says it.
fn text(name: &str) -> String {
    std::fs::read_to_string(format!("{}/assets/learn/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What a guided experiment found with one seed, after these changes of its file: each claim's two sides.
fn small(name: &str, changes: &[(&str, &str)]) -> Vec<[f64; 2]> {
    let lab = Lab::new();
    let changed = changes.iter().fold(text(name), |text, (from, to)| {
        assert!(text.contains(from), "{name} says {from} no more");
        text.replace(from, to)
    });
    std::fs::write(lab.path("small.toml"), changed).unwrap();
    let found = lab.json(&["learn", "run", "small.toml", "--seeds", "1", "--device", "flex", "--json"]);
    let side = |claim: &Value, side: &str| claim[side]["mean"].as_f64().unwrap_or_else(|| panic!("{side} of {claim}"));
    found["claims"].as_array().unwrap().iter().map(|claim| [side(claim, "of"), side(claim, "than")]).collect()
}

#[test]
fn a_shortcut_lets_56_layers_train() {
    let found = small(
        "shortcut",
        &[
            ("values = [20, 56]", "values = [8, 56]"),
            ("depth = 20 }", "depth = 8 }"),
            ("train_limit = 2560", "train_limit = 1280"),
        ],
    );
    let [residual, plain] = found[0];
    assert!(residual < plain - 0.3, "training loss at 56 layers: residual {residual}, plain {plain}");
}

#[test]
fn gradients_vanish_with_xavier_explode_with_batch_norm_and_are_even_with_shortcuts() {
    let found = small("gradients", &[("train_limit = 1000", "train_limit = 200"), ("steps = 200", "steps = 2")]);
    let [xavier, he] = found[0];
    assert!(xavier < he - 5.0, "powers of ten between the first block and the last: Xavier {xavier}, He {he}");
    let [plain, _] = found[1];
    assert!(plain > 1.5, "batch norm in a plain network: {plain}");
    let [residual, _] = found[2];
    assert!(residual.abs() < 1.0, "batch norm in a residual network: {residual}");
}

#[test]
fn a_residual_networks_gradient_is_less_shattered() {
    let [residual, plain] = small("shattered", &[])[0];
    assert!(residual > plain + 0.3, "autocorrelation: residual {residual}, plain {plain}");
}

#[test]
fn a_guess_is_kept_beside_the_answer() {
    let lab = Lab::new();
    let run = ["learn", "run", "shattered", "--seeds", "1", "--device", "flex", "--out", "asked", "--json"];
    let first = lab.json(&[&run[..], &["--guess", "2"]].concat());
    let again = lab.json(&run);
    let said = lab.ok(&run[..run.len() - 1]);
    assert!(said.contains("Not decided: p is below 0.2"), "the table says what its words mean: {said}");
    assert_eq!((&first["guess"][0], &again["guess"]), (&"The plain one's are smoother".into(), &first["guess"]));
}

#[test]
fn what_was_guessed_is_held_against_what_was_measured_so_far() {
    let lab = Lab::new();
    let run = ["learn", "run", "shattered", "--out", "asked", "--device"];
    let whole = lab.ok(&[&run[..], &["flex", "--seeds", "1", "--guess", "2"]].concat());
    assert!(whole.contains("That is open.") && !whole.contains("so far."), "{whole}");
    lab.ok(&["study", "extend", "asked", "--seeds", "2"]);
    // The second training fails.
    let said = lab.command(&[&run[..], &["gpu:99"]].concat()).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("1 of 2 trainings have ended") && said.contains("That is open so far."), "{said}");
}

#[test]
fn an_answer_is_shown_where_an_instrument_fails_and_other_seeds_are_refused() {
    let lab = Lab::new();
    let run = ["learn", "run", "shattered", "--seeds", "1", "--device", "flex", "--out", "asked"];
    lab.ok(&run);
    let more = ["learn", "run", "shattered", "--seeds", "3", "--out", "asked"];
    lab.refuses(2, &["--seeds 3: this study has 1 already", "study extend asked --seeds 3"], &more);

    let trial = std::fs::read_dir(lab.path("asked/trials")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(trial.join("asked.json")).unwrap();
    for arm in std::fs::read_dir(trial.join("arms")).unwrap() {
        let weights = arm.unwrap().path().join("checkpoints/last/weights.safetensors");
        std::fs::remove_file(&weights).unwrap();
        std::fs::write(&weights, b"nothing of a network").unwrap();
    }
    let output = lab.command(&run).output().unwrap();
    let [said, errors] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(said.contains("Not decided: p is below 0.2") && said.contains("study folder: "), "{said}");
    assert!(
        errors.contains("trial 1 was not asked") && errors.contains("error: 1 trial could not be asked"),
        "{errors}"
    );
}

#[test]
fn a_teachers_file_is_listed_shown_and_what_is_wrong_with_it_said() {
    let lab = Lab::new();
    let place = lab.path(".data/residual-lab/learn");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("ours.toml"), text("shattered").replacen("title = \"", "title = \"Ours: ", 1)).unwrap();
    let listed = lab.ok(&["learn"]);
    assert!(listed.lines().last().unwrap().starts_with("ours             Ours: "), "{listed}");
    assert!(lab.ok(&["learn", "ours"]).starts_with("Ours: "));
    std::fs::write(place.join("ours.toml"), "title = 7").unwrap();
    lab.refuses(2, &["ours.toml", "is no guided experiment"], &["learn", "ours"]);
    // The others are there all the same.
    assert!(lab.ok(&["learn"]).starts_with("shortcut"));
}

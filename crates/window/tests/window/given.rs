//! What the instruments' panels give away: every number of every arm as a table, and their figures as pictures that show
//! something.

use crate::asked::*;
use crate::exports::{save_of, well_formed};
use crate::predictions::predicted;
use crate::scripted::*;
use eframe::egui::Modifiers;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use lab_core::instrument::{Cut, Finding, Gain, Maps, Neighbour, QueryImage, Question, Slice};
use lab_core::protocol::{Event, Thumbnail};
use lab_window::App;
use std::collections::HashSet;
use std::fs;

/// Everything that one menu gives.
struct Given {
    name: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    picture: image::RgbImage,
    drawing: String,
}

impl Given {
    /// The cells of a column, of the rows that begin like this.
    fn column(&self, title: &str, begin: &[&str]) -> Vec<&str> {
        let at =
            self.header.iter().position(|of| of == title).unwrap_or_else(|| panic!("no {title}: {:?}", self.header));
        let wanted = |row: &&Vec<String>| begin.iter().zip(&row[..]).all(|(begin, cell)| begin == cell);
        self.rows.iter().filter(wanted).map(|row| row[at].as_str()).collect()
    }

    fn number(&self, title: &str, begin: &[&str]) -> f64 {
        let found = self.column(title, begin);
        assert_eq!(found.len(), 1, "{title} of {begin:?}: {found:?}");
        found[0].parse().unwrap()
    }

    /// Embedded pictures in the vectors.
    fn embedded(&self) -> usize {
        self.drawing.matches("<image").count()
    }

    fn pixels(&self, color: [u8; 3]) -> usize {
        let close = |pixel: &&image::Rgb<u8>| pixel.0.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 8);
        self.picture.pixels().filter(close).count()
    }
}

/// Takes everything that a menu gives, and looks whether the pictures show something. Where the variable
/// `RESIDUAL_LAB_KEEP_PICTURES` names a folder, they stay there to be looked at.
fn given(harness: &mut Harness<'static, App>, script: &Script, what: &str) -> Given {
    let place = tempfile::tempdir().unwrap();
    let table = save_of(harness, script, what, "Save CSV…", place.path());
    let mut reader = csv::Reader::from_path(&table).unwrap();
    let header = reader.headers().unwrap().iter().map(String::from).collect();
    let rows = reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect();
    let picture = image::open(save_of(harness, script, what, "Save PNG…", place.path())).unwrap().to_rgb8();
    if let Some(folder) = std::env::var_os("RESIDUAL_LAB_KEEP_PICTURES") {
        picture.save(std::path::Path::new(&folder).join(format!("{what}.png"))).unwrap();
    }
    let colors: HashSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
    assert!(colors.len() > 20, "{what} shows {} colours only", colors.len());
    let drawing = fs::read_to_string(save_of(harness, script, what, "Save SVG…", place.path())).unwrap();
    well_formed(&drawing);
    let name = table.file_name().unwrap().to_string_lossy().into_owned();
    Given { name, header, rows, picture, drawing }
}

/// Asks by a button and answers for both arms.
fn found(
    harness: &mut Harness<'static, App>,
    script: &Script,
    button: &str,
    wanted: impl Fn(&Question) -> bool,
    findings: [Result<Finding, String>; 2],
) {
    click(harness, button);
    let (id, _) = script.asked_for(wanted).expect("it was asked");
    script.found(id, findings);
    harness.run();
}

/// The colours of the first two arms on paper.
const BLUE: [u8; 3] = [0x00, 0x72, 0xB2];
const VERMILLION: [u8; 3] = [0xD5, 0x5E, 0x00];

#[test]
fn confusion_is_given_away_in_each_unit() {
    let (mut harness, script) = at_tab("Confusion");
    let counts = given(&mut harness, &script, "Confusion");
    assert_eq!(counts.name, "confusion.csv");
    assert_eq!(counts.rows.len(), 200, "every cell of both arms");
    let matrix = evaluation(0, 40).confusion;
    let (coat, taken) = (matrix.actual()[4], matrix.images(4, 6));
    assert_eq!(counts.number("images", &["plain", "Coat", "Shirt"]), f64::from(taken));
    let share = counts.number("share of actual", &["plain", "Coat", "Shirt"]);
    assert!((share - f64::from(taken) / f64::from(coat)).abs() < 1e-12);
    assert_eq!(counts.column("share of actual less that of plain", &["plain", "Coat"]), ["0"; 10]);
    for part in ["Confusion: images", ">Coat<", &format!(">{}<", matrix.images(4, 4)), "plain: ", "residual: "] {
        assert!(counts.drawing.contains(part), "no \"{part}\"");
    }
    pick(&mut harness, "Cells show", "Difference of arms");
    let difference = given(&mut harness, &script, "Confusion");
    assert!(difference.drawing.contains("less that of the first arm"));
    assert!(difference.pixels(VERMILLION) > 10, "where residual has more");
}

#[test]
fn gradients_by_step_are_given_away() {
    let (mut harness, script) = training(40);
    let all = given(&mut harness, &script, "Gradients");
    assert_eq!(all.name, "gradients-by-step.csv");
    assert_eq!(all.rows.len(), 4 * 2 * 27, "every block at every probe of both arms");
    let expected = &probe(30, 2).arms[0].blocks[26];
    assert_eq!(all.number("weight gradient norm", &["plain", "30", "layer3.8"]), expected.weight_gradient_norm);
    assert_eq!(all.number("output std", &["residual", "10", "layer1.0"]), 1.0);
    assert_eq!(all.embedded(), 2, "a heat map for each arm");
    assert!(all.pixels(BLUE) > 300 && all.pixels(VERMILLION) > 300, "and both arms' lines");
}

#[test]
fn predictions_classes_and_calibration_are_given_away() {
    let (mut harness, script) = predicted();
    let images = given(&mut harness, &script, "Predictions");
    assert_eq!(images.rows.len(), 120);
    let expected = predictions(4);
    assert_eq!(images.column("prediction", &["plain", "4"]), ["Sandal"]);
    assert!((images.number("loss", &["plain", "4"]) - f64::from(expected.loss[4])).abs() < 1e-6);
    assert_eq!(images.embedded(), 60, "every image");
    // The images have corners of this gray.
    assert!(images.pixels([230, 230, 230]) > 5000);
    pick(&mut harness, "Images that are shown", "Only another right");
    let few = given(&mut harness, &script, "Predictions");
    assert_eq!((few.embedded(), few.rows.len()), (10, 120), "the picture shows what is shown, the table has all");

    harness.get_by_label("Per class").click();
    harness.run();
    let classes = given(&mut harness, &script, "Per class");
    assert_eq!(classes.rows.len(), 22, "ten classes and their mean for both arms");
    assert_eq!(classes.number("support", &["residual", "Coat"]), 6.0);
    assert!(classes.drawing.contains(">Ankle boot<"));
    harness.get_by_label("Calibration").click();
    harness.run();
    let calibration = given(&mut harness, &script, "Calibration");
    assert_eq!(calibration.rows.len(), 30);
    let counted: f64 = calibration.column("images", &["plain"]).iter().map(|cell| cell.parse::<f64>().unwrap()).sum();
    assert_eq!(counted, 60.0);
    assert!(calibration.pixels(BLUE) > 300 && calibration.pixels(VERMILLION) > 300);
}

#[test]
fn chosen_images_are_given_away() {
    let (mut harness, script) = predicted();
    pick(&mut harness, "Order of the images", "As in the data");
    harness.get_by_label_contains("Image 0, T-shirt").click();
    harness.run();
    harness.get_by_label_contains("Image 2, Pullover").click_modifiers(Modifiers::COMMAND);
    harness.run();
    let chosen = given(&mut harness, &script, "Selected images");
    assert_eq!(chosen.column("image", &["residual"]), ["0", "2"]);
    assert_eq!(chosen.embedded(), 2);
}

#[test]
fn neighbours_are_given_away_once_they_are_those_of_the_image() {
    let (mut harness, script) = predicted();
    let ask = |harness: &mut Harness<'static, App>, image: usize| {
        harness.get_by_label_contains(&format!("Image {image}, ")).click();
        harness.run();
        harness.get_by_label("Find the nearest training images").click();
        harness.run();
        let nearest = Question::Nearest { sample: QueryImage::Validation(image), count: 5 };
        script.asked_for(|question| *question == nearest).expect("it was asked").0
    };
    let seen = Thumbnail { width: 2, height: 1, rgb: vec![250, 9, 9, 9, 9, 250] };
    let near = |image| Ok(Finding::Nearest(vec![Neighbour { image, class: 4, distance: 0.5, seen: seen.clone() }]));
    let first = ask(&mut harness, 4);
    script.found(first, [near(123), near(77)]);
    harness.run();
    let neighbours = given(&mut harness, &script, "Nearest training images");
    assert_eq!(neighbours.column("image", &["residual"]), ["77"]);
    assert_eq!(neighbours.column("distance", &["plain"]), ["0.5"]);
    assert_eq!(neighbours.embedded(), 2);
    let second = ask(&mut harness, 8);
    assert!(harness.query_by_label_contains("training image 123").is_none(), "that is near another image");
    script.found(second, [near(5), near(6)]);
    harness.run();
    assert!(harness.query_by_label_contains("training image 5:").is_some());
}

#[test]
fn gradients_at_one_moment_and_histograms_are_given_away() {
    let (mut harness, script) = at_tab("Inside");
    let wanted = |question: &Question| matches!(question, Question::Gradients { .. });
    let looks = [0.5, 0.99].map(|shrink| Ok(crate::inside::look(shrink)));
    found(&mut harness, &script, "Look: Gradients by block", wanted, looks);
    let blocks = given(&mut harness, &script, "Gradients by block");
    assert_eq!(blocks.rows.len(), 54);
    assert_eq!(blocks.number("input gradient", &["plain", "layer3.8"]), 0.5);
    assert!(blocks.pixels(BLUE) > 300 && blocks.pixels(VERMILLION) > 300);
    assert!(blocks.drawing.contains("Gradients vanish in 3 of 27 blocks"));
    let wanted = |question: &Question| matches!(question, Question::Histograms { .. });
    let both = [0.5, 0.25].map(|limit| Ok(crate::inside::histograms(limit)));
    found(&mut harness, &script, "Count: Histograms", wanted, both);
    let histograms = given(&mut harness, &script, "Histograms");
    assert_eq!(histograms.rows.len(), 2 * 2 * 41, "every bin of every parameter");
    assert_eq!(histograms.column("values", &["residual", "conv1.weight"])[20], "400");
    assert!(histograms.pixels(BLUE) > 3000 && histograms.pixels(VERMILLION) > 3000);
}

#[test]
fn a_parameters_way_is_given_away() {
    let (mut harness, script) = at_tab("Inside");
    for step in [1, 11, 21] {
        script.say(Event::Spread(Box::new(crate::inside::spread(step))));
    }
    harness.run();
    let way = given(&mut harness, &script, "Histograms by step");
    assert_eq!(way.rows.len(), 2 * 3 * 41, "every bin at every moment of both arms");
    let expected = &crate::inside::spread(11).arms[1][0];
    assert_eq!(way.column("values", &["residual", "11"])[7], expected.counts[7].to_string());
    let first = way.column("gradient from", &["residual", "11"])[0].parse::<f64>().unwrap();
    assert!((first + expected.gradient_limit).abs() < 1e-12);
    assert_eq!(way.embedded(), 4, "values and gradient of both arms");
}

#[test]
fn explanations_maps_and_cuts_are_given_away() {
    let (mut harness, script) = at_tab("Explain");
    let wanted = |question: &Question| matches!(question, Question::Explain { .. });
    let both = [0, 1].map(|arm| Ok(crate::explain::explanation(arm)));
    found(&mut harness, &script, "Explain: Grad-CAM", wanted, both);
    let maps = given(&mut harness, &script, "Grad-CAM");
    assert_eq!(maps.header[..4], ["arm", "table", "class", "probability"]);
    assert!((maps.number("probability", &["residual", "probabilities", "Sneaker"]) - 0.82).abs() < 1e-6);
    assert_eq!(maps.column("15", &["plain", "gradcam-layer1.4"]).len(), 16, "a row for each of the map's");
    assert_eq!(maps.embedded(), 2 * (1 + 2 * 27), "for each arm the image, and a map over it for each block");

    pick(&mut harness, "What is shown of the image", "Feature maps");
    let wanted = |question: &Question| matches!(question, Question::Features { .. });
    let features = || {
        let maps = vec![hill(8, [0.5, 0.5]), hill(8, [0.1, 0.9])];
        let names = vec!["channel 0".into(), "channel 1".into()];
        Ok(Finding::Maps(Maps { of: "layer1.0".into(), names, maps }))
    };
    found(&mut harness, &script, "Show: Feature maps", wanted, [features(), features()]);
    let channels = given(&mut harness, &script, "Feature maps");
    assert_eq!((channels.embedded(), channels.rows.len()), (4, 4 * 8));
    assert!(channels.pixels([0xFD, 0xE7, 0x25]) > 100, "the top of a hill is yellow");

    pick(&mut harness, "What is shown of the image", "Blocks cut");
    let wanted = |question: &Question| matches!(question, Question::Cuts { .. });
    let logits = |top: f32| Some((0..10).map(|class| if class == 2 { top } else { 0.0 }).collect::<Vec<f32>>());
    let cut = |block: &str, branch| Cut { block: block.into(), without_branch: branch, without_shortcut: None };
    let cuts = || {
        let blocks = [cut("", logits(7.5)), cut("layer1.0", logits(7.0)), cut("layer1.1", logits(2.0))];
        Ok(Finding::Cuts(blocks.into()))
    };
    found(&mut harness, &script, "Cut: Cut branch, cut shortcut", wanted, [cuts(), cuts()]);
    let cuts = given(&mut harness, &script, "Cut branch, cut shortcut");
    assert_eq!(cuts.number("Pullover", &["plain", "layer1.1"]), 2.0);
    assert!(cuts.pixels(VERMILLION) > 300);
}

#[test]
fn lesions_and_gains_are_given_away() {
    let (mut harness, script) = at_tab("Lesions");
    let both = [false, true].map(|residual| Ok(crate::lesions::sweep(residual, 27)));
    found(&mut harness, &script, "Sweep: Lesions", |question| *question == Question::Lesions, both);
    let lesions = given(&mut harness, &script, "Lesions");
    assert_eq!(lesions.rows.len(), 56, "the whole and every block of both arms");
    assert_eq!(lesions.number("accuracy", &["residual", "layer2.0"]), 0.4);
    assert!(lesions.drawing.contains("diamonds shrink the map"));
    assert!(lesions.pixels(BLUE) > 300 && lesions.pixels(VERMILLION) > 300);
    pick(&mut harness, "Lesion", "Branch gain α");
    let wanted = |question: &Question| matches!(question, Question::Gains { .. });
    let gains = [0.0, 0.5, 1.0].map(|gain| Gain { gain, score: score(0.1 + 0.7 * gain) }).to_vec();
    let both = [Err("a plain net has no shortcuts".into()), Ok(Finding::Gains(gains))];
    found(&mut harness, &script, "Sweep: Branch gain", wanted, both);
    let gains = given(&mut harness, &script, "Branch gain");
    assert_eq!(gains.column("gain", &["residual"]), ["0", "0.5", "1"]);
    assert!(gains.drawing.contains("plain: a plain net has no shortcuts."));
}

#[test]
fn landscapes_and_lines_are_given_away() {
    let (mut harness, script) = at_tab("Landscape");
    let wanted = |question: &Question| matches!(question, Question::Surface { .. });
    let both = || [true, false].map(|plain| Ok(crate::landscape::bowl(plain)));
    found(&mut harness, &script, "Compute: Loss landscape", wanted, both());
    let plane = given(&mut harness, &script, "Loss landscape");
    assert_eq!(plane.rows.len(), 2 * 289);
    assert!((plane.number("loss", &["residual", "0", "0"]) - 0.3).abs() < 1e-12, "the weights are in the middle");
    assert_eq!(plane.embedded(), 2);
    harness.get_by_label("As a surface").click();
    harness.run();
    let surface = given(&mut harness, &script, "Loss landscape");
    assert!(surface.drawing.matches("<polygon").count() >= 2 * 2 * 256, "two triangles for each cell");
    pick(&mut harness, "Theory that is looked at", "Loss along a line");
    let wanted = |question: &Question| matches!(question, Question::Slice { .. });
    let slice = Slice { at: vec![-1.0, 0.0, 1.0], loss: vec![2.3, 0.4, 3.0], accuracy: vec![0.1, 0.9, 0.2] };
    let both = [Ok(Finding::Slice(slice.clone())), Ok(Finding::Slice(slice))];
    found(&mut harness, &script, "Compute: Loss along a line", wanted, both);
    let line = given(&mut harness, &script, "Loss along a line");
    assert_eq!(line.column("loss", &["plain"]), ["2.3", "0.4", "3"]);
    assert!(line.pixels(VERMILLION) > 300);
}

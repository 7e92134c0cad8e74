//! The data section's rows.

use super::field::{Fields, LABEL, error_text};
use super::recipe::{optional, whole};
use super::row::FormRow;
use crate::action::Action;
use crate::collection::{Collection, CollectionState};
use crate::dialogs::FileDialog;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, decimal, named, numbers};
use crate::panel::DATA;
use eframe::egui::{Label, Response, RichText, TextEdit, Ui, vec2};
use lab_core::data::ClassCount;
use lab_core::experiment::field;
use lab_core::experiment::{Channels, Data, Fit, Holdout, Normalization, Resize, Source, imagenet_normalization};
use lab_core::number::{capital, plural};

/// Rows of the data set.
pub fn ui(
    ui: &mut Ui,
    fields: &Fields,
    data: &mut Data,
    preset: Option<&Data>,
    collection: &mut Collection,
    actions: &mut Vec<Action>,
) {
    source(ui, fields, &mut data.source, preset.map(|p| &p.source), actions);
    standing(ui, data, collection, actions);
    let own = match collection.standing() {
        CollectionState::Found(look) => look.survey.own_validation,
        _ => true,
    };
    let (row, base) = (&field::HOLDOUT, preset.map(|p| &p.holdout));
    fields.row(ui, row, &mut data.holdout, base, |ui, value| holdout(ui, value, own));
    let base = preset.map(|p| &p.train_limit);
    fields.row(ui, &field::TRAIN_LIMIT, &mut data.train_limit, base, |ui, value| {
        optional(ui, value, 1000, "Training images", whole)
    });
    let (row, base) = (&field::VALIDATION_LIMIT, preset.map(|p| &p.validation_limit));
    fields.row(ui, row, &mut data.validation_limit, base, |ui, value| {
        optional(ui, value, 500, "Validation images", whole)
    });
    resize(ui, fields, &mut data.resize, preset.map(|p| &p.resize));
    if let (None, CollectionState::Found(look)) = (data.resize, collection.standing())
        && let Some(sizes) = look.survey.sizes.filter(|sizes| !sizes.are_equal())
    {
        let [_, height, width] = look.survey.shape;
        beside(ui, |ui, tokens| {
            let text = format!("The {}; all become {width}×{height}.", sizes.in_words());
            ui.add(Label::new(theme::caption(text, tokens)).wrap());
        });
    }
    let options = [(Channels::Auto, "As they are"), (Channels::Gray, "Gray"), (Channels::Rgb, "Colour")];
    let base = preset.map(|p| &p.channels);
    fields.choice(ui, &field::CHANNELS, &mut data.channels, base, &options);
    normalization(ui, fields, &mut data.normalization, preset.map(|p| &p.normalization));
}

fn resize(ui: &mut Ui, fields: &Fields, value: &mut Option<Resize>, preset: Option<&Option<Resize>>) {
    let mut on = value.is_some();
    fields.tick(ui, &field::RESIZE, &mut on, preset.map(Option::is_some).as_ref());
    if on != value.is_some() {
        let kept = preset.copied().flatten();
        *value = on.then(|| kept.unwrap_or(Resize { height: 32, width: 32, fit: Fit::Cover }));
    }
    let Some(value) = value else { return };
    let base = preset.and_then(Option::as_ref);
    let below = fields.below("resize");
    let (row, base_height) = (&field::IMAGE_HEIGHT, base.map(|b| &b.height));
    below.whole(ui, row, &mut value.height, base_height, " pixels");
    let (row, base_width) = (&field::IMAGE_WIDTH, base.map(|b| &b.width));
    below.whole(ui, row, &mut value.width, base_width, " pixels");
    let options = [(Fit::Cover, "Crop to fill"), (Fit::Contain, "Fit inside, with bars"), (Fit::Stretch, "Stretch")];
    below.choice(ui, &field::FIT, &mut value.fit, base.map(|b| &b.fit), &options);
}

fn normalization(ui: &mut Ui, fields: &Fields, value: &mut Normalization, preset: Option<&Normalization>) {
    let kind = |value: &Normalization| match value {
        Normalization::Measured => 0,
        Normalization::Given { .. } => 1,
        Normalization::Off => 2,
    };
    let mut chosen = kind(value);
    let options = [(0, "Measured"), (1, "Given numbers"), (2, "Off")];
    let row = FormRow::from(&field::NORMALIZATION).at("normalization.given");
    fields.choice(ui, row, &mut chosen, preset.map(kind).as_ref(), &options);
    if chosen != kind(value) {
        let kept = preset.filter(|p| kind(p) == chosen).cloned();
        *value = kept.unwrap_or_else(|| match chosen {
            0 => Normalization::Measured,
            1 => imagenet_normalization(),
            _ => Normalization::Off,
        });
    }
    if let Normalization::Given { mean, std } = value {
        let base = if let Some(Normalization::Given { mean, std }) = preset { Some((mean, std)) } else { None };
        let below = fields.below("normalization.given");
        below.row(ui, &field::MEAN, mean, base.map(|b| b.0), singles);
        below.row(ui, &field::STD, std, base.map(|b| b.1), singles);
    }
}

/// Numbers of single precision, separated by commas.
fn singles(ui: &mut Ui, values: &mut Vec<f32>) -> Response {
    // The shortest decimals that are these values, so that 0.1 reads as 0.1.
    let mut wide = values.iter().map(|value| value.to_string().parse().unwrap_or(f64::from(*value))).collect();
    let response = numbers(ui, &mut wide);
    #[allow(clippy::cast_possible_truncation, reason = "the field holds single precision")]
    if response.changed() {
        *values = wide.into_iter().map(|value| value as f32).collect();
    }
    response
}

fn source(ui: &mut Ui, fields: &Fields, source: &mut Source, preset: Option<&Source>, actions: &mut Vec<Action>) {
    fields.row(ui, &field::SOURCE, source, preset, |ui, source| {
        let mut own = *source != Source::Embedded;
        let options = [(false, "Fashion-MNIST"), (true, "Folder or file")];
        let response = choose(ui, &mut own, &options);
        match (own, &*source) {
            (true, Source::Embedded) => *source = Source::Path(Default::default()),
            (false, Source::Path(_)) => *source = Source::Embedded,
            _ => {}
        }
        response
    });
    if let Source::Path(path) = source {
        fields.row(ui, FormRow::called(&field::SOURCE, "Path").at("source.path"), path, None, |ui, path| {
            let mut text = path.to_string_lossy().into_owned();
            let width = (ui.available_width() - 64.0).max(40.0);
            let response = ui.add(TextEdit::singleline(&mut text).desired_width(width).hint_text("/path/to/images"));
            if response.changed() {
                *path = text.into();
            }
            // What one folder differs in from another often stands at the end, which a long path does not show.
            let whole = path.display().to_string();
            let response = if whole.is_empty() { response } else { response.on_hover_text(whole) };
            let open = ui.button("Open…");
            if named(ui, open, "Choose the images").clicked() {
                actions.push(Action::Choose(FileDialog::Data));
            }
            response
        });
    }
}

/// What is known of the images so far, below the field that names them.
fn standing(ui: &mut Ui, data: &Data, collection: &mut Collection, actions: &mut Vec<Action>) {
    if data.source == Source::Embedded {
        return;
    }
    if let CollectionState::Failed(error) = collection.standing() {
        return error_text(ui, &capital(&format!("{}.", error.at_field())));
    }
    beside(ui, |ui, tokens| match collection.standing() {
        CollectionState::Unread | CollectionState::Failed(_) => {
            ui.label(theme::caption("Looking…", tokens));
        }
        CollectionState::Reading(done, of) => {
            let text = if of == 0 { "Looking…".to_owned() } else { format!("Reading {done} of {of} pictures…") };
            ui.label(theme::caption(text, tokens));
            if small_button(ui, "Cancel", "Cancel reading the images") {
                collection.stop();
            }
        }
        CollectionState::Stopped => {
            ui.label(theme::caption("Not read.", tokens));
            if small_button(ui, "Read", "Read the images") {
                collection.look_again();
            }
        }
        CollectionState::Found(look) => {
            let total = |count: fn(&ClassCount) -> usize| look.survey.classes.iter().map(count).sum::<usize>();
            let images = total(|class| class.train) + total(|class| class.validation);
            let classes = look.survey.classes.len();
            let text = format!(
                "{} in {}",
                plural(images as u64, "image"),
                if classes == 1 { "1 class".to_owned() } else { format!("{classes} classes") }
            );
            ui.label(theme::caption(text, tokens));
            if small_button(ui, "Look", "Look at the images") {
                actions.push(Action::Show(DATA));
            }
        }
    });
}

/// A line beside the fields, below one of them.
fn beside(ui: &mut Ui, line: impl FnOnce(&mut Ui, &Tokens)) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        ui.add_space(LABEL + space::XS);
        line(ui, &tokens);
    });
}

fn small_button(ui: &mut Ui, text: &str, name: &str) -> bool {
    let button = ui.button(RichText::new(text).size(theme::size::SMALL));
    named(ui, button, name).clicked()
}

/// `own` says whether the data set has test images of its own, as far as that is known.
fn holdout(ui: &mut Ui, value: &mut Holdout, own: bool) -> Response {
    let mut share = matches!(value, Holdout::Share(_));
    if let Holdout::Share(part) = value {
        let mut wide = f64::from(*part);
        let width = 56.0;
        ui.allocate_ui(vec2(width, theme::ROW), |ui| {
            let response = decimal(ui, &mut wide);
            #[allow(clippy::cast_possible_truncation, reason = "the field holds single precision")]
            if response.changed() {
                *part = wide as f32;
            }
            named(ui, response, "Share held out");
        });
    }
    let without = if own { "Its own test images" } else { "A tenth: no test images" };
    let response = choose(ui, &mut share, &[(false, without), (true, "of the training images")]);
    match (share, &*value) {
        (true, Holdout::Own) => *value = Holdout::Share(0.1),
        (false, Holdout::Share(_)) => *value = Holdout::Own,
        _ => {}
    }
    response
}

/// The data in a few words.
#[must_use]
pub fn in_words(data: &Data) -> String {
    match &data.source {
        Source::Embedded => "Fashion-MNIST".into(),
        Source::Path(path) => {
            path.file_name().map_or_else(|| "no path".into(), |name| name.to_string_lossy().into_owned())
        }
    }
}

//! The images before training: some of each class, how many there are, what was left out, what is there twice, and how
//! augmentation varies them. Must not know other panels.

use crate::collection::{Collection, CollectionState};
use crate::give_away::{self, Exportable};
use crate::kit::chips::empty;
use crate::kit::samples::AugmentationSamples;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::progress;
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{
    Align2, CollapsingHeader, Color32, ColorImage, FontId, Label, Rect, RichText, Role, ScrollArea, Sense,
    TextureHandle, TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use lab_core::data::{ClassCount, Double, Overview, Survey};
use lab_core::experiment::{Plan, Source};
use lab_core::number::{count, plural, precise_percent};
use lab_core::protocol::Thumbnail;
use lab_core::table::Table;
use std::collections::HashMap;
use std::sync::Arc;

/// Side of a picture, in points.
const SIDE: f32 = 36.0;
/// Height of a class's counts, and of the bar below them.
const COUNTS: f32 = 18.0;
const BAR: f32 = 4.0;
/// Files or groups of images that are named; of more there is the number.
const NAMED: usize = 20;

#[derive(Default)]
pub struct ImagesPanel {
    shown: Option<Arc<Overview>>,
    /// The pictures of the classes that were in view, in a row each.
    textures: HashMap<usize, TextureHandle>,
    samples: AugmentationSamples,
}

impl Panel for ImagesPanel {
    type View = ();

    fn ui(&mut self, ui: &mut Ui, (): &mut (), scene: Scene, effects: &mut Effects) {
        effects.collection.watch();
        let look = match effects.collection.standing() {
            CollectionState::Found(look) => Arc::clone(look),
            _ => return unread(ui, effects.collection),
        };
        if self.shown.as_ref().is_none_or(|shown| !Arc::ptr_eq(shown, &look)) {
            (self.shown, self.textures) = (Some(Arc::clone(&look)), HashMap::new());
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width() - space::M);
            head(ui, &look.survey, effects);
            remarks(ui, &look.survey, &Within::of(scene.plan));
            self.classes(ui, &look);
            if effects.collection.is_sound {
                ui.add_space(space::M);
                ui.label(theme::heading("Augmentation"));
                self.samples.ui(ui, scene.plan);
            }
            ui.add_space(space::L);
        });
    }
}

/// What there is to say while there is nothing to see.
fn unread(ui: &mut Ui, collection: &mut Collection) {
    let tokens = Tokens::of(ui);
    match collection.standing() {
        CollectionState::Unread | CollectionState::Found(_) => {
            empty(ui, "The images that the form names will appear here.");
        }
        CollectionState::Reading(done, of) => {
            ui.horizontal_wrapped(|ui| {
                let share = if of == 0 { 0.0 } else { done as f32 / of as f32 };
                let text = if of == 0 { "looking".to_owned() } else { format!("{done} of {of} pictures") };
                progress(ui, share, &text, 240.0);
                if ui.button("Cancel").clicked() {
                    collection.stop();
                }
            });
        }
        CollectionState::Stopped => {
            ui.horizontal_wrapped(|ui| {
                ui.label("The images were not read.");
                if ui.button("Read").clicked() {
                    collection.look_again();
                }
            });
        }
        CollectionState::Failed(error) => {
            ui.label(theme::strong("These images cannot be used"));
            ui.add(Label::new(RichText::new(error.at_field()).color(tokens.error)).wrap());
        }
    }
}

/// What it is as a whole.
fn head(ui: &mut Ui, survey: &Survey, effects: &mut Effects) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::heading(&survey.name));
        if ui.button(RichText::new("Look again").size(theme::size::SMALL)).clicked() {
            effects.collection.look_again();
        }
        give_away::button(ui, "the classes", &Paper(survey), effects.actions);
    });
    let total = |of: fn(&ClassCount) -> usize| survey.classes.iter().map(of).sum::<usize>();
    let [channels, height, width] = survey.shape;
    let color = if channels == 1 { "gray" } else { "colour" };
    let images = plural(total(|class| class.train) as u64, "image");
    let (validation, classes) = (count(total(|class| class.validation) as u64), survey.classes.len());
    let counts = format!("{images} to train on and {validation} to validate on, in {classes} classes.");
    let seen = match survey.sizes {
        Some(sizes) => sentence(&format!("{}; networks see {width}×{height} in {color}", sizes.in_words())),
        None => format!("Networks see {width}×{height} pixels in {color}."),
    };
    let beside = "At each class: images to train on + to validate on, and its share of all.".to_owned();
    for line in [counts, seen, beside] {
        ui.add(Label::new(theme::caption(line, &tokens)).wrap());
    }
}

/// Paths as they go on in the folder of the images, which need not be said again.
struct Within(Option<String>);

impl Within {
    fn of(plan: &Plan) -> Self {
        match &plan.data.source {
            Source::Embedded => Self(None),
            Source::Path(path) => Self(Some(format!("{}/", path.display())).filter(|path| path.len() > 1)),
        }
    }

    fn text(&self, text: &str) -> String {
        self.0.as_ref().map_or_else(|| text.to_owned(), |folder| text.replace(folder.as_str(), ""))
    }
}

/// What is unlike what one would wish.
fn remarks(ui: &mut Ui, survey: &Survey, within: &Within) {
    let tokens = Tokens::of(ui);
    for text in survey.remarks() {
        ui.add(
            Label::new(RichText::new(sentence(&within.text(&text))).size(theme::size::SMALL).color(tokens.warning))
                .wrap(),
        );
    }
    for text in survey.other_notices() {
        ui.add(Label::new(theme::caption(sentence(&within.text(text)), &tokens)).wrap());
    }
    for left_out in &survey.left_out {
        let title = format!("{} left out: {}", plural(left_out.files.len() as u64, "file"), left_out.reason);
        list(ui, &title, left_out.names().iter().map(|name| within.text(name)).collect());
    }
    if !survey.doubles.is_empty() {
        let title = format!("{} there more than once", plural(survey.doubles.len() as u64, "image"));
        let name = |double: &Double| {
            let both = if double.is_in_both_parts() { ", in both parts" } else { "" };
            let several = if double.contradicts_itself() { ", in several classes" } else { "" };
            within.text(&format!("{}{both}{several}", double.name()))
        };
        list(ui, &title, survey.doubles.iter().map(name).collect());
    }
}

/// With a large letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

/// A few lines that fold.
fn list(ui: &mut Ui, title: &str, lines: Vec<String>) {
    let tokens = Tokens::of(ui);
    CollapsingHeader::new(RichText::new(title).size(theme::size::SMALL)).id_salt(title).show(ui, |ui| {
        let more = lines.len().saturating_sub(NAMED);
        for line in lines.into_iter().take(NAMED) {
            ui.add(Label::new(theme::caption(line, &tokens)).wrap());
        }
        if more > 0 {
            ui.label(theme::caption(format!("and {more} more"), &tokens));
        }
    });
}

impl ImagesPanel {
    fn classes(&mut self, ui: &mut Ui, look: &Overview) {
        ui.add_space(space::S);
        let most = look.survey.classes.iter().map(|class| class.train + class.validation).max().unwrap_or(0).max(1);
        let total: usize = look.survey.classes.iter().map(|class| class.train).sum();
        let empty = Vec::new();
        for (index, class) in look.survey.classes.iter().enumerate() {
            let pictures = look.pictures.get(index).unwrap_or(&empty);
            let height = COUNTS + BAR + space::S + if pictures.is_empty() { 0.0 } else { SIDE + space::XS };
            let (rect, row) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            let counts = format!("{} to train on, {} to validate on", class.train, class.validation);
            row.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{}: {counts}", class.name)));
            if !ui.is_rect_visible(rect) {
                continue;
            }
            let share = class.train as f64 / total.max(1) as f64;
            title(
                ui,
                rect,
                &class.name,
                &format!("{} + {}  {}", class.train, class.validation, precise_percent(share)),
            );
            bar(ui, rect, class, most);
            if pictures.is_empty() {
                continue;
            }
            let texture = self.textures.entry(index).or_insert_with(|| upload(ui, pictures));
            let size = texture.size_vec2();
            let place = pos2(rect.left(), rect.top() + COUNTS + BAR + space::XS);
            let whole = Rect::from_min_size(place, size * (SIDE / size.y));
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())).image(texture.id(), whole, uv, Color32::WHITE);
        }
    }
}

/// A class's name, and its counts at the right.
fn title(ui: &Ui, rect: Rect, name: &str, counts: &str) {
    let tokens = Tokens::of(ui);
    let font = FontId::proportional(theme::size::SMALL);
    let at = pos2(rect.right(), rect.top() + 0.5 * COUNTS);
    let taken = ui.painter().text(at, Align2::RIGHT_CENTER, counts, font.clone(), tokens.weak);
    let room = (taken.left() - rect.left() - space::S).max(0.0);
    let name = theme::elided(ui.painter(), name, font, tokens.text, room);
    let height = name.size().y;
    ui.painter().galley(pos2(rect.left(), at.y - 0.5 * height), name, tokens.text);
}

/// The class's images beside those of the largest class: to train on, then paler to validate on.
fn bar(ui: &Ui, rect: Rect, class: &ClassCount, most: usize) {
    let tokens = Tokens::of(ui);
    let place = pos2(rect.left(), rect.top() + COUNTS);
    let width = |count: usize| rect.width() * count as f32 / most as f32;
    let (train, all) = (width(class.train), width(class.train + class.validation));
    let part = |width: f32| Rect::from_min_size(place, vec2(width, BAR));
    ui.painter().rect_filled(part(rect.width()), 2.0, tokens.raised.gamma_multiply(0.5));
    ui.painter().rect_filled(part(all), 2.0, tokens.accent.gamma_multiply(0.45));
    ui.painter().rect_filled(part(train), 2.0, tokens.accent);
}

/// Pictures of one size side by side.
fn upload(ui: &Ui, pictures: &[Thumbnail]) -> TextureHandle {
    let (width, height) = pictures.first().map_or((1, 1), |first| (first.width, first.height));
    let space = (height / 16).max(1);
    let whole = [pictures.len() * (width + space) - space, height];
    let mut image = ColorImage::filled(whole, Color32::TRANSPARENT);
    for (column, picture) in pictures.iter().enumerate() {
        for (index, rgb) in picture.rgb.chunks_exact(3).enumerate() {
            let at = (column * (width + space) + index % width, index / width);
            image[at] = Color32::from_rgb(rgb[0], rgb[1], rgb[2]);
        }
    }
    let filter = if height as f32 > SIDE { TextureOptions::LINEAR } else { TextureOptions::NEAREST };
    ui.ctx().load_texture("class", image, filter)
}

/// The classes with their counts.
struct Paper<'a>(&'a Survey);

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        "classes".to_owned()
    }

    fn table(&self) -> Table {
        let classes = &self.0.classes;
        Table::new("classes")
            .words("class", classes.iter().map(|class| class.name.clone()))
            .counts("train", classes.iter().map(|class| class.train))
            .counts("validation", classes.iter().map(|class| class.validation))
    }

    fn size(&self) -> Option<Vec2> {
        None
    }

    fn draw(&self, _: &mut Ui) {}
}

//! What lies where the curves will be before anything was trained: the question that the form's experiment asks, some of
//! its images, and a guess. Must not know panels.

use crate::action::Action;
use crate::kit::background::Background;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::scene::Scene;
use crate::state::sketch::differences;
use eframe::egui::{
    Align2, Button, Color32, ColorImage, FontId, Image, Label, Rect, RichText, Sense, Stroke, StrokeKind,
    TextureHandle, TextureOptions, Ui, Vec2, pos2, vec2,
};
use lab_core::data::samples::{Sampler, Wanted};
use lab_core::experiment::{Arm, Augmentation, Body, Data, Plan};
use lab_core::protocol::Thumbnail;
use lab_core::runs::Guess;

/// Width of the column, in points.
const WIDTH: f32 = 400.0;
/// Least and usual height of an image, in points.
const IMAGE: f32 = 44.0;

/// How many, in words; there are never more arms.
const COUNTS: [&str; 9] = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight"];

/// The images of the form's data set, as far as they have been read.
#[derive(Default)]
pub struct Welcome {
    worker: Option<Background<Wanted, Result<Vec<Thumbnail>, String>>>,
    asked: Option<(Data, u64)>,
    images: Vec<TextureHandle>,
}

impl Welcome {
    pub fn ui(&mut self, ui: &mut Ui, scene: Scene, actions: &mut Vec<Action>) {
        self.read_images(ui, scene.plan);
        let room = ui.available_size();
        let width = WIDTH.min(room.x - 2.0 * space::M);
        let tall = if scene.plan.arms.len() > 1 { 340.0 } else { 220.0 };
        ui.add_space(((room.y - tall) / 2.0).max(space::S));
        ui.horizontal_top(|ui| {
            ui.add_space(((room.x - width) / 2.0).max(0.0));
            ui.vertical(|ui| {
                ui.set_max_width(width);
                ui.spacing_mut().item_spacing.y = space::S;
                self.column(ui, scene, actions);
            });
        });
    }

    fn column(&self, ui: &mut Ui, scene: Scene, actions: &mut Vec<Action>) {
        let (plan, begun) = (scene.plan, scene.monitor.is_active());
        let tokens = Tokens::of(ui);
        let [statement, question] = asked(&plan.arms);
        let title = |text: &str| RichText::new(text).size(theme::size::TITLE).family(theme::semibold());
        ui.add(Label::new(title(&statement)).wrap());
        if only_shortcuts(&plan.arms) {
            both_blocks(ui);
        }
        ui.horizontal(|ui| {
            // Pictures come later, and must not push away what somebody is about to click.
            ui.set_min_height(IMAGE);
            ui.spacing_mut().item_spacing.x = space::XS;
            for image in &self.images {
                let size = image.size_vec2() * (IMAGE / image.size_vec2().y);
                if ui.available_width() >= size.x {
                    ui.add(Image::new((image.id(), size)).alt_text("A training image"));
                }
            }
        });
        if begun {
            let text = "Loss and accuracy will be drawn here from the first step on.";
            ui.add(Label::new(RichText::new(text).color(tokens.weak)).wrap());
            return;
        }
        if plan.arms.len() < 2 {
            let text = "Loss and accuracy will be drawn here: press Start, or Space. Runs that are ticked in Runs \
                        appear here too.";
            ui.add(Label::new(RichText::new(text).color(tokens.weak)).wrap());
            return;
        }
        ui.add_space(space::XS);
        ui.add(Label::new(title(&question)).wrap());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().button_padding = vec2(space::M, space::XS);
            let arms = plan.arms.iter().map(|arm| Guess::Arm(arm.name.clone()));
            for guess in arms.chain([Guess::NoDifference]) {
                let text = guess.in_words().to_owned();
                let name = format!("Guess: {text}");
                let button = Button::new(text).min_size(vec2(0.0, theme::ROW));
                let button = ui.add_enabled(scene.obstacles.is_empty(), button);
                let button = button.on_hover_text("Notes your guess and starts");
                let button = button.on_disabled_hover_text(scene.obstacles.join("\n"));
                if named(ui, button, &name).clicked() {
                    actions.push(Action::Guess(guess));
                }
            }
        });
        let text = "Your guess starts the training. Without one, press Start, or Space. Runs that are ticked in Runs \
                    appear here too.";
        ui.add(Label::new(theme::caption(text, &tokens)).wrap());
    }

    /// Asks for the data set's images, and takes in those that were read.
    fn read_images(&mut self, ui: &Ui, plan: &Plan) {
        let wanted = (plan.data.clone(), plan.recipe.seed);
        if self.asked.as_ref() != Some(&wanted) {
            let worker = self.worker.get_or_insert_with(|| {
                let mut sampler = Sampler::default();
                let read = move |wanted: Wanted| sampler.samples(&wanted).map(|samples| samples.plain);
                Background::new("welcome", ui.ctx(), read)
            });
            let augmentation = Augmentation::default();
            worker.ask(Wanted { data: wanted.0.clone(), augmentation, seed: wanted.1, epoch: 0 });
            self.asked = Some(wanted);
        }
        // A data set that cannot be read is reported at the form's field.
        if let Some(answer) = self.worker.as_mut().and_then(Background::poll) {
            self.images = answer.unwrap_or_default().iter().map(|image| upload(ui, image)).collect();
        }
    }
}

fn upload(ui: &Ui, image: &Thumbnail) -> TextureHandle {
    let pixels = image.rgb.chunks_exact(3).map(|rgb| Color32::from_rgb(rgb[0], rgb[1], rgb[2])).collect();
    let picture = ColorImage::new([image.width, image.height], pixels);
    ui.ctx().load_texture("welcome", picture, TextureOptions::LINEAR)
}

/// What is compared, and what is asked.
fn asked(arms: &[Arm]) -> [String; 2] {
    let Some(first) = arms.first() else { return [String::new(), String::new()] };
    let depth = first.network.depth();
    let depths =
        if arms.iter().all(|arm| has_depth(arm, depth)) { format!(" of {depth} layers") } else { String::new() };
    if arms.len() == 1 {
        return [format!("A network{depths}: how well does it learn?"), String::new()];
    }
    let mut fields: Vec<String> = Vec::new();
    for arm in &arms[1..] {
        for difference in differences(first, arm) {
            let field = difference.text.split(':').next().unwrap_or_default().to_owned();
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    let what = match fields.as_slice() {
        _ if only_shortcuts(arms) => "the shortcuts only".to_owned(),
        [] => "nothing".to_owned(),
        [one] => format!("the {one} only"),
        [one, other] => format!("{one} and {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", rest.len()),
    };
    let count = COUNTS.get(arms.len()).copied().unwrap_or("Many");
    let alike = |index: usize| arms[..index].iter().any(|other| differences(other, &arms[index]).is_empty());
    let twins = if !fields.is_empty() && (1..arms.len()).any(alike) { "; some are alike" } else { "" };
    let which = if arms.len() == 2 { "Which of the two learns better?" } else { "Which one learns best?" };
    [format!("{count} networks{depths}. They differ in {what}{twins}."), which.to_owned()]
}

/// Whether a network has so many layers; one of a depth that cannot be has none yet.
fn has_depth(arm: &Arm, layers: usize) -> bool {
    let asked = if let Body::Cifar { depth, .. } = arm.network.body { depth } else { layers };
    arm.network.depth() == layers && asked == layers
}

/// Whether two arms differ in nothing but having shortcuts.
fn only_shortcuts(arms: &[Arm]) -> bool {
    let [one, other] = arms else { return false };
    let found = differences(one, other);
    matches!(found.as_slice(), [only] if only.path == "network.shortcut")
        && one.network.is_residual() != other.network.is_residual()
}

/// A block without and a block with a shortcut.
fn both_blocks(ui: &mut Ui) {
    let (place, response) = ui.allocate_exact_size(vec2(ui.available_width(), 68.0), Sense::hover());
    let name = "Drawing: a plain block turns x into F(x), a residual block adds its input: F(x) + x";
    named(ui, response, name);
    let half = place.width() / 2.0;
    for (index, shortcut) in [false, true].into_iter().enumerate() {
        let left = place.left() + index as f32 * half;
        block(ui, Rect::from_min_size(pos2(left, place.top()), Vec2::new(half - space::M, place.height())), shortcut);
    }
}

fn block(ui: &Ui, place: Rect, shortcut: bool) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let font = FontId::proportional(theme::size::SMALL);
    let line = Stroke::new(1.5, tokens.weak);
    let y = place.bottom() - 20.0;
    let text = |x: f32, text: &str| {
        painter.text(pos2(x, y), Align2::CENTER_CENTER, text, font.clone(), tokens.text);
    };
    let (begin, end) = (place.left() + 8.0, place.right() - 34.0);
    text(begin, "x");
    let layers = [0.36, 0.68].map(|share: f32| begin + share * (end - begin));
    painter.line_segment([pos2(begin + 8.0, y), pos2(end - 8.0, y)], line);
    for x in layers {
        let layer = Rect::from_center_size(pos2(x, y), vec2(34.0, 22.0));
        painter.rect(layer, 4.0, tokens.raised, Stroke::new(1.0, tokens.hairline), StrokeKind::Inside);
        text(x, "conv");
    }
    if shortcut {
        let accent = Stroke::new(2.0, tokens.accent);
        let (top, from) = (place.top() + 12.0, begin + 14.0);
        painter.line_segment([pos2(from, y), pos2(from, top)], accent);
        painter.line_segment([pos2(from, top), pos2(end, top)], accent);
        painter.line_segment([pos2(end, top), pos2(end, y - 8.0)], accent);
        painter.circle(pos2(end, y), 8.0, tokens.background, accent);
        text(end, "+");
        painter.text(pos2(end + 12.0, y), Align2::LEFT_CENTER, "F + x", font.clone(), tokens.text);
    } else {
        painter.text(pos2(end - 4.0, y), Align2::LEFT_CENTER, "F", font.clone(), tokens.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::experiment::{Network, PRESETS, Shortcut};

    #[test]
    fn the_question_names_what_differs() {
        let asked_of = |plan: &Plan| asked(&plan.arms).join(" ");
        let mut plan = PRESETS[0].plan();
        let text = "Two networks of 56 layers. They differ in the shortcuts only. Which of the two learns better?";
        assert_eq!(asked_of(&plan), text);
        plan.arms.push(Arm::new("deep", Network::cifar(110, 8, Shortcut::A)));
        assert_eq!(asked_of(&plan), "Three networks. They differ in shortcut and depth. Which one learns best?");
        for arm in &mut plan.arms {
            arm.network = Network::cifar(21, 8, Shortcut::A);
        }
        assert!(asked_of(&plan).starts_with("Three networks. "), "there is no net of 21 layers");
        plan = PRESETS[0].plan();
        plan.arms.push(Arm { name: "twin".to_owned(), ..plan.arms[0].clone() });
        assert!(asked_of(&plan).contains("differ in the shortcut only; some are alike."), "{}", asked_of(&plan));
        plan = PRESETS[0].plan();
        plan.arms.truncate(1);
        assert_eq!(asked_of(&plan), "A network of 56 layers: how well does it learn? ");
    }
}

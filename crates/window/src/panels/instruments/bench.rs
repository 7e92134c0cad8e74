//! What all instruments' panels have in common: asking, waiting, taking back, saying what is seen, giving it away.

use super::paper::{Paper, PaperFigure, tables};
use crate::action::Action;
use crate::give_away;
use crate::kit::canvas::{CanvasButton, canvas_with};
use crate::kit::chips::within;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named, progress};
use crate::panels::beginning::{BEING_MADE, by_training_with};
use crate::scene::{Effects, Scene};
use crate::state::Monitor;
use crate::state::inquiries::{AnswerPlace, Inquiries, Inquiry};
use crate::state::selected::SelectedBlock;
use eframe::egui::{Button, Label, Popup, RichText, Ui, vec2};
use lab_core::checkpoint::Checkpoint;
use lab_core::instrument::{About, Finding, Instrument, Question};
use lab_core::number::capital;
use lab_core::protocol::Networks;

/// What a panel works with.
pub struct Bench<'a> {
    scene: Scene<'a>,
    /// The experiment under way.
    pub monitor: &'a Monitor,
    /// What was asked and found.
    pub inquiries: &'a Inquiries,
    /// The block that every panel looks at.
    pub selected: Option<&'a SelectedBlock>,
    /// The checkpoint whose weights are asked; the weights as they are now if absent.
    pub checkpoint: &'a mut Option<Checkpoint>,
    /// What shall be done after the frame.
    pub actions: &'a mut Vec<Action>,
}

impl<'a> Bench<'a> {
    /// What a panel of this scene works with.
    pub fn new(scene: Scene<'a>, effects: &'a mut Effects) -> Self {
        Self {
            scene,
            monitor: scene.monitor,
            inquiries: scene.inquiries,
            selected: scene.selected,
            checkpoint: effects.checkpoint,
            actions: effects.actions,
        }
    }

    /// The selected block's arm and its place in it.
    pub fn selected(&self) -> Option<(usize, usize)> {
        self.selected?.place(self.monitor.prepared.as_ref()?)
    }

    /// Asks something of the chosen weights.
    pub fn ask(&mut self, question: Question) {
        // What is said of images is shown with the images.
        let images = question == Question::Predictions && self.inquiries.gallery.is_none();
        for question in std::iter::once(question).chain(images.then_some(Question::Gallery)) {
            self.actions.push(Action::Ask { of: self.networks(), question });
        }
    }

    fn networks(&self) -> Networks {
        let folder = self.monitor.prepared.as_ref().and_then(|prepared| prepared.run.clone());
        match (*self.checkpoint, folder) {
            (Some(checkpoint), Some(folder)) => Networks::Run { folder, checkpoint },
            _ => Networks::Current,
        }
    }

    /// Why nothing can be asked at present.
    #[must_use]
    pub fn hindered(&self) -> Option<&'static str> {
        match &self.monitor.prepared {
            Some(_) => None,
            None if self.monitor.is_active() => Some(BEING_MADE),
            None if self.monitor.classifies => Some("This needs the images of an experiment."),
            None => Some("There are no networks yet."),
        }
    }

    /// Why the networks cannot answer this, whatever is done in this panel.
    fn unanswerable(&self, question: &Question) -> Option<&'static str> {
        let is_blind = self.monitor.prepared.as_ref().is_some_and(|prepared| prepared.dataset.train == 0);
        (is_blind && question.needs_images()).then_some(
            "These weights were opened without images. Choose images that they were made for under Data in the form, and \
             open them again.",
        )
    }

    /// What came of an instrument's question in each arm.
    pub fn findings(&self, instrument: Instrument) -> impl Iterator<Item = OfArm<'_, Result<Finding, String>>> {
        self.inquiries.findings(instrument).map(|(name, found)| OfArm { arm: self.arm(name), name, found })
    }

    /// What an instrument found, arm by arm, where `kind` takes it for what is looked for.
    pub fn found<T>(&self, instrument: Instrument, kind: impl Fn(&Finding) -> Option<&T>) -> Vec<OfArm<'_, T>> {
        let found = self.findings(instrument);
        found.filter_map(|of| of.narrowed(|finding| finding.as_ref().ok().and_then(&kind))).collect()
    }

    /// The place of an arm by its name: its colour.
    #[must_use]
    pub fn arm(&self, name: &str) -> usize {
        let arms = self.monitor.prepared.as_ref().map_or(&[][..], |prepared| &prepared.arms);
        arms.iter().position(|arm| arm.name == name).unwrap_or(0)
    }
}

/// What was found in one arm, or a part of it.
pub struct OfArm<'a, T> {
    /// The arm's place: its colour.
    pub arm: usize,
    pub name: &'a str,
    pub found: &'a T,
}

impl<'a, T> OfArm<'a, T> {
    /// The same arm with a part of this, if there is one.
    pub fn narrowed<U>(self, part: impl FnOnce(&'a T) -> Option<&'a U>) -> Option<OfArm<'a, U>> {
        Some(OfArm { arm: self.arm, name: self.name, found: part(self.found)? })
    }
}

/// What an instrument's button asks.
pub struct Request<'a> {
    pub about: Instrument,
    /// What is written on the button.
    pub verb: &'a str,
    pub question: Question,
    /// Whether the panel shows something even where the instrument has found nothing.
    pub filled: bool,
}

impl Request<'_> {
    fn name(&self) -> String {
        format!("{}: {}", self.verb, self.about.about().title)
    }

    /// Whether there is nothing to see but what would be seen.
    fn is_blank(&self, bench: &Bench) -> bool {
        !self.filled && bench.inquiries.of(self.about).is_none_or(|inquiry| inquiry.found.is_none())
    }
}

/// The row above an instrument: a button that asks anew, or how far the answer is and a button that takes the question
/// back; for which weights; what this is; and a menu that gives away what was found, `figure` as its picture.
pub fn tools(ui: &mut Ui, bench: &mut Bench, request: &Request, figure: PaperFigure<impl Fn(&mut Ui, &Bench)>) {
    let about = request.about;
    tools_with(ui, bench, request, about, |ui, bench| export(ui, bench, about, figure));
}

/// The same where something else is seen than the instrument's own findings: `seen` is made of them, and `give` draws the
/// menu that gives it away.
pub fn tools_with(
    ui: &mut Ui,
    bench: &mut Bench,
    request: &Request,
    seen: Instrument,
    give: impl FnOnce(&mut Ui, &mut Bench),
) {
    let about = request.about;
    let place = AnswerPlace::Of(about);
    let inquiry = bench.inquiries.at(place).cloned().unwrap_or_default();
    ui.horizontal_wrapped(|ui| {
        if inquiry.awaited.is_some() {
            waiting(ui, bench, place, &inquiry, about.about().title);
        } else if !request.is_blank(bench) {
            let why = bench.hindered().or_else(|| bench.unanswerable(&request.question));
            let button = ui.add_enabled(why.is_none(), Button::new(request.verb));
            let button = button.on_disabled_hover_text(why.unwrap_or_default());
            if named(ui, button, &request.name()).clicked() {
                bench.ask(request.question.clone());
            }
        }
        weights(ui, bench);
        // Where nothing was found yet, it stands beside the sentence that says so.
        if !request.is_blank(bench) {
            explain(ui, seen);
        }
        if bench.inquiries.findings(about).any(|(_, finding)| finding.is_ok()) && inquiry.awaited.is_none() {
            give(ui, bench);
        }
        let is_trained_here = bench.monitor.prepared.as_ref().is_some_and(|prepared| !prepared.is_of_weights());
        if let Some(found) = inquiry.found.as_ref().filter(|_| is_trained_here) {
            let text = theme::caption(found.when(), &Tokens::of(ui));
            ui.add(Label::new(text).extend());
        }
    });
    failure(ui, &inquiry);
    ui.add_space(space::XS);
}

/// Where nothing has been found yet: in a sentence what would be seen, and the button that asks.
pub fn offer(ui: &mut Ui, bench: &mut Bench, request: &Request) {
    if !request.is_blank(bench) {
        return;
    }
    let About { title, .. } = request.about.about();
    let what = request.about.about().in_a_sentence();
    let beside = |ui: &mut Ui| explain(ui, request.about);
    if let Some(why) = bench.hindered() {
        let text = format!("{what} {why}");
        return by_training_with(ui, bench.scene, title, &text, Some(beside), bench.actions);
    }
    let name = request.name();
    let button = CanvasButton { verb: request.verb, name: &name, hindered: bench.unanswerable(&request.question) };
    let waits = bench.inquiries.awaited(AnswerPlace::Of(request.about)).is_some();
    if canvas_with(ui, what, (!waits).then_some(button), Some(beside)) {
        bench.ask(request.question.clone());
    }
}

/// The menu that gives away what an instrument found, `figure` as its picture.
pub fn export(ui: &mut Ui, bench: &mut Bench, about: Instrument, figure: PaperFigure<impl Fn(&mut Ui, &Bench)>) {
    let found = bench.inquiries.of(about).and_then(|inquiry| inquiry.found.clone()).unwrap_or_default();
    let mut actions = Vec::new();
    let About { id, title, .. } = about.about();
    let seen = &*bench;
    let paper = Paper {
        name: id,
        title: format!("{title}, {}", found.when()),
        tables: || tables(about, &found),
        figure: PaperFigure { height: figure.height, draw: |ui: &mut Ui| (figure.draw)(ui, seen) },
    };
    give_away::button(ui, title, &paper, &mut actions);
    bench.actions.append(&mut actions);
}

fn waiting(ui: &mut Ui, bench: &mut Bench, place: AnswerPlace, inquiry: &Inquiry, title: &str) {
    let (done, total) = inquiry.progress;
    let share = done as f32 / total.max(1) as f32;
    let text = if total == 0 { "Waiting".to_owned() } else { format!("{:.0} %", 100.0 * share) };
    let bar = progress(ui, share, &text, 120.0);
    named(ui, bar, &format!("{title}: {done} of {total}"));
    let cancel = ui.button("Cancel").on_hover_text("Keeps what has been found so far");
    if named(ui, cancel, &format!("Cancel: {title}")).clicked() {
        bench.actions.push(Action::Cancel(place));
    }
}

/// Why a question failed.
pub fn failure(ui: &mut Ui, inquiry: &Inquiry) {
    if let Some(why) = &inquiry.failed {
        let tokens = Tokens::of(ui);
        ui.add(Label::new(RichText::new(why).color(tokens.error)).wrap());
    }
}

/// Why an arm has no finding.
pub fn refusal(ui: &mut Ui, name: &str, why: &str) {
    wrong(ui, format!("{name}: {why}."));
}

/// Why arms have no finding of an instrument: once, where none has one for the same reason, which is not the arms'.
pub fn refusals(ui: &mut Ui, bench: &Bench, instrument: Instrument) {
    let all: Vec<(&str, Option<&String>)> =
        bench.findings(instrument).map(|of| (of.name, of.found.as_ref().err())).collect();
    match all.as_slice() {
        [(_, Some(why)), rest @ ..] if !rest.is_empty() && rest.iter().all(|(_, other)| *other == Some(*why)) => {
            wrong(ui, format!("{}.", capital(why)));
        }
        _ => all.iter().filter_map(|(name, why)| Some((name, (*why)?))).for_each(|(name, why)| refusal(ui, name, why)),
    }
}

fn wrong(ui: &mut Ui, text: String) {
    let tokens = Tokens::of(ui);
    ui.add(Label::new(RichText::new(text).size(theme::size::SMALL).color(tokens.error)).wrap());
}

/// Chooses whose weights are asked, where there is a choice.
fn weights(ui: &mut Ui, bench: &mut Bench) {
    let kept = bench.monitor.prepared.as_ref().is_some_and(|prepared| prepared.run.is_some());
    if !kept {
        return;
    }
    let options = [
        (None, "Current weights"),
        (Some(Checkpoint::Best), "Best checkpoint"),
        (Some(Checkpoint::Last), "Last checkpoint"),
    ];
    within(ui, "weights", 150.0, |ui| {
        let response = choose(ui, bench.checkpoint, &options);
        named(ui, response, "Weights that are asked");
    });
}

/// A "?" that says what is seen, by which formula, and where that comes from.
pub fn explain(ui: &mut Ui, instrument: Instrument) {
    let tokens = Tokens::of(ui);
    let about = instrument.about();
    let text = RichText::new("?").size(theme::size::SMALL).color(tokens.weak);
    let button = ui.add(Button::new(text).min_size(vec2(theme::ICON, theme::ICON)));
    let button = named(ui, button, &format!("What am I looking at: {}", about.title));
    let explanation = |ui: &mut Ui| {
        ui.set_max_width(380.0);
        ui.label(theme::strong(about.title));
        ui.add(Label::new(about.what).wrap());
        ui.add_space(space::XS);
        ui.add(Label::new(RichText::new(about.formula).size(theme::size::SMALL)).wrap());
        if !about.reference.is_empty() {
            ui.add(Label::new(theme::caption(about.reference, &tokens)).wrap());
        }
    };
    if !Popup::is_id_open(ui.ctx(), Popup::default_response_id(&button)) {
        button.clone().on_hover_ui(explanation);
    }
    Popup::from_toggle_button_response(&button).show(explanation);
}

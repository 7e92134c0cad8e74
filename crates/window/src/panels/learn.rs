//! Guided experiments: a question, a guess, and what the measurements say. Must not know other panels.

use crate::action::Action;
use crate::give_away::{self, Exportable};
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{choose, named};
use crate::laboratory::Laboratory;
use crate::panel::PanelId;
use crate::scene::{Effects, Panel, Scene};
use eframe::egui::{Atom, Button, Grid, Label, ProgressBar, RadioButton, RichText, ScrollArea, Ui, Vec2, vec2};
use lab_core::learn::{Answered, Conclusion, Lesson, lessons};
use lab_core::number::plural;
use lab_core::table::Table;
use lab_core::verdict::Call;
use serde::{Deserialize, Serialize};

/// Which question is looked at.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    lesson: String,
}

#[derive(Default)]
pub struct Learn {
    lessons: Vec<Lesson>,
    guess: Option<usize>,
    failure: Option<String>,
}

impl Panel for Learn {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, _: Scene, effects: &mut Effects) {
        if self.lessons.is_empty() {
            self.lessons = lessons().into_iter().flatten().collect();
        }
        let Some(first) = self.lessons.first() else { return };
        if !self.lessons.iter().any(|lesson| lesson.id == view.lesson) {
            view.lesson.clone_from(&first.id);
        }
        let options: Vec<(String, &str)> =
            self.lessons.iter().map(|lesson| (lesson.id.clone(), lesson.title.as_str())).collect();
        ui.horizontal(|ui| {
            let label = ui.label("Question");
            ui.scope(|ui| {
                ui.set_max_width(ui.available_width().min(420.0));
                if choose(ui, &mut view.lesson, &options).labelled_by(label.id).changed() {
                    (self.guess, self.failure) = (None, None);
                }
            });
        });
        let Some(lesson) = self.lessons.iter().find(|lesson| lesson.id == view.lesson) else { return };
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(640.0));
            ui.spacing_mut().item_spacing.y = space::S;
            question(ui, lesson);
            let begun = effects.laboratory.guided().is_some_and(|guided| guided.id == lesson.id);
            if begun {
                under_way(ui, effects);
            } else {
                let start = guesses(ui, lesson, &mut self.guess, effects.laboratory.is_running());
                if start {
                    self.failure = effects.laboratory.learn(&lesson.id, self.guess).err();
                }
            }
            if let Some(why) = self.failure.as_ref().or(effects.laboratory.failure()) {
                ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
            }
            watching(ui, lesson, effects.actions);
        });
    }
}

fn question(ui: &mut Ui, lesson: &Lesson) {
    let tokens = Tokens::of(ui);
    let title = RichText::new(&lesson.question).size(theme::size::HEADING).family(theme::semibold());
    ui.add(Label::new(title).wrap());
    ui.add(Label::new(lesson.background.trim()).wrap());
    ui.add(Label::new(theme::caption(&lesson.paper, &tokens)).wrap());
    ui.add_space(space::XS);
}

/// What a person expects; whether it is to be measured now.
fn guesses(ui: &mut Ui, lesson: &Lesson, guess: &mut Option<usize>, busy: bool) -> bool {
    let tokens = Tokens::of(ui);
    ui.label(theme::strong("What do you expect?"));
    for (index, option) in lesson.guesses.iter().enumerate() {
        if ui.add(RadioButton::new(*guess == Some(index), &option.text)).clicked() {
            *guess = Some(index);
        }
    }
    let text = RichText::new("Measure it").family(theme::semibold()).color(tokens.on_accent);
    let text = (Atom::grow(), text, Atom::grow());
    let button = Button::new(text).fill(tokens.accent).min_size(vec2(104.0, theme::ROW));
    let response = ui.add_enabled(!busy, button);
    let hint = "Trains all its networks, each with three seeds, in a process of its own; it takes minutes.";
    ui.add(Label::new(theme::caption(hint, &tokens)).wrap());
    response.on_disabled_hover_text("A study is being worked on; stop it first").clicked()
}

/// How far it is, and what is known so far.
fn under_way(ui: &mut Ui, effects: &mut Effects) {
    let laboratory: &mut Laboratory = effects.laboratory;
    let looked = laboratory.looked.clone();
    ui.horizontal(|ui| {
        let (over, of) = match &looked {
            Some(Ok(looked)) => (looked.over(), looked.trials.len()),
            _ => (0, 0),
        };
        let text = format!("{over} of {}", plural(of as u64, "training"));
        #[allow(clippy::cast_precision_loss, reason = "a share")]
        let bar = ProgressBar::new(over as f32 / of.max(1) as f32).text(text.clone()).desired_width(220.0);
        let bar = ui.add(bar);
        named(ui, bar, &format!("Progress: {text}"));
        if laboratory.is_running() {
            if ui.button("Stop").on_hover_text("Stops with a checkpoint and says what is known so far").clicked() {
                laboratory.work.stop();
            }
        } else if let Some(Ok(looked)) = &looked {
            if over < of && ui.button("Go on").on_hover_text("Works on the trainings that are left").clicked() {
                let done = laboratory.work(&looked.folder);
                laboratory.tell(done);
            }
            if ui.button("Once more").on_hover_text("Asks the question again, with a new guess").clicked() {
                laboratory.forget();
            }
        }
    });
    match &looked {
        Some(Ok(looked)) => {
            if let Some(conclusion) = &looked.conclusion {
                answer(ui, conclusion, effects.actions);
            }
        }
        Some(Err(why)) => {
            ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
        }
        None => {
            ui.label(theme::caption("Building networks…", &Tokens::of(ui)));
        }
    }
}

fn answer(ui: &mut Ui, conclusion: &Conclusion, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let headline = RichText::new(&conclusion.headline).size(theme::size::HEADING).family(theme::semibold());
    ui.add(Label::new(headline).wrap());
    if let Some((guess, right)) = &conclusion.guess {
        let (how, color) = match right {
            Some(true) => ("That is what was measured.", tokens.accent),
            Some(false) => ("That is not what was measured.", tokens.warning),
            None => ("That is not decided yet.", tokens.weak),
        };
        ui.add(Label::new(RichText::new(format!("You expected: {guess}. {how}")).color(color)).wrap());
    }
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.label(theme::strong("Measured"));
        give_away::button(ui, "what was measured", &Paper(conclusion), actions);
    });
    Grid::new("claims").num_columns(1).striped(true).spacing([0.0, space::S]).show(ui, |ui| {
        for claim in &conclusion.claims {
            ui.vertical(|ui| {
                ui.set_width(ui.available_width().min(620.0));
                ui.add(Label::new(theme::strong(&claim.says)).wrap());
                ui.add(Label::new(format!("{} · {}", claim.numbers, found(claim))).wrap());
                if !claim.means.is_empty() {
                    ui.add(Label::new(RichText::new(&claim.means).color(tokens.weak)).wrap());
                }
            });
            ui.end_row();
        }
    });
}

fn found(claim: &Answered) -> String {
    let call = match claim.call {
        Call::Higher => "higher",
        Call::Lower => "lower",
        Call::Tie => "no difference found",
        Call::Undecided => "not decided",
    };
    match claim.p {
        Some(p) if p < 0.001 => format!("{call} (p < 0.001)"),
        Some(p) => format!("{call} (p = {p:.3})"),
        None => call.to_owned(),
    }
}

/// What to look at meanwhile, each with the way there.
fn watching(ui: &mut Ui, lesson: &Lesson, actions: &mut Vec<Action>) {
    ui.add_space(space::XS);
    ui.label(theme::strong("To watch"));
    for watch in &lesson.watch {
        ui.horizontal_wrapped(|ui| {
            let known = crate::panel::NAMED.iter().find(|(id, _)| id.0 == watch.panel);
            if let Some((id, title)) = known
                && ui.link(*title).on_hover_text("Shows the panel").clicked()
            {
                actions.push(Action::Show(PanelId(id.0)));
            }
            ui.add(Label::new(&watch.what).wrap());
        });
    }
}

/// What was measured, to be copied and saved.
struct Paper<'a>(&'a Conclusion);

impl Exportable for Paper<'_> {
    fn name(&self) -> String {
        "conclusion".to_owned()
    }

    fn table(&self) -> Table {
        let claims = &self.0.claims;
        Table::new("conclusion")
            .words("compared", claims.iter().map(|claim| claim.says.as_str()))
            .words("measured", claims.iter().map(|claim| claim.numbers.as_str()))
            .words("found", claims.iter().map(found))
    }

    fn summary(&self) -> Option<(Table, Option<usize>)> {
        Some((self.table(), None))
    }

    fn size(&self) -> Option<Vec2> {
        None
    }

    fn draw(&self, _: &mut Ui) {}
}

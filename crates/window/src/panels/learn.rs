//! Guided experiments: a question, a guess, and what the measurements say. Must not know other panels.

use crate::action::{Action, RunAction};
use crate::give_away::{self, Exportable};
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::{accented, choose, progress};
use crate::laboratory::{Guided, Laboratory};
use crate::panel::STUDY;
use crate::scene::{Effects, Panel, Scene};
use crate::state::Monitor;
use eframe::egui::{Atom, Button, Grid, Label, RadioButton, RichText, ScrollArea, Ui, Vec2, vec2};
use lab_core::learn::{Answered, Conclusion, Lesson, Work, lessons};
use lab_core::number::{count, duration, plural};
use lab_core::study::{Standing, shown as written};
use lab_core::table::Table;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Which question is looked at.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    lesson: String,
}

#[derive(Default)]
pub struct LearnPanel {
    /// The questions, and why files of the person's own are none; absent until the panel is first seen.
    lessons: Option<(Vec<Lesson>, Vec<String>)>,
    guess: Option<usize>,
    failure: Option<String>,
    /// The question of which it was looked up whether it was answered before.
    looked_up: String,
    estimate: Estimate,
    /// How much there is to compute for a question.
    work: Option<(String, Option<Work>)>,
}

impl Panel for LearnPanel {
    type View = View;

    fn ui(&mut self, ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects) {
        let (lessons, refused) = self.lessons.get_or_insert_with(|| {
            let (lessons, refused): (Vec<_>, Vec<_>) = lessons().into_iter().partition(Result::is_ok);
            let why = refused.iter().filter_map(|refused| refused.as_ref().err()).map(ToString::to_string);
            (lessons.into_iter().flatten().collect(), why.collect())
        });
        let Some(first) = lessons.first() else { return };
        if !lessons.iter().any(|lesson| lesson.id == view.lesson) {
            view.lesson.clone_from(&first.id);
        }
        let options: Vec<(String, &str)> =
            lessons.iter().map(|lesson| (lesson.id.clone(), lesson.title.as_str())).collect();
        let mut chosen = false;
        ui.horizontal(|ui| {
            let label = ui.label("Question");
            ui.scope(|ui| {
                ui.set_max_width(ui.available_width().min(420.0));
                chosen = choose(ui, &mut view.lesson, &options).labelled_by(label.id).changed();
            });
        });
        ui.add_space(space::S);
        for why in &*refused {
            ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
        }
        if chosen {
            (self.guess, self.failure) = (None, None);
        }
        let Some(lesson) = lessons.iter().find(|lesson| lesson.id == view.lesson) else { return };
        let laboratory = &mut *effects.laboratory;
        laboratory.list(ui.ctx());
        let before = laboratory.measured(lesson).map(Path::to_owned);
        let begun = |laboratory: &Laboratory| laboratory.guided().is_some_and(|guided| guided.id == lesson.id);
        let asked = Guided { id: lesson.id.clone(), guess: None };
        if laboratory.is_listed && self.looked_up != lesson.id {
            // What was measured before stands there, unless a person looks at another study.
            let free = chosen || laboratory.watched().is_none() || laboratory.guided().is_some();
            if let (Some(folder), true, false) = (&before, free, begun(laboratory)) {
                laboratory.watch(folder.clone(), Some(asked.clone()));
            }
            self.looked_up.clone_from(&lesson.id);
        }
        let is_known = before.is_some();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            // The scroll bar floats over this margin.
            let room = ui.available_width() - space::S;
            let [narrowest, widest] = COLUMN;
            // Where there is room for two columns, the numbers stand beside the question and its answer.
            let beside = (room - space::XL) / 2.0;
            let width = if beside >= narrowest { beside } else { room }.min(widest);
            let columns = |ui: &mut Ui| {
                ui.spacing_mut().item_spacing = vec2(space::XL, space::S);
                column(ui, width, |ui| {
                    question(ui, lesson);
                    let laboratory = &mut *effects.laboratory;
                    if begun(laboratory) {
                        under_way(ui, lesson, &mut self.estimate, laboratory);
                        if let Some(Ok(looked)) = &laboratory.looked {
                            looked.conclusion.iter().for_each(|found| answer(ui, found));
                        }
                    } else {
                        let known = self.work.take().filter(|(id, _)| *id == lesson.id);
                        let (_, work) = self.work.insert(known.unwrap_or_else(|| (lesson.id.clone(), lesson.work())));
                        let start = guesses(ui, lesson, &mut self.guess, *work, laboratory.is_running());
                        if let Some(folder) = before {
                            let hint = format!("It was measured before, in {}", folder.display());
                            if ui.button("Show the answer").on_hover_text(hint).clicked() {
                                let guess = self.guess;
                                laboratory.watch(folder, Some(Guided { guess, ..asked }));
                            }
                        }
                        if start {
                            self.failure = laboratory.learn(lesson, self.guess).err();
                        }
                    }
                    if let Some(why) = self.failure.as_ref().or(effects.laboratory.failure()) {
                        ui.add(Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
                    }
                });
                column(ui, width, |ui| {
                    let laboratory = &*effects.laboratory;
                    if let Some(Ok(looked)) = laboratory.looked.as_ref().filter(|_| begun(laboratory)) {
                        looked.conclusion.iter().for_each(|found| measured(ui, found, effects.actions));
                    }
                    watching(ui, lesson, scene.monitor, effects, is_known);
                });
            };
            if beside >= narrowest {
                ui.horizontal_top(columns);
            } else {
                columns(ui);
            }
        });
    }
}

/// Least width of one of two columns, and the greatest of any, in points: longer lines are hard to read.
const COLUMN: [f32; 2] = [480.0, 640.0];

fn column(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.x = space::S;
        add(ui);
    });
}

/// How long a study still takes, by how fast it was seen to get on.
#[derive(Default)]
struct Estimate {
    first: Option<FirstSeen>,
}

/// How far a study was when it was seen first.
struct FirstSeen {
    folder: PathBuf,
    at: Instant,
    share: f64,
}

impl Estimate {
    /// Seconds left, once something was seen to get on.
    fn left(&mut self, folder: &Path, share: f64) -> Option<f64> {
        match &self.first {
            Some(first) if first.folder == folder && share >= first.share => {
                let gained = share - first.share;
                (gained > 0.0).then(|| first.at.elapsed().as_secs_f64() * (1.0 - share) / gained)
            }
            _ => {
                self.first = Some(FirstSeen { folder: folder.to_owned(), at: Instant::now(), share });
                None
            }
        }
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
fn guesses(ui: &mut Ui, lesson: &Lesson, guess: &mut Option<usize>, work: Option<Work>, busy: bool) -> bool {
    let tokens = Tokens::of(ui);
    ui.label(theme::strong("What do you expect?"));
    for (index, option) in lesson.guesses.iter().enumerate() {
        if ui.add(RadioButton::new(*guess == Some(index), &option.text)).clicked() {
            *guess = Some(index);
        }
    }
    // Whoever has guessed learns more from the answer, so this comes first; nobody has to.
    let least = vec2(104.0, theme::ROW);
    let response = if guess.is_some() {
        let text = RichText::new("Measure it").family(theme::semibold()).color(tokens.on_accent);
        accented(ui, !busy, Button::new((Atom::grow(), text, Atom::grow())).min_size(least))
    } else {
        let button = Button::new((Atom::grow(), "Measure without a guess", Atom::grow()));
        ui.add_enabled(!busy, button.min_size(least))
    };
    let hint = match work {
        Some(work) => {
            let seeds = plural(lesson.seeds.into(), "seed");
            format!("{}, with {seeds} and in a process of its own. Early numbers come sooner.", work.in_words())
        }
        None => {
            "Trains all its networks, each with several seeds, in a process of its own; it takes minutes.".to_owned()
        }
    };
    ui.add(Label::new(theme::caption(hint, &tokens)).wrap());
    response.on_disabled_hover_text("A study is being worked on; stop it first").clicked()
}

/// How far it is, and what can be done with it.
fn under_way(ui: &mut Ui, lesson: &Lesson, estimate: &mut Estimate, laboratory: &mut Laboratory) {
    let looked = laboratory.looked.clone();
    let tokens = Tokens::of(ui);
    let looked = match &looked {
        Some(Ok(looked)) => looked,
        Some(Err(why)) => {
            ui.add(Label::new(RichText::new(why).color(tokens.error)).wrap());
            return;
        }
        None => {
            let text = if laboratory.is_running() { "Building networks…" } else { "Reading what was measured…" };
            ui.label(theme::caption(text, &tokens));
            return;
        }
    };
    let (over, of, share) = (looked.over(), looked.trials.len(), looked.share());
    let works = laboratory.work.current() == Some(&looked.folder);
    let whole = looked.conclusion.as_ref().and_then(|found| found.claims.first()).is_some_and(|claim| claim.n > 0);
    ui.horizontal_wrapped(|ui| {
        let text = format!("{over} of {}", plural(of as u64, "training"));
        #[allow(clippy::cast_possible_truncation, reason = "a share")]
        progress(ui, share as f32, &text, 220.0);
        if works && laboratory.work.is_stopping() {
            ui.label(theme::caption("stopping after the step in progress", &tokens));
        } else if works {
            if ui.button("Stop").on_hover_text("Stops with a checkpoint and says what is known so far").clicked() {
                laboratory.work.stop();
            }
        } else {
            let hint = "Works on what is left: trainings, and what is asked of the trained networks";
            if (over < of || !whole) && ui.button("Go on").on_hover_text(hint).clicked() {
                let done = laboratory.learn_on();
                laboratory.note(done);
            }
            let hint = "Asks the question again, with a new guess; what was measured stays on disk";
            if ui.button("Measure it again").on_hover_text(hint).clicked() {
                laboratory.forget();
            }
        }
    });
    let doing = match (works, over < of) {
        (false, _) => return,
        (true, false) if lesson.ask.is_empty() => "Working out the answer…".to_owned(),
        (true, false) => {
            "All are trained. Now the networks are asked what the question is about: about half a minute.".to_owned()
        }
        (true, true) => {
            let left = estimate.left(&looked.folder, share);
            let left = left
                .map_or_else(|| "time left not known yet".to_owned(), |left| format!("about {} left", duration(left)));
            let now = looked.trials.iter().find_map(|trial| {
                let Standing::Running { step, .. } = trial.standing else { return None };
                let of = trial.begun.as_ref()?.record.total_steps?;
                Some(format!("Now {}: step {} of {}; ", looked.title(trial), count(step), count(of)))
            });
            format!("{}{left}", now.unwrap_or_default())
        }
    };
    ui.add(Label::new(theme::caption(doing, &tokens)).wrap());
}

fn answer(ui: &mut Ui, conclusion: &Conclusion) {
    let tokens = Tokens::of(ui);
    let look = |text: RichText| text.size(theme::size::HEADING).family(theme::semibold());
    glossary::sentence(ui, &conclusion.headline, look);
    if let Some((said, (_, right))) = conclusion.guess_in_words().zip(conclusion.guess.as_ref()) {
        let color = match right {
            Some(true) => tokens.accent,
            Some(false) => tokens.warning,
            None => tokens.weak,
        };
        ui.add(Label::new(RichText::new(said).color(color)).wrap());
    }
    ui.add_space(space::XS);
}

/// The numbers behind the answer.
fn measured(ui: &mut Ui, conclusion: &Conclusion, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.label(theme::strong("Measured")).on_hover_text(Answered::RULE);
        give_away::button(ui, "what was measured", &Paper(conclusion), actions);
    });
    Grid::new("claims").num_columns(1).striped(true).spacing([0.0, space::S]).show(ui, |ui| {
        for (place, claim) in conclusion.claims.iter().enumerate() {
            ui.vertical(|ui| {
                ui.set_width(ui.available_width().min(620.0));
                ui.add(Label::new(theme::strong(&claim.says)).wrap());
                // What was not measured is not decided either.
                let call = if claim.n > 0 { format!(" · {}", claim.found_with_p()) } else { String::new() };
                glossary::sentence(ui, &format!("{}{call}", claim.numbers), |text| text);
                // The headline says what the first one means.
                if place > 0 && !claim.means.is_empty() {
                    ui.add(Label::new(RichText::new(&claim.means).color(tokens.weak)).wrap());
                }
            });
            ui.end_row();
        }
    });
}

/// What to look at, each with the way there: once a training has ended, it is opened in the panel.
fn watching(ui: &mut Ui, lesson: &Lesson, monitor: &Monitor, effects: &mut Effects, is_known: bool) {
    ui.add_space(space::XS);
    ui.label(theme::strong("To watch"));
    let looked = effects.laboratory.looked.as_ref().and_then(|looked| looked.as_ref().ok());
    let guided = effects.laboratory.guided().is_some_and(|guided| guided.id == lesson.id);
    // What the question is about first of all.
    let at = lesson.claims.first().map(|claim| &claim.of.at);
    let at: Vec<(String, String)> =
        at.into_iter().flatten().map(|(axis, value)| (axis.clone(), written(value))).collect();
    let done = looked.filter(|_| guided).and_then(|looked| looked.done(&at)).map(Path::to_owned);
    let shown = monitor.prepared.as_ref().and_then(|prepared| prepared.run.as_ref());
    for watch in &lesson.watch {
        let Some(panel) = crate::panel::NAMED.into_iter().find(|panel| panel.id == watch.panel) else { continue };
        ui.horizontal_wrapped(|ui| {
            let there = panel == STUDY && guided || done.is_some() && done.as_ref() == shown;
            match &done {
                _ if there => {
                    if ui.link(panel.title).on_hover_text("Shows the panel").clicked() {
                        effects.actions.push(Action::Show(panel));
                    }
                }
                Some(run) if !monitor.is_active() => {
                    let hint = "Opens one of the trainings that have ended, and shows the panel";
                    if ui.link(panel.title).on_hover_text(hint).clicked() {
                        effects.actions.push(Action::Run(RunAction::Open(run.clone())));
                        effects.actions.push(Action::Show(panel));
                    }
                }
                _ => {
                    ui.label(theme::strong(panel.title));
                }
            }
            ui.add(Label::new(&watch.what).wrap());
        });
    }
    let why = match &done {
        None if is_known && !guided => "“Show the answer” makes each of these a link to a training of this question.",
        None => "Each of these becomes a link once a training of this question has ended: it opens there.",
        Some(run) if monitor.is_active() && Some(run) != shown => {
            "Another run is training in this window; once it has ended, these are links to a training of this question."
        }
        Some(_) => return,
    };
    ui.add(Label::new(theme::caption(why, &Tokens::of(ui))).wrap());
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
            .words("found", claims.iter().map(Answered::found_with_p))
    }

    fn summary(&self) -> Option<(Table, Option<usize>)> {
        Some((self.table(), None))
    }

    fn size(&self) -> Option<Vec2> {
        None
    }

    fn draw(&self, _: &mut Ui) {}
}

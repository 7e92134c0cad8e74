//! What the experiment shows, under the bar: one sentence while it trains; in the end what differs, by how much, how sure,
//! and the ways to the reasons.

use crate::action::Action;
use crate::kit::background::Background;
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens, space};
use crate::kit::widgets::named;
use crate::panel::shows;
use crate::state::Monitor;
use crate::state::trace::Trace;
use eframe::egui::{CollapsingHeader, Frame, Label, Margin, Panel, Response, RichText, ScrollArea, TextStyle, Ui};
use lab_core::protocol::Prepared;
use lab_core::quantity::Metric;
use lab_core::runs::{Guess, Notes};
use lab_core::verdict::{Look, Newest, RECENT, Verdict, conclude, live};
use std::path::{Path, PathBuf};

/// The share of the window's height that reasons may take.
const WHY: f32 = 0.3;

/// The verdict on the run that has ended.
#[derive(Default)]
pub(super) struct Verdicts {
    worker: Option<Background<PathBuf, Result<Concluded, String>>>,
    /// The run that was asked about.
    asked: Option<PathBuf>,
    found: Option<Result<Concluded, String>>,
}

/// What came of a run that has ended.
struct Concluded {
    verdict: Verdict,
    /// What a person expected when it was started.
    guess: Option<Guess>,
}

impl Verdicts {
    pub fn ui(&mut self, ui: &mut Ui, monitor: &Monitor, guess: Option<&Guess>, actions: &mut Vec<Action>) {
        let ended = monitor.outcome.as_ref().filter(|_| !monitor.is_active());
        self.follow(ui, ended.and_then(|outcome| outcome.run.as_deref()));
        let found = if ended.is_some() { self.found.as_ref() } else { None };
        // What is played has no verdict; how it stood in the end stays.
        let sentence = if found.is_none() { standing(monitor) } else { None };
        // Weights from a file show nothing by themselves. Else the line is there from the beginning, so that nothing
        // below it moves under the pointer.
        if monitor.prepared.as_ref().is_some_and(Prepared::is_of_weights) {
            return;
        }
        let tokens = Tokens::of(ui);
        let frame = Frame::new().fill(tokens.panel).inner_margin(Margin { left: 16, right: 16, top: 4, bottom: 6 });
        Panel::top("verdict").frame(frame).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.set_min_height(ui.text_style_height(&TextStyle::Body));
            match (sentence, found) {
                (Some(sentence), _) => {
                    ui.add(Label::new(sentence).truncate());
                }
                (None, Some(Ok(found))) => concluded(ui, &found.verdict, guess.or(found.guess.as_ref()), actions),
                (None, Some(Err(why))) => {
                    ui.add(Label::new(RichText::new(why).color(tokens.error)).wrap());
                }
                (None, None) => {
                    ui.add(Label::new(theme::caption("What the networks show appears here.", &tokens)).truncate());
                }
            }
        });
    }

    /// Asks for the verdict on a run that has ended, once.
    fn follow(&mut self, ui: &Ui, run: Option<&Path>) {
        if self.asked.as_deref() != run {
            self.asked = run.map(Path::to_owned);
            self.found = None;
            if let Some(run) = run {
                let worker = self
                    .worker
                    .get_or_insert_with(|| Background::new("verdict", ui.ctx(), |run: PathBuf| concluded_of(&run)));
                worker.ask(run.to_owned());
            }
        }
        if let Some(answer) = self.worker.as_mut().and_then(Background::poll) {
            self.found = self.asked.is_some().then_some(answer);
        }
    }
}

/// The verdict from the run's folder, which gets it, too.
fn concluded_of(folder: &Path) -> Result<Concluded, String> {
    let (mut verdict, written) = conclude(folder).map_err(|error| error.to_string())?;
    if let Err(error) = written {
        verdict.caveats.push(format!("This is not written into the run's folder: {error}."));
    }
    let guess = Notes::read(folder).ok().and_then(|notes| notes.guess);
    Ok(Concluded { verdict, guess })
}

fn concluded(ui: &mut Ui, found: &Verdict, guess: Option<&Guess>, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.horizontal_wrapped(|ui| {
        glossary::sentence(ui, &found.headline, |text| text.family(theme::semibold()));
        if let Some(guess) = guess {
            ui.colored_label(tokens.of_guess(found.confirms(guess)), found.on_guess(guess));
        }
        for look in [Look::Gradients, Look::Curves, Look::Lesions, Look::Predictions] {
            let panel = shows(look);
            let reason = found.reasons.iter().find(|reason| reason.look == look);
            let text =
                reason.map_or("Which block matters? Looks at the accuracy without each one", |it| it.text.as_str());
            if (reason.is_some() || look == Look::Lesions && found.arms.len() > 1)
                && see(ui, panel.title, text).clicked()
            {
                actions.push(Action::Show(panel));
            }
        }
    });
    if !found.reasons.is_empty() || !found.caveats.is_empty() {
        let title = RichText::new("Why, and how sure").size(theme::size::SMALL);
        let header = CollapsingHeader::new(title).id_salt("reasons").show(ui, |ui| {
            // What is said must not take the panels' place; where there is more, lines are whole and the bar is in sight.
            let font = TextStyle::Body.resolve(ui.style());
            let line = ui.painter().layout_no_wrap("…".to_owned(), font, tokens.text).size().y;
            let most = (WHY * ui.ctx().content_rect().height() / line).floor().max(4.0) * line;
            ui.spacing_mut().scroll = theme::bar_in_sight();
            ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for reason in &found.reasons {
                    glossary::sentence(ui, &format!("· {}", reason.text), |text| text);
                }
                for caveat in &found.caveats {
                    glossary::sentence(ui, caveat, |text| text.color(tokens.weak));
                }
            });
        });
        named(ui, header.header_response, "Why, and how sure");
    }
}

/// A way to a panel; for those who have the window read to them it is not called like the panel's tab.
fn see(ui: &mut Ui, title: &str, why: &str) -> Response {
    let link = ui.link(title).on_hover_text(why);
    named(ui, link, &format!("See {title}"))
}

/// How it stands while training.
fn standing(monitor: &Monitor) -> Option<String> {
    let prepared = monitor.prepared.as_ref()?;
    let validated = monitor.validated_alike();
    let newest = |(place, trace): (usize, &Trace)| {
        let losses = trace.dense(Metric::Loss).map_or(&[][..], |(_, losses)| losses.values());
        let losses = &losses[losses.len().saturating_sub(RECENT)..];
        let mean = (losses.len() == RECENT).then(|| losses.iter().sum::<f64>() / losses.len() as f64);
        let evaluation = monitor.evaluation_until(place, validated);
        Newest {
            name: monitor.arm_name(place).to_owned(),
            train_loss: mean,
            validation_loss: evaluation.map(|it| it.loss),
            accuracy: evaluation.map(|it| it.accuracy),
            // An arm that a fault has ended stopped, too, and did not diverge.
            diverged_at: trace.diverged_at().and_then(|_| monitor.stopped(place)),
        }
    };
    let arms: Vec<Newest> = monitor.arms.iter().enumerate().map(newest).collect();
    let guessing = (prepared.dataset.classes.len() as f64).ln();
    live(validated.unwrap_or(monitor.step()) / prepared.steps_per_epoch.max(1), guessing, &arms)
}

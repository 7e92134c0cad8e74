//! The learning-rate test: the loss of every network while the rate rises, and the rate that is suggested for each.

use super::view::View;
use crate::action::{Action, Sought};
use crate::finder::{Rates, outdated};
use crate::kit::chart::{Across, AxisScale, Chart, Series};
use crate::kit::chips::{dot, together};
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::{bounded_field, decimal, named, primary, progress};
use crate::scene::{Effects, Scene};
use eframe::egui::{Label, Ui, Vec2, vec2};
use lab_core::experiment::Plan;
use lab_core::finder::{RateTest, Suggestion, suggestion};
use lab_core::number::{setting, two_digits};
use lab_core::statistics::smoothed;

/// How many times its beginning a loss may be to be drawn: what lies above says no more than that it is above.
const HIGHEST: f64 = 2.0;
/// Least and greatest height of the plot, in points.
const HEIGHT: [f32; 2] = [160.0, 280.0];

/// Draws it in a panel whose lower edge is at `bottom`.
pub fn ui(ui: &mut Ui, view: &mut View, scene: Scene, effects: &mut Effects, bottom: f32) {
    let plan = scene.plan;
    let tokens = Tokens::of(ui);
    let text = "Every network trains from its first weights for a few steps, while the learning rate rises by the same \
                factor at each. Where the averaged loss is least, it is nearly too high: a third of that is suggested \
                (Smith 2017). Nothing of it is kept.";
    ui.add(Label::new(theme::caption(text, &tokens)).wrap());
    ui.horizontal_wrapped(|ui| {
        for (name, value, hint) in [
            ("From", &mut view.low, "The learning rate of the first step"),
            ("to", &mut view.high, "The learning rate of the last step"),
        ] {
            let label = ui.label(name);
            let field = ui.allocate_ui(vec2(72.0, theme::ROW), |ui| decimal(ui, value)).inner;
            named(ui, field.labelled_by(label.id).on_hover_text(hint), &format!("{name} the rate"));
        }
        together(ui, 96.0);
        let label = ui.label("in");
        let field = bounded_field(ui, &mut view.steps, 20..=2000, |field| field.speed(0.5).suffix(" steps"));
        let hint = "More steps take longer and wander less";
        field.labelled_by(label.id).on_hover_text(hint);
    });
    let test = RateTest { low: view.low, high: view.high, steps: view.steps };
    ui.horizontal_wrapped(|ui| start(ui, scene, test, effects));
    let Some(rates) = &effects.finder.rates else { return };
    if rates.done == 0 {
        return;
    }
    let is_done = effects.finder.working() != Some(Sought::LearningRate);
    let found: Vec<Option<Suggestion>> = rates.steps.iter().map(|steps| suggestion(steps)).collect();
    let other_size = rates.plan.recipe.batch_size != plan.recipe.batch_size;
    let other_size = other_size.then_some("This was measured with another batch size than the form has now.");
    if let Some(text) = outdated(&rates.plan, plan).or(other_size) {
        ui.colored_label(tokens.warning, text);
    }
    // What was found comes first, so that it and its buttons are in sight in a panel of any height.
    if is_done {
        suggestions(ui, rates, &found, plan, effects.actions);
    }
    plot(ui, rates, &found, is_done, bottom);
}

fn start(ui: &mut Ui, scene: Scene, test: RateTest, effects: &mut Effects) {
    if effects.finder.working() == Some(Sought::LearningRate) {
        if ui.button("Stop").on_hover_text("Ends the test; nothing of it is kept").clicked() {
            effects.finder.stop();
        }
        let (done, of) = effects.finder.rates.as_ref().map_or((0, 1), |rates| (rates.done, rates.of.max(1)));
        let text = if done == 0 { "building networks…".to_owned() } else { format!("step {done} of {of}") };
        let bar = progress(ui, done as f32 / of as f32, &text, 200.0);
        named(ui, bar, &format!("Progress of the test: {text}"));
        return;
    }
    let wrong = if test.low > 0.0 && test.low < test.high {
        scene.obstacles.join("\n")
    } else {
        "The first rate must be above 0 and below the last one.".to_owned()
    };
    let button = primary(ui, wrong.is_empty(), "Test learning rates", Vec2::ZERO);
    let hint = "Tries them on every network of the form, in a process of its own";
    if button.on_hover_text(hint).on_disabled_hover_text(wrong).clicked() {
        effects.finder.rates(scene.plan, test, ui.ctx());
    }
}

fn plot(ui: &mut Ui, rates: &Rates, found: &[Option<Suggestion>], is_done: bool, bottom: f32) {
    let mut lines = Vec::new();
    for (arm, (steps, found)) in rates.steps.iter().zip(found).enumerate() {
        let finite = steps.iter().take_while(|(_, loss)| loss.is_finite()).count();
        let losses: Vec<f64> = steps[..finite].iter().map(|(_, loss)| *loss).collect();
        let averaged = smoothed(&losses);
        let most = averaged.first().map_or(f64::INFINITY, |first| HIGHEST * first);
        let at = |values: &[f64]| -> Vec<[f64; 2]> {
            let points = steps.iter().zip(values).map(|((rate, _), loss)| [*rate, *loss]);
            points.filter(|[_, loss]| *loss <= most).collect()
        };
        let found = found.filter(|_| is_done);
        let nearest = |rate: f64| {
            let place = steps.iter().position(|(tried, _)| *tried >= rate)?;
            Some([rate, *averaged.get(place)?])
        };
        lines.push(Series {
            arm,
            name: rates.arms.get(arm).cloned().unwrap_or_default(),
            points: at(&averaged),
            unmarked: true,
            marked: found.and_then(|found| nearest(found.learning_rate)).into_iter().collect(),
            stops: found.map(|found| found.learning_rate).into_iter().collect(),
            ..Series::default()
        });
    }
    let words: Vec<String> = rates.arms.iter().zip(found).map(|(name, found)| in_words(name, *found)).collect();
    let text = format!("Averaged loss against the learning rate. {}", words.join("; "));
    let across = Across { scale: AxisScale::Log, ..Across::default() };
    let [least, most] = HEIGHT;
    let height = (bottom - ui.cursor().top() - theme::ROW).clamp(least, most);
    Chart::new("rates", &text, AxisScale::Linear, height).over(across).draw(ui, &lines);
    let caption = "The averaged loss against the learning rate; dashed lines are what is suggested";
    ui.label(theme::caption(caption, &Tokens::of(ui)));
}

fn in_words(name: &str, found: Option<Suggestion>) -> String {
    let Some(found) = found else {
        return format!("{name}: the loss fell at no rate; try lower ones, or look at its initialisation");
    };
    let [rate, least] = [found.learning_rate, found.least_loss_at].map(|rate| setting(two_digits(rate)));
    let high =
        found.too_high_at.map_or_else(String::new, |rate| format!(", too high from {}", setting(two_digits(rate))));
    format!("{name}: {rate} suggested (least loss at {least}{high})")
}

fn suggestions(ui: &mut Ui, rates: &Rates, found: &[Option<Suggestion>], plan: &Plan, actions: &mut Vec<Action>) {
    for (arm, (name, found)) in rates.arms.iter().zip(found).enumerate() {
        ui.horizontal_wrapped(|ui| {
            dot(ui, arm);
            ui.add(Label::new(in_words(name, *found)).wrap());
            let place = plan.arms.iter().position(|known| known.name == *name);
            if let (Some(found), Some(place)) = (found, place.filter(|_| rates.arms.len() > 1)) {
                let rate = two_digits(found.learning_rate);
                let hint = "Puts it into the form; this network then has an optimiser of its own";
                if ui.button(format!("Use for {name}")).on_hover_text(hint).clicked() {
                    actions.push(Action::UseRate(Some(place), rate));
                }
            }
        });
    }
    let least = found.iter().flatten().map(|found| found.learning_rate).min_by(f64::total_cmp);
    let Some(rate) = least.map(two_digits) else { return };
    let several = rates.arms.len() > 1;
    let title = if several { format!("Use {} for all", setting(rate)) } else { format!("Use {}", setting(rate)) };
    let hint = if several {
        "Puts the lowest of the suggestions into the form: no network then diverges for its rate alone"
    } else {
        "Puts it into the form"
    };
    if primary(ui, true, title, Vec2::ZERO).on_hover_text(hint).clicked() {
        actions.push(Action::UseRate(None, rate));
    }
}

//! What is wrong with a plan, in the words of the form.

use eframe::egui::{Align, Context, Id, Response, Ui};
use lab_core::experiment::{Invalid, Plan, field_in_words};
use lab_core::number::capital;

/// A field that cannot be as it is, in a sentence without its end and without the path that a file has for the field.
pub(super) fn in_words(Invalid { field, value, rule }: &Invalid, plan: &Plan) -> String {
    let of_arm = field.strip_prefix("arms[").and_then(|rest| rest.split_once(']'));
    let (rest, arm) = match of_arm {
        Some((index, rest)) => (rest, index.parse().ok().and_then(|index: usize| plan.arms.get(index))),
        None => (field.as_str(), None),
    };
    let name = match field_in_words(rest.trim_start_matches('.')) {
        // Networks have names, too.
        name if field == "name" => format!("run {name}"),
        // What lines in plots have no room for.
        _ if field.ends_with(".learning_rate") => "learning rate".to_owned(),
        name => name,
    };
    let owner = arm.map_or_else(String::new, |arm| format!(" of {}", arm.name));
    capital(format!("{name}{owner} is {value}, but must be {rule}").trim_start())
}

/// For how many frames the form looks for what is wrong: a section unfolds in one and is drawn in the next.
const SOUGHT: u64 = 4;

fn sought() -> Id {
    Id::unique("what is wrong in the form")
}

/// Has the form unfold what is wrong and scroll to the first of it.
pub fn reveal(ctx: &Context) {
    let now = ctx.cumulative_pass_nr();
    ctx.data_mut(|data| data.insert_temp(sought(), now + SOUGHT));
    ctx.request_repaint();
}

/// Whether what is wrong is to be unfolded now.
pub(super) fn is_revealed(ui: &Ui) -> bool {
    let until: Option<u64> = ui.data(|data| data.get_temp(sought()));
    until.is_some_and(|until| ui.ctx().cumulative_pass_nr() < until)
}

/// Scrolls to this, if it is the first thing wrong that is drawn since somebody asked for it.
pub(super) fn scroll(ui: &Ui, shown: &Response) {
    if is_revealed(ui) {
        shown.scroll_to_me(Some(Align::Center));
        ui.data_mut(|data| data.remove::<u64>(sought()));
    }
}

/// Fields that are wrong below a path.
pub(super) fn errors(found: &[Invalid], path: &str) -> usize {
    found.iter().filter(|invalid| invalid.field.starts_with(path)).count()
}

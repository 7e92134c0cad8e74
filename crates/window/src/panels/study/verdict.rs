//! What the study has shown, in a sentence with its reasons.

use super::bits::listed;
use crate::action::Action;
use crate::kit::glossary;
use crate::kit::theme::{self, Tokens};
use crate::kit::widgets::named;
use crate::laboratory::Looked;
use crate::panel::shows;
use eframe::egui::{CollapsingHeader, Label, RichText, Ui};
use lab_core::runs::Guess;
use lab_core::verdict::{Call, Look, Verdict};

/// Which of the study's verdicts is looked at, by what it compares.
#[derive(Default)]
pub struct ShownVerdict {
    compared: String,
}

impl ShownVerdict {
    pub fn ui(&mut self, ui: &mut Ui, looked: &Looked, actions: &mut Vec<Action>) {
        let Some((first, _)) = looked.verdicts.first() else { return };
        if !looked.verdicts.iter().any(|(compared, _)| *compared == self.compared) {
            self.compared.clone_from(first);
        }
        let options: Vec<(String, &str)> =
            looked.verdicts.iter().map(|(compared, _)| (compared.clone(), compared.as_str())).collect();
        ui.horizontal_wrapped(|ui| {
            let hint = "What is compared: the networks at one setting, or all settings";
            listed(ui, "Compare", hint, &mut self.compared, &options);
        });
        let Some((_, found)) = looked.verdicts.iter().find(|(compared, _)| *compared == self.compared) else { return };
        concluded(ui, found, looked.guess.as_ref(), actions);
    }
}

fn concluded(ui: &mut Ui, found: &Verdict, guess: Option<&Guess>, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let color = if matches!(found.call, Call::Higher | Call::Lower) { tokens.accent } else { tokens.text };
    let headline = RichText::new(&found.headline).family(theme::semibold()).color(color);
    let headline = ui.add(Label::new(headline).wrap());
    named(ui, headline, &format!("Verdict: {}", found.headline));
    if let Some(guess) = guess {
        ui.colored_label(tokens.of_guess(found.confirms(guess)), found.on_guess(guess));
    }
    if found.reasons.is_empty() && found.caveats.is_empty() {
        return;
    }
    let title = RichText::new("Why, and how sure").size(theme::size::SMALL);
    let header = CollapsingHeader::new(title).id_salt("study reasons").show(ui, |ui| {
        for reason in &found.reasons {
            ui.horizontal_wrapped(|ui| {
                glossary::sentence(ui, &format!("· {}", reason.text), |text| text);
                let panel = shows(reason.look);
                // This panel has curves of its own.
                if reason.look != Look::Curves
                    && ui.link(panel.title).on_hover_text("Shows the panel; open a training to look into it").clicked()
                {
                    actions.push(Action::Show(panel));
                }
            });
        }
        for caveat in &found.caveats {
            glossary::sentence(ui, caveat, |text| text.color(tokens.weak));
        }
    });
    named(ui, header.header_response, "Why, and how sure the study is");
}

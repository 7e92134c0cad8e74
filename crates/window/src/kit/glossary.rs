//! Every term of the field that the panels use, explained once: whatever says one of them explains it under the pointer.
//! What instruments are called is explained by the instruments themselves.

use super::theme::{self, Tokens, space};
use eframe::egui::{Label, Response, RichText, Ui};
use lab_core::instrument::Instrument;
use lab_core::number::unbroken;

/// A term and what it means.
struct Term {
    /// As it is written above what it means.
    name: &'static str,
    /// How it is recognised in a text, in small letters.
    written: &'static [&'static str],
    what: &'static str,
}

macro_rules! terms {
    ($($name:literal, $written:expr, $what:literal;)*) => {
        const TERMS: &[Term] = &[$(Term { name: $name, written: &$written, what: $what },)*];
    };
}

terms! {
    "arm", ["arm", "arms"], "One network of an experiment. All arms see the same images in the same order, so whatever differs between them is due to what differs between the networks.";
    "block", ["block", "blocks"], "A few layers with, in a residual net, a shortcut past them. Block 2.3 is number 3, counted from 0, of stage 2: what PyTorch calls layer2.3.";
    "branch", ["branch", "branches"], "The layers of a block that the shortcut goes past: what is added to the block's input.";
    "shortcut", ["shortcut", "shortcuts"], "What carries a block's input past its layers, to be added to what they compute. A plain net has none.";
    "MACs", ["macs"], "Multiply-accumulate operations: multiplications, each with an addition, for one image from input to classes. They say how much there is to compute.";
    "parameters", ["parameters"], "The numbers that training changes: weights of convolutions and linear layers, scales and shifts of norms.";
    "McNemar's test", ["mcnemar", "chance"], "Looks at the images that only one of two networks gets right. If both were equally good, each of these would fall to either side like a coin; the test says how often coins would fall as unevenly as here.";
    "logit", ["logit", "logits"], "What a network computes for a class before it becomes a probability: the larger it is beside those of the other classes, the surer the network.";
    "confidence", ["confidence", "confident"], "The probability that a network gives to the class it takes an image for.";
    "margin", ["margin"], "The probability of the true class less that of the likeliest other one: below 0 where the network is wrong.";
    "entropy", ["entropy"], "How undecided a network is between all classes: 0 where it is sure.";
    "expected calibration error", ["calibration error"], "By how much confidence and accuracy differ, averaged over groups of images of about the same confidence: 0 % where a network is right as often as it says.";
    "95 % interval", ["95 % interval"], "Wilson's interval for a share: with few images it is wide, because a few more or less of them would change the share a lot.";
    "top 5", ["top 5"], "The share of images whose true class is among the five that the network holds likeliest.";
    "precision", ["precision"], "Of the images taken for a class, the share that belongs to it.";
    "recall", ["recall"], "Of the images of a class, the share that is taken for it.";
    "F1", ["f1", "macro f1"], "The harmonic mean of precision and recall; macro F1 is its mean over all classes, each counted alike.";
    "loss", ["loss"], "Cross-entropy: minus the logarithm of the probability that the network gives to the true class. Guessing among ten classes costs 2.3.";
    "guessing", ["guessing"], "A network that knows nothing and gives every class the same probability: its loss is the logarithm of the number of classes.";
    "gradient", ["gradient", "gradients", "‖∂l/∂w‖", "‖∂l/∂x‖", "‖∂l/∂y‖"], "How the loss would change if a weight or an output changed a little, and so what training steps follow. ‖…‖ is its length.";
    "branch ratio", ["branch ratio", "‖αf(x)‖"], "How large what a block's layers add is beside what they add it to.";
    "std", ["std"], "Standard deviation: how far values usually lie from their mean.";
    "dead channels", ["dead channels", "dead channel"], "Channels that are 0 for every image: nothing that they could learn from reaches them.";
    "log scale", ["log scale"], "Equal distances, or equal steps of colour, are equal factors: from 1 to 10 is as far as from 10 to 100.";
    "gain α", ["α"], "What every branch is multiplied with before it is added to the shortcut: 1 as trained, 0 leaves the shortcuts alone.";
    "Kendall's τ", ["kendall's τ", "τ"], "How much of an order is left: 1 as trained, 0 at random, −1 the other way round.";
    "filter-normalised", ["filter-normalised"], "A random direction in which every filter moves by its own length, so that nets with large and with small weights can be compared.";
    "autocorrelation", ["autocorrelation"], "How alike the gradient still is at a distance: 1 the same, 0 unrelated.";
    "linear classifier", ["linear classifier"], "One layer trained on what a block puts out, the network itself unchanged: how far the classes can be told apart there.";
    "step", ["step", "steps"], "One update of all weights, from one batch of images.";
}

/// Explains a term, or an instrument by its title.
fn explain(ui: &mut Ui, name: &str, what: &str) {
    ui.label(theme::strong(name));
    ui.add(Label::new(what).wrap());
}

/// Whether a text in small letters has these words as words of their own.
fn has(text: &str, words: &str) -> bool {
    let is_apart = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
    text.match_indices(words)
        .any(|(at, _)| is_apart(text[..at].chars().next_back()) && is_apart(text[at + words.len()..].chars().next()))
}

/// The terms that a text uses, each with what it means.
fn terms(text: &str) -> Vec<(&'static str, &'static str)> {
    let text = text.to_lowercase();
    let instruments = Instrument::ALL.iter().map(|instrument| instrument.about());
    let named = instruments.filter(|about| has(&text, &about.title.to_lowercase()));
    let used = TERMS.iter().filter(|term| term.written.iter().any(|words| has(&text, words)));
    named.map(|about| (about.title, about.what)).chain(used.map(|term| (term.name, term.what))).collect()
}

/// Terms that are explained at once, at the most.
const MOST: usize = 4;

/// Explains under the pointer the terms that something says. Only what is pointed at is looked through.
#[allow(clippy::must_use_candidate, reason = "explaining is the effect; the response is for chaining")]
pub fn explained(response: Response, text: &str) -> Response {
    if !response.contains_pointer() {
        return response;
    }
    let found = terms(text);
    if found.is_empty() {
        return response;
    }
    response.on_hover_ui(|ui| {
        for (index, (name, what)) in found.into_iter().take(MOST).enumerate() {
            if index > 0 {
                ui.add_space(space::XS);
            }
            explain(ui, name, what);
        }
    })
}

/// A sentence, over several lines where it needs them, whose terms are explained.
pub fn sentence(ui: &mut Ui, text: &str, look: impl FnOnce(RichText) -> RichText) {
    let response = ui.add(Label::new(look(RichText::new(unbroken(text)))).wrap());
    // What is read aloud has plain spaces.
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(text));
    explained(response, text);
}

/// The same as a caption.
pub fn caption(ui: &mut Ui, text: &str) {
    let color = Tokens::of(ui).weak;
    sentence(ui, text, |text| text.size(theme::size::SMALL).color(color));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_found_as_words_of_their_own() {
        let names = |text: &str| terms(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("plain: logit 7.50 whole"), ["logit"]);
        assert_eq!(names("24.0 M MACs"), ["MACs"]);
        assert!(names("an army of blockades").is_empty());
        assert!(names("Grad-CAM of the arms").starts_with(&["Grad-CAM", "arm"]), "an instrument says what it is");
    }

    #[test]
    fn no_term_is_explained_twice() {
        let written: Vec<&str> = TERMS.iter().flat_map(|term| term.written).copied().collect();
        assert!(written.iter().enumerate().all(|(index, words)| !written[..index].contains(words)), "{written:?}");
        assert!(TERMS.iter().all(|term| term.written.iter().all(|words| *words == words.to_lowercase())));
    }
}

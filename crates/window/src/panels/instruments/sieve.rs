//! Which validation images are shown, and in which order.

use super::bench::OfArm;
use super::verdict::Predicted;
use crate::kit::widgets::{choose, named};
use crate::state::selected::ConfusionCell;
use eframe::egui::{ComboBox, Ui};
use lab_core::instrument::Gallery;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum ImageOrder {
    #[default]
    Loss,
    Confidence,
    Margin,
    Entropy,
    Index,
}

const ORDERS: [(ImageOrder, &str); 5] = [
    (ImageOrder::Loss, "Largest loss"),
    (ImageOrder::Confidence, "Most confident"),
    (ImageOrder::Margin, "Least margin"),
    (ImageOrder::Entropy, "Largest entropy"),
    (ImageOrder::Index, "As in the data"),
];

/// Which images are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Filter {
    #[default]
    All,
    Right,
    Wrong,
    /// Only the arm that is looked at is right.
    OnlyThis,
    /// Only another arm is right.
    OnlyOther,
    /// One cell of the arm's confusion matrix: actual and predicted class.
    Cell(usize, usize),
}

/// What a person chose to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sieve {
    order: ImageOrder,
    filter: Filter,
    class: Option<usize>,
    /// The arm that sorts and filters.
    arm: usize,
}

impl Sieve {
    /// Lets the images of one cell of an arm's confusion matrix pass.
    pub fn show_cell(&mut self, cell: ConfusionCell) {
        let ConfusionCell { arm, truth, predicted } = cell;
        *self = Self { filter: Filter::Cell(truth, predicted), class: None, arm, ..*self };
    }

    /// A cell belongs to the matrix in which it was chosen.
    pub fn forget_cell(&mut self) {
        if matches!(self.filter, Filter::Cell(..)) {
            self.filter = Filter::All;
        }
    }

    /// Lets a person choose.
    pub fn ui(&mut self, ui: &mut Ui, arms: &[Predicted], gallery: &Gallery) {
        let names: Vec<(usize, &str)> = arms.iter().map(|of| (of.arm, of.name)).collect();
        if !names.iter().any(|(arm, _)| *arm == self.arm) {
            self.arm = names.first().map_or(0, |(arm, _)| *arm);
        }
        let mut filters = vec![(Filter::All, "All"), (Filter::Right, "Right"), (Filter::Wrong, "Wrong")];
        if arms.len() > 1 {
            filters.extend([(Filter::OnlyThis, "Only this arm right"), (Filter::OnlyOther, "Only another right")]);
        }
        let cell = if let Filter::Cell(truth, predicted) = self.filter {
            let name = |class: usize| gallery.classes.get(class).map_or("?", String::as_str);
            format!("{} taken for {}", name(truth), name(predicted))
        } else {
            String::new()
        };
        if !cell.is_empty() {
            filters.push((self.filter, &cell));
        }
        let title = |class: Option<usize>| {
            class.and_then(|class| gallery.classes.get(class)).map_or("Every class", String::as_str)
        };
        // Two rows of two where there is no room for one of four.
        let columns = if ui.available_width() < 520.0 { 2 } else { 4 };
        ui.columns(columns, |ui| {
            let response = ui[0].push_id("arm", |ui| choose(ui, &mut self.arm, &names)).inner;
            named(&ui[0], response, "Arm that sorts and filters");
            let response = ui[1].push_id("order", |ui| choose(ui, &mut self.order, &ORDERS)).inner;
            named(&ui[1], response, "Order of the images");
            let response = ui[2 % columns].push_id("filter", |ui| choose(ui, &mut self.filter, &filters)).inner;
            named(&ui[2 % columns], response, "Images that are shown");
            let ui = &mut ui[3 % columns];
            let list = ComboBox::from_id_salt("class").width(ui.available_width()).selected_text(title(self.class));
            let list = list.truncate().show_ui(ui, |ui| {
                for option in std::iter::once(None).chain((0..gallery.classes.len()).map(Some)) {
                    ui.selectable_value(&mut self.class, option, title(option));
                }
            });
            named(ui, list.response, "Class that is shown");
        });
    }

    /// The images that pass the filter, in order. Where a question was taken back, an arm may know fewer than another; only
    /// what all know is shown.
    pub fn images(&self, arms: &[Predicted]) -> Vec<usize> {
        let Some(OfArm { found, .. }) = arms.iter().find(|of| of.arm == self.arm) else { return Vec::new() };
        let others = || arms.iter().filter(|of| of.arm != self.arm);
        let passes = |image: &usize| {
            let image = *image;
            let (right, truth) = (found.is_right(image), usize::from(found.truth[image]));
            self.class.is_none_or(|class| class == truth)
                && match self.filter {
                    Filter::All => true,
                    Filter::Right => right,
                    Filter::Wrong => !right,
                    Filter::OnlyThis => right && others().all(|other| !other.found.is_right(image)),
                    Filter::OnlyOther => !right && others().any(|other| other.found.is_right(image)),
                    Filter::Cell(actual, predicted) => {
                        truth == actual && usize::from(found.predicted[image]) == predicted
                    }
                }
        };
        let known = arms.iter().map(|of| of.found.len()).min().unwrap_or(0);
        let key = |image: usize| match self.order {
            ImageOrder::Loss => -found.loss[image],
            ImageOrder::Confidence => -found.confidence(image),
            ImageOrder::Margin => found.margin(image),
            ImageOrder::Entropy => -found.entropy(image),
            ImageOrder::Index => 0.0,
        };
        let mut keyed: Vec<(f32, usize)> = (0..known).filter(passes).map(|image| (key(image), image)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        keyed.into_iter().map(|(_, image)| image).collect()
    }
}

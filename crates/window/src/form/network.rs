//! The rows of one network.

use super::field::Fields;
use super::recipe::{optional, whole};
use super::row::FormRow;
use crate::kit::theme;
use crate::kit::widgets::{choose, named, read_field, typed_whole};
use eframe::egui::{Button, CollapsingHeader, DragValue, Response, RichText, Ui, vec2};
use lab_core::experiment::field::{self, Field};
use lab_core::experiment::{
    Activation, Block, Body, Distribution, Downsampling, Fan, Gain, HeadPool, Naming, Network, Norm, Scheme, Shortcut,
    Stage, StageEntry, StemKind,
};

const BLOCKS: [(Block, &str); 5] = [
    (Block::Basic, "Basic"),
    (Block::ReluBeforeAdd, "Basic, ReLU before sum"),
    (Block::Bottleneck, "Bottleneck"),
    (Block::PreBasic, "Pre-activation basic"),
    (Block::PreBottleneck, "Pre-activation bottleneck"),
];
const SHORTCUTS: [(Shortcut, &str); 5] = [
    (Shortcut::None, "None: plain net"),
    (Shortcut::A, "A: zero-padded"),
    (Shortcut::B, "B: projected"),
    (Shortcut::C, "C: all projected"),
    (Shortcut::D, "D: pooled, projected"),
];
const ACTIVATIONS: [(Activation, &str); 5] = [
    (Activation::Relu, "ReLU"),
    (Activation::LeakyRelu, "Leaky ReLU"),
    (Activation::Gelu, "GELU"),
    (Activation::Silu, "SiLU"),
    (Activation::Tanh, "tanh"),
];
const STEMS: [(StemKind, &str); 3] =
    [(StemKind::Conv3, "3×3"), (StemKind::Conv3Pool, "3×3, max-pool"), (StemKind::Conv7Pool, "7×7, max-pool")];

/// Rows of a network: what people change first, the rest in a fold, where also stands what is `beside` the network.
pub fn ui(ui: &mut Ui, fields: &Fields, network: &mut Network, preset: Option<&Network>, beside: impl FnOnce(&mut Ui)) {
    body(ui, fields, network, preset);
    let base = preset.map(|p| &p.shortcut);
    let shortcut = fields.choice(ui, &field::SHORTCUT, &mut network.shortcut, base, &SHORTCUTS);
    if shortcut.changed() && network.shortcut == Shortcut::None {
        // A plain net has no addition to weigh and no branch that could be dropped or silenced.
        network.gain = Gain::default();
        network.stochastic_depth = 0.0;
        network.init.zero_gamma = false;
    }
    fields.choice(ui, &field::BLOCK, &mut network.block, preset.map(|p| &p.block), &BLOCKS);
    norm(ui, fields, network, preset);
    let base = preset.map(|p| &p.activation);
    fields.choice(ui, &field::ACTIVATION, &mut network.activation, base, &ACTIVATIONS);
    let title = fields.owner.map_or_else(|| "More".to_owned(), |owner| format!("More of {owner}"));
    CollapsingHeader::new(title).id_salt(&fields.path).show_unindented(ui, |ui| {
        more(ui, fields, network, preset);
        beside(ui);
    });
}

fn body(ui: &mut Ui, fields: &Fields, network: &mut Network, preset: Option<&Network>) {
    let family = |body: &Body| match body {
        Body::Cifar { .. } => 0,
        Body::ImageNet { .. } => 1,
        Body::Stages(_) => 2,
    };
    let mut chosen = family(&network.body);
    let base = preset.map(|p| family(&p.body));
    let options = [(0, "CIFAR, three stages"), (1, "ImageNet, four stages"), (2, "Stages, spelled out")];
    fields.row(ui, &field::FAMILY, &mut chosen, base.as_ref(), |ui, chosen| choose(ui, chosen, &options));
    if chosen != family(&network.body) {
        let kept = preset.filter(|p| family(&p.body) == chosen).map(|p| p.body.clone());
        network.body = kept.unwrap_or_else(|| match chosen {
            0 => Body::Cifar { depth: 2 + 6 * network.block.convolutions(), width: 16 },
            1 => Body::ImageNet { depth: if network.block.is_bottleneck() { 50 } else { 18 }, width: 64 },
            _ => Body::Stages(network.stages()),
        });
        network.naming = if chosen == 1 { Naming::Torchvision } else { Naming::Cifar };
    }
    let base = preset.map(|p| &p.body);
    let below = fields.below("body");
    fields.error(ui, "body.stages");
    let block = network.block;
    match &mut network.body {
        Body::Cifar { depth, width } => {
            let below = below.below("cifar");
            let base = if let Some(Body::Cifar { depth, width }) = base { Some((depth, width)) } else { None };
            below.row(ui, &field::DEPTH, depth, base.map(|b| b.0), |ui, depth| {
                layers(ui, depth, block.cifar_depths(), None)
            });
            below.whole(ui, &field::WIDTH, width, base.map(|b| b.1), " channels");
        }
        Body::ImageNet { depth, width } => {
            let below = below.below("imagenet");
            let base = if let Some(Body::ImageNet { depth, width }) = base { Some((depth, width)) } else { None };
            below.row(ui, &field::DEPTH, depth, base.map(|b| b.0), |ui, depth| {
                layers(ui, depth, block.imagenet_depths().iter().copied(), None)
            });
            below.whole(ui, &field::WIDTH, width, base.map(|b| b.1), " channels");
        }
        Body::Stages(list) => {
            let base = if let Some(Body::Stages(base)) = base { &base[..] } else { &[] };
            stages(ui, &below, list, base);
        }
    }
}

/// A number of layers, or a `word` in its place. Dragging keeps to the depths that there are; what is typed is taken as it
/// is, and marked as wrong if there is no such net.
pub fn layers(
    ui: &mut Ui,
    depth: &mut usize,
    depths: impl Iterator<Item = usize>,
    word: Option<&'static str>,
) -> Response {
    let size = vec2(ui.available_width(), theme::ROW);
    let field = DragValue::new(depth).speed(0.1).min_size(size);
    let field = match word {
        Some(word) => field.custom_formatter(move |_, _| word.to_owned()),
        None => field.suffix(" layers"),
    };
    let response = number_or_word(ui, field, word);
    if response.dragged()
        && let Some(nearest) = depths.min_by_key(|known| known.abs_diff(*depth))
    {
        *depth = nearest;
    }
    response
}

/// A number of channels, or a `word` in its place.
pub fn channels(ui: &mut Ui, width: &mut usize, word: Option<&'static str>) -> Response {
    let size = vec2(ui.available_width(), theme::ROW);
    let field = DragValue::new(width).speed(0.05).min_size(size);
    let field = match word {
        Some(word) => field.custom_formatter(move |_, _| word.to_owned()),
        None => field.suffix(" channels"),
    };
    number_or_word(ui, field, word)
}

/// A field that may show a word in the place of its number: left as it stands, the word is no fault.
fn number_or_word(ui: &mut Ui, field: DragValue<'_>, word: Option<&'static str>) -> Response {
    match word {
        Some(_) => ui.add(field),
        None => read_field(ui, field, 0.0..=f64::INFINITY, typed_whole),
    }
}

/// The stages, one after the other, with ways to add and remove them.
fn stages(ui: &mut Ui, fields: &Fields, stages: &mut Vec<Stage>, preset: &[Stage]) {
    let entries = [(StageEntry::Block, "The first block"), (StageEntry::ConvPool, "3×3, max-pool")];
    let of = fields.owner.map_or_else(String::new, |owner| format!(" of {owner}"));
    let (mut removed, count) = (None, stages.len());
    for (index, stage) in stages.iter_mut().enumerate() {
        let (below, base, number) = (fields.below(&format!("stages[{index}]")), preset.get(index), index + 1);
        let numbered = |field: &'static Field| FormRow::called(field, format!("{} {number}", field.label));
        below.whole(ui, numbered(&field::BLOCKS), &mut stage.blocks, base.map(|b| &b.blocks), "");
        let base_width = base.map(|b| &b.width);
        below.whole(ui, numbered(&field::STAGE_WIDTH), &mut stage.width, base_width, " channels");
        below.whole(ui, numbered(&field::STRIDE), &mut stage.stride, base.map(|b| &b.stride), "");
        let base_entry = base.map(|b| &b.entry);
        below.choice(ui, numbered(&field::ENTRY), &mut stage.entry, base_entry, &entries);
        let remove = ui.add_enabled(
            count > 1,
            Button::new(RichText::new(format!("Remove stage {number}")).size(theme::size::SMALL)),
        );
        if named(ui, remove, &format!("Remove stage {number}{of}")).clicked() {
            removed = Some(index);
        }
    }
    if let Some(index) = removed {
        stages.remove(index);
    }
    let add = ui.button("+ Add a stage");
    if named(ui, add, &format!("Add a stage{of}")).clicked() {
        let width = stages.last().map_or(16, |last| 2 * last.width);
        stages.push(Stage::new(1, width, if stages.is_empty() { 1 } else { 2 }));
    }
}

fn norm(ui: &mut Ui, fields: &Fields, network: &mut Network, preset: Option<&Network>) {
    // What each kind begins with.
    let kind = |norm: &Norm| match norm {
        Norm::Batch => Norm::Batch,
        Norm::Group(_) => Norm::Group(8),
        Norm::None => Norm::None,
    };
    let mut chosen = kind(&network.norm);
    let base = preset.map(|p| kind(&p.norm));
    let options = [(Norm::Batch, "Batch"), (Norm::Group(8), "Group"), (Norm::None, "None")];
    fields.row(ui, &field::NORM, &mut chosen, base.as_ref(), |ui, chosen| choose(ui, chosen, &options));
    if chosen != kind(&network.norm) {
        network.norm = chosen;
        if network.norm == Norm::None {
            network.init.zero_gamma = false;
        }
    }
    if let Norm::Group(groups) = &mut network.norm {
        let base = if let Some(Norm::Group(groups)) = preset.map(|p| &p.norm) { Some(groups) } else { None };
        fields.whole(ui, &field::GROUPS, groups, base, "");
    }
}

fn more(ui: &mut Ui, fields: &Fields, network: &mut Network, preset: Option<&Network>) {
    fields.choice(ui, &field::STEM, &mut network.stem.kind, preset.map(|p| &p.stem.kind), &STEMS);
    let base = preset.map(|p| &p.stem.width);
    fields.row(ui, &field::STEM_WIDTH, &mut network.stem.width, base, |ui, value| {
        optional(ui, value, 16, "Channels of the stem", whole)
    });
    let options = [
        (Downsampling::Strided, "Strided"),
        (Downsampling::MaxPool, "Max-pool"),
        (Downsampling::AvgPool, "Average pool"),
    ];
    let base = preset.map(|p| &p.downsampling);
    fields.choice(ui, &field::DOWNSAMPLING, &mut network.downsampling, base, &options);
    // In a plain net they are out of place, and shown only to be put right.
    if network.is_residual() || network.gain != Gain::default() {
        let base = preset.map(|p| &p.gain);
        fields.number(ui, &field::GAIN, &mut network.gain.value, base.map(|b| &b.value));
        let learned = &mut network.gain.learned;
        fields.tick(ui, &field::GAIN_LEARNED, learned, base.map(|b| &b.learned));
        fields.error(ui, "gain");
    }
    if network.is_residual() || network.stochastic_depth != 0.0 {
        let base = preset.map(|p| &p.stochastic_depth);
        let (row, value) = (&field::STOCHASTIC_DEPTH, &mut network.stochastic_depth);
        fields.number(ui, row, value, base);
    }
    let init = preset.map(|p| &p.init);
    let options = [(Scheme::Kaiming, "Kaiming (He)"), (Scheme::Xavier, "Xavier"), (Scheme::Orthogonal, "Orthogonal")];
    let base = init.map(|i| &i.scheme);
    fields.choice(ui, &field::SCHEME, &mut network.init.scheme, base, &options);
    if network.init.scheme != Scheme::Orthogonal {
        let options = [(Distribution::Normal, "Normal"), (Distribution::Uniform, "Uniform")];
        let (row, base) = (&field::DISTRIBUTION, init.map(|i| &i.distribution));
        fields.choice(ui, row, &mut network.init.distribution, base, &options);
    }
    if network.init.scheme == Scheme::Kaiming {
        let options = [(Fan::In, "Inputs"), (Fan::Out, "Outputs")];
        fields.choice(ui, &field::FAN, &mut network.init.fan, init.map(|i| &i.fan), &options);
    }
    if network.is_residual() || network.init.zero_gamma {
        let (row, base) = (&field::ZERO_GAMMA, init.map(|i| &i.zero_gamma));
        fields.tick(ui, row, &mut network.init.zero_gamma, base);
    }
    let head = preset.map(|p| &p.head);
    let options = [(HeadPool::Average, "Average"), (HeadPool::Max, "Maximum")];
    fields.choice(ui, &field::HEAD_POOL, &mut network.head.pool, head.map(|h| &h.pool), &options);
    let base = head.map(|h| &h.dropout);
    fields.number(ui, &field::DROPOUT, &mut network.head.dropout, base);
    let (row, base) = (&field::HEAD_BIAS, head.map(|h| &h.bias));
    fields.tick(ui, row, &mut network.head.bias, base);
    let (row, base) = (&field::HEAD_SCALE, head.map(|h| &h.scale));
    fields.number(ui, row, &mut network.head.scale, base);
    let options = [(Naming::Cifar, "CIFAR nets"), (Naming::Torchvision, "torchvision")];
    let (row, base) = (&field::NAMING, preset.map(|p| &p.naming));
    fields.choice(ui, row, &mut network.naming, base, &options);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use std::collections::BTreeSet;
    use toml::Value;

    /// Holds that every value of a kind can be chosen, by the names that a file has for them.
    fn holds_all<T: Serialize + DeserializeOwned>(offered: &[(T, &str)]) {
        // Whoever reads a file says which names there are: "unknown variant `?`, expected one of `a`, `b`".
        let why = Value::String("?".to_owned()).try_into::<T>().map(drop).unwrap_err().to_string();
        let known: BTreeSet<&str> = why.split('`').skip(3).step_by(2).collect();
        let offered: Vec<Value> = offered.iter().map(|(value, _)| Value::try_from(value).unwrap()).collect();
        let offered: BTreeSet<&str> = offered.iter().map(|value| value.as_str().unwrap()).collect();
        assert!(known.len() > 2, "{why}");
        assert_eq!(offered, known, "what the form offers, and what there is");
    }

    #[test]
    fn every_kind_of_block_shortcut_activation_and_stem_can_be_chosen() {
        holds_all(&BLOCKS);
        holds_all(&SHORTCUTS);
        holds_all(&ACTIVATIONS);
        holds_all(&STEMS);
    }
}

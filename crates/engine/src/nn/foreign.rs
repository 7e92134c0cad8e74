//! Names that other programs have for the weights of the same networks, as torchvision's.

use super::array::StateDict;

/// The state by torchvision's names, where another program's are known; else as it is.
pub(super) fn translated(state: StateDict) -> StateDict {
    if state.keys().any(|name| name.ends_with("embedder.embedder.convolution.weight")) {
        renamed(state, transformers)
    } else if state.keys().any(|name| openmmlab(name).is_some_and(|new| new.ends_with("fc.weight"))) {
        renamed(state, openmmlab)
    } else {
        let heads = |head: &str| {
            state.keys().filter(|name| in_sequence(name, head).is_some_and(|new| new.ends_with(".weight"))).count()
        };
        match ["fc", "linear"].into_iter().find(|head| heads(head) == 1) {
            Some(head) => renamed(state, |name| in_sequence(name, head)),
            None => state,
        }
    }
}

fn renamed(state: StateDict, new: impl Fn(&str) -> Option<String>) -> StateDict {
    state.into_iter().map(|(name, array)| (new(&name).unwrap_or(name), array)).collect()
}

/// Hugging Face's `transformers` and its `ResNetForImageClassification`.
fn transformers(name: &str) -> Option<String> {
    let starts = [
        "resnet.embedder.embedder.",
        "embedder.embedder.",
        "resnet.encoder.stages.",
        "encoder.stages.",
        "classifier.1.",
    ];
    let (at, start) = starts.iter().find_map(|start| Some((name.find(start)?, *start)))?;
    let (before, rest) = (&name[..at], &name[at + start.len()..]);
    let layer = |rest: &str, [conv, norm]: [&str; 2]| {
        let field = |kind: &str| rest.strip_prefix(kind)?.strip_prefix('.').map(str::to_owned);
        field("convolution")
            .map(|field| format!("{conv}.{field}"))
            .or_else(|| Some(format!("{norm}.{}", field("normalization")?)))
    };
    let new = if start.contains("embedder") {
        layer(rest, ["conv1", "bn1"])?
    } else if start.contains("classifier") {
        format!("fc.{rest}")
    } else {
        let (stage, rest) = rest.split_once(".layers.")?;
        let (block, rest) = rest.split_once('.')?;
        let within = if let Some(rest) = rest.strip_prefix("shortcut.") {
            layer(rest, ["downsample.0", "downsample.1"])?
        } else {
            let (unit, rest) = rest.strip_prefix("layer.")?.split_once('.')?;
            let unit = unit.parse::<usize>().ok()? + 1;
            layer(rest, [&format!("conv{unit}"), &format!("bn{unit}")])?
        };
        format!("layer{}.{block}.{within}", stage.parse::<usize>().ok()? + 1)
    };
    Some(format!("{before}{new}"))
}

/// Classifiers of `OpenMMLab`, mmcls and mmpretrain: the backbone's names are torchvision's, and the head lies beside it.
fn openmmlab(name: &str) -> Option<String> {
    let (before, field) = name.split_once("head.fc.")?;
    (before.is_empty() || before.ends_with('.')).then(|| format!("{before}backbone.fc.{field}"))
}

/// A head that is one of several layers, as behind a dropout: `fc.1.weight`.
fn in_sequence(name: &str, head: &str) -> Option<String> {
    let (before, rest) = name.rsplit_once(&format!("{head}."))?;
    let (place, field) = rest.split_once('.')?;
    let is_place = !place.is_empty() && place.bytes().all(|letter| letter.is_ascii_digit());
    let is_head = before.is_empty() || before.ends_with('.');
    (is_place && is_head && matches!(field, "weight" | "bias")).then(|| format!("{before}{head}.{field}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Array;

    fn names(of: &[&str]) -> Vec<String> {
        let state: StateDict =
            of.iter().map(|name| ((*name).to_owned(), Array { shape: vec![1], values: vec![0.0] })).collect();
        translated(state).into_keys().collect()
    }

    #[test]
    fn names_of_other_programs_become_torchvisions() {
        let transformers = [
            "classifier.1.bias",
            "resnet.embedder.embedder.convolution.weight",
            "resnet.embedder.embedder.normalization.running_mean",
            "resnet.encoder.stages.1.layers.0.layer.1.convolution.weight",
            "resnet.encoder.stages.1.layers.0.layer.2.normalization.bias",
            "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight",
            "resnet.encoder.stages.1.layers.0.shortcut.normalization.weight",
        ];
        let expected = [
            "bn1.running_mean",
            "conv1.weight",
            "fc.bias",
            "layer2.0.bn3.bias",
            "layer2.0.conv2.weight",
            "layer2.0.downsample.0.weight",
            "layer2.0.downsample.1.weight",
        ];
        assert_eq!(names(&transformers), expected);
        assert_eq!(
            names(&["state_dict.backbone.conv1.weight", "state_dict.head.fc.weight"]),
            ["state_dict.backbone.conv1.weight", "state_dict.backbone.fc.weight"]
        );
        assert_eq!(names(&["model.fc.1.bias", "model.fc.1.weight"]), ["model.fc.bias", "model.fc.weight"]);
        // Two layers are another head than one.
        for kept in [&["fc.0.weight", "fc.3.weight"][..], &["conv1.weight", "fc.weight"], &["layer1.0.conv1.weight"]] {
            assert_eq!(names(kept), kept);
        }
    }
}

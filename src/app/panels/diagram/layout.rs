//! Where everything of a network's diagram goes: one row from the image to the classes, shortcuts arched over blocks.
//! Knows nothing of how it is painted.

use crate::train::outline::{Block, Outline, Part, ShortcutKind};
use eframe::egui::{Pos2, Rect, pos2, vec2};

/// Narrowest block, in points: wide enough to be told from its neighbours.
pub const NARROWEST: f32 = 7.0;
/// Widest block, in points: wide enough for its layers to be written inside.
pub const WIDEST: f32 = 112.0;

/// Height of the stages' names.
const NAMES: f32 = 18.0;
/// Height of the shapes below.
const SHAPES: f32 = 18.0;
/// Width of a character of a shape, at the most.
const CHARACTER: f32 = 6.8;
/// Room for the image's shape at the left and the number of classes at the right.
const AROUND: f32 = 60.0;

/// The sizes that follow from a block's width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Width of a block.
    pub width: f32,
    /// Space between two blocks, where shortcuts part and are added.
    pub gap: f32,
    height: f32,
    arch: f32,
}

impl Measure {
    /// For blocks of this width.
    #[must_use]
    pub fn new(width: f32) -> Self {
        let width = width.clamp(NARROWEST, WIDEST);
        Self {
            width,
            gap: (width * 0.3).clamp(3.0, 28.0),
            height: (width * 0.6).clamp(22.0, 52.0),
            arch: (width * 0.4).clamp(9.0, 26.0),
        }
    }

    /// The widest blocks with which all of these networks fit into a width.
    #[must_use]
    pub fn fitting<'a>(outlines: impl Iterator<Item = &'a Outline>, room: f32) -> Self {
        let most = outlines.map(pieces).max().unwrap_or(1);
        #[allow(clippy::cast_precision_loss, reason = "a few thousand blocks at most")]
        let taken = |measure: Self| most as f32 * (measure.width + measure.gap) + 2.0 * measure.gap + AROUND;
        let mut measure = Self::new(WIDEST);
        while measure.width > NARROWEST && taken(measure) > room {
            measure = Self::new(measure.width - 1.0);
        }
        measure
    }
}

/// Stem, entries, blocks and head.
fn pieces(outline: &Outline) -> usize {
    2 + outline.stages.iter().map(|stage| stage.blocks.len() + usize::from(stage.entry.is_some())).sum::<usize>()
}

/// A box of the diagram.
pub struct Node<'a> {
    /// Where it is.
    pub rect: Rect,
    /// What it stands for.
    pub part: &'a Part,
    /// [channels, height, width] before it.
    pub input: [usize; 3],
    /// The block, if it is one.
    pub block: Option<&'a Block>,
}

/// A shortcut: up, over a block and down to the addition.
pub struct Arch {
    /// Where it leaves the main line.
    pub from: Pos2,
    /// Where it is added.
    pub to: Pos2,
    /// How high it rises.
    pub top: f32,
    /// What carries the input.
    pub kind: ShortcutKind,
}

/// A stage.
pub struct Group {
    /// Around its blocks.
    pub rect: Rect,
    /// What it is called; shortened to what fits.
    pub name: String,
}

/// A network's diagram, its left upper corner at the origin.
pub struct Lane<'a> {
    /// Everything that computes, in order.
    pub nodes: Vec<Node<'a>>,
    /// Shortcuts.
    pub arches: Vec<Arch>,
    /// Stages.
    pub groups: Vec<Group>,
    /// Shapes of the maps on the edges, each centred at a point.
    pub shapes: Vec<(Pos2, String)>,
    /// The main line from left to right.
    pub line: [Pos2; 2],
    /// Width and height in all.
    pub size: eframe::egui::Vec2,
}

impl<'a> Lane<'a> {
    /// Lays a network out.
    #[must_use]
    pub fn new(outline: &'a Outline, measure: Measure) -> Self {
        let Measure { width, gap, height, arch } = measure;
        let top = NAMES + arch + 8.0;
        let axis = top + height / 2.0;
        let start = in_words(outline.input).chars().count() as f32 * CHARACTER / 2.0 + 4.0;
        let mut lane = Self {
            nodes: Vec::new(),
            arches: Vec::new(),
            groups: Vec::new(),
            shapes: Vec::new(),
            line: [pos2(start, axis); 2],
            size: vec2(0.0, top + height + SHAPES),
        };
        let mut at = Cursor { x: start + gap, measure, top, axis, map: outline.input, told: f32::NEG_INFINITY };
        at.tell(&mut lane, start, outline.input, true);
        at.place(&mut lane, &outline.stem, None);
        for stage in &outline.stages {
            let left = at.x - gap / 2.0;
            if let Some(entry) = &stage.entry {
                at.place(&mut lane, entry, None);
            }
            for block in &stage.blocks {
                if block.shortcut != ShortcutKind::None {
                    let ends = [at.x - gap / 2.0, at.x + width + gap / 2.0].map(|x| pos2(x, axis));
                    lane.arches.push(Arch { from: ends[0], to: ends[1], top: top - arch, kind: block.shortcut });
                }
                at.place(&mut lane, &block.part, Some(block));
            }
            let rect =
                Rect::from_min_max(pos2(left, 0.0), pos2(at.x - gap / 2.0, top + height + 4.0)).shrink2(vec2(1.0, 0.0));
            let name = stage_in_words(&stage.name, stage.blocks.len(), at.map[0], rect.width());
            lane.groups.push(Group { rect, name });
        }
        at.place(&mut lane, &outline.head, None);
        lane.line[1] = pos2(at.x + gap, axis);
        lane.size.x = at.x + gap + 12.0;
        lane
    }
}

struct Cursor {
    /// Where the next box begins.
    x: f32,
    measure: Measure,
    top: f32,
    axis: f32,
    map: [usize; 3],
    /// Where the last shape that was written ends.
    told: f32,
}

impl Cursor {
    fn place<'a>(&mut self, lane: &mut Lane<'a>, part: &'a Part, block: Option<&'a Block>) {
        let Measure { width, gap, height, .. } = self.measure;
        let rect = Rect::from_min_size(pos2(self.x, self.top), vec2(width, height));
        lane.nodes.push(Node { rect, part, input: self.map, block });
        let changed = self.map != part.output;
        self.map = part.output;
        self.x += width + gap;
        self.tell(lane, self.x - gap / 2.0, part.output, changed);
    }

    /// Writes a shape where it changes, and elsewhere too if blocks are wide; never over another one.
    fn tell(&mut self, lane: &mut Lane, x: f32, map: [usize; 3], changed: bool) {
        let text = in_words(map);
        let half = text.chars().count() as f32 * CHARACTER / 2.0;
        let room = x - half > self.told;
        if room && (changed || self.measure.width > 60.0) {
            lane.shapes.push((pos2(x, self.top + self.measure.height + SHAPES / 2.0 + 2.0), text));
            self.told = x + half + 6.0;
        }
        lane.line[1] = pos2(x, self.axis);
    }
}

/// `16×32×32`, or the number of features where the map is one pixel.
#[must_use]
pub fn in_words([channels, height, width]: [usize; 3]) -> String {
    if (height, width) == (1, 1) { channels.to_string() } else { format!("{channels}×{height}×{width}") }
}

fn stage_in_words(name: &str, blocks: usize, channels: usize, room: f32) -> String {
    let number = name.trim_start_matches("layer");
    let long = match blocks {
        1 => format!("Stage {number}: 1 block of {channels}"),
        _ => format!("Stage {number}: {blocks} blocks of {channels}"),
    };
    [long, format!("Stage {number}"), number.to_owned()]
        .into_iter()
        .find(|text| text.chars().count() as f32 * CHARACTER < room)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Arm, Network, Shortcut};

    fn outline(depth: usize, shortcut: Shortcut) -> Outline {
        Outline::new(&Arm::new("net", Network::cifar(depth, 16, shortcut)), [3, 32, 32], 10).unwrap()
    }

    #[test]
    fn every_block_has_its_box_and_every_shortcut_its_arch() {
        for (depth, blocks) in [(20, 9), (110, 54)] {
            for (shortcut, arches) in [(Shortcut::A, blocks), (Shortcut::None, 0)] {
                let outline = outline(depth, shortcut);
                let lane = Lane::new(&outline, Measure::new(20.0));
                assert_eq!(lane.nodes.iter().filter(|node| node.block.is_some()).count(), blocks);
                assert_eq!(lane.arches.len(), arches);
                assert_eq!(lane.groups.len(), 3);
                assert!(lane.nodes.windows(2).all(|pair| pair[0].rect.right() < pair[1].rect.left()), "no overlap");
            }
        }
    }

    #[test]
    fn shapes_are_written_where_they_change_and_never_over_each_other() {
        let outline = outline(110, Shortcut::A);
        for width in [NARROWEST, 30.0, 70.0, WIDEST] {
            let lane = Lane::new(&outline, Measure::new(width));
            let texts: Vec<&str> = lane.shapes.iter().map(|(_, text)| text.as_str()).collect();
            for expected in ["3×32×32", "32×16×16", "64×8×8"] {
                assert!(texts.contains(&expected), "{expected} at width {width}");
            }
            let apart = |pair: &[(Pos2, String)]| pair[1].0.x - pair[0].0.x > pair[0].1.chars().count() as f32 * 6.0;
            assert!(lane.shapes.windows(2).all(apart), "at width {width}");
        }
    }

    #[test]
    fn blocks_are_as_wide_as_there_is_room() {
        let outline = outline(110, Shortcut::A);
        let width = |room| Measure::fitting([&outline].into_iter(), room).width;
        assert_eq!((width(100.0), width(1e6)), (NARROWEST, WIDEST));
        assert!(Lane::new(&outline, Measure::fitting([&outline].into_iter(), 1400.0)).size.x <= 1400.0);
    }
}

//! Where everything of a network's diagram goes: one row from the image to the classes, shortcuts arched over blocks.
//! Knows nothing of how it is painted.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};
use lab_core::blueprint::outline::{Block, Outline, Part, ShortcutKind, Stage};

/// Narrowest block, in points: wide enough to be seen apart from its neighbours.
pub const NARROWEST: f32 = 7.0;
/// Widest block, in points.
pub const WIDEST: f32 = 160.0;
/// Width of a block at 100 %, in points: wide enough for its layers to be written inside.
pub const NATURAL: f32 = 80.0;

/// Least width of blocks in one row; narrower ones are drawn in a row for each stage.
const READABLE: f32 = 20.0;

/// Height of the stages' names.
const NAMES: f32 = 18.0;
/// Height of the shapes below.
const SHAPES: f32 = 18.0;
/// Space between two rows.
const APART: f32 = 6.0;
/// Height of the line above a network and of the space below it.
const HEADING: f32 = 36.0;
/// Width of a character of a shape, at the most.
const CHARACTER: f32 = 8.0;
/// Length of the arrow at the end of a row, with the space behind it.
const ARROW: f32 = 12.0;
/// How much higher boxes and arches become, at the most, where there is room for it.
const STRETCHED: f32 = 2.4;
/// Highest box, in points.
const HIGHEST: f32 = 96.0;

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

    /// Room above the boxes of a row: names and arches.
    fn above(self) -> f32 {
        NAMES + self.arch + 8.0
    }

    /// Height of a row with all that belongs to it.
    fn row(self) -> f32 {
        self.above() + self.height + SHAPES + APART
    }

    /// As high as so many rows below each other may be in all.
    fn filling(self, rows: f32, room: f32) -> Self {
        let (fixed, grows) = (self.row() - self.height - self.arch, self.height + self.arch);
        let factor = ((room / rows.max(1.0) - fixed) / grows).clamp(1.0, STRETCHED.min(HIGHEST / self.height));
        Self { height: self.height * factor, arch: self.arch * factor, ..self }
    }

    /// The widest blocks with which so many of them fit into a width.
    fn widest(most: usize, room: f32) -> Self {
        let taken = |measure: Self| most as f32 * (measure.width + measure.gap) + 2.0 * measure.gap;
        let mut measure = Self::new(WIDEST);
        while measure.width > NARROWEST && taken(measure) > room {
            measure = Self::new(measure.width - 1.0);
        }
        measure
    }
}

/// How several networks are drawn, so that they can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrangement {
    pub measure: Measure,
    /// Whether each stage has a row of its own.
    pub wrapped: bool,
}

impl Arrangement {
    /// In one row each where blocks stay wide enough to be read, else in a row for each stage; also in rows where these are
    /// all in view and their blocks wider.
    #[must_use]
    pub fn fitting<'a>(outlines: impl Iterator<Item = &'a Outline> + Clone, room: Vec2) -> Self {
        let room = vec2(room.x - outlines.clone().map(around).fold(0.0, f32::max), room.y);
        let whole = Measure::widest(outlines.clone().map(pieces).max().unwrap_or(1), room.x);
        let stages = outlines.clone().flat_map(|outline| &outline.stages);
        // Stem and head share a row with a stage, and the rows line up.
        let most = stages.clone().map(|stage| 2 + in_stage(stage)).max().unwrap_or(1);
        let rows = Measure::widest(most, room.x);
        let (stages, networks) = (stages.count() as f32, outlines.count() as f32);
        let height = room.y - networks * HEADING;
        // Blocks become less wide before anything of them is out of view.
        let mut low = rows;
        while low.width > READABLE.max(whole.width) && stages * low.row() > height {
            low = Measure::new(low.width - 1.0);
        }
        let wrapped = whole.width < READABLE || whole.width < low.width && stages * low.row() <= height;
        let (measure, count) = match wrapped {
            true if stages * low.row() <= height => (low, stages),
            true => (rows, stages),
            false => (whole, networks),
        };
        Self { measure: measure.filling(count, height), wrapped }
    }
}

/// Where the rows' lines begin: behind half of the widest shape in front of one, so that their boxes line up.
fn front(outline: &Outline) -> f32 {
    let fronts = outline.stages.iter().filter_map(|stage| Some(stage.blocks.first()?.part.output));
    let fronts = fronts.chain([outline.input]).map(characters);
    fronts.fold(0.0, f32::max) * CHARACTER / 2.0 + 4.0
}

/// Room at both ends of a row: for what comes in, and for the arrow with the number of classes.
fn around(outline: &Outline) -> f32 {
    front(outline) + ARROW + characters(outline.head.output) * CHARACTER
}

fn characters(map: [usize; 3]) -> f32 {
    in_words(map).chars().count() as f32
}

/// Stem, entries, blocks and head.
fn pieces(outline: &Outline) -> usize {
    2 + outline.stages.iter().map(in_stage).sum::<usize>()
}

fn in_stage(stage: &Stage) -> usize {
    stage.blocks.len() + usize::from(stage.entry.is_some())
}

/// What a box of the diagram stands for.
#[derive(Clone, Copy)]
pub enum BoxPart<'a> {
    /// What comes before the first block.
    Stem,
    /// Convolution and pool before a stage's first block.
    Entry,
    Block(&'a Block),
    /// What comes after the last block.
    Head,
}

/// A box of the diagram.
pub struct Node<'a> {
    pub rect: Rect,
    /// What it stands for.
    pub piece: BoxPart<'a>,
    /// What it is made of.
    pub part: &'a Part,
    /// [channels, height, width] before it.
    pub input: [usize; 3],
}

impl<'a> Node<'a> {
    /// The block, if it is one.
    pub fn block(&self) -> Option<&'a Block> {
        if let BoxPart::Block(block) = self.piece { Some(block) } else { None }
    }
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

pub struct StageBox {
    pub rect: Rect,
    /// What it is called; shortened to what fits.
    pub name: String,
}

/// A network's diagram, its left upper corner at the origin.
pub struct Lane<'a> {
    /// Everything that computes, in order.
    pub nodes: Vec<Node<'a>>,
    pub arches: Vec<Arch>,
    pub groups: Vec<StageBox>,
    /// Shapes of the maps on the edges, each centred at a point.
    pub shapes: Vec<(Pos2, String)>,
    /// The main line from left to right, row by row.
    pub lines: Vec<[Pos2; 2]>,
    /// Width and height in all.
    pub size: Vec2,
}

impl<'a> Lane<'a> {
    /// Lays a network out.
    #[must_use]
    pub fn new(outline: &'a Outline, Arrangement { measure, wrapped }: Arrangement) -> Self {
        let Measure { width, gap, height, arch } = measure;
        let above = measure.above();
        let mut lane = Self {
            nodes: Vec::new(),
            arches: Vec::new(),
            groups: Vec::new(),
            shapes: Vec::new(),
            lines: Vec::new(),
            size: vec2(0.0, 0.0),
        };
        let start = front(outline);
        let mut at = Cursor { x: 0.0, start, measure, top: above, map: outline.input, written: 0.0, owed: false };
        at.begin(&mut lane);
        at.place(&mut lane, &outline.stem, BoxPart::Stem);
        for (index, stage) in outline.stages.iter().enumerate() {
            if wrapped && index > 0 {
                at.end(&mut lane);
                at.top += measure.row();
                at.begin(&mut lane);
                // Below the stem, the line goes on.
                at.x += width + gap;
            }
            let left = at.x - gap / 2.0;
            if let Some(entry) = &stage.entry {
                at.place(&mut lane, entry, BoxPart::Entry);
            }
            for block in &stage.blocks {
                if block.shortcut != ShortcutKind::None {
                    let ends = [at.x - gap / 2.0, at.x + width + gap / 2.0].map(|x| pos2(x, at.axis()));
                    lane.arches.push(Arch { from: ends[0], to: ends[1], top: at.top - arch, kind: block.shortcut });
                }
                at.place(&mut lane, &block.part, BoxPart::Block(block));
            }
            let corners = [pos2(left, at.top - above), pos2(at.x - gap / 2.0, at.top + height + 4.0)];
            let rect = Rect::from_min_max(corners[0], corners[1]).shrink2(vec2(1.0, 0.0));
            let name = stage_in_words(index + 1, stage.blocks.len(), at.map[0], rect.width());
            lane.groups.push(StageBox { rect, name });
        }
        at.place(&mut lane, &outline.head, BoxPart::Head);
        at.end(&mut lane);
        // What comes out stands where the arrow points.
        let half = characters(outline.head.output) * CHARACTER / 2.0;
        let behind = pos2(at.x + gap + ARROW + half, at.axis());
        lane.shapes.push((behind, in_words(outline.head.output)));
        lane.size.x = lane.size.x.max(behind.x + half);
        lane.size.y = at.top + height + SHAPES;
        lane
    }
}

struct Cursor {
    /// Where the next box begins.
    x: f32,
    /// Where each row's line begins.
    start: f32,
    measure: Measure,
    /// Upper edge of the boxes in this row.
    top: f32,
    map: [usize; 3],
    /// Where the last shape that was written ends.
    written: f32,
    /// Whether a shape changed and there was no room to write it yet.
    owed: bool,
}

impl Cursor {
    fn axis(&self) -> f32 {
        self.top + self.measure.height / 2.0
    }

    /// Begins a row with the map that comes in.
    fn begin(&mut self, lane: &mut Lane) {
        let start = self.start;
        lane.lines.push([pos2(start, self.axis()); 2]);
        (self.written, self.x) = (f32::NEG_INFINITY, start + self.measure.gap);
        self.write_shape(lane, start, self.map, true);
    }

    /// Ends a row.
    fn end(&self, lane: &mut Lane) {
        let end = self.x + self.measure.gap;
        if let Some(line) = lane.lines.last_mut() {
            line[1].x = end;
        }
        lane.size.x = lane.size.x.max(end + ARROW);
    }

    fn place<'a>(&mut self, lane: &mut Lane<'a>, part: &'a Part, piece: BoxPart<'a>) {
        let Measure { width, gap, height, .. } = self.measure;
        let rect = Rect::from_min_size(pos2(self.x, self.top), vec2(width, height));
        lane.nodes.push(Node { rect, piece, part, input: self.map });
        let changed = self.map != part.output;
        self.map = part.output;
        self.x += width + gap;
        if matches!(piece, BoxPart::Head) {
            return;
        }
        self.write_shape(lane, self.x - gap / 2.0, part.output, changed);
    }

    /// Writes a shape where it changes or as soon after that as there is room, and elsewhere too if blocks are wide.
    fn write_shape(&mut self, lane: &mut Lane, x: f32, map: [usize; 3], changed: bool) {
        let text = in_words(map);
        let half = characters(map) * CHARACTER / 2.0;
        let room = x - half > self.written;
        let wanted = changed || self.owed || self.measure.width > 60.0;
        self.owed = wanted && !room;
        if wanted && room {
            lane.shapes.push((pos2(x, self.top + self.measure.height + SHAPES / 2.0 + 2.0), text));
            self.written = x + half + 6.0;
        }
    }
}

/// `16×32×32`, or the number of features where the map is one pixel.
#[must_use]
pub fn in_words([channels, height, width]: [usize; 3]) -> String {
    if (height, width) == (1, 1) { channels.to_string() } else { format!("{channels}×{height}×{width}") }
}

fn stage_in_words(number: usize, blocks: usize, channels: usize, room: f32) -> String {
    let long = match blocks {
        1 => format!("Stage {number}: 1 block, {channels} channels"),
        _ => format!("Stage {number}: {blocks} blocks, {channels} channels"),
    };
    [long, format!("Stage {number}"), number.to_string()]
        .into_iter()
        .find(|text| text.chars().count() as f32 * CHARACTER < room)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lab_core::experiment::{Arm, Network, Shortcut};

    fn outline(depth: usize, shortcut: Shortcut) -> Outline {
        Outline::new(&Arm::new("net", Network::cifar(depth, 16, shortcut)), [3, 32, 32], 10).unwrap()
    }

    fn arrangements(width: f32) -> [Arrangement; 2] {
        [false, true].map(|wrapped| Arrangement { measure: Measure::new(width), wrapped })
    }

    #[test]
    fn every_block_has_its_box_and_every_shortcut_its_arch() {
        for (depth, blocks) in [(20, 9), (110, 54)] {
            for (shortcut, arches) in [(Shortcut::A, blocks), (Shortcut::None, 0)] {
                let outline = outline(depth, shortcut);
                for arrangement in arrangements(20.0) {
                    let lane = Lane::new(&outline, arrangement);
                    assert_eq!(lane.nodes.iter().filter(|node| node.block().is_some()).count(), blocks);
                    assert_eq!(lane.arches.len(), arches);
                    assert_eq!(lane.groups.len(), 3);
                    assert_eq!(lane.lines.len(), if arrangement.wrapped { 3 } else { 1 });
                    let whole = Rect::from_min_size(Pos2::ZERO, lane.size);
                    assert!(lane.nodes.iter().all(|node| whole.contains_rect(node.rect)));
                    let apart = |pair: &[Node]| !pair[0].rect.intersects(pair[1].rect);
                    assert!(lane.nodes.windows(2).all(apart), "no overlap");
                }
            }
        }
    }

    #[test]
    fn shapes_are_written_where_they_change_and_never_over_each_other() {
        let outline = outline(110, Shortcut::A);
        for arrangement in [NARROWEST, 30.0, 70.0, WIDEST].into_iter().flat_map(arrangements) {
            let lane = Lane::new(&outline, arrangement);
            let texts: Vec<&str> = lane.shapes.iter().map(|(_, text)| text.as_str()).collect();
            for expected in ["3×32×32", "32×16×16", "64×8×8"] {
                assert!(texts.contains(&expected), "{expected} with {arrangement:?}");
            }
            let apart = |pair: &[(Pos2, String)]| {
                (pair[1].0.y - pair[0].0.y).abs() > 14.0
                    || pair[1].0.x - pair[0].0.x > pair[0].1.chars().count() as f32 * 7.8
            };
            assert!(lane.shapes.windows(2).all(apart), "with {arrangement:?}");
        }
    }

    #[test]
    fn the_number_of_classes_stands_behind_the_arrow_and_within_the_drawing() {
        let outline = outline(20, Shortcut::A);
        for arrangement in [NARROWEST, 30.0, WIDEST].into_iter().flat_map(arrangements) {
            let lane = Lane::new(&outline, arrangement);
            let (at, text) = lane.shapes.last().unwrap();
            let [_, tip] = *lane.lines.last().unwrap();
            assert_eq!((text.as_str(), at.y), ("10", tip.y), "with {arrangement:?}");
            let half = text.len() as f32 * CHARACTER / 2.0;
            assert!(at.x - half >= tip.x + 6.0 && at.x + half <= lane.size.x, "{at} behind {tip} with {arrangement:?}");
        }
    }

    #[test]
    fn a_large_room_is_filled() {
        let [deep, flat] = [outline(56, Shortcut::A), outline(20, Shortcut::A)];
        for (networks, room) in [(vec![&deep, &deep], vec2(1340.0, 640.0)), (vec![&flat, &flat], vec2(1340.0, 640.0))] {
            let arrangement = Arrangement::fitting(networks.iter().copied(), room);
            let lanes: Vec<Lane> = networks.iter().map(|outline| Lane::new(outline, arrangement)).collect();
            let across = lanes.iter().map(|lane| lane.size.x).fold(0.0, f32::max);
            let down: f32 = lanes.iter().map(|lane| lane.size.y + HEADING).sum();
            assert!(across <= room.x && down <= room.y, "{across} × {down} of {room}");
            assert!(across * down > 0.5 * room.x * room.y, "{across} × {down} of {room}");
        }
    }

    #[test]
    fn the_stages_of_rows_begin_below_each_other() {
        let outline = outline(56, Shortcut::A);
        for arrangement in arrangements(20.0).into_iter().filter(|arrangement| arrangement.wrapped) {
            let lane = Lane::new(&outline, arrangement);
            let lefts: Vec<f32> = lane.groups.iter().map(|group| group.rect.left()).collect();
            assert!(lefts.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.01), "{lefts:?}");
        }
    }

    #[test]
    fn networks_are_drawn_as_large_as_there_is_room() {
        let outline = outline(110, Shortcut::A);
        let fitting = |across, down| Arrangement::fitting([&outline].into_iter(), vec2(across, down));
        assert_eq!((fitting(100.0, 1e6).measure.width, fitting(1e6, 1e6).measure.width), (NARROWEST, WIDEST));
        let wrapped = |across| fitting(across, 120.0).wrapped;
        assert_eq!([390.0, 600.0, 2000.0].map(wrapped), [true, true, false]);
        assert!(fitting(2000.0, 600.0).wrapped, "a high room is used");
        for room in [vec2(390.0, 120.0), vec2(600.0, 120.0), vec2(2000.0, 120.0), vec2(2000.0, 600.0)] {
            let lane = Lane::new(&outline, fitting(room.x, room.y));
            assert!(lane.size.x <= room.x, "{} of {room}", lane.size.x);
            assert!(room.y < 200.0 || lane.size.y <= room.y, "{} of {room}", lane.size.y);
            assert!(fitting(room.x, room.y).measure.width >= 10.0, "wide enough for {room}");
        }
    }
}

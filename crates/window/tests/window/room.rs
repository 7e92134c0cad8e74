//! Windows of every size: what lies where, that every panel can be reached, and that nothing is cut.

use crate::lines::shapes;
use crate::scripted::*;
use crate::shell::{move_the_log, panels};
use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::epaint::Shape;
use eframe::egui::{Key, Rect, Theme, Vec2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use lab_core::protocol::{End, Event, Outcome, Phase};
use lab_window::App;

const SMALL: Vec2 = vec2(1024.0, 700.0);
const USUAL: Vec2 = vec2(1440.0, 900.0);
/// The least size that the window takes.
const LEAST: Vec2 = vec2(800.0, 560.0);

/// The tabs in front with their places, from left to right and from the top to the bottom.
fn fronts(harness: &Harness<'static, App>) -> Vec<(String, Rect)> {
    let tabs = harness.query_all_by_role(Role::Button).filter(|node| {
        node.accesskit_node().toggled() == Some(Toggled::True) && (node.rect().height() - 30.0).abs() < 1.0
    });
    let mut found: Vec<(String, Rect)> =
        tabs.filter_map(|node| Some((node.accesskit_node().label()?, node.rect()))).collect();
    found.sort_by(|a, b| a.1.left().total_cmp(&b.1.left()).then(a.1.top().total_cmp(&b.1.top())));
    found
}

fn titles(harness: &Harness<'static, App>) -> Vec<String> {
    fronts(harness).into_iter().map(|(title, _)| title).collect()
}

/// Every painted text with where it is and what of that is seen.
pub fn texts(harness: &Harness<'static, App>) -> Vec<(String, Rect, Rect)> {
    let mut found = Vec::new();
    shapes(harness, &mut |shape, clip| {
        if let Shape::Text(text) = shape {
            found.push((text.galley.text().to_owned(), text.visual_bounding_rect(), clip));
        }
    });
    found
}

/// Whether the tab of a panel is in front and all of its title is seen.
fn assert_whole(harness: &Harness<'static, App>, title: &str) {
    let all = fronts(harness);
    let Some((_, tab)) = all.iter().find(|(name, _)| name == title) else { panic!("{title} is not in front: {all:?}") };
    let written: Vec<_> = texts(harness).into_iter().filter(|(_, text, _)| tab.contains(text.center())).collect();
    let [(text, at, clip)] = &written[..] else { panic!("{title}: {written:?}") };
    assert_eq!(text, title, "no letter is left out");
    assert!(clip.contains_rect(*at), "{title} is cut: {at:?} of {clip:?}");
}

#[test]
fn the_tab_in_front_is_whole_in_windows_of_every_size() {
    for size in [LEAST, SMALL, vec2(1199.0, 800.0), USUAL, vec2(1920.0, 1080.0)] {
        let (mut harness, _script) = window_of(size, Theme::Dark, false);
        harness.run();
        for panel in panels(&mut harness) {
            command(&mut harness, &format!("show {panel}"));
            assert_whole(&harness, &panel);
        }
        // Whatever is in front when there is less room.
        command(&mut harness, "show landscape");
        harness.set_size(LEAST);
        harness.run();
        assert_whole(&harness, "Landscape");
    }
}

#[test]
fn a_row_too_narrow_for_its_tabs_lists_the_others_in_a_menu() {
    let (mut harness, _script) = window();
    // A layout of one's own stays when the window has hardly any room for it.
    move_the_log(&mut harness);
    harness.set_size(LEAST);
    harness.run();
    assert_eq!(fronts(&harness).len(), 3);
    for panel in panels(&mut harness) {
        command(&mut harness, &format!("show {panel}"));
        assert_whole(&harness, &panel);
    }
    command(&mut harness, "show curves");
    for panel in ["Landscape", "Learn", "Data"] {
        // The menu of the row that is farthest to the left.
        let menus = harness.query_all_by_label_contains(" more panels").collect::<Vec<_>>();
        menus.iter().min_by(|a, b| a.rect().left().total_cmp(&b.rect().left())).unwrap().click();
        harness.run();
        let is_button = |node: &Node<'_>| node.accesskit_node().role() == Role::Button;
        harness.query_all_by_label(panel).rfind(is_button).unwrap().click();
        harness.run();
        assert_whole(&harness, panel);
    }
}

#[test]
fn a_small_window_has_two_panels_and_a_large_one_three_until_somebody_moves_one() {
    let (mut harness, _script) = window_of(SMALL, Theme::Dark, false);
    harness.run();
    assert_eq!(titles(&harness), ["Curves", "Gradients"]);
    let [left, right] = [0, 1].map(|place| fronts(&harness)[place].1.left());
    assert!(right - left > 350.0 && SMALL.x - right > 290.0, "plots have room: {left} {right}");
    command(&mut harness, "show predictions");
    harness.set_size(USUAL);
    harness.run();
    assert_eq!(titles(&harness), ["Predictions", "Gradients", "Classify"], "what is in front stays there");
    harness.set_size(SMALL);
    harness.run();
    assert_eq!(titles(&harness), ["Predictions", "Gradients"]);

    let kept = kept_of(&mut harness);
    let (mut again, _script) = window_with(USUAL, Theme::Dark, false, Some(kept), Places::default());
    again.run();
    assert_eq!(titles(&again).len(), 3, "also after a restart in another size");
    move_the_log(&mut again);
    let kept = kept_of(&mut again);
    let (mut own, _script) = window_with(SMALL, Theme::Dark, false, Some(kept), Places::default());
    own.run();
    assert_eq!(titles(&own), ["Log", "Gradients", "Classify"], "what somebody arranged stays as it is");
    command(&mut own, "reset the layout");
    assert_eq!(titles(&own), ["Curves", "Gradients"]);
}

/// What begins the names of the buttons in the middle of empty panels.
const OFFERS: [&str; 9] = [
    "Start training: ",
    "Continue training: ",
    "Train anew: ",
    "Open pictures: ",
    "Predict: ",
    "Explain: ",
    "Sweep: ",
    "Compute: ",
    "Look: ",
];

#[test]
fn the_button_that_helps_is_in_sight_in_every_panel_without_scrolling() {
    for size in [SMALL, USUAL] {
        let (mut harness, script) = window_of(size, Theme::Dark, false);
        harness.run();
        assert_in_sight(&mut harness, "before a run");
        harness.get_by_label("Start").click();
        harness.run();
        script.train(&script.started(), 5);
        harness.run();
        assert_in_sight(&mut harness, "while training");
        end(&script, 5);
        harness.run();
        assert_in_sight(&mut harness, "after the end");
    }
}

fn assert_in_sight(harness: &mut Harness<'static, App>, when: &str) {
    let mut seen = 0;
    for panel in panels(harness) {
        command(harness, &format!("show {panel}"));
        for name in OFFERS.iter().flat_map(|offer| names(harness, offer)) {
            let button = harness.get_by_label(&name).rect();
            let whole =
                |(_, at, clip): &(String, Rect, Rect)| button.contains(at.center()) && clip.contains_rect(button);
            assert!(texts(harness).iter().any(whole), "{name} of {panel} is out of sight {when}: {button:?}");
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen} {when}");
}

/// What the engine says at the end.
pub fn end(script: &Script, steps: u64) {
    script.say(Event::Phase(Phase::Done));
    let reason = End::Complete;
    let outcome =
        Outcome { reason, steps, seconds: 4.0, run: None, arms: vec![], planned: Some(steps), discordant: vec![] };
    script.say(Event::Finished(Box::new(outcome)));
}

/// Texts that begin or end beside what is seen of them, and widgets that reach beyond the window.
pub fn cut(harness: &Harness<'static, App>) -> Vec<String> {
    let width = harness.ctx.content_rect().width();
    let placed = harness.query_all_by_label_contains("").filter(|node| node.accesskit_node().bounding_box().is_some());
    let widgets = placed.filter(|node| node.rect().right() > width + 1.0);
    let widgets: Vec<String> =
        widgets.map(|node| format!("{:?} ends at {}", node.accesskit_node().label(), node.rect().right())).collect();
    // A text that is written in two colours is written twice, with a part of it seen each time.
    let mut written: Vec<(String, Rect, Rect)> = Vec::new();
    for (text, at, clip) in texts(harness).into_iter().filter(|(_, at, clip)| at.intersect(*clip).is_positive()) {
        match written.iter_mut().find(|(other, place, _)| *other == text && *place == at) {
            Some((_, _, seen)) => *seen = seen.union(clip),
            None => written.push((text, at, clip)),
        }
    }
    // What is typed into a field may be longer than it.
    let fields: Vec<Rect> = harness.query_all_by_role(Role::TextInput).map(|node| node.rect()).collect();
    written.retain(|(_, at, clip)| !fields.iter().any(|field| field.contains(at.intersect(*clip).center())));
    let is_cut =
        |(_, at, clip): &(String, Rect, Rect)| at.left() < clip.left() - 1.0 || at.right() > clip.right() + 1.0;
    let texts = written.into_iter().filter(is_cut);
    texts.map(|(text, at, clip)| format!("{text}: {at:?} of {clip:?}")).chain(widgets).collect()
}

#[test]
fn no_text_reaches_beyond_its_panel() {
    for size in [SMALL, USUAL] {
        let (mut harness, script) = window_of(size, Theme::Dark, false);
        harness.run();
        assert_uncut(&mut harness, "before a run");
        harness.get_by_label("Start").click();
        harness.run();
        script.train(&script.started(), 40);
        harness.run();
        assert_uncut(&mut harness, "while training");
        end(&script, 40);
        harness.run();
        assert_uncut(&mut harness, "after the end");
    }
}

/// Every panel among the others, in the place of all, and before an audience.
fn assert_uncut(harness: &mut Harness<'static, App>, when: &str) {
    let mut found = Vec::new();
    for panel in panels(harness) {
        command(harness, &format!("show {panel}"));
        for (how, key) in [("among others", None), ("enlarged", Some(Key::F10)), ("presented", Some(Key::F5))] {
            key.into_iter().for_each(|key| harness.key_press(key));
            harness.run();
            found.extend(cut(harness).into_iter().map(|text| format!("{panel}, {how}, {when}: {text}")));
            if how == "enlarged" {
                harness.key_press(Key::F10);
            }
        }
        harness.key_press(Key::F5);
        harness.run();
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

//! The buttons in sight, by the names that a screen reader says, so that the palette finds them, too: whatever a panel
//! offers can be found by its name without a list of all that panels offer. They are pressed as a screen reader does it.

use eframe::egui::accesskit::{Action as Deed, ActionRequest, Node, NodeId, Role, TreeId};
use eframe::egui::{Context, Event, FullOutput, Plugin, RawInput};

/// A button by its name.
#[derive(Clone, Debug)]
pub struct Button {
    pub name: String,
    pub id: NodeId,
}

/// What is seen of the window's widgets.
#[derive(Default)]
pub struct Sight {
    /// Whether widgets are to be looked at in the frame under way.
    looks: bool,
    /// Whether somebody else wants to know what widgets there are.
    shared: bool,
    seen: Vec<Button>,
    pressed: Option<NodeId>,
}

/// Looks at the widgets of the next frame.
pub fn look(ctx: &Context) {
    let sight = ctx.plugin_or_default::<Sight>();
    let mut sight = sight.lock();
    (sight.looks, sight.seen) = (true, Vec::new());
    ctx.enable_accesskit();
    ctx.request_repaint();
}

/// What was seen, from the top to the bottom.
pub fn seen(ctx: &Context) -> Vec<Button> {
    ctx.plugin_or_default::<Sight>().lock().seen.clone()
}

/// Presses a button in the next frame.
pub fn press(ctx: &Context, id: NodeId) {
    ctx.plugin_or_default::<Sight>().lock().pressed = Some(id);
    ctx.request_repaint();
}

impl Plugin for Sight {
    fn debug_name(&self) -> &'static str {
        "buttons in sight"
    }

    fn input_hook(&mut self, _: &Context, input: &mut RawInput) {
        let request =
            |id| ActionRequest { action: Deed::Click, target_tree: TreeId::ROOT, target_node: id, data: None };
        input.events.extend(self.pressed.take().map(request).map(Event::AccessKitActionRequest));
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        let update = output.platform_output.accesskit_update.as_ref();
        let Some(update) = update.filter(|_| self.looks) else {
            self.shared = update.is_some();
            return;
        };
        self.looks = false;
        if !self.shared {
            ctx.disable_accesskit();
        }
        let mut found: Vec<_> =
            update.nodes.iter().filter_map(|(id, node)| Some((place(node), button(*id, node)?))).collect();
        found.sort_by(|a, b| a.0.0.total_cmp(&b.0.0).then(a.0.1.total_cmp(&b.0.1)));
        self.seen = Vec::new();
        for (_, button) in found {
            if !self.seen.iter().any(|known| known.name == button.name) {
                self.seen.push(button);
            }
        }
        ctx.request_repaint();
    }
}

/// How far from the top and from the left.
fn place(node: &Node) -> (f64, f64) {
    node.bounds().map_or((0.0, 0.0), |bounds| (bounds.y0, bounds.x0))
}

/// What can be pressed now, and has a name that can be typed.
fn button(id: NodeId, node: &Node) -> Option<Button> {
    let presses = matches!(node.role(), Role::Button | Role::CheckBox | Role::RadioButton | Role::Link);
    let name = node.label().filter(|name| presses && !node.is_disabled() && name.chars().count() > 1)?;
    Some(Button { name: name.to_owned(), id })
}

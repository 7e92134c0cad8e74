//! What all panels look at.

use crate::state::Session;
use crate::state::inquiries::Inquiries;
use crate::state::selected::SelectedBlock;
use crate::state::sketch::Sketch;

/// What the panels look at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The experiment under way.
    pub session: &'a Session,
    /// The form's networks.
    pub networks: &'a [Sketch],
    /// What was asked of the networks, and what they answered.
    pub inquiries: &'a Inquiries,
    /// The block that every panel looks at; [`crate::action::Action::Select`] chooses another.
    pub selected: Option<&'a SelectedBlock>,
}

//! What all panels look at.

use crate::state::Session;
use crate::state::answers::Answers;
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
    /// Questions and answers.
    pub answers: &'a Answers,
    /// What the instruments were asked and found.
    pub inquiries: &'a Inquiries,
    /// The block that every panel looks at; [`crate::action::Action::Select`] chooses another.
    pub selected: Option<&'a SelectedBlock>,
}

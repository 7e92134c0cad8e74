//! Where a block's branch and its shortcut leave the same map, the map's gradient is a sum of two. Left to burn
//! the sum is a pass of its own, on one thread, that forgets the order of memory. Here the operation that comes
//! to the map last adds the other's share while it computes its own.
//!
//! That needs to be known in advance: a share that waits for an operation whose gradient is never asked for
//! would be lost. So every operation remembers which maps its input descends from, through our operations
//! alone. When the operation that ends a block has its backward pass, so have all those between it and the map.
//! Anything else takes the ordinary way.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use burn::backend::autodiff::NodeId;
use burn_flex::FlexTensor;

use super::awaited::Awaited;

/// A gradient that waits for the other share of its sum.
type Meeting = Arc<Mutex<Option<FlexTensor>>>;

/// An operation's appointment: set when it is certain that another share of its input's gradient exists.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Meeting>>>);

/// The other share of a gradient, as an operation finds it.
pub(super) enum Share {
    /// There is none: the gradient is whole.
    None,
    /// It is still to come: leave this one with [`Slot::leave`].
    Awaited(Meeting),
    /// It is there: add it.
    Given(FlexTensor),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What the locks guard is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// What this operation has to do with its input's gradient.
    pub fn share(&self) -> Share {
        let Some(meeting) = lock(&self.0).take() else { return Share::None };
        let given = lock(&meeting).take();
        given.map_or(Share::Awaited(meeting), Share::Given)
    }

    /// Makes the appointment unless there is one already.
    fn appoint(&self, meeting: &Meeting) -> bool {
        let mut appointment = lock(&self.0);
        let free = appointment.is_none();
        if free {
            *appointment = Some(Arc::clone(meeting));
        }
        free
    }

    fn is_free(&self) -> bool {
        lock(&self.0).is_none()
    }
}

/// Leaves a share for the operation that comes later.
pub(super) fn leave(meeting: &Meeting, gradient: FlexTensor) {
    *lock(meeting) = Some(gradient);
}

/// How a block's last operation hands on the gradient of its shortcut.
#[derive(Clone, Debug)]
pub(super) enum Link {
    /// By burn.
    Ordinary,
    /// The shortcut is the map itself: its gradient is left for the operation with this slot.
    Identity(Slot),
    /// The shortcut and the branch begin with these operations on the same map.
    Branches(Slot, Slot),
}

impl Link {
    /// Before gradients are handed on: tells the operations at the beginning of the block to meet, unless one of
    /// them has another appointment.
    pub fn announce(&self) {
        let Self::Branches(one, other) = self else { return };
        if one.is_free() && other.is_free() {
            let meeting = Meeting::default();
            one.appoint(&meeting);
            other.appoint(&meeting);
        }
    }

    /// Leaves the shortcut's gradient for the operation that begins the branch, or gives it back if it has to go
    /// by burn.
    pub fn hand_on(&self, gradient: FlexTensor) -> Option<FlexTensor> {
        let Self::Identity(slot) = self else { return Some(gradient) };
        let meeting = Meeting::default();
        if !slot.appoint(&meeting) {
            return Some(gradient);
        }
        leave(&meeting, gradient);
        None
    }
}

/// A map that an operation's output descends from, and the slot of the first operation on the way.
#[derive(Clone)]
struct Ancestor {
    map: NodeId,
    slot: Weak<Mutex<Option<Meeting>>>,
}

/// Where a map comes from.
struct Lineage {
    ancestors: Vec<Ancestor>,
    /// What the operation that made it needs of its gradient.
    awaited: Option<Weak<Awaited>>,
}

/// Ancestors to remember: as many as a bottleneck block has operations, and one to spare.
const DEPTH: usize = 4;
/// Maps to remember before those of finished passes are forgotten.
const MAPS: usize = 512;

thread_local! {
    static LINEAGES: RefCell<HashMap<NodeId, Lineage>> = RefCell::new(HashMap::new());
}

fn ancestors(map: NodeId) -> Vec<Ancestor> {
    LINEAGES.with_borrow(|lineages| lineages.get(&map).map(|lineage| lineage.ancestors.clone()).unwrap_or_default())
}

/// What the operation that made a map needs of the map's gradient.
pub(super) fn maker(map: NodeId) -> Option<Weak<Awaited>> {
    LINEAGES.with_borrow(|lineages| lineages.get(&map).and_then(|lineage| lineage.awaited.clone()))
}

fn slot(ancestor: &Ancestor) -> Option<Slot> {
    ancestor.slot.upgrade().map(Slot)
}

/// Finds how an operation on `input` may hand on the gradient of its `shortcut`.
pub(super) fn link(input: NodeId, shortcut: NodeId) -> Link {
    let branch = ancestors(input);
    let identity = branch.iter().find(|ancestor| ancestor.map == shortcut).and_then(slot);
    if let Some(slot) = identity {
        return Link::Identity(slot);
    }
    for other in ancestors(shortcut) {
        let one = branch.iter().find(|ancestor| ancestor.map == other.map);
        if let (Some(one), Some(other)) = (one.and_then(slot), slot(&other))
            && !Arc::ptr_eq(&one.0, &other.0)
        {
            return Link::Branches(one, other);
        }
    }
    Link::Ordinary
}

/// Remembers that `output` comes from `input` by the operation with that slot, and what this one awaits.
pub(super) fn descend(output: NodeId, input: NodeId, slot: &Slot, awaited: Option<Weak<Awaited>>) {
    let mut lineage = vec![Ancestor { map: input, slot: Arc::downgrade(&slot.0) }];
    lineage.extend(ancestors(input).into_iter().take(DEPTH - 1));
    LINEAGES.with_borrow_mut(|lineages| {
        if lineages.len() >= MAPS {
            lineages.retain(|_, lineage| lineage.ancestors.iter().any(|ancestor| ancestor.slot.strong_count() > 0));
        }
        lineages.insert(output, Lineage { ancestors: lineage, awaited });
    });
}

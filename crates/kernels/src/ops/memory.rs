//! Memory for maps that goes back to a list when a tensor is dropped: fresh pages from the system cost as much
//! as filling the map does, and a training step needs the same sizes again and again.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Bytes;
use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty};

use crate::pages::{self, LARGE};

/// What is in use and what waits together may exceed the most that was in use at once by this share: blocks of
/// different sizes do not replace each other perfectly. With less to spare every step gives back what the next one asks for.
const SPARE: usize = 3;
/// Bytes up to which nothing is given back: a network that is only asked has its largest maps unused most of the time, and
/// the next question needs them again.
const LITTLE: usize = 32 << 20;
/// By this share the memory of the most that was in use fades with every block that is taken, so that a small network
/// after a large one does not keep the large one's memory.
const FADING: usize = 1 << 16;
/// Every block starts at a cache line.
const ALIGN: usize = 64;

/// A block of floats, all initialised, of which nothing else is known.
pub(super) struct Buffer {
    block: Block,
    len: usize,
}

impl Buffer {
    /// A buffer of `len` floats with whatever values they had last.
    pub fn new(len: usize) -> Self {
        Self { block: Block::take(len * size_of::<f32>()), len }
    }

    /// The buffer as a tensor's storage, which gives the block back when it is dropped.
    pub fn into_bytes(self) -> Bytes {
        let len = self.len * size_of::<f32>();
        // SAFETY: all bytes of a block are initialised, and it has at least `len`.
        unsafe { Bytes::from_controller(Box::new(self.block), len) }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: the block is aligned, initialised, owned by `self` and at least `len` floats long.
        unsafe { std::slice::from_raw_parts(self.block.start.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as for `deref`, and borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.block.start.as_ptr().cast(), self.len) }
    }
}

/// Memory from the system or from the list.
struct Block {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: a block owns its memory, as a boxed slice does.
unsafe impl Send for Block {}
// SAFETY: as above; shared references only read.
unsafe impl Sync for Block {}

/// Unused blocks, the oldest first.
struct Unused {
    blocks: VecDeque<Block>,
    bytes: usize,
    /// Bytes in use, and the most that were lately.
    used: usize,
    most: usize,
}

static UNUSED: Mutex<Unused> = Mutex::new(Unused { blocks: VecDeque::new(), bytes: 0, used: 0, most: 0 });

impl Unused {
    /// The block that fits best, of several the newest, if there is one; it counts as in use from now on, as does one that
    /// has to be made. A larger block would be missed by the next one who needs its size.
    fn take(&mut self, size: usize) -> Option<Block> {
        let sizes = self.blocks.iter().map(|block| block.size).enumerate().rev();
        let fitting = sizes.filter(|&(_, other)| other >= size && other <= size + size / 4);
        let found = fitting.min_by_key(|&(_, other)| other).map(|(index, _)| index);
        let block = found.and_then(|index| self.blocks.remove(index));
        self.bytes -= block.as_ref().map_or(0, |block| block.size);
        self.used += block.as_ref().map_or(size, |block| block.size);
        self.most = self.used.max(self.most - self.most / FADING);
        block
    }

    /// What may be in use and wait together.
    fn limit(&self) -> usize {
        (self.most + self.most / SPARE).max(LITTLE)
    }

    /// Gives the oldest blocks back to the system as long as there are more bytes than that.
    fn shrink(&mut self, limit: usize) {
        while self.bytes + self.used > limit {
            let Some(oldest) = self.blocks.pop_front() else { break };
            self.bytes -= oldest.size;
            // SAFETY: the block came from `alloc` with this layout and nobody else has it.
            unsafe { dealloc(oldest.start.as_ptr(), Block::layout(oldest.size)) };
            std::mem::forget(oldest);
        }
    }
}

fn unused() -> MutexGuard<'static, Unused> {
    // The list is whole between any two statements, so a panic elsewhere cannot have broken it.
    UNUSED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives all unused blocks back to the system, for when a network is done.
pub fn release() {
    let mut list = unused();
    list.most = 0;
    list.shrink(0);
}

impl Block {
    fn layout(size: usize) -> Layout {
        let align = if size < LARGE { ALIGN } else { LARGE };
        Layout::from_size_align(size, align).unwrap_or_else(|_| handle_alloc_error(Layout::new::<u8>()))
    }

    fn take(size: usize) -> Self {
        let size = size.max(ALIGN).next_multiple_of(ALIGN);
        if let Some(block) = unused().take(size) {
            return block;
        }
        let layout = Self::layout(size);
        // SAFETY: the size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout));
        pages::ask_for_large(start.as_ptr(), size);
        // SAFETY: the memory is `size` bytes long and nobody else has it.
        unsafe { start.as_ptr().write_bytes(0, size) };
        Self { start, size }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut list = unused();
        list.used -= self.size;
        list.bytes += self.size;
        list.blocks.push_back(Self { start: self.start, size: self.size });
        let limit = list.limit();
        list.shrink(limit);
    }
}

impl AllocationController for Block {
    fn alloc_align(&self) -> usize {
        ALIGN
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    fn capacity(&self) -> usize {
        self.size
    }

    unsafe fn memory_mut(&mut self, _policy: AccessPolicy) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        // SAFETY: the block owns `size` bytes.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.size) })
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        // SAFETY: the block owns `size` bytes.
        Ok(unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.size) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_that_fits_best_is_taken_and_of_equal_ones_the_newest() {
        let blocks: VecDeque<Block> = [1024, 1152, 1024, 1216, 64].map(Block::take).into();
        let newest = blocks[2].start;
        let bytes = blocks.iter().map(|block| block.size).sum();
        let mut list = Unused { blocks, bytes, used: 0, most: 0 };
        let first = list.take(1024).unwrap();
        assert_eq!((first.size, first.start), (1024, newest));
        let others: Vec<Block> = (0..3).map_while(|_| list.take(1024)).collect();
        assert_eq!(others.iter().map(|block| block.size).collect::<Vec<_>>(), [1024, 1152, 1216]);
        assert!(list.take(1024).is_none(), "a block that is too small is left, and one is made");
        assert_eq!((list.bytes, list.used), (64, 3 * 1024 + 1152 + 1216));
    }
}

//! Shapes of convolutions and maps, and how a map is cut into blocks of work.
//!
//! The cut depends on the shape alone, never on the number of threads: that is what makes results the same
//! bit for bit however many threads there are.

use std::ops::Range;

/// A convolution over maps `[batch][height][width][in_channels]` with a square kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Images in the batch.
    pub batch: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Step between neighbouring outputs, in both directions.
    pub stride: usize,
    /// Zeros around the input, on each side.
    pub padding: usize,
}

impl ConvShape {
    /// Rows of the output.
    #[must_use]
    pub fn out_height(&self) -> usize {
        self.out_extent(self.height)
    }

    /// Columns of the output.
    #[must_use]
    pub fn out_width(&self) -> usize {
        self.out_extent(self.width)
    }

    fn out_extent(&self, extent: usize) -> usize {
        (extent + 2 * self.padding).checked_sub(self.kernel).map_or(0, |room| room / self.stride + 1)
    }

    /// Values in the input maps.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.batch * self.height * self.width * self.in_channels
    }

    /// Values in the output maps.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.batch * self.out_height() * self.out_width() * self.out_channels
    }

    /// Values in the weights `[out][in][kernel][kernel]`.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.out_channels * self.in_channels * self.kernel * self.kernel
    }
}

/// Some whole images, or a band of row groups of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The images.
    pub images: Range<usize>,
    /// The row groups, in each of the images.
    pub groups: Range<usize>,
}

impl Block {
    /// Row groups in the block, over all of its images; never none.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a block is never empty")]
    pub fn len(&self) -> usize {
        self.images.len() * self.groups.len()
    }

    /// Where the block lies in a map whose images have `height` rows of `row_len` values, `group_rows` rows to
    /// a group.
    #[must_use]
    pub fn range(&self, height: usize, row_len: usize, group_rows: usize) -> Range<usize> {
        let first = self.images.start * height + (self.groups.start * group_rows).min(height);
        let last = (self.images.end - 1) * height + (self.groups.end * group_rows).min(height);
        first * row_len..last * row_len
    }
}

/// Blocks that even a single image is cut into, for as many threads.
const LEAST_BLOCKS: usize = 8;

/// Cuts `batch` images of `groups` row groups into blocks of about `target` groups, or fewer where there would be
/// too few blocks.
#[must_use]
pub fn blocks(batch: usize, groups: usize, target: usize) -> Vec<Block> {
    let target = target.min((batch * groups).div_ceil(LEAST_BLOCKS)).max(1);
    if groups <= target {
        let images = (target / groups.max(1)).max(1);
        return (0..batch)
            .step_by(images)
            .map(|first| Block { images: first..(first + images).min(batch), groups: 0..groups })
            .collect();
    }
    let bands = groups.div_ceil(target);
    let rows = groups.div_ceil(bands);
    (0..batch)
        .flat_map(|image| {
            (0..groups)
                .step_by(rows)
                .map(move |first| Block { images: image..image + 1, groups: first..(first + rows).min(groups) })
        })
        .collect()
}

/// Splits a map into the slices of consecutive `ranges`, which cover it from its beginning.
pub fn split(mut map: &mut [f32], ranges: impl Iterator<Item = Range<usize>>) -> Vec<&mut [f32]> {
    let mut parts = Vec::new();
    let mut taken = 0;
    for range in ranges {
        assert_eq!(range.start, taken, "blocks follow one another");
        let (part, rest) = map.split_at_mut(range.len());
        parts.push(part);
        map = rest;
        taken = range.end;
    }
    parts
}

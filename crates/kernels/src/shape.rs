//! The shape of a convolution, and what its backward pass is to write.

use crate::follow::Follow;

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

/// What a backward pass is to write.
pub(crate) struct Backward<'a> {
    /// Gradients of the inputs, if they are wanted.
    pub inputs: Option<Inputs<'a>>,
    /// Gradients of the weights `[out][in][k][k]`.
    pub weights: &'a mut [f32],
}

/// Gradients of the inputs on their way.
pub(crate) struct Inputs<'a> {
    /// `[n][h][w][in]`
    pub gradients: &'a mut [f32],
    /// Whether to add to what they hold.
    pub accumulate: bool,
    /// Who takes them up as soon as they are final.
    pub follow: Option<&'a dyn Follow>,
}

impl<'a> Inputs<'a> {
    /// Their parts, none of which is there if they are not wanted.
    pub fn apart(inputs: Option<Self>) -> (Option<&'a mut [f32]>, bool, Option<&'a dyn Follow>) {
        match inputs {
            Some(Self { gradients, accumulate, follow }) => (Some(gradients), accumulate, follow),
            None => (None, false, None),
        }
    }
}

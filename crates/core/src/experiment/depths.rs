//! Which depths networks of the known families can have.

use super::network::Block;

/// Layers of the deepest CIFAR net.
const MAX_CIFAR_DEPTH: usize = 2000;

impl Block {
    /// Blocks in each of three stages of a CIFAR net of this depth, if there is such a net.
    #[must_use]
    pub fn cifar_blocks(self, depth: usize) -> Option<usize> {
        let layers = 3 * self.convolutions();
        let blocks = depth.checked_sub(2)? / layers;
        (blocks > 0 && blocks * layers + 2 == depth && depth <= MAX_CIFAR_DEPTH).then_some(blocks)
    }

    /// The depths that CIFAR nets of this block can have, smallest first.
    pub fn cifar_depths(self) -> impl Iterator<Item = usize> {
        let layers = 3 * self.convolutions();
        (1..).map(move |blocks| blocks * layers + 2).take_while(|depth| *depth <= MAX_CIFAR_DEPTH)
    }

    /// The depths that ImageNet nets of this block can have, smallest first.
    #[must_use]
    pub fn imagenet_depths(self) -> &'static [usize] {
        if self.is_bottleneck() { &[50, 101, 152] } else { &[18, 34] }
    }

    /// Blocks in each of four stages of an ImageNet net of this depth, if there is such a net.
    #[must_use]
    pub fn imagenet_blocks(self, depth: usize) -> Option<[usize; 4]> {
        match (self.is_bottleneck(), depth) {
            (false, 18) => Some([2, 2, 2, 2]),
            (false, 34) | (true, 50) => Some([3, 4, 6, 3]),
            (true, 101) => Some([3, 4, 23, 3]),
            (true, 152) => Some([3, 8, 36, 3]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_depth_that_is_offered_is_that_of_a_net() {
        for block in [Block::Basic, Block::Bottleneck] {
            let depths: Vec<usize> = block.cifar_depths().collect();
            assert!(depths.iter().all(|depth| block.cifar_blocks(*depth).is_some()), "{depths:?}");
            assert_eq!(
                (0..=MAX_CIFAR_DEPTH + 100).filter(|depth| block.cifar_blocks(*depth).is_some()).count(),
                depths.len()
            );
            let depths = block.imagenet_depths();
            assert!((0..400).filter(|depth| block.imagenet_blocks(*depth).is_some()).eq(depths.iter().copied()));
        }
        assert_eq!(Block::Basic.cifar_depths().take(4).collect::<Vec<_>>(), [8, 14, 20, 26]);
    }
}

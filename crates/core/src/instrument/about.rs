//! Every instrument with its name, what it shows, its formula and where that comes from.

use serde::{Deserialize, Serialize};

/// What an instrument is, for a person who sees it for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows and how to read it.
    pub what: &'static str,
    /// Its formula or procedure.
    pub formula: &'static str,
    /// Where that is from; empty for textbook knowledge.
    pub reference: &'static str,
}

macro_rules! instruments {
    ($($variant:ident $name:literal $title:literal: $what:literal; $formula:literal; $reference:literal.)*) => {
        /// An instrument.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Instrument { $(#[doc = $title] $variant,)* }

        impl Instrument {
            /// All of them, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What it is.
            #[must_use]
            pub const fn about(self) -> About {
                match self {
                    $(Self::$variant => About { name: $name, title: $title, what: $what, formula: $formula, reference: $reference },)*
                }
            }
        }
    };
}

instruments! {
    Predictions "predictions" "Predictions":
        "Every validation image with its class, what the network takes it for, and how sure it is. A small or negative margin marks images near the border between classes; a high loss with high confidence marks images that are mislabelled or look like another class.";
        "confidence = max p; margin = p(truth) − max p(other); entropy = −Σ p log p; loss = −log p(truth)";
        "".
    Nearest "nearest" "Nearest training images":
        "The training images that the network places closest to an image, just before its last layer. They show what it compares the image with.";
        "the least ‖f(a) − f(b)‖, f the pooled features";
        "".
    Confusion "confusion" "Confusion":
        "How many images of each class are taken for each other one, and how well each class is found. Rows are actual classes, columns predicted ones.";
        "precision = right / taken for it; recall = right / of it; F1 = 2 · precision · recall / (precision + recall)";
        "".
    Calibration "calibration" "Calibration":
        "Whether the network is as often right as it says: below the diagonal it is too sure of itself, above it too modest.";
        "ECE = Σ (images in the bin / all) · |accuracy − mean confidence|, 15 bins of equal width";
        "Guo, Pleiss, Sun and Weinberger 2017, On calibration of modern neural networks".
    Disagreement "disagreement" "Disagreement":
        "On how many images only one of two networks is right, and whether that could be chance: a small p says that one of them truly errs less.";
        "exact two-sided binomial test of the images that only one gets right, against one half";
        "McNemar 1947, Note on the sampling error of the difference between correlated proportions or percentages".
    Gradients "gradients" "Gradients by block":
        "How strong the gradient of the loss is at each block's input, output and weights, how much a branch adds to its shortcut, how wide each layer's response is, and which channels are dead. In a plain net the norms change by a factor from block to block; shortcuts keep them together. Measured on one batch with its own statistics.";
        "‖∂L/∂x‖; ‖∂L/∂W‖; ‖∂L/∂W‖ / ‖W‖; ‖αF(x)‖ / ‖x‖; std of each convolution's output after norm, before activation and addition; share of channels that are 0 on the whole batch";
        "He, Zhang, Ren and Sun 2015, Deep residual learning for image recognition, section 4.2 and figure 7".
    Histograms "histograms" "Histograms":
        "How the values of every parameter and of its gradient are spread. Spikes at zero, long tails and shifted centres show what training does to a layer.";
        "counts in 41 bins of equal width, symmetric about 0";
        "".
    GradCam "gradcam" "Grad-CAM":
        "Where in the image the score of a class comes from, as seen at each block: early blocks answer to edges, late ones to parts of the object.";
        "ReLU(Σ w[k] · A[k]), w[k] = mean over the map of ∂score / ∂A[k], A the block's output";
        "Selvaraju et al. 2017, Grad-CAM: visual explanations from deep networks".
    Occlusion "occlusion" "Occlusion":
        "By how much the probability of the class falls when a gray patch covers the image at each place: what the network cannot do without.";
        "p(class) − p(class | patch covered with the mean colour)";
        "Zeiler and Fergus 2014, Visualizing and understanding convolutional networks".
    Features "features" "Feature maps":
        "The channels of one block's output for an image: what each of its filters answers to.";
        "A[k], the block's output";
        "".
    Filters "filters" "First-layer filters":
        "The weights of the first convolution as small pictures. After good training they are smooth edges and blobs of colour; noise means too little training or too much decay.";
        "W[out, in, :, :] of the first convolution";
        "".
    Cuts "cuts" "Cut branch, cut shortcut":
        "What remains of the class's logit when one block's branch is cut, and when its shortcut is. In a trained residual net most branches can go, few shortcuts can.";
        "branch cut: y = act(s(x)); shortcut cut: y = act(αF(x))";
        "Veit, Wilber and Belongie 2016, Residual networks behave like ensembles of relatively shallow networks".
    Lesions "lesions" "Lesions":
        "Accuracy with each block left out in turn, its shortcut alone carrying the signal. In a trained residual net only blocks that shrink the map, and the first few, matter much. A plain net has no shortcut: its blocks can be left out where input and output have one shape, and the net fails.";
        "y = act(s(x)) in one block, everything else as trained";
        "Veit, Wilber and Belongie 2016, section 4.1".
    Removals "removals" "Several blocks removed":
        "Error with more and more random blocks left out: it grows smoothly, as if an ensemble lost members one by one.";
        "y = act(s(x)) in k blocks drawn without repetition; mean, least and largest over the draws";
        "Veit, Wilber and Belongie 2016, section 4.2".
    Swaps "swaps" "Blocks swapped":
        "Error with random pairs of equally shaped blocks in each other's place, against how far the order is from the trained one. Residual nets degrade smoothly.";
        "Kendall's τ = (pairs in order − pairs out of order) / all pairs";
        "Veit, Wilber and Belongie 2016, section 4.3".
    Gains "gains" "Branch gain":
        "Accuracy when every branch is weighed by α: at 0 only shortcuts are left, at 1 the network is as trained.";
        "y = act(s(x) + α · F(x)) in every block";
        "".
    Exits "exits" "Early exits":
        "How well the classes can be told apart by a linear classifier after each block. Where the curve is flat, blocks refine; where it jumps, they compute something new.";
        "softmax regression on the standardised, pooled output of each block, ridge 1e-3";
        "Alain and Bengio 2016, Understanding intermediate layers using linear classifier probes".
    Slice "slice" "Loss along a line":
        "The loss along one random direction through the weights, each filter's step as long as the filter: flat and round is easy to train, sharp and chaotic is not.";
        "L(θ + a·d), d[i] ← d[i] · ‖θ[i]‖ / ‖d[i]‖ for each filter, 0 for biases and norms; a in [−1, 1]";
        "Li, Xu, Taylor, Studer and Goldstein 2018, Visualizing the loss landscape of neural nets".
    Surface "landscape" "Loss landscape":
        "The loss on a plane of two random directions through the weights, each filter's step as long as the filter. Deep plain nets sit in chaos, residual nets in a smooth bowl.";
        "L(θ + a·d + b·e), d and e filter-normalised, 0 for biases and norms; a and b in [−1, 1]";
        "Li, Xu, Taylor, Studer and Goldstein 2018".
    Path "path" "Straight path":
        "The loss and accuracy on the straight line from one set of weights to another: from where training began to where it is, or between two checkpoints. Running statistics are blended in the same way.";
        "L((1 − t) · θ₀ + t · θ₁), t in [0, 1]";
        "Goodfellow, Vinyals and Saxe 2015, Qualitatively characterizing neural network optimization problems".
    PathLengths "path-lengths" "Gradient by path length":
        "A residual net with n blocks is a sum over 2^n paths. The gradient through a single path shrinks with the number of branches it takes; most paths take n/2. Their product shows that short paths carry nearly all of the gradient.";
        "C(n, k) / 2^n · mean ‖∂L/∂input‖ through k random branches, the others passed by their shortcut";
        "Veit, Wilber and Belongie 2016, section 5".
    Shattered "shattered" "Shattered gradients":
        "How long the gradient keeps its value as the input moves along a line: in deep plain nets it becomes white noise, with shortcuts it stays correlated.";
        "ACF(k) = Σ z[i]·z[i+k] / Σ z[i]², z = g − mean g, g = the derivative of the class's logit along the line";
        "Balduzzi, Frean, Leary, Lewis, Ma and McWilliams 2017, The shattered gradients problem".
}

impl Instrument {
    /// The instrument of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|instrument| instrument.about().name == name)
    }
}

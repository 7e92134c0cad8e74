//! A norm's sums are added up where the gradient of its output is made; what comes of it is the same whether or not somebody
//! else has a share in that gradient.

use burn::tensor::Tensor;
use lab_kernels::ops::{self, Activation, Steps};

use crate::support::{assert_close, leaf, read, values, wide};

/// A map with what follows it: so many images and channels of so many rows and columns, and a convolution of them.
#[derive(Clone, Copy, Debug)]
struct Chain {
    dims: [usize; 4],
    kernel: usize,
    stride: usize,
    out: usize,
}

/// One for each way to compute the gradients of a convolution's inputs, some of them with a rest that fills no block.
const CHAINS: [Chain; 8] = [
    Chain { dims: [3, 16, 32, 32], kernel: 3, stride: 1, out: 16 },
    Chain { dims: [5, 48, 13, 16], kernel: 3, stride: 1, out: 32 },
    Chain { dims: [24, 128, 8, 8], kernel: 3, stride: 1, out: 72 },
    Chain { dims: [8, 64, 16, 16], kernel: 3, stride: 2, out: 24 },
    Chain { dims: [4, 256, 16, 16], kernel: 1, stride: 1, out: 64 },
    Chain { dims: [7, 512, 8, 8], kernel: 1, stride: 1, out: 128 },
    Chain { dims: [17, 256, 4, 4], kernel: 3, stride: 2, out: 40 },
    Chain { dims: [16, 1024, 2, 2], kernel: 1, stride: 1, out: 1040 },
];

/// Who has a share in the gradient of the map besides the convolution.
#[derive(Clone, Copy, PartialEq)]
enum Other {
    Nobody,
    /// By zeros.
    Zero,
    /// By numbers, and the convolution has a share or has none.
    Numbers {
        convolution: bool,
    },
}

/// The gradients of all leaves of the map.
fn gradients(chain: Chain, activation: Activation, shortcut: bool, other: Other) -> Vec<Vec<f32>> {
    let Chain { dims, kernel, stride, out } = chain;
    let [batch, channels, height, width] = dims;
    let len = dims.iter().product();
    let steps = |kernel: usize, stride| Steps { stride, padding: kernel / 2 };
    let x = leaf(&values(batch * 3 * height * width, 1), [batch, 3, height, width]);
    let past = leaf(&values(len, 2), dims);
    let (w, w2) = (
        leaf(&values(channels * 3, 3), [channels, 3, 1, 1]),
        leaf(&values(out * channels * kernel * kernel, 4), [out, channels, kernel, kernel]),
    );
    let [gamma, beta] = [5, 6].map(|seed| leaf(&values(channels, seed), [channels]));
    let [gamma2, beta2] = [7, 8].map(|seed| leaf(&values(out, seed), [out]));
    let added = shortcut.then(|| past.clone());
    let y = ops::conv_norm_act(x.clone(), w.clone(), gamma.clone(), beta.clone(), 1e-5, added, steps(1, 1), activation);
    let y = y.output;
    let next = ops::conv_norm_act(
        y.clone(),
        w2.clone(),
        gamma2.clone(),
        beta2.clone(),
        1e-5,
        None,
        steps(kernel, stride),
        Activation::Relu,
    );
    let weighted = |map: Tensor<4>, seed| {
        let dims = map.dims();
        (map * leaf(&values(dims.iter().product(), seed), dims).detach()).sum()
    };
    let by_convolution = weighted(next.output, 9);
    let loss = match other {
        Other::Nobody => by_convolution,
        Other::Zero => by_convolution + (y * 0.0).sum(),
        Other::Numbers { convolution: true } => by_convolution + weighted(y, 10),
        Other::Numbers { convolution: false } => weighted(y, 10),
    };
    let gradients = loss.backward();
    let mut all: Vec<_> = [&x, &w].map(|leaf| read(leaf.grad(&gradients).unwrap())).into();
    all.extend([&gamma, &beta].map(|leaf| read(leaf.grad(&gradients).unwrap())));
    if shortcut {
        all.push(read(past.grad(&gradients).unwrap()));
    }
    all
}

fn each(test: impl Fn(Chain, Activation, bool)) {
    for chain in CHAINS {
        for activation in [Activation::Relu, Activation::LeakyRelu(0.1), Activation::Identity] {
            for shortcut in [false, true] {
                test(chain, activation, shortcut);
            }
        }
    }
}

#[test]
fn somebody_who_adds_nothing_changes_no_bit() {
    each(|chain, activation, shortcut| {
        let [alone, seen] = [Other::Nobody, Other::Zero].map(|other| gradients(chain, activation, shortcut, other));
        assert!(alone == seen, "{chain:?}, {activation:?}, with shortcut: {shortcut}");
    });
}

#[test]
fn shares_add_up() {
    each(|chain, activation, shortcut| {
        let of = |other| gradients(chain, activation, shortcut, other);
        let together = of(Other::Numbers { convolution: true });
        let apart = of(Other::Nobody).into_iter().zip(of(Other::Numbers { convolution: false }));
        for (index, (sum, (one, other))) in together.iter().zip(apart).enumerate() {
            let expected: Vec<f64> = one.iter().zip(&other).map(|(&a, &b)| f64::from(a) + f64::from(b)).collect();
            let what = format!("{chain:?}, {activation:?}, with shortcut: {shortcut}, result {index}");
            assert_close(&what, &wide(sum), &expected);
        }
    });
}

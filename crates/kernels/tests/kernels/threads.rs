//! Results are the same bit for bit on any number of threads.

use lab_kernels::ops::{self, Activation, Convolution, Precision, Steps, Windows};
use rayon::ThreadPoolBuilder;

use crate::support::{leaf, read, values};

/// Outputs and gradients of operations of every kind.
fn results(precision: Precision) -> Vec<Vec<u32>> {
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let x = leaf(&values(9 * 3 * 21 * 18, 1), [9, 3, 21, 18]);
    let w1 = leaf(&values(20 * 3 * 9, 2), [20, 3, 3, 3]);
    let w2 = leaf(&values(20 * 20 * 9, 3), [20, 20, 3, 3]);
    let w3 = leaf(&values(40 * 20, 4), [40, 20, 1, 1]);
    let w4 = leaf(&values(40 * 40 * 9, 8), [40, 40, 3, 3]);
    let (g1, g3) = (leaf(&values(20, 5), [20]), leaf(&values(40, 6), [40]));
    let steps = |stride, padding| Convolution { steps: Steps { stride, padding }, precision };
    let stem =
        ops::conv_norm_act(x.clone(), w1.clone(), g1.clone(), g1.clone(), 1e-5, None, steps(1, 1), Activation::Relu);
    let middle = ops::conv_norm_act(
        stem.output.clone(),
        w2.clone(),
        g1.clone(),
        g1.clone(),
        1e-5,
        Some(stem.output.clone()),
        steps(1, 1),
        Activation::Gelu,
    );
    let last = ops::conv_act(middle.output, w3.clone(), Some(g3.clone()), None, steps(2, 0), Activation::Relu);
    let last = ops::group_norm_act(last, g3.clone(), g3.clone(), 8, 1e-5, None, Activation::Silu);
    let last = ops::conv_act(last, w4.clone(), None, None, steps(3, 1), Activation::Identity);
    let last = ops::max_pool(last, Windows { kernel: 3, steps: Steps { stride: 2, padding: 1 }, ceil: false });
    let out = ops::global_average_pool(last);
    let gradients = (out.clone() * leaf(&values(9 * 40, 7), [9, 40]).detach()).sum().backward();
    // Weights that outweigh the map, whose columns tasks share out.
    let (few, w5) = (leaf(&values(4 * 1040, 9), [4, 1040, 1, 1]), leaf(&values(1040 * 1024, 10), [1024, 1040, 1, 1]));
    let g5 = leaf(&values(1024, 11), [1024]);
    let many = ops::conv_norm_act(few.clone(), w5.clone(), g5.clone(), g5, 1e-5, None, steps(1, 0), Activation::Relu);
    let of_many = (many.output.clone() * many.output.clone()).sum().backward();
    vec![
        bits(read(many.output)),
        bits(read(many.mean)),
        bits(read(few.grad(&of_many).unwrap())),
        bits(read(w5.grad(&of_many).unwrap())),
        bits(read(out)),
        bits(read(middle.mean)),
        bits(read(middle.variance)),
        bits(read(x.grad(&gradients).unwrap())),
        bits(read(w1.grad(&gradients).unwrap())),
        bits(read(w2.grad(&gradients).unwrap())),
        bits(read(w3.grad(&gradients).unwrap())),
        bits(read(w4.grad(&gradients).unwrap())),
        bits(read(g1.grad(&gradients).unwrap())),
        bits(read(g3.grad(&gradients).unwrap())),
    ]
}

#[test]
fn thread_counts_agree() {
    for precision in [Precision::F32, Precision::Bf16] {
        let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let on = |threads| pool(threads).install(|| results(precision));
        let one = on(1);
        for threads in 2..=4 {
            assert_eq!(one, on(threads), "{precision:?}, {threads} threads");
        }
    }
}

//! Every optimiser's fused step against its formula.

use burn::tensor::Tensor;
use lab_kernels::ops::{self, Descent, Rule};

use crate::support::{distance, leaf, read, values, wide};

/// What a rule makes of a weight, its gradient and its memory.
type Formula = fn(w: f64, g: f64, m: [f64; 3]) -> (f64, [f64; 3]);

/// Rules with a learning rate of 0.3 and a decay of 0.01, at their third step; the second is told without its ratio of
/// norms where it has one.
const RULES: &[(Rule, Formula)] = &[
    (Rule::Sgd { momentum: 0.0, dampening: 0.2, nesterov: false }, |w, g, m| (w - 0.3 * (g + 0.01 * w), m)),
    (Rule::Sgd { momentum: 0.9, dampening: 0.2, nesterov: false }, |w, g, [b, ..]| {
        let b = 0.9 * b + 0.8 * (g + 0.01 * w);
        (w - 0.3 * b, [b, 0.0, 0.0])
    }),
    (Rule::Sgd { momentum: 0.9, dampening: 0.2, nesterov: true }, |w, g, [b, ..]| {
        let d = g + 0.01 * w;
        let b = 0.9 * b + 0.8 * d;
        (w - 0.3 * (d + 0.9 * b), [b, 0.0, 0.0])
    }),
    (Rule::Adam { betas: [0.9, 0.99], epsilon: 0.02, decoupled: false }, |w, g, m| {
        let (direction, m) = adam(g + 0.01 * w, m);
        (w - 0.3 * direction, m)
    }),
    (Rule::Adam { betas: [0.9, 0.99], epsilon: 0.02, decoupled: true }, |w, g, m| {
        let (direction, m) = adam(g, m);
        (w * 0.997 - 0.3 * direction, m)
    }),
    (Rule::RmsProp { alpha: 0.9, epsilon: 0.02, momentum: 0.0, centered: false }, |w, g, [v, ..]| {
        let d = g + 0.01 * w;
        let v = 0.9 * v + 0.1 * d * d;
        (w - 0.3 * d / (v.sqrt() + 0.02), [v, 0.0, 0.0])
    }),
    (Rule::RmsProp { alpha: 0.9, epsilon: 0.02, momentum: 0.8, centered: true }, |w, g, [v, a, b]| {
        let d = g + 0.01 * w;
        let (v, a) = (0.9 * v + 0.1 * d * d, 0.9 * a + 0.1 * d);
        let b = 0.8 * b + d / ((v - a * a).sqrt() + 0.02);
        (w - 0.3 * b, [v, a, b])
    }),
    (Rule::Lion { betas: [0.8, 0.9] }, |w, g, [m, ..]| {
        (w * 0.997 - 0.3 * (0.8 * m + 0.2 * g).signum(), [0.9 * m + 0.1 * g, 0.0, 0.0])
    }),
    (Rule::Lamb { betas: [0.9, 0.99], epsilon: 0.02 }, |w, g, m| {
        let (direction, m) = adam(g, m);
        (direction + 0.01 * w, m)
    }),
];

fn adam(g: f64, [m, v, _]: [f64; 3]) -> (f64, [f64; 3]) {
    let (m, v) = (0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g);
    let (mean, square) = (m / (1.0 - 0.9_f64.powi(3)), v / (1.0 - 0.99_f64.powi(3)));
    (mean / (square.sqrt() + 0.02), [m, v, 0.0])
}

#[test]
fn descent_follows_its_formula() {
    let len = 40_001;
    // Squares are never negative, and a centred one never below the square of its mean.
    let memory = [values(len, 3).iter().map(|v| v.abs() + 1.0).collect(), values(len, 4), values(len, 5)];
    let (w, g) = (values(len, 1), values(len, 2));
    let vector = |values: &[f32]| leaf(values, [len]).inner();
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    for (rule, formula) in RULES {
        let count = match rule {
            Rule::Sgd { momentum: 0.0, .. } => 0,
            Rule::Sgd { .. } | Rule::RmsProp { momentum: 0.0, .. } | Rule::Lion { .. } => 1,
            Rule::Adam { .. } | Rule::Lamb { .. } => 2,
            Rule::RmsProp { .. } => 3,
        };
        let squares = matches!(rule, Rule::Adam { .. } | Rule::Lamb { .. });
        // The mean comes first in Adam, the squares in RMSprop.
        let order = if squares { [1, 0, 2] } else { [0, 1, 2] };
        let old: Vec<Vec<f32>> = order[..count].iter().map(|&k| memory[k].clone()).collect();
        let mut new: Vec<Tensor<1>> = old.iter().map(|old| vector(old)).collect();
        let descent = Descent { learning_rate: 0.3, decay: 0.01, step: 3, rule: *rule };
        let moved = ops::descend(&vector(&w), &vector(&g), &mut new, &descent).unwrap();
        let at = |i: usize| std::array::from_fn(|k| old.get(k).map_or(0.0, |old| f64::from(old[i])));
        let expected = (0..len).map(|i| formula(f64::from(w[i]), f64::from(g[i]), at(i)));
        let (mut expected, memories): (Vec<f64>, Vec<[f64; 3]>) = expected.unzip();
        if matches!(rule, Rule::Lamb { .. }) {
            let trust = norm(&wide(&w)) / norm(&expected);
            expected
                .iter_mut()
                .zip(&w)
                .for_each(|(direction, &w)| *direction = f64::from(w) - 0.3 * trust * *direction);
        }
        let worst = distance(&wide(&read(moved)), &expected);
        assert!(worst < 1e-6, "weights by {rule:?}: {worst:e}");
        assert_eq!(new.len(), count, "{rule:?}");
        for (k, new) in new.into_iter().enumerate() {
            let expected: Vec<f64> = memories.iter().map(|memory| memory[k]).collect();
            let worst = distance(&wide(&read(new)), &expected);
            assert!(worst < 1e-6, "memory {k} by {rule:?}: {worst:e}");
        }
    }
}

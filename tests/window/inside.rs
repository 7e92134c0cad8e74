//! Gradients, responses and histograms at one moment.

use crate::asked::*;
use egui_kittest::kittest::Queryable;
use residual_lab::instrument::{BlockLook, Finding, GradientLook, Histogram, Question};

/// Gradients that shrink by a factor from block to block on their way to the input.
pub fn look(shrink: f64) -> Finding {
    let block = |index: i32| {
        let gradient = shrink.powi(27 - index);
        BlockLook {
            block: format!("layer{}.{}", index / 9 + 1, index % 9),
            input_gradient: gradient,
            output_gradient: gradient / shrink,
            weight_gradient: gradient,
            weight_norm: 4.0,
            responses: vec![1.0, 0.9],
            ..BlockLook::default()
        }
    };
    Finding::Gradients(GradientLook { images: 64, loss: 2.3, blocks: (0..27).map(block).collect(), layers: vec![] })
}

/// A parameter's values as a hill, and its gradient spread evenly.
pub fn histograms(limit: f64) -> Finding {
    let of = |parameter: &str, limit: f64| Histogram {
        parameter: parameter.into(),
        limit,
        counts: (0..41).map(|bin: u32| 400 - (bin.abs_diff(20)).pow(2)).collect(),
        gradient_limit: 0.01,
        gradient_counts: vec![1; 41],
    };
    Finding::Histograms(vec![of("conv1.weight", limit), of("linear.bias", 0.1 * limit)])
}

#[test]
fn gradients_at_one_moment_warn_in_words_and_histograms_are_counted() {
    let (mut harness, script) = at_tab("Inside");
    harness.get_by_label("Look: Gradients by block").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Gradients { .. })).expect("asked");
    script.found(id, [Ok(look(0.5)), Ok(look(0.99))]);
    harness.run();
    assert!(told(&harness, "Gradients vanish in 3 of 27 blocks, most in layer1.0"));
    assert!(told(&harness, "residual: first 0.762, last 0.990"));
    harness.get_by_label("Count: Histograms").click();
    harness.run();
    let (id, _) = script.asked_for(|question| matches!(question, Question::Histograms { .. })).expect("asked");
    script.found(id, [Ok(histograms(0.5)), Ok(histograms(0.5))]);
    harness.run();
    assert!(harness.query_by_label("residual conv1.weight: gradient").is_some());
}

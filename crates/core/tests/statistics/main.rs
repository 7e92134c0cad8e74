//! Statistics against `SciPy`'s and statsmodels' numbers; `golden.py` made them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it stands")]

use lab_core::random::{Purpose, Random};
use lab_core::statistics::{Paired, Sample, holm, sign_flip, sign_test, t_quantile, t_two_sided, wilson};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

fn number(of: &Value, field: &str) -> f64 {
    of[field].as_f64().unwrap_or_else(|| panic!("{field} in {of}"))
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn count(of: &Value, field: &str) -> u32 {
    of[field].as_u64().unwrap().try_into().unwrap()
}

fn near(ours: f64, theirs: f64) {
    let scale = theirs.abs().max(1e-12);
    assert!((ours - theirs).abs() / scale < 1e-8, "{ours} is not {theirs}");
}

#[test]
fn paired_differences_are_scipys() {
    for case in golden()["pairs"].as_array().unwrap() {
        let found = Paired::of(numbers(&case["one"]).into_iter().zip(numbers(&case["other"]))).unwrap();
        near(found.difference.mean, number(case, "mean"));
        near(found.difference.sd, number(case, "sd"));
        near(found.t_test.unwrap(), number(case, "t_test"));
        near(found.sign_flip.unwrap(), number(case, "sign_flip"));
        let [low, high] = found.interval(0.95).unwrap();
        near(low, number(case, "low"));
        near(high, number(case, "high"));
    }
}

#[test]
fn the_t_distribution_is_scipys() {
    for case in golden()["t"].as_array().unwrap() {
        let freedom = number(case, "freedom");
        near(t_two_sided(number(case, "t"), freedom), number(case, "two_sided"));
        let (ours, theirs) = (t_quantile(number(case, "q"), freedom), number(case, "quantile"));
        assert!((ours - theirs).abs() < 1e-6 * theirs.abs().max(1e-3), "{ours} is not {theirs}: {case}");
    }
}

#[test]
fn corrections_and_counts_are_those_of_scipy_and_statsmodels() {
    let golden = golden();
    for case in golden["holm"].as_array().unwrap() {
        let corrected = holm(&numbers(&case["p"]));
        corrected.iter().zip(numbers(&case["corrected"])).for_each(|(ours, theirs)| near(*ours, theirs));
    }
    for case in golden["split"].as_array().unwrap() {
        near(sign_test(count(case, "one"), count(case, "other")), number(case, "p"));
    }
    for case in golden["wilson"].as_array().unwrap() {
        let theirs = numbers(&case["interval"]);
        let ours = wilson(count(case, "right"), count(case, "all"));
        assert!(ours.iter().zip(&theirs).all(|(ours, theirs)| (ours - theirs).abs() < 1e-9), "{ours:?} {theirs:?}");
    }
}

#[test]
fn what_says_nothing_is_no_number() {
    assert_eq!(Sample::of([f64::NAN, f64::INFINITY]), None);
    let single = Sample::of([0.3, f64::NAN]).unwrap();
    assert_eq!((single.n, single.mean, single.sd, single.interval(0.95)), (1, 0.3, 0.0, None));
    let pair = Paired::of([(0.3, 0.1)]).unwrap();
    assert_eq!((pair.t_test, pair.sign_flip, pair.interval(0.95)), (None, None, None));
    assert_eq!(Paired::of([(f64::NAN, 0.1)]), None);
    let equal = Paired::of([(0.1, 0.1); 3]).unwrap();
    assert_eq!((equal.t_test, equal.interval(0.95)), (Some(1.0), Some([0.0, 0.0])));
    let corrected = holm(&[f64::NAN, 0.04]);
    assert!(corrected[0].is_nan());
    near(corrected[1], 0.04);
}

#[test]
fn many_pairs_are_drawn_and_come_near_the_exact_p() {
    let mut random = Random::new(3, Purpose::Inspect, 0, 0);
    let many: Vec<f64> = (0..24).map(|_| random.normal() + 0.4).collect();
    // For many pairs the test is nearly the t test.
    let paired = Paired::of(many.iter().map(|difference| (*difference, 0.0))).unwrap();
    let (drawn, t) = (sign_flip(&many), paired.t_test.unwrap());
    assert!((drawn - t).abs() < 0.02, "{drawn} {t}");
    assert_eq!(sign_flip(&many), drawn, "the draws are always the same");
}

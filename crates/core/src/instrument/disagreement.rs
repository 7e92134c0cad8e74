//! On how many images only one of two networks is right, and whether that could be chance.

use super::about::About;
use super::predictions::Predictions;
use super::tables::TablesOf;
use crate::statistics::sign_test;
use crate::table::Table;
use serde::{Deserialize, Serialize};

pub(super) const ABOUT: About = About {
    id: "disagreement",
    title: "Disagreement",
    what: "On how many images only one of two networks is right, and whether that could be chance: a small p says that one of them truly errs less.",
    formula: "exact two-sided binomial test of the images that only one gets right, against one half",
    reference: "McNemar 1947, Note on the sampling error of the difference between correlated proportions or percentages",
};

/// Where two networks differ on the same images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    pub both_right: u32,
    /// Only the first right.
    pub first_only: u32,
    /// Only the second right.
    pub second_only: u32,
    pub both_wrong: u32,
    /// Both wrong, in different ways.
    pub wrong_differently: u32,
    /// `McNemar`'s test, exact and two-sided: how likely a split of the discordant images as uneven as this one is if
    /// both networks err equally often (`McNemar` 1947).
    pub p_value: f64,
}

impl Disagreement {
    /// Between predictions on the same images.
    #[must_use]
    pub fn of(first: &Predictions, second: &Predictions) -> Self {
        let mut found = Self::default();
        for image in 0..first.len().min(second.len()) {
            match (first.is_right(image), second.is_right(image)) {
                (true, true) => found.both_right += 1,
                (true, false) => found.first_only += 1,
                (false, true) => found.second_only += 1,
                (false, false) => {
                    found.both_wrong += 1;
                    found.wrong_differently += u32::from(first.predicted[image] != second.predicted[image]);
                }
            }
        }
        found.p_value = sign_test(found.first_only, found.second_only);
        found
    }

    /// What the test says, in plain words.
    #[must_use]
    pub fn chance(&self) -> String {
        if self.first_only + self.second_only == 0 {
            return "no image tells them apart".to_owned();
        }
        let often = match self.p_value {
            p if p > 0.995 => "nearly every time".to_owned(),
            p if p >= 0.01 => format!("in {:.0} of 100 cases", 100.0 * p),
            p if p >= 1e-3 => format!("in {:.0} of 1,000 cases", 1e3 * p),
            p if p >= 1e-4 => format!("in {:.0} of 10,000 cases", 1e4 * p),
            p if p >= 1e-6 => format!("in {:.0} of 1,000,000 cases", 1e6 * p),
            _ => "in less than 1 of 1,000,000 cases".to_owned(),
        };
        format!("if both were equally good, chance would do this {often}")
    }

    fn table(&self, first: &str, second: &str) -> Table {
        let columns = [
            ("both right", self.both_right),
            (&format!("only {first} right"), self.first_only),
            (&format!("only {second} right"), self.second_only),
            ("both wrong", self.both_wrong),
            ("both wrong, differently", self.wrong_differently),
        ];
        let table = columns
            .into_iter()
            .fold(Table::new("disagreement"), |table, (title, count)| table.numbers(title, [count.into()]));
        table.numbers("p of McNemar's exact test", [self.p_value])
    }
}

/// Two arms with where they differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The name of one arm.
    pub first: String,
    /// The name of the other.
    pub second: String,
    pub finding: Disagreement,
}

/// Every pair of these arms, each a name with what it says of every image.
#[must_use]
pub fn pairs<'a>(of_arms: impl Iterator<Item = (&'a str, &'a Predictions)>) -> Vec<Pair> {
    let known: Vec<(&str, &Predictions)> = of_arms.collect();
    let pair = |one: (&str, &Predictions), other: (&str, &Predictions)| Pair {
        first: one.0.to_owned(),
        second: other.0.to_owned(),
        finding: Disagreement::of(one.1, other.1),
    };
    let after = |(index, &one)| known[index + 1..].iter().map(move |&other| pair(one, other));
    known.iter().enumerate().flat_map(after).collect()
}

/// One table for each pair of arms.
pub(super) fn tables<'a>(of_arms: impl Iterator<Item = (&'a str, &'a Predictions)>) -> Vec<TablesOf> {
    let of = |Pair { first, second, finding }: Pair| TablesOf {
        of: format!("{first} and {second}"),
        tables: Ok(vec![finding.table(&first, &second)]),
    };
    pairs(of_arms).into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_is_told_in_cases() {
        let words = |p_value| Disagreement { first_only: 1, p_value, ..Disagreement::default() }.chance();
        let expected = "if both were equally good, chance would do this in 2 of 1,000 cases";
        assert_eq!(words(0.001_95), expected);
        let often = [1.0, 0.34, 0.000_5, 0.000_02, 1e-25].map(words);
        let ends = [
            "nearly every time",
            "34 of 100 cases",
            "5 of 10,000 cases",
            "20 of 1,000,000 cases",
            "1 of 1,000,000 cases",
        ];
        assert!(often.iter().zip(ends).all(|(text, end)| text.ends_with(end)), "{often:?}");
        assert_eq!(Disagreement::default().chance(), "no image tells them apart");
    }
}

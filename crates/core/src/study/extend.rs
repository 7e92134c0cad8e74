//! More of a study that exists: seeds or points that come after those it has. A trial's number stays what it was, so that
//! whoever works on the study meanwhile is not led astray.

use super::checked::Study;
use super::error::StudyError;
use super::folder::StudyFolder;
use super::layout::STUDY;
use super::plan::{Seeds, Way};
use crate::files::write_atomically;

impl Study {
    /// The study with these seeds and so many points; what is `None` stays.
    ///
    /// # Errors
    /// What is no study, has fewer trials than now, or gives a number to another trial than the one that has it.
    pub fn extended(&self, seeds: Option<Seeds>, points: Option<u32>) -> Result<Self, StudyError> {
        let refused = |why: &str| Err(StudyError::NotAnExtension(why.to_owned()));
        if points.is_some() && self.search.method == Way::Grid {
            return refused("a grid has as many points as its values make; make a new study for other values");
        }
        let mut plan = (**self).clone();
        plan.seeds = seeds.or(plan.seeds);
        plan.search.points = points.or(plan.search.points);
        let new = Self::check(plan)?;
        if !new.seeds().starts_with(self.seeds()) {
            let old: Vec<String> = self.seeds().iter().map(u64::to_string).collect();
            return refused(&format!("its seeds are {}: name these first, or more seeds than these", old.join(",")));
        }
        if new.points() < self.points() {
            return refused(&format!("it has {} points, which cannot become fewer", self.points()));
        }
        if new.trials() == self.trials() {
            return refused("that is what it has already: name more seeds, or more points of a search");
        }
        for number in 1..=self.trials() {
            if new.place(number)? != self.place(number)? {
                return refused(if self.learns() {
                    "a search that learns has tried every point with every seed before the next: it can have more points, \
                     not more seeds; make a new study for those"
                } else {
                    "all points come with the first seed before any comes with the second: with several seeds it can have \
                     more seeds, not more points; make a new study for those"
                });
            }
        }
        Ok(new)
    }
}

impl StudyFolder {
    /// Writes an extended study into its folder, see [`Study::extended`]. Whoever works on it now ends with what it had;
    /// whoever opens it from now on sees all of it.
    ///
    /// # Errors
    /// What [`Study::extended`] says, and what the system says.
    pub fn extend(&self, seeds: Option<Seeds>, points: Option<u32>) -> Result<Self, StudyError> {
        let study = self.study().extended(seeds, points)?;
        let text = study.to_toml()?;
        write_atomically(&self.path().join(STUDY), text.as_bytes()).map_err(StudyError::disk(self.path()))?;
        Self::open(self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::StudyPlan;

    fn study(text: &str) -> Study {
        let text = format!("name = \"s\"\n{text}\n[experiment]\npreset = \"plain-vs-residual\"\n");
        Study::check(StudyPlan::from_toml(&text).unwrap()).unwrap()
    }

    const GRID: &str = "seeds = 2\n[[axes]]\nfield = \"recipe.optimizer.learning_rate\"\nvalues = [0.01, 0.1]";
    const RANGE: &str = "[[axes]]\nfield = \"recipe.optimizer.learning_rate\"\nlow = 0.01\nhigh = 0.1";

    fn searched(method: &str, seeds: u32) -> Study {
        study(&format!("seeds = {seeds}\nsearch = {{ method = \"{method}\", points = 4 }}\n{RANGE}"))
    }

    #[test]
    fn more_seeds_come_after_those_it_has() {
        let old = study(GRID);
        let new = old.extended(Some(Seeds::Count(4)), None).unwrap();
        assert_eq!((old.trials(), new.trials()), (4, 8));
        for number in 1..=4 {
            assert_eq!(old.trial(number, &[]).unwrap(), new.trial(number, &[]).unwrap());
        }
        let first = old.seeds()[0];
        let named = old.extended(Some(Seeds::List(vec![first, first + 1, 99])), None).unwrap();
        assert_eq!(named.seeds(), [first, first + 1, 99]);
        assert!(old.extended(Some(Seeds::List(vec![99, first, first + 1])), None).is_err());
        assert!(old.extended(Some(Seeds::Count(1)), None).is_err());
        assert!(old.extended(Some(Seeds::Count(2)), None).is_err());
        assert!(old.extended(None, None).is_err());
        assert!(old.extended(Some(Seeds::Count(4)), Some(9)).is_err());
    }

    #[test]
    fn more_points_come_where_no_trial_changes_its_number() {
        for method in ["random", "sobol"] {
            let (one, two) = (searched(method, 1), searched(method, 2));
            let new = one.extended(None, Some(7)).unwrap();
            assert_eq!(new.trials(), 7);
            for number in 1..=4 {
                assert_eq!(one.trial(number, &[]).unwrap(), new.trial(number, &[]).unwrap(), "{method}");
            }
            let why = two.extended(None, Some(7)).unwrap_err().to_string();
            assert!(why.contains("more seeds, not more points"), "{why}");
            assert_eq!(two.extended(Some(Seeds::Count(3)), None).unwrap().trials(), 12);
        }
        let learning = searched("tpe", 2);
        assert_eq!(learning.extended(None, Some(5)).unwrap().trials(), 10);
        let why = learning.extended(Some(Seeds::Count(3)), None).unwrap_err().to_string();
        assert!(why.contains("more points, not more seeds"), "{why}");
    }
}

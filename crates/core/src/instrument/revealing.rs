//! Which images reveal most about networks: those on which they disagree most surely, or of one network its surest mistakes.

use super::Findings;
use super::predictions::Predictions;

impl Findings {
    /// At most so many images, the most revealing first, in the order of the set where they reveal equally much. Of several
    /// networks first those that only the best one gets right, then those that only another one does, then the mistakes.
    #[must_use]
    pub fn revealing(&self, most: usize) -> Vec<usize> {
        let arms: Vec<&Predictions> =
            self.predictions().map(|(_, found)| found).filter(|found| !found.is_empty()).collect();
        let right = |found: &Predictions| (0..found.len()).filter(|&image| found.is_right(image)).count();
        // Of equally good ones the last, as plain nets stand before what is compared with them.
        let Some(best) = (0..arms.len()).max_by_key(|&arm| right(arms[arm])) else { return Vec::new() };
        let known = arms.iter().map(|found| found.len()).min().unwrap_or(0);
        let surest = |image: usize, is_right: bool, among: &mut dyn Iterator<Item = usize>| {
            among
                .filter(|&arm| arms[arm].is_right(image) == is_right)
                .map(|arm| arms[arm].confidence(image))
                .fold(0.0, f32::max)
        };
        let others = || (0..arms.len()).filter(|&arm| arm != best);
        let kind = |image: usize| -> (u8, f32) {
            let (ours, is_right) = (arms[best].confidence(image), arms[best].is_right(image));
            let (wrong, right) = (surest(image, false, &mut others()), surest(image, true, &mut others()));
            match is_right {
                true if wrong > 0.0 => (0, ours.min(wrong)),
                false if right > 0.0 => (1, ours.min(right)),
                false => (2, ours),
                true => (3, 0.0),
            }
        };
        let mut ranked: Vec<(u8, f32, usize)> =
            (0..known).map(|image| (kind(image).0, kind(image).1, image)).filter(|(kind, ..)| *kind < 3).collect();
        ranked.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        ranked.into_iter().take(most).map(|(.., image)| image).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ArmFinding, Finding};
    use super::*;

    /// Of two classes, every image of class 0: how sure it is of that.
    fn said(sure_of_truth: &[f32]) -> Finding {
        let mut found = Predictions::of(2, sure_of_truth.len());
        for &share in sure_of_truth {
            found.push(0, u16::from(share < 0.5), 0.0, &[share, 1.0 - share]);
        }
        Finding::Predictions(found)
    }

    fn found(arms: &[&[f32]]) -> Findings {
        let arm = |sure: &&[f32]| ArmFinding { arm: "net".into(), step: 0, finding: Ok(said(sure)) };
        Findings { arms: arms.iter().map(arm).collect(), ..Findings::default() }
    }

    #[test]
    fn the_surest_disagreements_come_first_and_then_the_mistakes() {
        let plain = [0.9, 0.1, 0.4, 0.05, 0.9, 0.3];
        let residual = [0.9, 0.8, 0.9, 0.95, 0.2, 0.2];
        // Image 3 before 1 before 2; then what only plain gets right; then what both get wrong.
        assert_eq!(found(&[&plain, &residual]).revealing(9), [3, 1, 2, 4, 5]);
        assert_eq!(found(&[&plain, &residual]).revealing(3), [3, 1, 2]);
    }

    #[test]
    fn of_one_network_its_surest_mistakes_are_told() {
        assert_eq!(found(&[&[0.9, 0.4, 0.1, 0.4]]).revealing(3), [2, 1, 3]);
        assert!(found(&[&[0.9]]).revealing(3).is_empty());
        assert!(found(&[]).revealing(3).is_empty());
    }
}

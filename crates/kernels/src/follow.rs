//! Values taken up where they are made, while they are in the cache. Knows nothing of what makes or takes them.

/// Takes up the values of a map, a part at a time.
pub(crate) trait Follow: Sync {
    /// Takes up what it can of `values`, which follow one another in the map from the one numbered `first` on and will not
    /// change any more but by this. Returns how many of them need not be shown again.
    fn take(&self, first: usize, values: &mut [f32]) -> usize;
}

/// What follows one task through its part of a map.
pub(crate) struct Following<'a> {
    follow: Option<&'a dyn Follow>,
    /// The number of the part's first value.
    first: usize,
    taken: usize,
}

impl<'a> Following<'a> {
    /// Where nobody follows, nothing happens.
    pub fn new(follow: Option<&'a dyn Follow>, first: usize) -> Self {
        Self { follow, first, taken: 0 }
    }

    /// Shows the values of the `part` up to `written`, which are final.
    pub fn until(&mut self, part: &mut [f32], written: usize) {
        if let Some(follow) = self.follow {
            self.taken += follow.take(self.first + self.taken, &mut part[self.taken..written]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Takes whole fours, and writes down which.
    struct Fours(Mutex<Vec<(usize, f32)>>);

    impl Follow for Fours {
        fn take(&self, first: usize, values: &mut [f32]) -> usize {
            let fours = values.chunks_exact_mut(4);
            let taken = 4 * fours.len();
            for (index, four) in fours.enumerate() {
                self.0.lock().unwrap().push((first + 4 * index, four[0]));
            }
            taken
        }
    }

    #[test]
    fn every_value_is_shown_with_its_number_until_it_is_taken() {
        let fours = Fours(Mutex::default());
        let mut part: Vec<f32> = (100_u16..118).map(f32::from).collect();
        let mut following = Following::new(Some(&fours), 100);
        for written in [3, 5, 13, 18] {
            following.until(&mut part, written);
        }
        assert_eq!(fours.0.into_inner().unwrap(), [(100, 100.0), (104, 104.0), (108, 108.0), (112, 112.0)]);
    }
}

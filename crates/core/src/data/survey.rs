//! A data set looked over before training: what it holds, how balanced it is, which images stand in it twice.

use super::dataset::Dataset;
use super::error::DataError;
use super::images::Images;
use super::left_out::{self, LeftOut};
use super::load::{LoadOptions, Report};
use super::names::{counted, shown_path};
use super::pixel_file::Mark;
use super::sizes::Sizes;
use crate::experiment::Data;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a person should see of a data set before training on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// What it is called.
    pub name: String,
    /// `[channels, height, width]` of a network's input.
    pub shape: [usize; 3],
    /// In the order of the labels.
    pub classes: Vec<ClassCount>,
    /// Whether the data set came with images to validate or test on.
    pub own_validation: bool,
    /// Per channel, of pixels in [0, 1].
    pub mean: Vec<f32>,
    /// Per channel.
    pub std: Vec<f32>,
    /// Of the pictures as they lie in their files; `None` where all images are of one size by their format.
    pub sizes: Option<Sizes>,
    /// Files that are not used.
    pub left_out: Vec<LeftOut>,
    /// Images that are equal in every pixel as networks see them, each group once.
    pub doubles: Vec<Double>,
    /// What else a person should know.
    pub notices: Vec<String>,
    /// The one of these that tells what becomes of pictures of several sizes.
    size_notice: Option<String>,
}

/// How many images a class has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassCount {
    /// What it is called.
    pub name: String,
    pub train: usize,
    pub validation: usize,
}

/// Images that are equal in every pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Double {
    /// Two or more, those to train on first.
    pub images: Vec<Standing>,
}

/// Where an image stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is validated on, and not trained on.
    pub is_validation: bool,
    /// Its number in that part, from 0.
    pub index: usize,
    pub label: u16,
    /// Where it comes from, if that is a file of its own.
    pub file: Option<PathBuf>,
}

impl Standing {
    /// Its file, or its part and number.
    #[must_use]
    pub fn name(&self) -> String {
        let part = if self.is_validation { "validation" } else { "training" };
        self.file.as_ref().map_or_else(|| format!("{part} image {}", self.index), |file| shown_path(file))
    }
}

impl Double {
    /// All its images.
    #[must_use]
    pub fn name(&self) -> String {
        self.images.iter().map(Standing::name).collect::<Vec<_>>().join(" = ")
    }

    /// Whether networks are validated on an image that they were trained on: their scores then look too good.
    #[must_use]
    pub fn is_in_both_parts(&self) -> bool {
        self.images.iter().any(|image| image.is_validation) && self.images.iter().any(|image| !image.is_validation)
    }

    /// Whether the same image is said to be of several classes.
    #[must_use]
    pub fn contradicts_itself(&self) -> bool {
        self.images.iter().any(|image| image.label != self.images[0].label)
    }
}

impl Survey {
    /// Reads a data set and looks it over.
    ///
    /// # Errors
    /// Like [`Dataset::load_with`].
    pub fn read(data: &Data, seed: u64, options: LoadOptions) -> Result<Self, DataError> {
        let (dataset, report) = Dataset::load_with(data, seed, options)?;
        Self::of(&dataset, report)
    }

    /// Looks a data set over.
    ///
    /// # Errors
    /// If images lie in a file that cannot be read any more.
    pub fn of(dataset: &Dataset, report: Report) -> Result<Self, DataError> {
        let count = dataset.classes.len();
        let (train, validation) = (dataset.train.class_counts(count), dataset.validation.class_counts(count));
        let counts = train.into_iter().zip(validation);
        let class = |(name, (train, validation)): (&String, _)| ClassCount { name: name.clone(), train, validation };
        Ok(Self {
            name: dataset.name.clone(),
            shape: dataset.shape(),
            classes: dataset.classes.iter().zip(counts).map(class).collect(),
            own_validation: report.own_validation,
            mean: dataset.mean.clone(),
            std: dataset.std.clone(),
            sizes: report.sizes,
            left_out: report.left_out,
            doubles: doubles(dataset)?,
            notices: dataset.notices.clone(),
            size_notice: report.size_notice,
        })
    }

    /// How many times as many training images the largest class has as the smallest; `None` where a class has none.
    #[must_use]
    pub fn imbalance(&self) -> Option<f64> {
        let counts = || self.classes.iter().map(|class| class.train);
        let (least, most) = (counts().min()?, counts().max()?);
        (least > 0).then(|| most as f64 / least as f64)
    }
}

impl Survey {
    /// The notices on what neither `sizes` nor `left_out` tells.
    pub fn other_notices(&self) -> impl Iterator<Item = &String> {
        let others = [self.size_notice.clone(), left_out::in_words(&self.left_out)];
        self.notices.iter().filter(move |notice| !others.iter().flatten().any(|other| other == *notice))
    }

    /// What is unlike what one would wish, a sentence each, without what lies in `left_out` and `notices`.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(imbalance) = self.imbalance().filter(|times| *times > 1.5) {
            let than = "times as many training images as the smallest";
            remarks.push(format!("the largest class has {imbalance:.1} {than}"));
        }
        let absent: Vec<&str> =
            self.classes.iter().filter(|class| class.validation == 0).map(|class| class.name.as_str()).collect();
        if let Some((first, rest)) = absent.split_first() {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            remarks.push(format!("there is no image to validate on of the class {first}{more}"));
        }
        let groups = |is: fn(&Double) -> bool| self.doubles.iter().filter(|double| is(double)).collect::<Vec<_>>();
        remarks.extend(remark(&groups(|_| true), "more than once"));
        let both = "both to train and to validate on, so accuracy is too high";
        remarks.extend(remark(&groups(Double::is_in_both_parts), both));
        remarks.extend(remark(&groups(Double::contradicts_itself), "in several classes"));
        remarks
    }
}

fn remark(groups: &[&Double], what: &str) -> Option<String> {
    let first = groups.first()?.name();
    let count = counted(groups.len(), "image");
    let are = if groups.len() == 1 { "is" } else { "are" };
    Some(format!("{count} {are} there {what}, such as {first}"))
}

/// Groups of equal images, in the order of their first ones.
fn doubles(dataset: &Dataset) -> Result<Vec<Double>, DataError> {
    let parts = [&dataset.train, &dataset.validation];
    let marks = parts.map(Images::marks);
    let channels = dataset.train.channels.max(1);
    let mut groups: BTreeMap<&[Mark], Vec<(usize, usize)>> = BTreeMap::new();
    for (part, marks) in marks.iter().enumerate() {
        for (index, marks) in marks.chunks_exact(channels).enumerate() {
            groups.entry(marks).or_default().push((part, index));
        }
    }
    let mut found = Vec::new();
    for group in groups.into_values().filter(|group| group.len() > 1) {
        found.extend(equal(parts, group)?);
    }
    found.sort_by_key(|double: &Double| (double.images[0].is_validation, double.images[0].index));
    Ok(found)
}

/// Those of some images with equal marks that are really equal.
fn equal(parts: [&Images; 2], mut group: Vec<(usize, usize)>) -> Result<Vec<Double>, DataError> {
    let mut found = Vec::new();
    while group.len() > 1 {
        let first = parts[group[0].0].image(group[0].1)?;
        let (mut same, mut other) = (Vec::new(), Vec::new());
        for (part, index) in group {
            let is_same = *parts[part].image(index)? == *first;
            if is_same { same.push((part, index)) } else { other.push((part, index)) }
        }
        let standing = |(part, index): (usize, usize)| Standing {
            is_validation: part == 1,
            index,
            label: parts[part].labels[index],
            file: parts[part].files.get(index).cloned(),
        };
        if same.len() > 1 {
            found.push(Double { images: same.into_iter().map(standing).collect() });
        }
        group = other;
    }
    Ok(found)
}

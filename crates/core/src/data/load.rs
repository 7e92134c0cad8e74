//! From files to a data set: found, split, resized, limited, measured.

use super::cache::CachePolicy;
use super::dataset::Dataset;
use super::decode::Decoder;
use super::error::DataError;
use super::formats::{self, subset};
use super::found::{Found, Listed, Part};
use super::images::{self, Images};
use super::left_out::{self, LeftOut};
use super::names::{FEW, name_of};
use super::sizes::Sizes;
use super::split::{self, Split};
use super::statistics;
use super::store::Store;
use crate::experiment::{Channels, Data, Experiment, Holdout, Network, Normalization, Plan, Source, StemKind};
use crate::names::first_few;
use crate::watch::Watch;
use std::path::{Path, PathBuf};

/// How a data set is wanted, beyond what an experiment says about its data.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions<'a> {
    /// The side in pixels that the networks were made for: the most that pictures of different sizes are brought to
    /// where nobody names a size.
    pub usual_side: Option<usize>,
    /// Whether networks are only scored on the images, and how.
    pub scoring: Option<Scoring>,
    /// The classes that the networks know, in their order; the images may lack some. The data set's own if left out.
    pub known: Option<&'a [String]>,
    /// At most so many of the images to validate on.
    pub few: Option<usize>,
    /// Which decoded pictures are kept, and where.
    pub keeping: CachePolicy<'a>,
    /// Who waits.
    pub watch: Option<Watch<'a>>,
}

impl LoadOptions<'_> {
    /// What the networks of an experiment expect.
    #[must_use]
    pub fn of(experiment: &Experiment) -> Self {
        Self { usual_side: experiment.arms.iter().map(|arm| usual_side(&arm.network)).max(), ..Self::default() }
    }
}

/// The side in pixels of ImageNet's images as its networks take them.
pub const IMAGENET_SIDE: usize = 224;

/// The side in pixels of the images that a network like this one was made for.
#[must_use]
pub fn usual_side(network: &Network) -> usize {
    if network.stem.kind == StemKind::Conv7Pool { IMAGENET_SIDE } else { 32 }
}

/// The images that networks like these are known for, where nobody names any: shape and number of classes. Those of
/// ImageNet for networks that were made for it and begin with fresh weights; ten classes in colour for all others.
#[must_use]
pub fn usual_images(plan: &Plan) -> ([usize; 3], usize) {
    let side = plan.arms.iter().map(|arm| usual_side(&arm.network)).max().unwrap_or(IMAGENET_SIDE);
    let is_imagenet = side == IMAGENET_SIDE && plan.arms.iter().all(|arm| arm.start.is_none());
    (plan.data.brought([3, side, side]), if is_imagenet { 1000 } else { 10 })
}

/// Images that networks are scored on: the validation images of [`Dataset`] are all there are, and the training
/// images only what a mean and deviation are measured on, if these are not given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scoring {
    /// Scores on the training images where there are others, too.
    pub training: bool,
}

/// What was found on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Files that are not used.
    pub left_out: Vec<LeftOut>,
    /// Of the pictures as they lie in their files; `None` where all images are of one size by their format.
    pub sizes: Option<Sizes>,
    /// What becomes of pictures of several sizes, if there are such.
    pub size_notice: Option<String>,
    /// Classes that the networks know and that no image to validate on is of.
    pub absent: Vec<String>,
    /// Where each of few images to validate on lies among all; empty where all were wanted, or where each names its file.
    pub places: Vec<usize>,
    /// Whether the data set came with images to validate or test on.
    pub own_validation: bool,
}

impl Dataset {
    /// Loads what `data` describes; `seed` decides which images are held out or left out.
    ///
    /// # Errors
    /// What is wrong with the files or does not fit `data`, where, and what to do.
    pub fn load(data: &Data, seed: u64) -> Result<Self, DataError> {
        Self::load_with(data, seed, LoadOptions::default()).map(|(dataset, _)| dataset)
    }

    /// How many images a data set that has none of its own to validate on is split into, to train and to validate on,
    /// before any picture is decoded, which may leave some out.
    ///
    /// # Errors
    /// No data set, or one whose files make no sense.
    pub fn split_of(data: &Data, seed: u64) -> Result<Option<[usize; 2]>, DataError> {
        let (_, found) = found_in(data)?;
        if found.own.is_some() {
            return Ok(None);
        }
        let split = split::choose(&found.train.labels(), None, found.classes.len(), data, seed);
        Ok(Some([split.train.len(), split.validation.len()]))
    }

    /// Loads the data set of an experiment, in the size that suits its networks where the experiment names none.
    ///
    /// # Errors
    /// Like [`Dataset::load`].
    pub fn of(experiment: &Experiment) -> Result<Self, DataError> {
        let options = LoadOptions::of(experiment);
        Self::load_with(&experiment.data, experiment.recipe.seed, options).map(|(dataset, _)| dataset)
    }

    /// The same with more to say about what is wanted and what was found.
    ///
    /// # Errors
    /// Like [`Dataset::load`]; also images of a class that the networks to be scored do not know.
    pub fn load_with(data: &Data, seed: u64, options: LoadOptions) -> Result<(Self, Report), DataError> {
        let (path, mut found) = found_in(data)?;
        if let Some(known) = options.known {
            found = known_as(path, found, known)?;
        }
        let Found { name, classes, train, own, mut notices, choice, left_out } = found;
        if classes.len() < 2 {
            if classes.is_empty() {
                return Err(DataError::unusable(path, "it has no images", "check where they are"));
            }
            let beside = tables_beside(&left_out);
            let problem = format!("it has one class only ({}){beside}", classes.join(", "));
            return Err(DataError::unusable(path, problem, "classification needs at least two"));
        }
        let own_labels = own.as_ref().map(Part::labels);
        let mut split = match options.scoring {
            Some(Scoring { training }) => {
                let own = own_labels.as_deref().filter(|_| !training || train.labels().is_empty());
                let measured = data.normalization == Normalization::Measured;
                split::everything(&train.labels(), own, classes.len(), data, seed, measured)
            }
            None => split::choose(&train.labels(), own_labels.as_deref(), classes.len(), data, seed),
        };
        let places = options.few.map(|few| {
            let labels = own_labels.clone().filter(|_| split.own).unwrap_or_else(|| train.labels());
            split.keep(few, &labels, classes.len(), seed)
        });
        check_split(path, &train, &split, options.scoring.is_some())?;
        match (&own, data.holdout) {
            (Some(_), Holdout::Share(share)) if options.scoring.is_none() => {
                notices.extend(choice.map(|choice| choice.unused));
                notices.push(held_out(share));
            }
            (own, _) => {
                notices.extend(choice.map(|choice| choice.used));
                let own = own.as_ref().filter(|_| options.scoring.is_none());
                notices.extend(own.and_then(|own| chosen_by_tests(path, own)));
            }
        }
        let mut report = Report { left_out, own_validation: own.is_some(), ..Report::default() };
        let names_come_apart = train.names_come_apart();
        let (train, validation) = match (train, own) {
            (Part::Images(train), own) => in_memory(path, train, own, &split, data)?,
            (Part::Files(store, train), own) => {
                let files = Files { path, store: &store, train: &train, own: own.as_ref(), options };
                files.decode(&split, data, &mut report, &mut notices)?
            }
        };
        if options.scoring.is_some() || options.known.is_some() {
            // Of a few images nothing follows for classes that are not among them.
            if options.few.is_none() {
                let mut counts = validation.class_counts(classes.len());
                if options.scoring.is_none() {
                    counts.iter_mut().zip(train.class_counts(classes.len())).for_each(|(sum, count)| *sum += count);
                }
                let absent = classes.iter().zip(counts).filter(|(_, count)| *count == 0);
                report.absent = absent.map(|(name, _)| name.clone()).collect();
                notices.extend(absent_in_words(&report.absent));
            }
        } else {
            notices.extend(check_counts(path, &classes, &train, data, names_come_apart, &report)?);
        }
        if validation.is_empty() {
            return Err(DataError::unusable(path, "no validation image can be read", "replace these files"));
        }
        if validation.files.is_empty() {
            report.places = places.unwrap_or_default();
        }
        notices.extend(left_out::in_words(&report.left_out));
        let measured_on = if train.is_empty() { &validation } else { &train };
        let (mean, std) = statistics::settle(&data.normalization, measured_on)?;
        Ok((Self { name, classes, train, validation, mean, std, notices }, report))
    }
}

/// Files that may say the classes, and were not understood.
fn tables_beside(left_out: &[LeftOut]) -> String {
    let is_table = |path: &&PathBuf| {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        matches!(ending.as_str(), "csv" | "tsv" | "xlsx" | "xls" | "ods" | "json" | "jsonl" | "gz" | "mat")
    };
    let tables: Vec<String> =
        left_out.iter().flat_map(|files| &files.files).filter(is_table).take(3).map(|path| name_of(path)).collect();
    if tables.is_empty() {
        return String::new();
    }
    format!(
        ", and {} beside the pictures {} no table of labels that is read: a CSV file with the columns filename and label",
        tables.join(", "),
        if tables.len() == 1 { "is" } else { "are" }
    )
}

/// What a data set consists of, and the path by which it is named.
fn found_in(data: &Data) -> Result<(&Path, Found), DataError> {
    Ok(match &data.source {
        Source::Embedded => (Path::new("embedded"), subset::embedded()?),
        Source::Path(path) => (path.as_path(), formats::open(path)?),
    })
}

/// The same images with the labels of the networks that are to be scored on them.
fn known_as(path: &Path, found: Found, known: &[String]) -> Result<Found, DataError> {
    let mut labels = Vec::new();
    for class in &found.classes {
        let label = known.iter().position(|name| name == class).and_then(|index| u16::try_from(index).ok());
        labels.push(label.ok_or_else(|| {
            let problem =
                format!("its class \"{class}\" is none of those that the network knows: {}", first_few(known, FEW));
            DataError::unusable(path, problem, "give each class the name that it had in training, or leave it out")
        })?);
    }
    let own = found.own.map(|own| own.relabelled(&labels));
    Ok(Found { classes: known.to_vec(), train: found.train.relabelled(&labels), own, ..found })
}

/// What becomes of a data set's own images to validate on where others are held out.
fn held_out(share: f32) -> String {
    let percent = (f64::from(share) * 1000.0).round() / 10.0;
    format!(
        "validating on {percent} % of the training images, which are held out (data.holdout); the images that the data set has \
         for validating and testing are left out"
    )
}

/// What to bear in mind where the images to test on are all that there is to validate on.
fn chosen_by_tests(path: &Path, own: &Part) -> Option<String> {
    let Part::Files(_, files) = own else { return None };
    let name = formats::test_folder(files.first()?.path.strip_prefix(path).ok()?)?;
    Some(format!(
        "validating on {name}, as no folder is named val: its images choose the best checkpoint, so how well that one does on \
         them is no test of it"
    ))
}

fn absent_in_words(absent: &[String]) -> Option<String> {
    match absent {
        [] => None,
        [class] => Some(format!("there is no image of the class \"{class}\", so nothing is said about it")),
        several => {
            Some(format!("there are no images of the classes {}, so nothing is said about them", several.join(", ")))
        }
    }
}

fn check_split(path: &Path, train: &Part, split: &Split, is_scoring: bool) -> Result<(), DataError> {
    let lacks_training = train.labels().is_empty() && !is_scoring;
    if !split.validation.is_empty() && !lacks_training {
        return Ok(());
    }
    Err(if train.labels().is_empty() {
        let advice =
            "put the images to train on into a folder train beside the others, or give one of its folders alone";
        DataError::unusable(path, "it has images to validate or test on, but none to train on", advice)
    } else {
        let advice = "add pictures, or a folder val beside train";
        DataError::unusable(path, "it has too few images to hold some out for validation", advice)
    })
}

fn in_memory(
    path: &Path,
    train: Images,
    own: Option<Part>,
    split: &Split,
    data: &Data,
) -> Result<(Images, Images), DataError> {
    if let Some(to) = data.resize {
        let channels = if data.channels == Channels::Rgb { 3 } else { train.channels };
        images::check_size(path, split.train.len() + split.validation.len(), [channels, to.height, to.width])?;
    }
    let (train, validation) = match own {
        Some(Part::Images(own)) if split.own => (train.select(&split.train), own.select(&split.validation)),
        _ => (train.clone().select(&split.train), train.select(&split.validation)),
    };
    Ok((train.prepared(data.resize, data.channels), validation.prepared(data.resize, data.channels)))
}

/// A data set whose images lie in a file each.
struct Files<'a> {
    path: &'a Path,
    store: &'a Store,
    train: &'a [Listed],
    own: Option<&'a Part>,
    options: LoadOptions<'a>,
}

impl Files<'_> {
    /// Both parts are decoded together: they must agree in size, and in whether they are gray.
    fn decode(
        &self,
        split: &Split,
        data: &Data,
        report: &mut Report,
        notices: &mut Vec<String>,
    ) -> Result<(Images, Images), DataError> {
        let validation_source = match self.own {
            Some(Part::Files(_, own)) if split.own => own,
            _ => self.train,
        };
        let mut listed: Vec<Listed> = split.train.iter().map(|&index| self.train[index].clone()).collect();
        listed.extend(split.validation.iter().map(|&index| validation_source[index].clone()));
        let LoadOptions { usual_side, keeping, watch, .. } = self.options;
        let decoder = Decoder { folder: self.path, store: self.store, data, usual_side, keeping, watch };
        let decoded = decoder.decode(&listed, &mut report.left_out)?;
        report.sizes = decoded.sizes;
        report.size_notice = decoded.size_notice;
        notices.extend(decoded.notices);
        let train_count = decoded.good.partition_point(|&index| index < split.train.len());
        Ok(decoded.images.split_at(train_count))
    }
}

/// Checks that there are images of each class to train on, or says of which there are none where that may be: if there
/// are to be few images, or the format `names` its classes whether or not it has images of them.
fn check_counts(
    path: &Path,
    classes: &[String],
    train: &Images,
    data: &Data,
    names: bool,
    report: &Report,
) -> Result<Option<String>, DataError> {
    if train.is_empty() {
        let problem = "no image is left to train on";
        return Err(DataError::unusable(path, problem, "let the limit of training images be 1 or more"));
    }
    let counts = train.class_counts(classes.len());
    let empty: Vec<&str> =
        classes.iter().zip(counts).filter(|(_, count)| *count == 0).map(|(name, _)| name.as_str()).collect();
    let Some(first) = empty.first() else { return Ok(None) };
    let problem = format!("no training image of the class \"{first}\" is left");
    if data.train_limit.is_some_and(|limit| limit < classes.len()) {
        return Ok(Some(format!("{problem}: the limit of training images is below the number of classes")));
    }
    if names {
        let (count, some) = (classes.len(), first_few(&empty, FEW));
        let lacking = format!("{} of the {count} classes have no training image: {some}", empty.len());
        return Ok(Some(format!("{lacking}; networks cannot learn them")));
    }
    let why = left_out::in_words(&report.left_out).map_or_else(String::new, |text| format!(" ({text})"));
    Err(DataError::unusable(path, problem + &why, "add images of that class or remove its folder"))
}

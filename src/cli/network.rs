//! Trained networks by what a person names: a run, or a file of weights with the preset it belongs to. Must not know what is
//! asked of them.

use super::choices::checkpoints;
use super::output::{self, Failure};
use super::plan::{self, Origin};
use super::weights_file::{Trained, WeightsFile, unloadable};
use lab_core::checkpoint::Checkpoint;
use lab_core::data::{Dataset, LoadOptions, Scoring};
use lab_core::experiment::{Channels, Data, Normalization, Resize, Source};
use lab_core::number::count;
use lab_core::protocol::DatasetInfo;
use lab_core::runs::{self, Run};
use lab_engine::train::checkpoint::{self, WEIGHTS};
use lab_engine::train::device::Opened;
use lab_engine::train::lens;
use lab_engine::train::load::load;
use lab_engine::train::session::dataset_info;
use std::path::{Path, PathBuf};

/// Which network of a run, or which weights.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct NetworkArgs {
    /// Weights in a file: safetensors, or PyTorch's .pt, .pth or .th
    #[arg(long, value_name = "FILE", requires = "preset")]
    pub weights: Option<PathBuf>,
    /// The preset whose network the weights belong to, or the file of the experiment that they were trained by
    #[arg(long, value_name = "NAME|FILE.toml")]
    preset: Option<String>,
    /// Subtracted from each channel of pixels in [0, 1]: what the weights were trained with [default: measured on the
    /// data set's training images; without a data set ImageNet's, for networks made for it]
    #[arg(long, value_name = "R,G,B", value_delimiter = ',', requires = "std", allow_negative_numbers = true)]
    mean: Vec<f32>,
    /// Divided by after that
    #[arg(long, value_name = "R,G,B", value_delimiter = ',', requires = "mean", allow_negative_numbers = true)]
    std: Vec<f32>,
    /// Only this network of a run, or the one of an experiment that the weights belong to
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// Which checkpoint of a run: the one with the least validation loss, or the newest
    #[arg(long, default_value = "best", value_parser = checkpoints(), conflicts_with = "weights")]
    checkpoint: Checkpoint,
}

impl NetworkArgs {
    /// Refuses what says something of weights in a file where a run is named, which knows it itself; `further` are
    /// options of one command, with whether they are given.
    pub(super) fn only_a_run(&self, further: &[(&str, bool)]) -> Result<(), Failure> {
        let own = [("--preset", self.preset.is_some()), ("--mean and --std", !self.mean.is_empty())];
        match own.iter().chain(further).find(|(_, is_given)| *is_given) {
            Some((option, _)) => {
                let go = if option.contains(" and ") { "go" } else { "goes" };
                Err(Failure::Usage(format!(
                    "{option} {go} with --weights only: a run knows its networks, its classes and how its images are prepared"
                )))
            }
            None => Ok(()),
        }
    }

    /// The weights in a file, if some are named.
    pub(super) fn weights_file(&self) -> Result<Option<WeightsFile>, Failure> {
        let Some(file) = self.weights.clone() else { return Ok(None) };
        let origin = Origin::of(self.preset.as_deref().unwrap_or_default(), self.arm())?;
        Ok(Some(WeightsFile::new(file, origin, plan::normalization(&self.mean, &self.std)?)))
    }

    /// The networks of a run, each from its checkpoint and in the precision that it was trained in.
    pub(super) fn of_run(&self, run: &Run, opened: &Opened) -> Result<Trained, Failure> {
        let DatasetInfo { shape, classes, .. } = &run.info.dataset;
        let (mut networks, mut without) = (Vec::new(), Vec::new());
        for (index, arm) in run.experiment.arms.iter().enumerate() {
            if self.arm.as_ref().is_some_and(|wanted| *wanted != arm.name) {
                continue;
            }
            let file = match run.weights(index, self.which()) {
                Ok(folder) => {
                    note_newest(run, index, self.which());
                    folder.join(WEIGHTS)
                }
                // It may have diverged at once; the others can be asked all the same.
                Err(why) => {
                    without.push(why);
                    continue;
                }
            };
            let model = load(&arm.network, *shape, classes.len(), &file, &opened.device).map_err(unloadable)?;
            let model = model.in_precision(run.experiment.recipe.precision, &opened.device).map_err(Failure::usage)?;
            networks.push((arm.name.clone(), model));
        }
        if let (true, Some(why)) = (networks.is_empty(), without.first()) {
            return Err(Failure::usage(why));
        }
        without.iter().for_each(|why| output::notice(&why.to_string()));
        if networks.is_empty() {
            let names = run.experiment.arms.iter().map(|arm| arm.name.as_str());
            return Err(Failure::no_arm("the run", self.arm.as_deref().unwrap_or_default(), names));
        }
        let fit = lens::fit(&run.experiment.data);
        Ok(Trained { networks, dataset: run.info.dataset.clone(), fit })
    }

    /// Which checkpoint of a run is wanted.
    pub(super) fn which(&self) -> Checkpoint {
        self.checkpoint
    }

    /// The one network of a run that is wanted, if not all are.
    pub(super) fn arm(&self) -> Option<&str> {
        self.arm.as_deref()
    }
}

/// The data set that a run was validated on, or another one prepared in the same way.
fn data_of_run(run: &Run, source: Option<&str>) -> Data {
    let own = &run.experiment.data;
    let Some(source) = source else { return own.clone() };
    let DatasetInfo { shape: [channels, height, width], mean, std, .. } = run.info.dataset.clone();
    let fit = lens::fit(own);
    Data {
        source: Source::from(source.to_owned()),
        resize: Some(Resize { height, width, fit }),
        channels: if channels == 1 { Channels::Gray } else { Channels::Rgb },
        normalization: Normalization::Given { mean, std },
        ..Data::default()
    }
}

/// A failure to read a run's images, which may have moved where nobody named others.
fn moved(failure: Failure, source: Option<&str>) -> Failure {
    match (failure, source) {
        (Failure::Usage(why), None) => Failure::Usage(format!(
            "the run's images: {why}; where they lie elsewhere by now, name them with --data PATH"
        )),
        (failure, _) => failure,
    }
}

/// What a run's networks are shown images for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To score them: on images to validate on, or on those to train on.
    Scores {
        /// On those to train on.
        training: bool,
    },
    /// To look at what they do with images to train on, too.
    Training,
}

/// The images for a run's networks: those that it was validated on, or all of another data set, of which only a question
/// about images to train on holds some out. Where the run's own images are named and some were held out of them, these are
/// scored: the others were trained on. At most `few` are validated on.
pub(super) fn images_of(
    run: &Run,
    source: Option<&str>,
    wanted: Wanted,
    few: Option<usize>,
) -> Result<Loaded, Failure> {
    let seed = run.experiment.recipe.seed;
    let options = LoadOptions { few, ..LoadOptions::of(&run.experiment) };
    let Some(named) = source else {
        return load_dataset(&run.experiment.data, seed, options).map_err(|failure| moved(failure, None));
    };
    let own = Data { source: Source::from(named.to_owned()), ..run.experiment.data.clone() };
    let known = &run.info.dataset;
    // Pictures that cannot be decoded are still among those that are split.
    let may_be_own = Dataset::split_of(&own, seed)
        .is_ok_and(|split| split.is_some_and(|[train, held]| train >= known.train && held >= known.validation));
    if may_be_own && let Ok((dataset, report)) = Dataset::load_with(&own, seed, options) {
        let info = dataset_info(&dataset);
        let validation = if few.is_some() { known.validation } else { info.validation };
        let all = DatasetInfo { validation, ..info.clone() };
        if known.is_of_same_images(&all) {
            if let Wanted::Scores { training } = wanted {
                let what = if training { "trained" } else { "validated" };
                output::notice(&format!("{named} has the images of the run: those that it was {what} on are scored"));
            }
            return Ok(Loaded { dataset, info, absent: Vec::new(), places: report.places, all: false });
        }
    }
    let scoring = match wanted {
        Wanted::Scores { training } => Some(Scoring { training }),
        Wanted::Training => None,
    };
    let options = LoadOptions { scoring, known: Some(&known.classes), ..options };
    load_dataset(&data_of_run(run, source), seed, options)
}

/// Loads a data set and tells what a person should know about it.
pub(super) fn load_dataset(data: &Data, seed: u64, options: LoadOptions) -> Result<Loaded, Failure> {
    let (dataset, report) = Dataset::load_with(data, seed, options).map_err(Failure::usage)?;
    dataset.notices.iter().for_each(|text| output::notice(text));
    let info = dataset_info(&dataset);
    Ok(Loaded { dataset, info, absent: report.absent, places: report.places, all: options.scoring.is_some() })
}

/// A data set, and what is said about it.
pub(super) struct Loaded {
    pub dataset: Dataset,
    pub info: DatasetInfo,
    /// Classes that networks to be scored know, and that no image is of.
    pub absent: Vec<String>,
    /// Where each of few images to validate on lies among all; empty where all were wanted, or where each names its file.
    pub places: Vec<usize>,
    /// Whether all images that are to be scored are those to validate on.
    pub all: bool,
}

/// Finds the run that somebody named.
pub(super) fn find_run(named: &Path) -> Result<Run, Failure> {
    runs::find(named).map_err(Failure::usage)
}

/// Says what stands in for an arm's best checkpoint where that is wanted and there is none.
pub(super) fn note_newest(run: &Run, arm: usize, wanted: Checkpoint) {
    if wanted != Checkpoint::Best || run.checkpoint(arm, wanted).is_some() {
        return;
    }
    let name = &run.experiment.arms[arm].name;
    output::notice(&match run.checkpoint(arm, Checkpoint::Last) {
        Some(_) => {
            let yet = if run.outcome.is_some() { "" } else { " yet" };
            let step = run.weights(arm, Checkpoint::Last).ok().and_then(|folder| checkpoint::step(&folder).ok());
            let of = step.map_or_else(String::new, |step| format!(", of step {}", count(step)));
            format!("{name} has no best checkpoint{yet}, as no validation has chosen one: this is its newest{of}")
        }
        None => format!("{name} has no checkpoint: these are its first weights, of step 0, untrained"),
    });
}

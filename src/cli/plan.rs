//! From arguments to an experiment: a preset or a file, then whatever else was set.

use super::output::Failure;
use lab_core::data;
use lab_core::experiment::{
    Arm, Data, Expected, Experiment, Length, Normalization, PRESETS, Plan, PlanError, Precision, Preset, Source,
    imagenet_normalization, preset, with_overrides,
};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which experiment.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PlanArgs {
    /// An experiment file; `residual-lab presets NAME` prints one to start from
    #[arg(value_name = "FILE.toml", conflicts_with = "preset")]
    file: Option<PathBuf>,
    /// An experiment that comes with the program; `residual-lab presets` lists them [default: plain-vs-residual]
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// `embedded`, or the path of a data set
    #[arg(long, value_name = "embedded|PATH")]
    data: Option<String>,
    /// Train for this many passes over the training images
    #[arg(long, value_name = "N", conflicts_with = "steps", value_parser = whole::<u32>)]
    epochs: Option<u32>,
    /// Train for this many steps
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    steps: Option<u64>,
    /// The seed of everything random
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    seed: Option<u64>,
    /// Set any field of the experiment, as in `recipe.batch_size=64` or arms[1].network.shortcut=b
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
}

impl PlanArgs {
    /// The experiment asked for, checked.
    pub(super) fn experiment(&self) -> Result<Experiment, Failure> {
        let mut plan = match (&self.file, &self.preset) {
            (Some(file), _) => from_file(file)?,
            (None, Some(name)) => from_preset(name)?,
            (None, None) => default_plan()?,
        };
        if let Some(data) = &self.data {
            plan.data.source = Source::from(data.clone());
        }
        if let Some(epochs) = self.epochs {
            plan.recipe.length = Length::Epochs(epochs);
        }
        if let Some(steps) = self.steps {
            plan.recipe.length = Length::Steps(steps);
        }
        if let Some(seed) = self.seed {
            plan.recipe.seed = seed;
        }
        let plan = with_overrides(&plan, &self.set).map_err(Failure::usage)?;
        Experiment::check(plan).map_err(|found| Failure::usage(PlanError::Invalid(found)))
    }

    /// The images that this experiment's numbers are about where no data set is named: shape and classes.
    pub(super) fn usual_images(&self, experiment: &Experiment) -> ([usize; 3], usize) {
        let default = PRESETS.first().map(|default| default.id);
        let preset = if self.file.is_some() { None } else { self.preset.as_deref().or(default) };
        usual_images(preset, experiment)
    }

    /// Whether somebody named a data set or an experiment file, which names one.
    pub(super) fn names_data(&self) -> bool {
        self.file.is_some() || self.data.is_some() || self.set.iter().any(|setting| setting.starts_with("data."))
    }

    /// Where the images are said to be, if nothing else is said; an error where there is.
    pub(super) fn only_data(&self) -> Result<Option<Source>, Failure> {
        let Self { file, preset, data, epochs, steps, seed, set } = self;
        let is_alone = file.is_none()
            && preset.is_none()
            && epochs.is_none()
            && steps.is_none()
            && seed.is_none()
            && set.is_empty();
        if is_alone {
            return Ok(data.clone().map(Source::from));
        }
        let why = "a run goes on as it was planned; leave out what describes an experiment beside --resume, but for --data \
                   where its images lie elsewhere by now";
        Err(Failure::Usage(why.to_owned()))
    }
}

/// A whole number as it is typed.
fn whole<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "a whole number is wanted, as in 2".to_owned())
}

fn from_file(file: &Path) -> Result<Plan, Failure> {
    Plan::read(file).map_err(|error| {
        let name = file.to_string_lossy();
        match error {
            PlanError::Unreadable { .. } if preset(&name).is_some() => {
                Failure::Usage(format!("{error}; for the preset say --preset {name}"))
            }
            PlanError::Unreadable { .. } if file.is_dir() => Failure::Usage(format!(
                "{name} is a folder, and an experiment is a file; for a data set say --data {name}, for a run --resume {name}"
            )),
            PlanError::Unreadable { .. } if !file.exists() => {
                Failure::Usage(format!("{error}; residual-lab presets NAME > {name} writes one to start from"))
            }
            PlanError::Unreadable { .. } | PlanError::NoText(_) => Failure::usage(error),
            error => Failure::Usage(format!("{name}: {error}")),
        }
    })
}

/// The plan of a preset.
pub(super) fn from_preset(name: &str) -> Result<Plan, Failure> {
    let found = preset(name).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.id).collect();
        Failure::Usage(format!("there is no preset \"{name}\"; there are {}", names.join(", ")))
    })?;
    Ok(found.plan())
}

/// The experiment of a preset or of a file after `settings`, checked.
pub(super) fn named(name: &str, settings: &[String]) -> Result<Experiment, Failure> {
    let file = Path::new(name);
    let is_file = preset(name).is_none() && (file.is_file() || file.extension().is_some_and(|it| it == "toml"));
    let plan = if is_file { from_file(file)? } else { from_preset(name)? };
    let plan = with_overrides(&plan, settings).map_err(Failure::usage)?;
    Experiment::check(plan).map_err(|found| Failure::usage(PlanError::Invalid(found)))
}

/// The arms of an experiment that is named `from`, or only the one of this name.
pub(super) fn arms_of(from: &str, experiment: &Experiment, name: Option<&str>) -> Result<Vec<Arm>, Failure> {
    let arms = experiment.arms.iter().filter(|arm| name.is_none_or(|name| arm.name == name));
    match (arms.cloned().collect::<Vec<Arm>>(), name) {
        (none, Some(name)) if none.is_empty() => {
            Err(Failure::no_arm(from, name, experiment.arms.iter().map(|arm| arm.name.as_str())))
        }
        (arms, _) => Ok(arms),
    }
}

fn names(arms: &[Arm]) -> String {
    arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// How weights in a file were trained: the arm that they are of, how its images are prepared, and the precision.
pub(super) struct Origin {
    pub arm: Arm,
    pub data: Data,
    pub precision: Precision,
}

impl Origin {
    /// By the name of a preset or the path of an experiment, and the name of an arm where it has several.
    pub(super) fn of(from: &str, name: Option<&str>) -> Result<Self, Failure> {
        let experiment = named(from, &[])?;
        let arms = arms_of(from, &experiment, name)?;
        let [arm] = arms.as_slice() else {
            return Err(Failure::Usage(format!(
                "{from} has several networks; say with --arm which one the weights belong to: {}",
                names(&arms)
            )));
        };
        let Data { resize, channels, mut normalization, .. } = experiment.data.clone();
        // What an arm starts from says how its images are normalised where nothing else does.
        let expects = arm.start.as_ref().map(|start| start.normalization);
        if normalization == Normalization::Measured && expects == Some(Expected::ImageNet) {
            normalization = imagenet_normalization();
        }
        let data = Data { resize, channels, normalization, ..Data::default() };
        Ok(Self { arm: arm.clone(), data, precision: experiment.recipe.precision })
    }
}

/// The normalisation given on the command line, checked; `None` if none was given.
pub(super) fn normalization(mean: &[f32], std: &[f32]) -> Result<Option<Normalization>, Failure> {
    if mean.is_empty() && std.is_empty() {
        return Ok(None);
    }
    let given = Normalization::given(mean.to_vec(), std.to_vec(), None);
    given.map(Some).map_err(|error| Failure::Usage(format!("--mean and --std: {error}")))
}

/// The images that the numbers of a preset are about, or those of an experiment's file: shape and classes. The default
/// experiment was made for the images inside the program.
pub(super) fn usual_images(preset: Option<&str>, plan: &Plan) -> ([usize; 3], usize) {
    let is_default = PRESETS.first().is_some_and(|default| preset == Some(default.id));
    if is_default { Source::EMBEDDED } else { data::usual_images(plan) }
}

fn default_plan() -> Result<Plan, Failure> {
    PRESETS.first().map(Preset::plan).ok_or_else(|| Failure::fault("there is no default experiment"))
}

/// The shape of an image as it is typed: `3x32x32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape(pub [usize; 3]);

impl FromStr for Shape {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let sides: Option<Vec<usize>> = text.split(['x', '×']).map(|side| side.parse().ok()).collect();
        match sides.as_deref() {
            Some(&[channels @ (1 | 3), height @ 1..=4096, width @ 1..=4096]) => Ok(Self([channels, height, width])),
            _ => Err("give channels, height and width as in 3x32x32: 1 or 3 channels, 1 to 4096 pixels".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_typed() {
        assert_eq!("3x32x32".parse(), Ok(Shape([3, 32, 32])));
        for wrong in ["", "32x32", "2x8x8", "3x0x8", "3x8x99999", "axbxc"] {
            assert!(wrong.parse::<Shape>().is_err(), "{wrong}");
        }
    }
}

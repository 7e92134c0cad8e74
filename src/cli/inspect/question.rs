//! From options to a question.

use crate::cli::output::Failure;
use lab_core::instrument::{Instrument, Picture, Question, Sight, Start};
use lab_engine::train::snapshot::Snapshot;
use std::path::PathBuf;

/// What an instrument is told; each takes what it needs.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// The validation image to look at, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "picture")]
    image: usize,
    /// A picture to look at instead
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// The class to explain: its name or number [default: what the network says]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// The block to look at, such as layer2.0 [default: the last one]
    #[arg(long, value_name = "BLOCK")]
    block: Option<String>,
    /// Images of a batch, or images that a loss is taken over
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    images: Option<u32>,
    /// Random draws for each setting, or lines
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    draws: u32,
    /// Points on a line, or on each side of a landscape's middle
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    points: Option<u32>,
    /// Factors of all branches
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', default_value = "0,0.25,0.5,0.75,1,1.25,1.5")]
    gains: Vec<f64>,
    /// How many neighbours to name
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    neighbours: u32,
    /// Where a straight path starts
    #[arg(long, value_enum, default_value_t = From::Initial)]
    from: From,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum From {
    Initial,
    Best,
    Last,
}

impl Settings {
    /// What to ask of these networks.
    pub fn question(&self, instrument: Instrument, snapshot: &Snapshot) -> Result<Question, Failure> {
        let images = |default: usize| self.images.map_or(default, |images| images as usize);
        let points = |default: usize| self.points.map_or(default, |points| points as usize);
        let draws = self.draws as usize;
        let sight =
            || self.picture.clone().map_or(Sight::Validation(self.image), |path| Sight::Picture(Picture::File(path)));
        Ok(match instrument {
            Instrument::Predictions | Instrument::Confusion | Instrument::Calibration | Instrument::Disagreement => {
                Question::Predictions
            }
            Instrument::Nearest => Question::Nearest { sight: sight(), count: self.neighbours as usize },
            Instrument::Gradients => Question::Gradients { images: images(128) },
            Instrument::Histograms => Question::Histograms { images: images(128) },
            Instrument::GradCam => {
                Question::Explain { sight: sight(), class: self.class_of(snapshot)?, occlusion: false }
            }
            Instrument::Occlusion => {
                Question::Explain { sight: sight(), class: self.class_of(snapshot)?, occlusion: true }
            }
            Instrument::Features => Question::Features { sight: sight(), block: self.block_of(snapshot)? },
            Instrument::Filters => Question::Filters,
            Instrument::Cuts => Question::Cuts { sight: sight() },
            Instrument::Lesions => Question::Lesions,
            Instrument::Removals => Question::Removals { draws },
            Instrument::Swaps => Question::Swaps { draws },
            Instrument::Gains => Question::Gains { gains: self.gains.clone() },
            Instrument::Exits => Question::Exits { images: images(2000) },
            Instrument::Slice => Question::Slice { half: points(10), images: images(512) },
            Instrument::Surface => Question::Surface { half: points(8), images: images(256) },
            Instrument::Path => Question::Path { from: self.start(), points: points(21), images: images(512) },
            Instrument::PathLengths => Question::PathLengths { draws, images: images(32) },
            Instrument::Shattered => Question::Shattered { points: points(256), lines: draws },
        })
    }

    fn start(&self) -> Start {
        match self.from {
            From::Initial => Start::Initial,
            From::Best => Start::Best,
            From::Last => Start::Last,
        }
    }

    fn class_of(&self, snapshot: &Snapshot) -> Result<Option<usize>, Failure> {
        let classes = &snapshot.dataset.classes;
        let Some(named) = &self.class else { return Ok(None) };
        let number = || named.parse().ok().filter(|&class: &usize| class < classes.len());
        let found = classes.iter().position(|class| class == named).or_else(number);
        let found = found.ok_or_else(|| {
            Failure::Usage(format!("there is no class \"{named}\"; there are {}", classes.join(", ")))
        })?;
        Ok(Some(found))
    }

    /// The block's number in the first network; all networks of one depth number them alike.
    fn block_of(&self, snapshot: &Snapshot) -> Result<usize, Failure> {
        let names: Vec<&str> = snapshot
            .arms
            .iter()
            .take(1)
            .flat_map(|arm| arm.model.blueprint().blocks())
            .map(|block| block.name.as_str())
            .collect();
        let Some(named) = &self.block else { return Ok(names.len().saturating_sub(1)) };
        names
            .iter()
            .position(|name| name == named)
            .ok_or_else(|| Failure::Usage(format!("there is no block \"{named}\"; there are {}", names.join(", "))))
    }
}

//! From options to a question.

use crate::cli::choices::one_of;
use crate::cli::output::Failure;
use clap::builder::PossibleValue;
use lab_core::checkpoint::Checkpoint;
use lab_core::instrument::{AskedImages, Focus, Instrument, Picture, QueryImage, Question};
use lab_core::random::MOST_DRAWS;
use lab_engine::train::snapshot::Snapshot;
use std::path::PathBuf;

/// What an instrument is given; each takes what it needs.
#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// The validation image to look at, counted from 0 [default: the first]
    #[arg(long, value_name = "N", conflicts_with = "picture")]
    image: Option<usize>,
    /// A picture to look at instead
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// The class to explain: its name or number [default: what the network says]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// The block to look at, such as layer2.0 [default: the last one]
    #[arg(long, value_name = "BLOCK")]
    block: Option<String>,
    /// Images of a batch, or images that a loss is taken over [default: what the window asks]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    images: Option<u32>,
    /// Random draws for each setting, or lines [default: what the window asks]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_DRAWS)))]
    draws: Option<u32>,
    /// Points on a line, or on each side of a landscape's middle [default: what the window asks]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    points: Option<u32>,
    /// Factors of all branches [default: 0 to 1.5 in steps of 0.125]
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', allow_hyphen_values = true, value_parser = gain)]
    gains: Option<Vec<f64>>,
    /// How many neighbours to name [default: what the window asks]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1000))]
    neighbours: Option<u32>,
    /// Where a straight path starts [default: initial]
    #[arg(long, value_parser = one_of(starts()))]
    from: Option<Start>,
}

fn gain(typed: &str) -> Result<f64, String> {
    let number = typed.trim().parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "numbers are wanted, with commas between them, as in 0,0.5,1".to_owned())
}

/// Where a straight path starts: a checkpoint, or the first weights.
#[derive(Clone, Copy, Debug)]
struct Start(Option<Checkpoint>);

fn starts() -> [(Start, PossibleValue); 3] {
    let of = |it: Checkpoint| (Start(Some(it)), PossibleValue::new(it.name()));
    [(Start(None), PossibleValue::new("initial")), of(Checkpoint::Best), of(Checkpoint::Last)]
}

fn set(own: &mut usize, given: Option<u32>) {
    *own = given.map_or(*own, |given| given as usize);
}

impl Settings {
    /// Refuses options that an instrument would not use; `limited` says whether there are to be fewer validation images.
    pub fn only(&self, instrument: Instrument, limited: bool) -> Result<(), Failure> {
        use Instrument as I;
        // What is about images takes options for them, so that a new question has them by itself.
        let asking = |wanted: fn(AskedImages) -> bool| -> Vec<Instrument> {
            let asks = |instrument: &&Instrument| wanted(instrument.question(&Focus::default()).asked());
            Instrument::ALL.iter().filter(asks).copied().collect()
        };
        let of_all =
            asking(|asked| matches!(asked, AskedImages::Validation | AskedImages::Pairs(_) | AskedImages::Both(_)));
        let of_one = asking(|asked| matches!(asked, AskedImages::One(_)));
        let of_batch = asking(|asked| matches!(asked, AskedImages::Training(_) | AskedImages::Both(_)));
        let options: [(&str, bool, &[Instrument]); 10] = [
            ("--limit", limited, &of_all),
            ("--image", self.image.is_some(), &of_one),
            ("--picture", self.picture.is_some(), &of_one),
            ("--class", self.class.is_some(), &[I::GradCam, I::Occlusion]),
            ("--images", self.images.is_some(), &of_batch),
            ("--draws", self.draws.is_some(), &[I::Removals, I::Swaps, I::PathLengths, I::Shattered]),
            ("--points", self.points.is_some(), &[I::Slice, I::Surface, I::Path, I::Shattered]),
            ("--gains", self.gains.is_some(), &[I::Gains]),
            ("--neighbours", self.neighbours.is_some(), &[I::Nearest]),
            ("--from", self.from.is_some(), &[I::Path]),
        ];
        let Some((option, _, users)) = options.iter().find(|(_, given, users)| *given && !users.contains(&instrument))
        else {
            return Ok(());
        };
        let users: Vec<&str> = users.iter().map(|instrument| instrument.about().id).collect();
        let id = instrument.about().id;
        Err(Failure::Usage(format!("{id} makes no use of {option}, which is for {}; leave it out", users.join(", "))))
    }

    /// What to ask of these networks: the instrument's own question, with what was said otherwise.
    pub fn question(&self, instrument: Instrument, snapshot: &Snapshot) -> Result<Question, Failure> {
        let of_class = matches!(instrument, Instrument::GradCam | Instrument::Occlusion);
        let of_block = instrument == Instrument::Features;
        if let (false, Some(block)) = (of_block, &self.block) {
            let why = format!("--block {block} is for feature maps; {} shows every block", instrument.about().id);
            return Err(Failure::Usage(why));
        }
        let picture = self.picture.clone().map(|path| QueryImage::Picture(Picture::File(path)));
        let mut question = instrument.question(&Focus {
            sample: picture.unwrap_or(QueryImage::Validation(self.image.unwrap_or(0))),
            class: if of_class { self.class_of(snapshot)? } else { None },
            block: if of_block { self.block_of(snapshot)? } else { 0 },
            from: self.from.and_then(|Start(checkpoint)| checkpoint),
        });
        match &mut question {
            Question::Nearest { count, .. } => set(count, self.neighbours),
            Question::Gradients { images } | Question::Histograms { images } | Question::Exits { images } => {
                set(images, self.images);
            }
            Question::Removals { draws } | Question::Swaps { draws } => set(draws, self.draws),
            Question::Gains { gains } => {
                if let Some(given) = &self.gains {
                    gains.clone_from(given);
                }
            }
            Question::Slice { half: points, images }
            | Question::Surface { half: points, images }
            | Question::Path { points, images, .. } => {
                set(points, self.points);
                set(images, self.images);
            }
            Question::PathLengths { draws, images } => {
                set(draws, self.draws);
                set(images, self.images);
            }
            Question::Shattered { points, lines } => {
                set(points, self.points);
                set(lines, self.draws);
            }
            // The others have none of these settings.
            _ => {}
        }
        Ok(question)
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

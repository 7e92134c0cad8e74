//! `residual-lab study new`: from arguments to a study's folder.

use super::folder::create;
use crate::cli::choices::{described, one_of};
use crate::cli::output::{self, Failure};
use crate::cli::plan::PlanArgs;
use lab_core::number::plural;
use lab_core::search::RANDOM_FIRST;
use lab_core::study::{Axis, Base, EarlyEnd, EndRule, Objective, SearchPlan, Seeds, StudyPlan, Way};
use std::path::PathBuf;

/// Arguments of `study new`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Values are a list (0.01,0.1), a range with a number of values (8..56:9, or 0.001..0.1:5:log for
equal ratios), or a range of whole numbers (1..4). arms[*] is every network, arms[plain] one.

Examples:
  residual-lab study new rates --preset resnet20 --vary recipe.optimizer.learning_rate=0.001..0.1:5:log --seeds 3
  residual-lab study new depths --vary 'arms[*].network.body.cifar.depth=8,20,56' --epochs 2 --seeds 3
  residual-lab study new found mine.toml --vary recipe.optimizer.learning_rate=0.001..1.0:log --search tpe --points 30"
)]
pub struct Args {
    /// The study's folder, which must be empty or absent
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    #[command(flatten)]
    plan: PlanArgs,
    /// A field and its values, as in `recipe.optimizer.learning_rate=0.01,0.03,0.1`; may be given several times
    #[arg(long, value_name = "FIELD=VALUES")]
    vary: Vec<String>,
    /// How often each point is trained, or the seeds themselves with commas between them
    #[arg(long, value_name = "N|SEED,SEED")]
    seeds: Option<String>,
    /// What the study is called; the folder's name if left out
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What the study is to answer
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    question: String,
    /// How points are chosen
    #[arg(long, default_value = "grid", value_parser = one_of(described(&Way::ALL)))]
    search: Way,
    /// How many points a search tries, each with every seed; a grid has as many as it has. tpe draws the first ten at
    /// random and learns from then on
    #[arg(long, value_name = "N")]
    points: Option<u32>,
    /// What is to become as good as possible
    #[arg(long, default_value = "validation-accuracy", value_parser = one_of(described(&Objective::ALL)))]
    objective: Objective,
    /// Of which network; the mean over all of them if left out
    #[arg(long, value_name = "ARM")]
    arm: Option<String>,
    /// End trials early that are behind the others
    #[arg(long, value_parser = one_of(described(&EndRule::ALL)))]
    early_stopping: Option<EndRule>,
    /// No trial is ended before so many epochs
    #[arg(long, value_name = "N", default_value_t = 1, requires = "early_stopping")]
    min_epochs: u32,
    /// Successive halving keeps one of so many
    #[arg(long, value_name = "N", default_value_t = 3, requires = "early_stopping")]
    eta: u32,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let experiment = args.plan.experiment()?.into_plan();
    let axes = args.vary.iter().map(|text| Axis::typed(text)).collect::<Result<_, _>>().map_err(Failure::Usage)?;
    let name = args.folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let (min_epochs, eta) = (args.min_epochs, args.eta);
    let rule = |method| EarlyEnd { method, min_epochs, eta };
    let plan = StudyPlan {
        name: args.name.clone().or(name).unwrap_or_else(|| experiment.name.clone()),
        question: args.question.clone(),
        seeds: args.seeds.as_deref().map(seeds).transpose()?,
        search: SearchPlan {
            method: args.search,
            points: args.points,
            objective: args.objective,
            arm: args.arm.clone(),
        },
        early_stopping: args.early_stopping.map(rule),
        axes,
        experiment: Base::Whole(Box::new(experiment)),
    };
    let made = create(plan, Some(&args.folder))?;
    let (study, folder) = (made.study(), output::word(&args.folder));
    let seeds = plural(study.seeds().len() as u64, "seed");
    let [trials, points] =
        [(study.trials(), "trial"), (study.points(), "point")].map(|(n, word)| plural(n.into(), word));
    if study.learns() && study.points() <= RANDOM_FIRST {
        output::notice(&format!(
            "the first {RANDOM_FIRST} points of this search are drawn at random and the next ones learn from them, so with \
             {points} it is a random search; more --points let it learn"
        ));
    }
    output::print(&format!("{trials}: {points} with {seeds} each\nrun them here with: residual-lab study run {folder}"))
}

/// Seeds as they are typed: how many, or which.
pub(super) fn seeds(text: &str) -> Result<Seeds, Failure> {
    let wrong = || Failure::Usage(format!("--seeds {text}: give a number of seeds, or seeds with commas between them"));
    if let Some((first, rest)) = text.split_once(',') {
        let all = std::iter::once(first).chain(rest.split(','));
        return all.map(|seed| seed.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>().map(Seeds::List);
    }
    text.trim().parse().map(Seeds::Count).map_err(|_| wrong())
}

//! From arguments to the window or to a headless command; nothing else.

mod cli;

use cli::Failure;
use lab_core::behind::behind;
use lab_core::experiment::DeviceChoice;
use lab_core::protocol::link::Link;
use lab_core::runs;
use lab_engine::inspect::Inspectors;
use lab_engine::kept;
use lab_engine::train::device;
use lab_engine::train::engine::Engine;
use lab_window::{AppError, Options, Renderer, Wake};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    // A panic ends as one line like any other failure; where it came from goes to the log.
    panic::set_hook(Box::new(|info| tracing::error!("{info}")));
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    with_runtime_folder();

    let outcome = panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let message = "the program has a fault; with RUST_LOG=error it says where, so that you can report it";
        Err(Failure::Running(message.to_owned()))
    });
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    cli::tell(&failure);
    ExitCode::from(failure.code())
}

/// Mesa's drivers print errors whenever they are looked at while `XDG_RUNTIME_DIR` is unset, as it is in containers
/// and timed jobs, so the program starts again with that set. Where that fails, it goes on with the noise.
#[cfg(target_os = "linux")]
fn with_runtime_folder() {
    use std::os::unix::process::CommandExt;
    const NAME: &str = "XDG_RUNTIME_DIR";
    if std::env::var_os(NAME).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let again = std::process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(NAME, std::env::temp_dir())
            .exec();
        tracing::debug!("cannot start again: {again}");
    }
}

#[cfg(not(target_os = "linux"))]
fn with_runtime_folder() {}

fn run() -> Result<(), Failure> {
    let cli = cli::parse()?;
    if let Some(command) = cli.command {
        return command.run();
    }
    window(cli.renderer, cli.frame_log)
}

/// Starts the engine and the threads that answer questions, about networks that train and about those of kept runs.
fn connect(place: PathBuf, wake: Wake) -> std::io::Result<Box<dyn Link>> {
    let open = |folder: &Path, which| {
        let run = runs::open(folder).map_err(|error| error.to_string())?;
        let opened = device::open_for(DeviceChoice::Auto, run.experiment.recipe.precision);
        kept::snapshot(&run, which, &opened.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    };
    let engine = behind(|| {
        cli::start_threads();
        let mut engine = Engine::start(Box::new(runs::Folder::under(place)), wake)?;
        engine.attend(|latest, events| Inspectors::start(latest, events, Arc::new(open)))?;
        Ok::<_, std::io::Error>(engine)
    })?;
    Ok(Box::new(engine))
}

/// Opens the window, which keeps its runs in the usual place.
fn window(renderer: Renderer, frame_log: Option<PathBuf>) -> Result<(), Failure> {
    let place = runs::default_place().ok_or_else(|| Failure::no_home("set HOME"))?;
    let of = place.clone();
    let usual = Options::new(Box::new(|wake| connect(of, wake)), device::list);
    lab_window::run(Options { renderer, frame_log, place: Some(place), ..usual }).map_err(|error| match error {
        AppError::NoDisplay | AppError::MissingLibrary(_) => Failure::Usage(error.to_string()),
        _ => Failure::Running(error.to_string()),
    })
}

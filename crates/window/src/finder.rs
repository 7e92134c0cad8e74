//! Finds a learning rate and a batch size in a process of this program, whose lines a thread reads as they come. Nothing
//! here waits for it. Must not know panels or the shell.

use crate::action::Sought;
use crate::own_program::{self, OwnProgram};
use crossbeam_channel::{Receiver, unbounded};
use eframe::egui::Context;
use lab_core::experiment::{DeviceChoice, Plan};
use lab_core::finder::{RateTest, Tried};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many processes were begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// A learning-rate test, as far as it has come.
pub struct Rates {
    pub arms: Vec<String>,
    /// The rate and the loss of each step of each arm.
    pub steps: Vec<Vec<(f64, f64)>>,
    /// Steps that are done.
    pub done: u32,
    /// Steps in all.
    pub of: u32,
    /// What was tried out.
    pub plan: Box<Plan>,
}

/// What was measured with other images or networks than there are now, in a sentence.
#[must_use]
pub fn outdated(measured: &Plan, now: &Plan) -> Option<&'static str> {
    let networks = |plan: &Plan| plan.arms.iter().map(|arm| arm.network.clone()).collect::<Vec<_>>();
    if measured.data != now.data {
        Some("This was measured on other images than the form names now.")
    } else if networks(measured) != networks(now) {
        Some("This was measured with other networks than the form has now.")
    } else {
        None
    }
}

/// What a process of ours has said.
enum FinderOutput {
    Line(String),
    /// It is about to end; what it said of its failure.
    End(Option<String>),
}

struct Working {
    what: Sought,
    process: Child,
    said: Receiver<FinderOutput>,
    plan: PathBuf,
}

/// What finds settings, and what it has found.
#[derive(Default)]
pub struct Finder {
    program: OwnProgram,
    /// Where it is tried out.
    pub device: DeviceChoice,
    /// What shall be found, until whoever shows it takes notice.
    pub sought: Option<Sought>,
    working: Option<Working>,
    /// The newest learning-rate test.
    pub rates: Option<Rates>,
    /// The newest batch sizes, as they were measured.
    pub sizes: Vec<Tried>,
    /// What they were measured with.
    pub sized: Option<Box<Plan>>,
    pub failure: Option<String>,
}

impl Finder {
    /// Finds with this program.
    #[must_use]
    pub fn new(program: OwnProgram) -> Self {
        Self { program, ..Self::default() }
    }

    /// What is being found.
    #[must_use]
    pub fn working(&self) -> Option<Sought> {
        self.working.as_ref().map(|working| working.what)
    }

    /// Tries rising learning rates on every arm.
    pub fn rates(&mut self, plan: &Plan, test: RateTest, ctx: &Context) {
        let arms: Vec<String> = plan.arms.iter().map(|arm| arm.name.clone()).collect();
        self.rates = Some(Rates {
            steps: vec![Vec::new(); arms.len()],
            arms,
            done: 0,
            of: test.steps,
            plan: Box::new(plan.clone()),
        });
        let settings = [
            ("--low", test.low.to_string()),
            ("--high", test.high.to_string()),
            ("--test-steps", test.steps.to_string()),
        ];
        let settings = settings.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
        self.failure = self.start(Sought::LearningRate, plan, settings, ctx).err();
    }

    /// Measures batch sizes.
    pub fn sizes(&mut self, plan: &Plan, ctx: &Context) {
        self.sizes.clear();
        self.sized = Some(Box::new(plan.clone()));
        self.failure = self.start(Sought::BatchSize, plan, Vec::new(), ctx).err();
    }

    fn start(&mut self, what: Sought, plan: &Plan, settings: Vec<String>, ctx: &Context) -> Result<(), String> {
        self.stop();
        let text = plan.to_toml().map_err(|error| error.to_string())?;
        // Several windows of one process, as tests have them, must not share the file.
        let number = BEGUN.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("residual-lab-find-{}-{number}.toml", std::process::id()));
        std::fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        let name = if what == Sought::LearningRate { "rate" } else { "batch" };
        let mut words: Vec<OsString> = vec!["find".into(), name.into(), path.clone().into()];
        words.extend(settings.into_iter().map(OsString::from));
        words.extend(["--follow".into(), "--device".into(), self.device.to_string().into()]);
        let mut command = self.program.call(words)?;
        let (mut process, complaint) = own_program::start(command.stdout(Stdio::piped()))?;
        let (send, said) = unbounded();
        let (output, ctx) = (process.stdout.take(), ctx.clone());
        self.working = Some(Working { what, process, said, plan: path });
        let listen = move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok) {
                // A window that was closed needs no news.
                let _ = send.send(FinderOutput::Line(line));
                ctx.request_repaint_after(std::time::Duration::from_millis(33));
            }
            let _ = send.send(FinderOutput::End(complaint.join().unwrap_or_default()));
            ctx.request_repaint();
        };
        let listening = std::thread::Builder::new().name("find".into()).spawn(listen);
        listening.map(|_| ()).map_err(|error| {
            self.stop();
            format!("no thread can be started: {error}")
        })
    }

    /// Ends what is under way; what was found so far stays.
    pub fn stop(&mut self) {
        self.working = None;
    }

    /// Takes in what the process has said.
    pub fn tend(&mut self) {
        let Some(working) = &mut self.working else { return };
        let mut ended = None;
        for said in working.said.try_iter() {
            match (said, working.what) {
                (FinderOutput::Line(line), Sought::LearningRate) => {
                    self.rates.iter_mut().for_each(|rates| rates.hear(&line));
                }
                (FinderOutput::Line(line), Sought::BatchSize) => {
                    self.sizes.extend(serde_json::from_str::<Tried>(&line));
                }
                (FinderOutput::End(why), _) => ended = Some(why),
            }
        }
        let Some(complaint) = ended else { return };
        // It has closed what it writes to, and ends now.
        self.failure = match working.process.wait() {
            Ok(status) => own_program::failure(status, complaint),
            Err(error) => Some(error.to_string()),
        };
        self.stop();
    }
}

impl Rates {
    /// Takes in a step: for each arm that still trains, its rate and its loss, which may be no number.
    fn hear(&mut self, line: &str) {
        let Ok(step) = serde_json::from_str::<Vec<Option<(f64, Option<f64>)>>>(line) else { return };
        self.done += 1;
        for (steps, step) in self.steps.iter_mut().zip(step) {
            steps.extend(step.map(|(rate, loss)| (rate, loss.unwrap_or(f64::NAN))));
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.plan);
    }
}

//! How long frames take: measured always, told in the log every half minute and at the end; or written to a file, one
//! line a frame, while the window draws without pause.

use eframe::egui::Context;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

/// Times of the last frames.
pub struct Frames {
    /// Building the frame: logic, drawing, tessellation, handing over to the renderer.
    built: Vec<Duration>,
    told: Instant,
    begun: Instant,
    file: Option<BufWriter<File>>,
}

/// Time between two lines of the log.
const EVERY: Duration = Duration::from_secs(30);
/// Frames that are remembered.
const MOST: usize = 4096;

impl Frames {
    /// Starts to measure. A file that cannot be written is told in the log.
    #[must_use]
    pub fn new(file: Option<&Path>) -> Self {
        let now = Instant::now();
        let file = file.and_then(|path| match File::create(path) {
            Ok(file) => Some(BufWriter::new(file)),
            Err(error) => {
                tracing::warn!("frame times cannot be written to {}: {error}", path.display());
                None
            }
        });
        let mut frames = Self { built: Vec::new(), told: now, begun: now, file };
        frames.write("whole_ms,built_ms");
        frames
    }

    /// Takes in the time that eframe measured for building the last frame, and, where the window draws without pause,
    /// the time since the last frame began, which is all of it.
    pub fn took(&mut self, ctx: &Context, built: Option<f32>) {
        let whole = self.begun.elapsed();
        self.begun = Instant::now();
        let Some(built) = built.and_then(|seconds| Duration::try_from_secs_f32(seconds).ok()) else { return };
        if self.built.len() == MOST {
            self.built.clear();
        }
        self.built.push(built);
        if self.file.is_some() {
            self.write(&format!("{:.3},{:.3}", whole.as_secs_f64() * 1e3, built.as_secs_f64() * 1e3));
            if self.built.len().is_multiple_of(64) {
                self.flush();
            }
            ctx.request_repaint();
        }
        if self.told.elapsed() >= EVERY {
            self.tell();
            self.told = Instant::now();
        }
    }

    /// Writes the median and the 99th percentile into the log.
    pub fn tell(&mut self) {
        self.built.sort_unstable();
        let count = self.built.len();
        if let (Some(median), Some(p99)) = (self.built.get(count / 2), self.built.get(count * 99 / 100)) {
            tracing::info!(frames = count, ?median, ?p99, "time to build a frame");
        }
        self.flush();
    }

    fn flush(&mut self) {
        if let Some(file) = &mut self.file {
            // What cannot be written is noticed at the next line.
            let _ = file.flush();
        }
    }

    fn write(&mut self, line: &str) {
        if let Some(file) = &mut self.file
            && writeln!(file, "{line}").is_err()
        {
            self.file = None;
        }
    }
}

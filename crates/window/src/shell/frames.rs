//! How long frames take: measured always, reported in the log every half minute and at the end; or written to a file, one
//! line a frame, while the window draws without pause.

use eframe::egui::{Context, LayerId, PaintCallback, Rect, Vec2};
use eframe::{egui_glow, egui_wgpu};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Times of the last frames.
pub struct Frames {
    /// Building a frame: logic, ui, tessellation.
    built: Vec<Duration>,
    reported: Instant,
    begun: Instant,
    handed_over: HandedOver,
    file: Option<BufWriter<File>>,
}

/// When the renderer came to the first thing to be drawn of a frame: then all of it has become triangles.
#[derive(Clone, Default)]
struct HandedOver(Arc<Mutex<Option<Instant>>>);

impl HandedOver {
    fn now(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    }

    fn take(&self) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl egui_wgpu::CallbackTrait for HandedOver {
    fn prepare(
        &self,
        _: &egui_wgpu::wgpu::Device,
        _: &egui_wgpu::wgpu::Queue,
        _: &egui_wgpu::ScreenDescriptor,
        _: &mut egui_wgpu::wgpu::CommandEncoder,
        _: &mut egui_wgpu::CallbackResources,
    ) -> Vec<egui_wgpu::wgpu::CommandBuffer> {
        self.now();
        Vec::new()
    }

    fn paint(
        &self,
        _: eframe::egui::PaintCallbackInfo,
        _: &mut egui_wgpu::wgpu::RenderPass<'static>,
        _: &egui_wgpu::CallbackResources,
    ) {
    }
}

/// Time between two lines of the log.
const EVERY: Duration = Duration::from_secs(30);
/// Frames that are remembered.
const MOST: usize = 4096;

impl Frames {
    /// Starts to measure. A file that cannot be written is named in the log.
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
        let handed_over = HandedOver::default();
        let mut frames = Self { built: Vec::new(), reported: now, begun: now, handed_over, file };
        frames.write("whole_ms,built_ms");
        frames
    }

    /// A frame begins: takes in how long the last one took to build, and, where the window draws without pause, the
    /// time since it began, which is all of it.
    pub fn begin(&mut self, ctx: &Context) {
        let (whole, begun) = (self.begun.elapsed(), self.begun);
        self.begun = Instant::now();
        let Some(built) = self.handed_over.take().map(|end| end - begun) else { return };
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
        if self.reported.elapsed() >= EVERY {
            self.report();
            self.reported = Instant::now();
        }
    }

    /// Puts under everything else what notes when the frame is handed over to the renderer.
    pub fn watch(&self, ctx: &Context, frame: &eframe::Frame) {
        let rect = Rect::from_min_size(ctx.content_rect().min, Vec2::splat(1.0));
        let handed_over = self.handed_over.clone();
        let callback = if frame.gl().is_some() {
            let callback = egui_glow::CallbackFn::new(move |_, _| handed_over.now());
            PaintCallback { rect, callback: Arc::new(callback) }
        } else {
            egui_wgpu::Callback::new_paint_callback(rect, handed_over)
        };
        ctx.layer_painter(LayerId::background()).add(callback);
    }

    /// Writes the median and the 99th percentile into the log.
    pub fn report(&mut self) {
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

//! Opening the window: which renderer, and what to say where there is no display.

use super::{App, AppParts};
use crate::dialogs::Native;
use eframe::egui::{Context, ThemePreference, ViewportBuilder, vec2};
use eframe::wgpu;
use lab_core::experiment::{DeviceChoice, DeviceInfo, Plan};
use lab_core::protocol::link::Link;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What draws the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renderer {
    /// wgpu where there is a real GPU, glow elsewhere.
    #[default]
    Auto,
    /// Vulkan, Metal or Direct3D.
    Wgpu,
    Glow,
}

impl Renderer {
    /// Each with its stable name and what it is.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Auto, "auto", "wgpu where there is a real GPU, else glow"),
        (Self::Wgpu, "wgpu", "Vulkan, Metal, DirectX"),
        (Self::Glow, "glow", "OpenGL"),
    ];
}

/// Asks the window for a frame soon.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Starts an engine, which wakes the window after each event.
pub type Connect = Box<dyn FnOnce(Wake) -> std::io::Result<Box<dyn Link>> + Send>;

/// How to open the window.
pub struct Options {
    pub renderer: Renderer,
    /// Light, dark, or as the system and the last time if absent.
    pub theme: Option<ThemePreference>,
    /// What the form begins with; what it held last, or the default preset, if absent.
    pub plan: Option<Plan>,
    /// Where it shall run.
    pub device: DeviceChoice,
    /// Where the runs are, to be listed.
    pub place: Option<PathBuf>,
    /// Draws without pause and writes each frame's time into this file.
    pub frame_log: Option<PathBuf>,
    pub connect: Connect,
    /// Finds the devices of this machine, which may take a while.
    pub devices: fn() -> Vec<DeviceInfo>,
}

impl Options {
    /// A window before this engine and these devices, and everything else as usual.
    #[must_use]
    pub fn new(connect: Connect, devices: fn() -> Vec<DeviceInfo>) -> Self {
        Self {
            renderer: Renderer::Auto,
            theme: None,
            plan: None,
            device: DeviceChoice::Auto,
            place: None,
            frame_log: None,
            connect,
            devices,
        }
    }
}

/// Why the window cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// There is nothing to open it on.
    #[error("there is no display for the window; `residual-lab train` runs the same experiments without one")]
    NoDisplay,
    /// A library of the system is missing.
    #[error(
        "the window needs the library {0}; install the package libxkbcommon-x11-0, or use `residual-lab train`, which needs no window"
    )]
    MissingLibrary(String),
    /// No renderer works.
    #[error(
        "the window cannot be drawn: {0}; try --renderer glow or --renderer wgpu, or `residual-lab train`, which needs no window"
    )]
    Renderer(String),
    /// The window ended by a defect.
    #[error(
        "the window ended unexpectedly: {0}; its runs are kept, and `residual-lab train --resume RUN` goes on with one"
    )]
    Crashed(String),
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// No display, a missing library, no working renderer, or a defect.
pub fn run(options: Options) -> Result<(), AppError> {
    if !has_display() {
        return Err(AppError::NoDisplay);
    }
    let first = match options.renderer {
        Renderer::Auto if has_gpu() => Renderer::Wgpu,
        Renderer::Auto => Renderer::Glow,
        chosen => chosen,
    };
    let second = match (options.renderer, first) {
        (Renderer::Auto, Renderer::Wgpu) => Some(Renderer::Glow),
        (Renderer::Auto, _) => Some(Renderer::Wgpu),
        _ => None,
    };
    // Whichever renderer comes up takes the options; one that fails before leaves them for the other.
    let waiting = Arc::new(Mutex::new(Some(options)));
    let result = open(first, &waiting);
    match (result, second) {
        (Err(AppError::Renderer(why)), Some(second)) => {
            tracing::warn!(?first, ?second, why, "the first renderer does not work, trying the second");
            open(second, &waiting)
        }
        (result, _) => result,
    }
}

fn has_display() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Whether an adapter is anything but a processor pretending.
fn has_gpu() -> bool {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    adapters.iter().any(|adapter| {
        matches!(
            adapter.get_info().device_type,
            wgpu::DeviceType::DiscreteGpu | wgpu::DeviceType::IntegratedGpu | wgpu::DeviceType::VirtualGpu
        )
    })
}

fn open(renderer: Renderer, waiting: &Arc<Mutex<Option<Options>>>) -> Result<(), AppError> {
    let viewport = ViewportBuilder::default()
        .with_title("Residual Lab")
        .with_app_id("residual-lab")
        .with_icon(icon())
        .with_inner_size(vec2(1440.0, 900.0))
        .with_min_inner_size(vec2(800.0, 560.0))
        .with_drag_and_drop(true);
    let native = eframe::NativeOptions {
        viewport,
        renderer: if renderer == Renderer::Wgpu { eframe::Renderer::Wgpu } else { eframe::Renderer::Glow },
        // Nothing here fades, and without a GPU the noise takes a tenth of a frame.
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    let waiting = Arc::clone(waiting);
    let create: eframe::AppCreator<'_> = Box::new(move |context| {
        let options =
            waiting.lock().ok().and_then(|mut options| options.take()).ok_or("the window was opened twice")?;
        Ok(Box::new(build(context, options)?))
    });
    keep_freed_memory();
    let quiet = Quiet::install();
    let ended = catch_unwind(AssertUnwindSafe(|| eframe::run_native("residual-lab", native, create)));
    drop(quiet);
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error @ (eframe::Error::WinitEventLoop(_) | eframe::Error::Winit(_)))) => {
            tracing::debug!("{error}");
            Err(AppError::NoDisplay)
        }
        Ok(Err(error)) => Err(AppError::Renderer(error.to_string())),
        Err(payload) => {
            let text = said(payload.as_ref());
            Err(if text.contains(XKB) {
                AppError::MissingLibrary(format!("lib{XKB}-x11"))
            } else {
                AppError::Crashed(text)
            })
        }
    }
}

/// The largest block that Linux's usual C library learns from, less than its 32 MiB.
const LESSON: usize = 31 << 20;

/// Keeps the memory of a frame's triangles for the next frame. Linux's usual C library hands what is free at the end of its
/// heap back to the system beyond twice the largest block that it has seen freed by itself (`mallopt(3)`, `M_MMAP_THRESHOLD`),
/// so it is shown one: a frame of many lines would otherwise ask for thousands of pages anew.
fn keep_freed_memory() {
    drop(black_box(Vec::<u8>::with_capacity(LESSON)));
}

fn build(context: &eframe::CreationContext<'_>, options: Options) -> std::io::Result<App> {
    let parts = AppParts {
        link: (options.connect)(wake(&context.egui_ctx))?,
        dialogs: Box::new(Native::default()),
        plan: options.plan,
        device: options.device,
        devices: options.devices,
        resident: lab_core::memory::resident,
        place: options.place,
        program: std::env::current_exe().ok(),
        frame_log: options.frame_log,
    };
    let app = App::new(context, parts);
    if let Some(theme) = options.theme {
        context.egui_ctx.set_theme(theme);
    }
    Ok(app)
}

/// Asks for a frame soon, not at once: however often the engine speaks, the window draws thirty times a second.
fn wake(ctx: &Context) -> Wake {
    let ctx = ctx.clone();
    Box::new(move || ctx.request_repaint_after(Duration::from_millis(33)))
}

fn icon() -> eframe::egui::IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../../../assets/icon.png")).unwrap_or_default()
}

/// The library that winit loads when a keyboard is first used, and without which it panics.
const XKB: &str = "xkbcommon";

fn said(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason was given".into())
}

type Hook = Box<dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync>;

/// While it lives, the panic about a missing library prints nothing: it is reported in one line instead.
struct Quiet {
    before: Arc<Hook>,
}

impl Quiet {
    fn install() -> Self {
        let before: Arc<Hook> = Arc::new(std::panic::take_hook());
        let inner = Arc::clone(&before);
        std::panic::set_hook(Box::new(move |info| {
            if !said(info.payload()).contains(XKB) {
                inner(info);
            }
        }));
        Self { before }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let before = Arc::clone(&self.before);
            std::panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

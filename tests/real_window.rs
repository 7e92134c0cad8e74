//! The program itself in a real window on a virtual screen, with nothing but a keyboard.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop where it stands")]

use lab_core::checkpoint::Checkpoint;
use lab_core::runs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Kills a program that a failed test leaves behind.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A virtual screen and the number that programs find it by.
struct Screen {
    _server: Running,
    display: String,
}

impl Screen {
    /// `None` where there is no program for it, and says so.
    fn open() -> Option<Self> {
        let exists = |program: &str| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
        };
        if let Some(missing) = ["Xvfb", "xdotool"].into_iter().find(|program| !exists(program)) {
            let required = std::env::var_os("RESIDUAL_LAB_REQUIRE_PIXELS").is_some_and(|value| value == "1");
            assert!(!required, "{missing} is missing");
            eprintln!("SKIPPED: there is no {missing} to open a real window with; install xvfb and xdotool");
            return None;
        }
        // The server chooses a free number by itself and writes it down once it is ready.
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Some(Self { _server: Running(server), display: format!(":{}", number.trim()) })
    }

    fn xdotool(&self, arguments: &[&str]) -> String {
        let done = Command::new("xdotool").args(arguments).env("DISPLAY", &self.display).output().unwrap();
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}

/// The program with a home folder of its own.
struct Program {
    running: Running,
    home: tempfile::TempDir,
}

impl Program {
    fn open(screen: &Screen, more: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(home.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_residual-lab"))
            .args(["--renderer", "glow"])
            .env("DISPLAY", &screen.display)
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("WINIT_X11_SCALE_FACTOR", "1")
            .env("RUST_LOG", "lab_window=info")
            .env("NO_COLOR", "1")
            .envs(more.iter().copied())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env_remove("XDG_DATA_HOME")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { running: Running(child), home }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    fn runs(&self) -> PathBuf {
        self.home.path().join(".local/share/residual-lab/runs")
    }

    /// Waits for something; the program must not end meanwhile.
    fn wait_for(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !so(self) {
            if let Some(status) = self.running.0.try_wait().unwrap() {
                panic!("the program ended with {status} while waiting: {what}\n{}", self.log());
            }
            assert!(
                begun.elapsed() < Duration::from_mins(3),
                "after three minutes still not so: {what}\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.running.0.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_mins(3), "the program does not end\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Rows of a table in every arm's folder below the runs' folder.
fn rows(runs: &Path) -> usize {
    let folders = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let arms = folders.filter_map(|run| std::fs::read_dir(run.path().join("arms")).ok()).flatten().flatten();
    let tables = arms.filter_map(|arm| std::fs::read_to_string(arm.path().join("metrics.csv")).ok());
    tables.map(|table| table.lines().count().saturating_sub(1)).min().unwrap_or(0)
}

#[test]
fn a_keyboard_is_enough_and_the_run_is_intact() {
    let Some(screen) = Screen::open() else { return };
    let mut program = Program::open(&screen, &[]);
    let picture = program.home.path().join("shirt.png");
    image::RgbImage::from_pixel(40, 40, image::Rgb([180, 20, 20])).save(&picture).unwrap();

    program.wait_for("the window is there", |_| {
        !screen.xdotool(&["search", "--onlyvisible", "--name", "Residual Lab"]).is_empty()
    });
    // Without a window manager nobody gives the window the keyboard.
    let id = screen.xdotool(&["search", "--onlyvisible", "--name", "Residual Lab"]);
    screen.xdotool(&["windowfocus", "--sync", id.lines().next().unwrap_or_default()]);
    screen.xdotool(&["key", "space"]);
    program.wait_for("both arms have done some steps", |program| rows(&program.runs()) >= 3);

    screen.xdotool(&["key", "ctrl+shift+o"]);
    std::thread::sleep(Duration::from_millis(700));
    screen.xdotool(&["type", "--delay", "30", &picture.display().to_string()]);
    screen.xdotool(&["key", "Return"]);
    program.wait_for("the picture is classified", |program| program.log().contains("shirt.png: plain sees "));

    let before = rows(&program.runs());
    program.wait_for("training goes on", |program| rows(&program.runs()) > before);
    screen.xdotool(&["key", "ctrl+q"]);
    std::thread::sleep(Duration::from_millis(700));
    screen.xdotool(&["key", "Return"]);
    let status = program.end();
    assert!(status.success(), "{status}\n{}", program.log());

    let found = runs::list(&program.runs()).unwrap();
    assert!(found.damaged.is_empty(), "{:?}", found.damaged);
    let [run] = &found.whole[..] else { panic!("one run, not {}", found.whole.len()) };
    let outcome = run.outcome.as_ref().expect("the run says how it ended");
    assert_eq!(outcome.reason.in_words(), "stopped");
    for arm in 0..2 {
        let metrics = run.metrics(arm).unwrap();
        assert_eq!(metrics.len() as u64, outcome.steps, "a row for each step");
        assert!(run.checkpoint(arm, Checkpoint::Last).is_some(), "a checkpoint to go on from");
    }
    let mut again = Command::new(env!("CARGO_BIN_EXE_residual-lab"))
        .args(["train", "--resume"])
        .arg(&run.folder)
        .env("HOME", program.home.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let more = rows(&program.runs());
    while rows(&program.runs()) <= more
        && begun.elapsed() < Duration::from_mins(2)
        && again.try_wait().unwrap().is_none()
    {
        std::thread::sleep(Duration::from_millis(200));
    }
    let goes_on = rows(&program.runs()) > more;
    let mut said = String::new();
    let _ = again.kill();
    let _ = again.stderr.take().unwrap().read_to_string(&mut said);
    let _ = again.wait();
    assert!(goes_on, "the run does not go on: {said}");
}

#[test]
fn a_missing_library_is_told_in_one_line() {
    let Some(screen) = Screen::open() else { return };
    let place = tempfile::tempdir().unwrap();
    // A file that is no library is found before the real one and cannot be loaded.
    std::fs::write(place.path().join("libxkbcommon-x11.so.0"), "").unwrap();
    let folder = place.path().display().to_string();
    let mut program = Program::open(&screen, &[("LD_LIBRARY_PATH", &folder), ("RUST_LOG", "off")]);
    let status = program.end();
    assert_eq!(status.code(), Some(2), "{}", program.log());
    let log = program.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("libxkbcommon-x11; install the package libxkbcommon-x11-0"), "{log}");
}

#[test]
fn without_a_display_the_command_line_is_named() {
    let ended = Command::new(env!("CARGO_BIN_EXE_residual-lab"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("`residual-lab train`"));
}

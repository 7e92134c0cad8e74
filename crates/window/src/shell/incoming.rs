//! Zip files that were dropped on the window: runs and studies from other machines are unpacked on a thread each.

use crossbeam_channel::{Receiver, Sender, unbounded};
use eframe::egui::Context;
use lab_core::export::bundle::{self, Opened};
use std::path::{Path, PathBuf};

/// What came of one.
pub enum Arrived {
    /// It was unpacked.
    Opened(Opened),
    /// It holds pictures, or something else that is no run and no study.
    Other(PathBuf),
    /// It is one, and cannot be unpacked.
    Failed(String),
}

pub struct Incoming {
    send: Sender<Arrived>,
    receive: Receiver<Arrived>,
}

impl Default for Incoming {
    fn default() -> Self {
        let (send, receive) = unbounded();
        Self { send, receive }
    }
}

impl Incoming {
    /// Unpacks a zip file beside the other runs or studies, whose `places` these are, or says that it is something else.
    pub fn take(&self, archive: PathBuf, places: Option<(&Path, &Path)>, ctx: &Context) {
        let Some((runs, studies)) = places.map(|(runs, studies)| (runs.to_owned(), studies.to_owned())) else {
            return self.report(Arrived::Other(archive));
        };
        let (send, ctx) = (self.send.clone(), ctx.clone());
        let work = move || {
            let arrived = if bundle::is_one(&archive) {
                let opened = bundle::open(&archive, &runs, &studies);
                opened.map_or_else(Arrived::Failed, Arrived::Opened)
            } else {
                Arrived::Other(archive)
            };
            // A window that was closed needs no news.
            let _ = send.send(arrived);
            ctx.request_repaint();
        };
        if let Err(error) = std::thread::Builder::new().name("incoming".into()).spawn(work) {
            self.report(Arrived::Failed(error.to_string()));
        }
    }

    fn report(&self, arrived: Arrived) {
        // This holds the other end.
        let _ = self.send.send(arrived);
    }

    /// What came since the last call.
    pub fn news(&self) -> Vec<Arrived> {
        self.receive.try_iter().collect()
    }
}

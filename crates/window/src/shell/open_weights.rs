//! Opening weights from a file: whose network they belong to, and what images it was trained on.

use crate::kit::theme::{self, Tokens, space};
use crate::kit::typed_path;
use crate::kit::widgets::{bounded_field, choose, named, primary};
use eframe::egui::{Context, Grid, Id, Key, Label, Modal, Response, RichText, TextEdit, Ui, Vec2};
use lab_core::experiment::{Data, DeviceChoice, Normalization, PRESETS, Plan, Preset, imagenet_normalization, preset};
use lab_core::number::{capital, setting};
use lab_core::protocol::{DatasetInfo, Event, Import};
use std::path::Path;

/// The question while it is open.
pub struct OpenWeights {
    path: String,
    /// The path that the preset followed last: what was chosen after that stays.
    followed: String,
    preset: &'static str,
    gray: bool,
    side: usize,
    classes: String,
    mean: String,
    std: String,
    /// Whether the form's images are asked about, too.
    images: bool,
    wrong: Option<String>,
    /// Whether the engine is reading the file.
    reads: bool,
}

impl Default for OpenWeights {
    /// As for the best-known weights for CIFAR-10, whose images were normalised as ImageNet's are.
    fn default() -> Self {
        let listed =
            |numbers: Vec<f32>| numbers.into_iter().map(|it| setting(it.into())).collect::<Vec<_>>().join(", ");
        let [mean, std] = match imagenet_normalization() {
            Normalization::Given { mean, std } => [mean, std].map(listed),
            Normalization::Measured | Normalization::Off => Default::default(),
        };
        Self {
            path: String::new(),
            followed: String::new(),
            preset: "resnet20",
            gray: false,
            side: 32,
            classes: "airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck".into(),
            mean,
            std,
            images: true,
            wrong: None,
            reads: false,
        }
    }
}

/// What came of a frame.
pub enum DialogStep {
    Stay,
    /// A file is to be chosen by dialog.
    ChooseFile,
    /// A network is to be read; the question stays until the engine says what came of it.
    Read(Box<Import>),
    Close,
}

/// What is asked for in the fields.
struct Clicked {
    /// A file is to be chosen by dialog.
    choose: bool,
    /// Enter was pressed in the file's field: these weights are to be opened.
    entered: bool,
}

impl OpenWeights {
    /// A file was chosen; the preset follows its name if that says which.
    pub fn set_path(&mut self, path: &Path) {
        self.path = path.display().to_string();
        self.followed.clone_from(&self.path);
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
        // The longest name wins: resnet110 before resnet11.
        let fits = |preset: &&Preset| stem.starts_with(preset.id);
        if let Some(found) = single().filter(fits).max_by_key(|preset| preset.id.len()) {
            self.preset = found.id;
        }
        self.wrong = None;
    }

    /// What the engine says of the file that it reads: it is open, or the question stays, with the reason why not. Whether
    /// that is all there is to show.
    pub fn hear(open: &mut Option<Self>, event: &Event) -> bool {
        match (event, &mut *open) {
            (Event::Imported(_), _) => *open = None,
            (Event::Refused(why) | Event::Failed(why), Some(open)) if open.reads => {
                (open.reads, open.wrong) = (false, Some(why.clone()));
                return true;
            }
            _ => {}
        }
        false
    }

    /// Draws the question. `active` says that a run would be ended by it.
    pub fn ui(&mut self, ctx: &Context, device: DeviceChoice, data: &Data, active: bool) -> DialogStep {
        let mut next = DialogStep::Stay;
        let modal = Modal::new(Id::unique("weights")).show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            ui.set_width(460.0);
            ui.label(theme::heading("Open weights"));
            let text = "A network trained elsewhere answers in the place of an experiment's: safetensors, or PyTorch's .pt, \
                        .pth or .th.";
            ui.add(Label::new(theme::caption(text, &tokens)).wrap());
            ui.add_space(space::S);
            let mut entered = false;
            Grid::new("weights").num_columns(2).spacing([space::M, space::XS]).show(ui, |ui| {
                let asked = self.rows(ui);
                entered = asked.entered;
                if asked.choose {
                    next = DialogStep::ChooseFile;
                }
            });
            if let Some(wrong) = &self.wrong {
                ui.add(Label::new(RichText::new(wrong).color(tokens.error)).wrap());
            }
            if active {
                let text = "The run under way ends with a checkpoint. It can go on later: Runs, Continue.";
                ui.add(Label::new(RichText::new(text).color(tokens.warning)).wrap());
            }
            ui.add_space(space::M);
            ui.horizontal(|ui| {
                let word = match (self.reads, active) {
                    (true, _) => "Reading…",
                    (false, true) => "Stop the run and open",
                    (false, false) => "Open",
                };
                let open = primary(ui, !self.reads, word, Vec2::ZERO);
                if named(ui, open, "Open these weights").clicked() || entered && !self.reads {
                    match self.import(device, data) {
                        Ok(import) => {
                            (self.reads, self.wrong) = (true, None);
                            next = DialogStep::Read(Box::new(import));
                        }
                        Err(why) => self.wrong = Some(why),
                    }
                }
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        if modal.should_close() { DialogStep::Close } else { next }
    }

    fn rows(&mut self, ui: &mut Ui) -> Clicked {
        let (mut file, mut entered) = (false, false);
        row(ui, "File", |ui| {
            let edit = TextEdit::singleline(&mut self.path).desired_width(230.0).hint_text("/path/to/weights");
            let response = ui.add(edit);
            // Whoever has left the field has it back a frame later: asked for at once, it would not be left.
            let left = response.lost_focus();
            if !left && ui.memory(|memory| memory.focused().is_none()) {
                response.request_focus();
            }
            if left && !self.path.trim().is_empty() {
                entered = ui.input(|input| input.key_pressed(Key::Enter));
                if self.path != self.followed {
                    let path = typed_path::read(&self.path);
                    self.set_path(&path);
                }
            }
            let choose = ui.button("Choose…");
            file = named(ui, choose, "Choose the weights").clicked();
            response
        });
        row(ui, "Network", |ui| {
            let options: Vec<(&str, &str)> = single().map(|preset| (preset.id, preset.id)).collect();
            ui.scope(|ui| {
                ui.set_max_width(160.0);
                choose(ui, &mut self.preset, &options)
            })
            .inner
        });
        row(ui, "Image side", |ui| {
            bounded_field(ui, &mut self.side, 8..=1024, |field| field.speed(0.2).suffix(" pixels"))
        });
        let gray = self.gray;
        row(ui, "Gray images", |ui| ui.checkbox(&mut self.gray, ""));
        if self.gray && !gray {
            // Gray has one number; the first of three is nearer to it than none.
            for text in [&mut self.mean, &mut self.std] {
                text.truncate(text.find(',').unwrap_or(text.len()));
            }
        }
        let field = |ui: &mut Ui, text: &mut String, hint: &str| {
            ui.add(TextEdit::singleline(text).desired_width(300.0)).on_hover_text(hint)
        };
        row(ui, "Classes", |ui| field(ui, &mut self.classes, "How many, or their names separated by commas"));
        row(ui, "Mean", |ui| field(ui, &mut self.mean, "Subtracted from each channel of pixels between 0 and 1"));
        row(ui, "Deviation", |ui| field(ui, &mut self.std, "What each channel is divided by after that"));
        row(ui, "Panels", |ui| {
            let hint = "Loads the images that the form names, so that Predictions, Confusion, Lesions and all other \
                        panels answer, too. They must be of as many classes.";
            ui.checkbox(&mut self.images, "also answer, on the images of the form  ?").on_hover_text(hint)
        });
        Clicked { choose: file, entered }
    }

    fn import(&self, device: DeviceChoice, data: &Data) -> Result<Import, String> {
        let path = typed_path::read(&self.path);
        if !path.is_file() {
            return Err("Choose the file of the weights first.".into());
        }
        let arm = preset(self.preset).and_then(|preset| preset.plan().arms.into_iter().next());
        let arm = arm.ok_or("Choose the network that the weights belong to.")?;
        let channels = if self.gray { 1 } else { 3 };
        let (mean, std) = (singles(&self.mean, channels, "mean")?, singles(&self.std, channels, "deviation")?);
        Normalization::given(mean.clone(), std.clone(), Some(channels))
            .map_err(|why| format!("{}.", capital(&why.to_string())))?;
        let names: Vec<String> = self.classes.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err("A class has no name: there is a comma too many.".into());
        }
        let classes = match &names[..] {
            [one] => {
                let count: usize = one.parse().ok().filter(|count| (2..=10_000).contains(count)).ok_or_else(|| {
                    "Say how many classes there are, or name them all, separated by commas.".to_owned()
                })?;
                DatasetInfo::numbered_classes(count)
            }
            _ => names,
        };
        let shape = [channels, self.side, self.side];
        let dataset = DatasetInfo { name: "weights".into(), shape, classes, train: 0, validation: 0, mean, std };
        let images = self.images.then(|| data.clone());
        Ok(Import { name: self.preset.to_owned(), network: arm.network, weights: path, dataset, images, device })
    }
}

/// The presets of one network; those that start from weights have the network of another one.
fn single() -> impl Iterator<Item = &'static Preset> {
    let lone = |plan: Plan| plan.arms.len() == 1 && plan.arms.iter().all(|arm| arm.start.is_none());
    PRESETS.iter().filter(move |preset| lone(preset.plan()))
}

fn row(ui: &mut Ui, label: &str, widget: impl FnOnce(&mut Ui) -> Response) {
    let label = ui.label(label);
    ui.horizontal(|ui| widget(ui).labelled_by(label.id));
    ui.end_row();
}

/// One number for each channel; a single one counts for all.
fn singles(text: &str, channels: usize, what: &str) -> Result<Vec<f32>, String> {
    let read: Option<Vec<f32>> =
        text.split(',').map(|part| part.trim().parse().ok().filter(|value: &f32| value.is_finite())).collect();
    match read {
        Some(values) if values.len() == channels => Ok(values),
        Some(values) if values.len() == 1 => Ok(vec![values[0]; channels]),
        _ => Err(format!("Give the {what} as one number for each of {channels} channels, separated by commas.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preset_follows_the_files_name() {
        let mut weights = OpenWeights::default();
        for (file, preset) in
            [("resnet110-1d1ed7c2.th", "resnet110"), ("resnet56.th", "resnet56"), ("net.pt", "resnet56")]
        {
            weights.set_path(Path::new(file));
            assert_eq!(weights.preset, preset);
        }
    }

    #[test]
    fn numbers_of_pixels_up_to_255_are_refused_with_what_to_do() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").to_owned();
        let mut weights = OpenWeights { path, ..OpenWeights::default() };
        let import = |weights: &OpenWeights| weights.import(DeviceChoice::Auto, &Data::default()).map(|_| ());
        assert_eq!(import(&weights), Ok(()));
        weights.mean = "123.7, 116.3, 103.5".into();
        assert!(import(&weights).unwrap_err().contains("divide mean and std by 255"));
        weights.mean = "0.5".into();
        weights.classes = "cat, dog,".into();
        assert!(import(&weights).unwrap_err().contains("A class has no name"));
    }

    #[test]
    fn numbers_are_one_for_each_channel() {
        assert_eq!(singles("0.5", 3, "mean"), Ok(vec![0.5; 3]));
        assert_eq!(singles("0.1, 0.2, 0.3", 3, "mean"), Ok(vec![0.1, 0.2, 0.3]));
        assert!(singles("0.1, 0.2, 0.3", 1, "mean").is_err(), "nothing is left out in silence");
        assert!(singles("0.1, x", 3, "mean").is_err());
        assert!(singles("", 3, "mean").is_err());
    }
}

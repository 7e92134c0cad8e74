//! A few training images as they are and, below each, as augmentation shows it to a network.

use super::background::Background;
use super::theme::{self, Tokens, space};
use super::widgets::named;
use eframe::egui::{Color32, ColorImage, Image, Label, RichText, TextureHandle, TextureOptions, Ui};
use lab_core::data::samples::{Sampler, Samples, Wanted};
use lab_core::experiment::Plan;
use lab_core::number::plural;
use lab_core::protocol::Thumbnail;

/// The samples that are shown, and those that are asked for.
#[derive(Default)]
pub struct AugmentationSamples {
    worker: Option<Background<Wanted, Result<Samples, String>>>,
    asked: Option<Wanted>,
    epoch: u64,
    shown: Option<Result<(TextureHandle, usize), String>>,
}

/// Pixels between two images.
const SPACE: usize = 1;

impl AugmentationSamples {
    /// Draws the samples of a plan whose data and augmentation have no errors.
    pub fn ui(&mut self, ui: &mut Ui, plan: &Plan) {
        let tokens = Tokens::of(ui);
        let (data, augmentation) = (plan.data.clone(), plan.recipe.augmentation.clone());
        let wanted = Wanted { data, augmentation, seed: plan.recipe.seed, epoch: self.epoch };
        let worker = self.worker.get_or_insert_with(|| {
            let mut sampler = Sampler::default();
            Background::new("samples", ui.ctx(), move |wanted| sampler.samples(&wanted))
        });
        if self.asked.as_ref() != Some(&wanted) {
            worker.ask(wanted.clone());
            self.asked = Some(wanted);
        }
        if let Some(answer) = worker.poll() {
            self.shown = Some(answer.map(|samples| (upload(ui, &samples), samples.plain.len())));
        }
        ui.add_space(space::S);
        match &self.shown {
            None => {
                ui.label(theme::caption("Reading some images…", &tokens));
            }
            Some(Err(why)) => {
                ui.add(Label::new(RichText::new(why).size(theme::size::SMALL).color(tokens.error)).wrap());
            }
            Some(Ok((texture, count))) => {
                ui.horizontal(|ui| {
                    ui.label(theme::caption("Above as they are, below as networks get them", &tokens));
                    let again =
                        ui.button(RichText::new("Again").size(theme::size::SMALL)).on_hover_text("As in another epoch");
                    if named(ui, again, "Augment the samples again").clicked() {
                        self.epoch += 1;
                    }
                });
                let size = texture.size_vec2();
                let size = size * (ui.available_width() / size.x);
                let text = format!("{} as they are and as augmented", plural(*count as u64, "training image"));
                ui.add(Image::new((texture.id(), size)).alt_text(text));
            }
        }
    }
}

/// Both rows as one picture.
fn upload(ui: &Ui, samples: &Samples) -> TextureHandle {
    let (width, height) = samples.plain.first().map_or((1, 1), |first| (first.width, first.height));
    let columns = samples.plain.len().max(1);
    let whole = [columns * (width + SPACE) - SPACE, 2 * height + SPACE];
    let mut image = ColorImage::filled(whole, Color32::TRANSPARENT);
    for (row, pictures) in [&samples.plain, &samples.varied].into_iter().enumerate() {
        for (column, picture) in pictures.iter().enumerate() {
            let at = [column * (width + SPACE), row * (height + SPACE)];
            place(&mut image, picture, at);
        }
    }
    ui.ctx().load_texture("samples", image, TextureOptions::NEAREST)
}

fn place(image: &mut ColorImage, picture: &Thumbnail, [left, top]: [usize; 2]) {
    for (index, rgb) in picture.rgb.chunks_exact(3).enumerate() {
        let (x, y) = (left + index % picture.width.max(1), top + index / picture.width.max(1));
        image[(x, y)] = Color32::from_rgb(rgb[0], rgb[1], rgb[2]);
    }
}

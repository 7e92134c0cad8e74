//! The pictures that a network got most wrong, within a web page.

use super::page::{Page, escaped};
use crate::data::Images;
use crate::instrument::{Findings, Thumbnail};
use crate::number::precise_percent;
use crate::png;

/// Pictures of a network.
const MOST: usize = 12;

/// What networks said of the validation images.
pub struct Said<'a> {
    /// An answer to [`crate::instrument::Question::Predictions`].
    pub findings: &'a Findings,
    /// The images that it is about.
    pub images: &'a Images,
}

/// For each network the mistakes with the greatest loss.
pub(super) fn worst(page: &mut Page, said: &Said, classes: &[String]) {
    for (arm, found) in said.findings.predictions() {
        let mut wrong: Vec<usize> = (0..found.len()).filter(|&image| !found.is_right(image)).collect();
        if wrong.is_empty() {
            continue;
        }
        page.heading(&format!("Worst predictions of {arm}"));
        page.soft(&format!(
            "Of {} validation images {} were taken for something else; these with the greatest loss.",
            found.len(),
            wrong.len()
        ));
        wrong.sort_by(|&a, &b| found.loss[b].total_cmp(&found.loss[a]).then(a.cmp(&b)));
        let name = |class: u16| classes.get(usize::from(class)).map_or("?", String::as_str);
        let figure = |&image: &usize| {
            let picture = said.images.image(image).ok()?;
            let Thumbnail { width, height, rgb } = Thumbnail::new(&picture, said.images.shape());
            let bytes = png::rgb(&rgb, [width, height]).ok()?;
            let (truth, taken) = (name(found.truth[image]), name(found.predicted[image]));
            let sure = precise_percent(found.confidence(image).into());
            let file =
                said.findings.files.get(image).map_or_else(String::new, |file| format!(" title=\"{}\"", escaped(file)));
            Some(format!(
                "<figure{file}><img alt=\"{0}\" src=\"{1}\"><figcaption>{0}, taken for {2} ({sure})</figcaption>\
                 </figure>",
                escaped(truth),
                png::address(&bytes),
                escaped(taken)
            ))
        };
        let figures: String = wrong.iter().take(MOST).filter_map(figure).collect();
        page.raw(&format!("<div class=\"pictures\">{figures}</div>"));
    }
}

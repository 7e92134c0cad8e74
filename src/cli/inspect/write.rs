//! Findings as tables, JSON and pictures.

use crate::cli::output::{self, Failure};
use image::{ImageFormat, Rgb, RgbImage};
use lab_core::files::write_atomically;
use lab_core::instrument::{
    Calibration, Disagreement, Finding, Findings, HeatMap, Instrument, Metrics, Predictions, Sheet, viridis,
};
use serde_json::{Value, json};
use std::io::Cursor;
use std::path::Path;

/// Bins of the calibration, as Guo et al. take them.
const BINS: usize = 15;
/// The least side of a map's picture, in pixels.
const SIDE: usize = 224;

/// The tables of each arm, or of each pair of arms, or why there are none.
pub fn sheets(instrument: Instrument, findings: &Findings) -> Vec<(String, Result<Vec<Sheet>, String>)> {
    let classes = &findings.classes;
    if instrument == Instrument::Disagreement {
        let pairs = pairs(findings).into_iter();
        return pairs.map(|(a, b, found)| (format!("{a} and {b}"), Ok(vec![found.sheet(a, b)]))).collect();
    }
    let of = |finding: &Finding| match (instrument, finding) {
        (Instrument::Confusion, Finding::Predictions(found)) => {
            let confusion = found.confusion();
            vec![matrix(&confusion, classes), Metrics::of(&confusion, found.classes).sheet(classes)]
        }
        (Instrument::Calibration, Finding::Predictions(found)) => vec![Calibration::of(found, BINS).sheet()],
        _ => finding.sheets(classes),
    };
    let entry =
        |arm: &lab_core::instrument::ArmFinding| (arm.arm.clone(), arm.finding.as_ref().map(of).map_err(Clone::clone));
    findings.arms.iter().map(entry).collect()
}

fn matrix(confusion: &[u32], classes: &[String]) -> Sheet {
    let mut sheet = Sheet::new("confusion", &["actual \\ predicted"]);
    sheet.header.extend(classes.iter().cloned());
    for (class, row) in classes.iter().zip(confusion.chunks(classes.len().max(1))) {
        sheet.push([class.clone()].into_iter().chain(row.iter().map(u32::to_string)));
    }
    sheet
}

fn predictions(findings: &Findings) -> Vec<(&str, &Predictions)> {
    let found = findings.arms.iter().filter_map(|arm| match &arm.finding {
        Ok(Finding::Predictions(found)) => Some((arm.arm.as_str(), found)),
        _ => None,
    });
    found.collect()
}

/// Every pair of arms with where they differ.
fn pairs(findings: &Findings) -> Vec<(&str, &str, Disagreement)> {
    let found = predictions(findings);
    let mut pairs = Vec::new();
    for (index, &(a, first)) in found.iter().enumerate() {
        pairs.extend(found[index + 1..].iter().map(|&(b, second)| (a, b, Disagreement::of(first, second))));
    }
    pairs
}

/// Prints findings for another program to read.
pub fn json(instrument: Instrument, findings: &Findings) -> Result<(), Failure> {
    let arms = |of: &dyn Fn(&Predictions) -> Value| {
        predictions(findings).iter().map(|(arm, found)| json!({ "arm": arm, "finding": of(found) })).collect::<Vec<_>>()
    };
    let about = instrument.about().name;
    let value = match instrument {
        Instrument::Confusion => {
            let of = |found: &Predictions| {
                let confusion = found.confusion();
                let top5 = (0..found.len()).filter(|&image| found.in_top5(image)).count();
                json!({
                    "confusion": confusion.chunks(found.classes.max(1)).collect::<Vec<_>>(),
                    "metrics": Metrics::of(&confusion, found.classes),
                    "top5": top5 as f64 / found.len().max(1) as f64,
                })
            };
            json!({ "instrument": about, "classes": findings.classes, "arms": arms(&of) })
        }
        Instrument::Calibration => {
            json!({ "instrument": about, "arms": arms(&|found| json!(Calibration::of(found, BINS))) })
        }
        Instrument::Disagreement => {
            let pair =
                |(a, b, found): &(&str, &str, Disagreement)| json!({ "first": a, "second": b, "finding": found });
            json!({ "instrument": about, "pairs": pairs(findings).iter().map(pair).collect::<Vec<_>>() })
        }
        _ => {
            let arms = findings.arms.iter().map(|arm| match &arm.finding {
                Ok(finding) => json!({ "arm": arm.arm, "finding": inner(finding) }),
                Err(why) => json!({ "arm": arm.arm, "error": why }),
            });
            let arms: Vec<Value> = arms.collect();
            json!({ "instrument": about, "step": findings.step, "classes": findings.classes, "arms": arms })
        }
    };
    output::print_json(&value)
}

/// A finding without the name of its kind, which the instrument says already.
fn inner(finding: &Finding) -> Value {
    match serde_json::to_value(finding) {
        Ok(Value::Object(object)) => object.into_iter().next().map_or(Value::Null, |(_, value)| value),
        _ => Value::Null,
    }
}

/// Writes every table and every map into a folder.
pub fn all(folder: &Path, instrument: Instrument, findings: &Findings) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Running(error.to_string());
    std::fs::create_dir_all(folder).map_err(|error| Failure::Running(format!("{}: {error}", folder.display())))?;
    for (name, sheets) in sheets(instrument, findings) {
        for sheet in sheets.iter().flatten() {
            let file = format!("{}-{}.csv", safe(&name), safe(&sheet.name));
            write_atomically(&folder.join(file), sheet.csv().as_bytes()).map_err(failed)?;
        }
    }
    for arm in &findings.arms {
        let Ok(finding) = &arm.finding else { continue };
        for (name, map) in finding.maps() {
            let file = format!("{}-{}.png", safe(&arm.arm), safe(&name));
            write_atomically(&folder.join(file), &picture(&map)?).map_err(failed)?;
        }
    }
    Ok(())
}

/// A name that every file system takes.
fn safe(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

/// A map on viridis between its own extremes, enlarged, as a PNG file.
fn picture(map: &HeatMap) -> Result<Vec<u8>, Failure> {
    let zoom = SIDE.div_ceil(map.width.max(map.height).max(1));
    let (width, height) = (map.width * zoom, map.height * zoom);
    let shares = map.shares(map.range());
    let size = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let image = RgbImage::from_fn(size(width), size(height), |x, y| {
        Rgb(viridis(shares[y as usize / zoom * map.width + x as usize / zoom]))
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(Failure::running)?;
    Ok(bytes.into_inner())
}

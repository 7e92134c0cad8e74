//! Findings as tables, JSON and pictures.

use super::asked::About;
use crate::cli::output::{self, Failure};
use lab_core::files::{safe_name, write_atomically};
use lab_core::instrument::{
    Calibration, Finding, Findings, HeatMap, Instrument, Metrics, Predictions, TablesOf, pairs, viridis,
};
use lab_core::png;
use serde_json::{Value, json};
use std::path::Path;

/// The least side of a map's picture, in pixels.
const SIDE: usize = 224;

/// Prints findings for another program to read, with the `pixels` of the images only where they are wanted.
pub fn json(instrument: Instrument, findings: &Findings, asked: &About, pixels: bool) -> Result<(), Failure> {
    let id = instrument.about().id;
    let arms = |of: &dyn Fn(&Predictions) -> Value| {
        findings.predictions().map(|(arm, found)| json!({ "arm": arm, "finding": of(found) })).collect::<Vec<_>>()
    };
    let mut value = match instrument {
        Instrument::Confusion => {
            let of = |found: &Predictions| {
                let confusion = found.confusion();
                json!({
                    "confusion": output::confusion(&confusion),
                    "metrics": Metrics::of(&confusion),
                    "top5": found.top5(),
                })
            };
            json!({ "instrument": id, "classes": findings.classes, "arms": arms(&of) })
        }
        Instrument::Calibration => {
            let of = |found: &Predictions| calibration(&Calibration::of(found, Calibration::BINS));
            json!({ "instrument": id, "arms": arms(&of) })
        }
        Instrument::Disagreement => json!({ "instrument": id, "pairs": pairs(findings.predictions()) }),
        _ => {
            let arms = findings.arms.iter().map(|arm| match &arm.finding {
                Ok(finding) => {
                    let mut found = inner(finding);
                    if !pixels {
                        without_pixels(&mut found);
                    }
                    json!({ "arm": arm.arm, "step": arm.step, "finding": found })
                }
                Err(why) => json!({ "arm": arm.arm, "error": why }),
            });
            let arms: Vec<Value> = arms.collect();
            let mut said =
                json!({ "instrument": id, "step": findings.step, "classes": findings.classes, "arms": arms });
            if !findings.files.is_empty() {
                said["files"] = json!(findings.files);
            }
            said
        }
    };
    value["asked"] = asked.json();
    output::print_json(&value)
}

/// Bins without images are neither sure nor right.
fn calibration(found: &Calibration) -> Value {
    let bins = found.bins.iter().map(|bin| {
        let filled = |value: f64| (bin.count > 0).then_some(value);
        json!({ "count": bin.count, "confidence": filled(bin.confidence), "accuracy": filled(bin.accuracy) })
    });
    json!({ "bins": bins.collect::<Vec<_>>(), "expected_calibration_error": found.error })
}

/// A finding without the name of its kind, which the instrument says already.
fn inner(finding: &Finding) -> Value {
    match serde_json::to_value(finding) {
        Ok(Value::Object(object)) => object.into_iter().next().map_or(Value::Null, |(_, value)| value),
        _ => Value::Null,
    }
}

/// Takes the images as the networks saw them away.
fn without_pixels(found: &mut Value) {
    match found {
        Value::Object(fields) => {
            fields.remove("seen");
        }
        Value::Array(parts) => parts.iter_mut().for_each(without_pixels),
        _ => {}
    }
}

/// Writes every table and every map into a folder.
pub fn all(folder: &Path, tables: &[TablesOf], findings: &Findings) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Running(error.to_string());
    std::fs::create_dir_all(folder).map_err(|error| Failure::Running(format!("{}: {error}", folder.display())))?;
    for TablesOf { of, tables } in tables {
        for table in tables.iter().flatten() {
            let file = format!("{}-{}.csv", safe_name(of), safe_name(&table.name));
            write_atomically(&folder.join(file), table.csv().as_bytes()).map_err(failed)?;
        }
    }
    for arm in &findings.arms {
        let Ok(finding) = &arm.finding else { continue };
        for (name, map) in finding.maps() {
            let file = format!("{}-{}.png", safe_name(&arm.arm), safe_name(&name));
            write_atomically(&folder.join(file), &picture(&map)?).map_err(failed)?;
        }
    }
    Ok(())
}

/// A map on viridis between its own extremes, enlarged, as a PNG file.
fn picture(map: &HeatMap) -> Result<Vec<u8>, Failure> {
    let zoom = SIDE.div_ceil(map.width.max(map.height).max(1));
    let (width, height) = (map.width * zoom, map.height * zoom);
    let shares = map.shares(map.range());
    let color = |(y, x): (usize, usize)| viridis(shares[y / zoom * map.width + x / zoom]);
    let pixels: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).flat_map(color).collect();
    png::rgb(&pixels, [width, height]).map_err(Failure::Running)
}

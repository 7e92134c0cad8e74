//! Curves as a drawing within a web page.

use super::page::escaped;
use crate::number::tick;

/// A curve.
pub(super) struct Line {
    pub name: String,
    /// In the order in which they are joined.
    pub points: Vec<(f64, f64)>,
}

/// Colours that colour-blind people tell apart (after Okabe and Ito 2008); the page has one of each for bright and for dark.
const COLOURS: usize = 8;
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 60.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 28.0;
/// Points of a curve; of more, means of neighbours are drawn.
const MOST: usize = 600;
/// How far above the middle a value may be to be shown, in sizes of what is usual.
const REACH: f64 = 20.0;

/// The drawing; nothing where no curve has two points. One that has a single point, as a network has that diverged after its
/// first validation, is a dot.
pub(super) fn plot(title: &str, along: &str, lines: &[Line]) -> String {
    let thin = lines.iter().map(|line| (line.name.as_str(), thinned(&line.points))).zip((0..COLOURS).cycle());
    let lines: Vec<_> = thin.filter(|((_, points), _)| !points.is_empty()).collect();
    let all = || lines.iter().flat_map(|((_, points), _)| points.iter());
    let ends = |of: fn(&(f64, f64)) -> f64| {
        let (low, high) =
            all().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if high > low { (low, high) } else { (low - 0.5, high + 0.5) }
    };
    if lines.iter().all(|((_, points), _)| points.len() < 2) {
        return String::new();
    }
    let ((x0, x1), (y0, whole)) = (ends(|point| point.0), ends(|point| point.1));
    let y1 = lines.iter().map(|((_, points), _)| usual(points)).fold(y0, f64::max).min(whole);
    let y1 = if y1 > y0 { y1 } else { whole };
    let beyond = lines.iter().filter_map(|((name, points), _)| {
        let most = points.iter().map(|point| point.1).fold(y1, f64::max);
        (most > y1).then(|| format!("▲ {name} up to {}", tick(most)))
    });
    let beyond = beyond.collect::<Vec<_>>().join(", ");
    let x = |value: f64| LEFT + (value - x0) / (x1 - x0) * (WIDTH - LEFT - 10.0);
    let y = |value: f64| HEIGHT - BOTTOM - (value.min(y1) - y0) / (y1 - y0) * (HEIGHT - BOTTOM - TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" font-size=\"12\" \
         role=\"img\" aria-label=\"{0}\"><text x=\"{LEFT}\" y=\"16\" font-weight=\"600\">{0}</text>\
         <text x=\"{1}\" y=\"16\" text-anchor=\"end\">{2}</text>",
        escaped(title),
        WIDTH - 10.0,
        escaped(&beyond)
    );
    for (at, text) in ticks(y0, y1) {
        svg += &format!(
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{1:.1}\" y2=\"{1:.1}\" class=\"grid\"/>\
             <text x=\"{2}\" y=\"{3:.1}\" text-anchor=\"end\">{text}</text>",
            WIDTH - 10.0,
            y(at),
            LEFT - 6.0,
            y(at) + 4.0
        );
    }
    for (at, text) in ticks(x0, x1) {
        let below = HEIGHT - BOTTOM + 16.0;
        svg += &format!("<text x=\"{:.1}\" y=\"{below}\" text-anchor=\"middle\">{text}</text>", x(at));
    }
    svg +=
        &format!("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", WIDTH - 10.0, HEIGHT - 6.0, escaped(along));
    for ((_, points), colour) in &lines {
        if let [only] = points[..] {
            let (x, y) = (x(only.0), y(only.1));
            svg += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" style=\"fill:var(--c{colour})\"/>");
            continue;
        }
        let path: Vec<String> = points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1))).collect();
        svg += &format!("<polyline class=\"curve\" style=\"stroke:var(--c{colour})\" points=\"{}\"/>", path.join(" "));
    }
    let name = |((name, _), colour): &((&str, _), usize)| {
        format!("<span style=\"color:var(--c{colour})\">━ {}</span>", escaped(name))
    };
    let names: String = lines.iter().map(name).collect();
    format!("{svg}</svg><p class=\"names\">{names}</p>")
}

/// The largest value that is shown with the rest: one spike, such as a validation before the batch statistics have settled,
/// must not press everything else flat.
fn usual(points: &[(f64, f64)]) -> f64 {
    // One point tells of nothing that comes again.
    if points.len() < 2 {
        return f64::NEG_INFINITY;
    }
    // Where a curve ends tells what is usual; how it begins does not.
    let mut later: Vec<f64> = points[points.len() / 2..].iter().map(|point| point.1).collect();
    later.sort_unstable_by(f64::total_cmp);
    let Some(least) = later.first() else { return f64::NEG_INFINITY };
    let middle = later[(later.len() - 1) / 2];
    let most = middle + REACH * (middle.abs() + (middle - least));
    points.iter().map(|point| point.1).filter(|value| *value <= most).fold(middle, f64::max)
}

/// Round numbers between two, about five, with no more digits than they need.
fn ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let wanted = (high - low) / 6.0;
    let power = 10_f64.powf(wanted.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= wanted);
    let step = step.unwrap_or(wanted);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "digits behind the point, at most 12")]
    let digits = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    let first = (low / step).ceil();
    let all = (0..10).map(|number| (first + f64::from(number)) * step);
    all.take_while(|at| *at <= high + step * 1e-6)
        .map(|at| (at, if at.abs() < 1e6 { format!("{at:.digits$}") } else { tick(at) }))
        .collect()
}

fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mean = |part: &[(f64, f64)]| {
        let count = part.len() as f64;
        (part.iter().map(|it| it.0).sum::<f64>() / count, part.iter().map(|it| it.1).sum::<f64>() / count)
    };
    points.chunks(points.len().div_ceil(MOST).max(1)).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(low: f64, high: f64) -> Vec<String> {
        ticks(low, high).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_spike_is_named_and_presses_nothing_flat() {
        let line = |name: &str, values: &[f64]| Line {
            name: name.into(),
            points: values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect(),
        };
        let drawn =
            plot("validation loss", "epochs", &[line("a", &[1e14, 3e9, 2e6, 13.4]), line("b", &[3.0, 2.0, 1.0])]);
        assert!(drawn.contains("▲ a up to 1e14") && !drawn.contains("b up to"), "{drawn}");
        assert!(drawn.contains(">10</text>") && !drawn.contains("00000"), "{drawn}");
        let drawn = plot("loss", "epochs", &[line("lost", &[1e9]), line("b", &[3.0, 2.0, 1.0])]);
        assert!(drawn.contains("<circle") && drawn.contains("━ lost") && drawn.contains("▲ lost up to 1e9"), "{drawn}");
        assert_eq!(plot("loss", "epochs", &[line("a", &[1.0]), line("b", &[3.0])]), "");
        assert!(!plot("loss", "epochs", &[line("a", &[5.0, 2.0, 0.5, 0.2, 0.1])]).contains('▲'), "a loss that falls");
    }

    #[test]
    fn axes_have_round_numbers() {
        assert_eq!(words(0.0667, 2.0), ["0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(words(0.859, 2.46), ["1.0", "1.5", "2.0"]);
        assert_eq!(words(-3.0, 1000.0), ["0", "200", "400", "600", "800", "1000"]);
        assert!(words(1e30, 1.1e30).len() > 2 && words(1.0, 1.0 + 1e-15).len() < 11, "whatever is plotted");
    }
}

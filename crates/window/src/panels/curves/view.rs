//! What a person chose to see of the plots, as it is kept.

use crate::kit::plot::TimeAxis;
use lab_core::quantity::Metric;
use serde::{Deserialize, Serialize};

/// What a person chose to see.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    pub smoothing: f64,
    pub axis: TimeAxis,
    pub log_x: bool,
    /// Plots in their order.
    pub shown: Vec<Metric>,
    /// Those with a logarithmic axis, shown or not.
    pub log: Vec<Metric>,
    /// Those that show every value, however far off.
    pub whole: Vec<Metric>,
    /// Whether the attempt before lies behind.
    pub before: bool,
    /// By which settings lines are grouped, as a file names them; none draws every line.
    pub grouped: Vec<String>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            smoothing: 0.8,
            axis: TimeAxis::Step,
            log_x: false,
            shown: vec![Metric::Loss, Metric::Accuracy],
            log: Metric::all().filter(|metric| metric.is_log()).collect(),
            whole: Vec::new(),
            before: true,
            grouped: Vec::new(),
        }
    }
}

impl View {
    pub fn is_log(&self, metric: Metric) -> bool {
        self.log.contains(&metric)
    }

    pub fn set_log(&mut self, metric: Metric, log: bool) {
        self.log.retain(|known| *known != metric);
        if log {
            self.log.push(metric);
        }
    }

    pub fn is_whole(&self, metric: Metric) -> bool {
        self.whole.contains(&metric)
    }

    pub fn set_whole(&mut self, metric: Metric, whole: bool) {
        self.whole.retain(|known| *known != metric);
        if whole {
            self.whole.push(metric);
        }
    }

    pub fn is_grouped(&self, path: &str) -> bool {
        self.grouped.iter().any(|known| known == path)
    }

    pub fn set_grouped(&mut self, path: &str, grouped: bool) {
        self.grouped.retain(|known| known != path);
        if grouped {
            self.grouped.push(path.to_owned());
        }
    }

    /// Shows or hides a plot; shown ones keep the order in which they are offered.
    pub fn set_shown(&mut self, metric: Metric, shown: bool) {
        self.shown.retain(|known| *known != metric);
        if shown {
            self.shown.push(metric);
            self.shown.sort_by_key(|metric| Metric::all().position(|known| known == *metric));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_plot_comes_back_in_its_place() {
        let mut view = View::default();
        view.set_shown(Metric::Loss, false);
        view.set_shown(Metric::LearningRate, true);
        view.set_shown(Metric::Loss, true);
        assert_eq!(view.shown, [Metric::Loss, Metric::Accuracy, Metric::LearningRate]);
    }
}

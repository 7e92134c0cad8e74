//! A network's weights as plain arrays under PyTorch's names.

use super::array::{Array, StateDict};
use super::host::{DeviceError, values};
use super::model::Model;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use lab_core::blueprint::Blueprint;
use lab_core::experiment::Naming;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Why weights do not fit a network.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A weight the network needs is not there.
    #[error(
        "the weights lack \"{0}\": they belong to another network; choose the preset or experiment they were trained with"
    )]
    Missing(String),
    /// The head is there by another name.
    #[error(
        "the weights lack \"{needed}\", the head, and hold \"{found}\" instead; where the network's naming is \"{naming}\", it is called so (network.naming), and where the head is made anew, none is needed (start.head = \"new\")"
    )]
    Head {
        /// What the network calls it.
        needed: String,
        /// What the file calls it.
        found: String,
        /// Who calls it so.
        naming: &'static str,
    },
    /// Several whole networks are there.
    #[error(
        "the file holds several networks, and nothing tells which of them is meant: {0}; save the one that is meant in a file of its own"
    )]
    Several(String),
    /// Nothing the network needs is there.
    #[error(
        "the file holds {held}, and this network needs {needed} and others: they belong to another network; choose the preset or experiment they were trained with"
    )]
    Foreign {
        /// The first weight that the network needs.
        needed: String,
        /// The first few names in the file, and how many there are.
        held: String,
    },
    /// A weight has another shape.
    #[error(
        "\"{name}\" has shape {found:?}, but this network needs {needed:?}; choose the preset or experiment the weights were trained with"
    )]
    Shape {
        name: String,
        /// In the file.
        found: Vec<usize>,
        /// In the network.
        needed: Vec<usize>,
    },
    /// There are weights the network has no use for.
    #[error(
        "the weights hold \"{0}\", which this network has no place for; choose the preset or experiment they were trained with"
    )]
    Surplus(String),
    /// The device did not give them back.
    #[error("the weights could not be read from the device: {0}")]
    Device(#[from] DeviceError),
}

impl Model {
    /// All weights and running statistics, copied to the host.
    ///
    /// # Errors
    /// What the device says when it fails.
    pub fn state(&self) -> Result<StateDict, StateError> {
        let mut reader = Reader { path: Path::new(self), state: BTreeMap::new(), failed: None };
        self.visit(&mut reader);
        match reader.failed {
            Some(failed) => Err(failed.into()),
            None => Ok(reader.state),
        }
    }

    /// The same network with these weights, whatever a script wrapped around their names: `state_dict.`, `module.`,
    /// `model.`, … Counters such as `num_batches_tracked` are passed over, and so is what lies beside the network.
    ///
    /// # Errors
    /// The first weight that is missing, has another shape, or has no place.
    pub fn with_state(self, state: &StateDict) -> Result<Self, StateError> {
        self.taking(state, true)
    }

    /// The same network with these weights everywhere but in the head, which stays as it is. The weights may have a head
    /// of any kind, or none.
    ///
    /// # Errors
    /// Like [`Self::with_state`].
    pub fn with_backbone(self, state: &StateDict) -> Result<Self, StateError> {
        self.taking(state, false)
    }

    fn taking(self, state: &StateDict, head: bool) -> Result<Self, StateError> {
        let needed = self.parameter_names();
        let prefix = prefix(state, &needed)?;
        if needed.iter().all(|name| !state.contains_key(&format!("{prefix}{name}"))) {
            let needed = needed.into_iter().next().unwrap_or_default();
            return Err(StateError::Foreign { needed, held: held(state) });
        }
        let path = Path::new(&self);
        let naming = self.blueprint().network.naming;
        let mut writer = Writer { path, state, prefix: &prefix, head, used: Vec::new(), failed: None };
        let model = self.map(&mut writer);
        if let Some(failed) = writer.failed {
            return Err(by_another_name(failed, state, &prefix, naming));
        }
        let used: std::collections::HashSet<&String> = writer.used.iter().collect();
        let inside = |name: &&String| {
            let Some(own) = name.strip_prefix(&prefix) else { return false };
            // Where a head is made anew, that of the file is left where it is, whatever it is called there.
            let of_head = !head && HEADS.iter().any(|head| own.split('.').next() == Some(head));
            !own.ends_with("num_batches_tracked") && !of_head
        };
        match state.keys().filter(inside).find(|name| !used.contains(name)) {
            Some(surplus) => Err(StateError::Surplus(surplus.clone())),
            None => Ok(model),
        }
    }

    /// The PyTorch name of every parameter, frozen or not, in the order in which burn visits them.
    #[must_use]
    pub fn parameter_names(&self) -> Vec<String> {
        let mut names = Names { path: Path::new(self), names: Vec::new() };
        self.visit(&mut names);
        names.names
    }
}

/// What networks call their head: ours, torchvision's, and others.
const HEADS: [&str; 4] = ["linear", "fc", "classifier", "head"];

/// A head that is missing may be there by the name that the other naming has for it.
fn by_another_name(failed: StateError, state: &StateDict, prefix: &str, naming: Naming) -> StateError {
    let StateError::Missing(needed) = &failed else { return failed };
    let (other, name) = match naming {
        Naming::Cifar => (Naming::Torchvision, "torchvision"),
        Naming::Torchvision => (Naming::Cifar, "cifar"),
    };
    let field = needed.strip_prefix(prefix).and_then(|own| own.strip_prefix(naming.head())?.strip_prefix('.'));
    let found = field.map(|field| format!("{prefix}{}.{field}", other.head()));
    match found.filter(|found| state.contains_key(found)) {
        Some(found) => StateError::Head { needed: needed.clone(), found, naming: name },
        None => failed,
    }
}

/// What scripts wrap around the weights that they mean, when there are others beside them.
const MEANT: [&str; 8] =
    ["state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "backbone"];

/// What stands in front of a network's names in a file: the prefix below which most of them are found. Of several, the
/// weights themselves come before their moving average, what scripts call the weights before any other, and where there
/// is least besides before the rest.
///
/// # Errors
/// Several networks of which any may be meant.
fn prefix(state: &StateDict, needed: &[String]) -> Result<String, StateError> {
    let found = |prefix: &str| needed.iter().filter(|name| state.contains_key(&format!("{prefix}{name}"))).count();
    let Some(first) = needed.first().filter(|_| found("") < needed.len()) else { return Ok(String::new()) };
    let before = |name: &String| name.strip_suffix(first.as_str()).map(str::to_owned);
    let candidates = state.keys().filter_map(before).filter(|prefix| prefix.is_empty() || prefix.ends_with('.'));
    let is_meant = |prefix: &str| prefix.split('.').all(|part| part.is_empty() || MEANT.contains(&part));
    let within = |prefix: &str| state.keys().filter(|name| name.starts_with(prefix)).count();
    let rank = |prefix: &str| (found(prefix), !prefix.contains("ema"), is_meant(prefix), Reverse(within(prefix)));
    let mut best: Vec<String> = candidates.collect();
    let most = best.iter().map(|prefix| rank(prefix)).max();
    best.retain(|prefix| Some(rank(prefix)) == most);
    best.sort_by_key(String::len);
    let Some(chosen) = best.first() else { return Ok(String::new()) };
    // A module that is held in two places is one network all the same, and a few names alike are no network.
    let values = |prefix: &str, name: &String| state.get(&format!("{prefix}{name}")).map(|array| &array.values);
    let is_same = |prefix: &String| needed.iter().all(|name| values(prefix, name) == values(chosen, name));
    if best.iter().all(is_same) || 2 * found(chosen) <= needed.len() {
        return Ok(chosen.clone());
    }
    let names = best.iter().map(|prefix| format!("\"{}\"", prefix.trim_end_matches('.')));
    Err(StateError::Several(names.collect::<Vec<_>>().join(", ")))
}

/// The first few names of a file.
fn held(state: &StateDict) -> String {
    let names: Vec<&str> = state.keys().take(3).map(String::as_str).collect();
    let more = state.len() - names.len();
    if more == 0 { names.join(", ") } else { format!("{} and {more} others", names.join(", ")) }
}

/// Where a visitor is, as burn's field names.
struct Path {
    parts: Vec<String>,
    blueprint: Blueprint,
}

impl Path {
    fn new(model: &Model) -> Self {
        Self { parts: Vec::new(), blueprint: model.blueprint().clone() }
    }

    fn enter(&mut self, name: &str) {
        self.parts.push(name.to_owned());
    }

    fn exit(&mut self) {
        self.parts.pop();
    }

    /// The PyTorch name of the parameter at this place.
    fn name(&self) -> String {
        let naming = self.blueprint.network.naming;
        let block = |s: &str, b: &str| &self.blueprint.stages[index(s)].blocks[index(b)].name;
        let parts: Vec<&str> = self.parts.iter().map(String::as_str).collect();
        let (place, field): (String, &[&str]) = match parts.as_slice() {
            ["stem", kind, field @ ..] => (layer(Naming::STEM, kind).into(), field),
            ["stages", s, "entry", kind, field @ ..] => {
                (format!("{}.{}", Naming::stage(index(s)), layer(Naming::ENTRY, kind)), field)
            }
            ["stages", s, "blocks", b, "branch", k, kind, field @ ..] => {
                (format!("{}.{}", block(s, b), layer(Naming::unit(index(k)), kind)), field)
            }
            ["stages", s, "blocks", b, "shortcut", kind, field @ ..] => {
                (format!("{}.{}", block(s, b), layer(naming.projection(), kind)), field)
            }
            ["stages", s, "blocks", b, field @ ..] => (block(s, b).clone(), field),
            ["last", field @ ..] => (Naming::LAST_NORM.into(), field),
            ["head", field @ ..] => (naming.head().into(), field),
            other => (other.join("."), &[]),
        };
        let field = match field {
            ["gamma"] => "weight".into(),
            ["beta"] => "bias".into(),
            ["running", "mean"] => "running_mean".into(),
            ["running", "variance"] => "running_var".into(),
            other => other.join("."),
        };
        format!("{place}.{field}")
    }
}

/// A place in a list, as burn writes it.
fn index(part: &str) -> usize {
    part.parse().unwrap_or(0)
}

/// The name of a unit's convolution or of its norm, of which burn knows the field.
fn layer<T>([conv, norm]: [T; 2], field: &str) -> T {
    if field == "conv" { conv } else { norm }
}

struct Reader {
    path: Path,
    state: StateDict,
    failed: Option<DeviceError>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        match values(tensor) {
            Ok(values) => drop(self.state.insert(self.path.name(), Array { shape, values })),
            Err(error) => self.failed = Some(error),
        }
    }
}

struct Names {
    path: Path,
    names: Vec<String>,
}

impl ModuleVisitor for Names {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        let name = self.path.name();
        if !name.contains("running_") {
            self.names.push(name);
        }
    }
}

struct Writer<'a> {
    path: Path,
    state: &'a StateDict,
    prefix: &'a str,
    /// Whether the head's weights are taken, too.
    head: bool,
    used: Vec<String>,
    failed: Option<StateError>,
}

impl Writer<'_> {
    fn find(&mut self, needed: &[usize]) -> Result<TensorData, StateError> {
        let name = format!("{}{}", self.prefix, self.path.name());
        let array = self.state.get(&name).ok_or_else(|| StateError::Missing(name.clone()))?;
        if array.shape != needed {
            return Err(StateError::Shape { name, found: array.shape.clone(), needed: needed.to_vec() });
        }
        self.used.push(name);
        Ok(TensorData::new(array.values.clone(), array.shape.clone()))
    }
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.head && self.path.parts.first().is_some_and(|part| part == "head") {
            return param;
        }
        match self.find(&param.dims()) {
            Ok(data) => param.map(|old| Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())),
            Err(error) => {
                self.failed.get_or_insert(error);
                param
            }
        }
    }
}

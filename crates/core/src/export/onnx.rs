//! A network as an ONNX file (opset 18): any number of images at a time, normalised as for training, in; logits out.
//! Initialisers have PyTorch's names. Of training nothing is left: running statistics, every branch at its expected share.
//!
//! <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>

use super::protobuf::Message;
use super::weights::Weights;
use crate::blueprint::{BlockPlan, Blueprint, ConvPlan, MapShape, PoolKind, PoolPlan, ShortcutPlan, UnitPlan};
use crate::experiment::{Activation, HeadPool, LEAKY_SLOPE, NORM_EPSILON, Naming, Norm};

/// ONNX of IR version 8 was the first with opset 18.
const IR: u64 = 8;
const OPSET: u64 = 18;
const FLOAT: u64 = 1;
const INT64: u64 = 7;
#[allow(clippy::cast_possible_truncation, reason = "the file has single precision")]
const EPSILON: f32 = NORM_EPSILON as f32;

/// The file's bytes. The input is called `images`, the output `logits`; classes and normalisation are in the file's metadata.
///
/// # Errors
/// A weight that is missing.
pub fn bytes(
    name: &str,
    blueprint: &Blueprint,
    weights: &Weights,
    metadata: &[(&str, String)],
) -> Result<Vec<u8>, String> {
    let mut graph = Graph { blueprint, weights, message: Message::new().text(2, name), values: 0, missing: None };
    let logits = graph.network("images");
    if let Some(missing) = graph.missing {
        return Err(format!("the weights lack \"{missing}\", so they are another network's"));
    }
    graph.message = graph.message.message(1, &node("Identity", &[&logits], "logits", &[]));
    let sides = blueprint.input.map(|side| side as u64);
    graph.message = graph.message.message(11, &value("images", &sides));
    graph.message = graph.message.message(12, &value("logits", &[blueprint.classes as u64]));
    let mut model = Message::new()
        .number(1, IR)
        .text(2, "residual-lab")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, &graph.message)
        .message(8, &Message::new().text(1, "").number(2, OPSET));
    for (key, value) in metadata {
        model = model.message(14, &Message::new().text(1, key).text(2, value));
    }
    Ok(model.bytes().to_vec())
}

/// An attribute of a node.
enum Attribute<'a> {
    Float(&'a str, f32),
    Number(&'a str, usize),
    Numbers(&'a str, &'a [usize]),
}

impl Attribute<'_> {
    fn message(&self) -> Message {
        match self {
            Self::Float(name, value) => Message::new().text(1, name).float(2, *value).number(20, 1),
            Self::Number(name, value) => Message::new().text(1, name).number(3, *value as u64).number(20, 2),
            Self::Numbers(name, values) => {
                let named = Message::new().text(1, name);
                values.iter().fold(named, |message, value| message.number(8, *value as u64)).number(20, 7)
            }
        }
    }
}

fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[Attribute]) -> Message {
    let named = inputs.iter().fold(Message::new(), |message, input| message.text(1, input));
    let named = named.text(2, output).text(3, &format!("{kind}:{output}")).text(4, kind);
    attributes.iter().fold(named, |message, attribute| message.message(5, &attribute.message()))
}

/// A value with any number of images.
fn value(name: &str, sides: &[u64]) -> Message {
    let any = Message::new().message(1, &Message::new().text(2, "batch"));
    let shape = sides.iter().fold(any, |shape, side| shape.message(1, &Message::new().number(1, *side)));
    let tensor = Message::new().number(1, FLOAT).message(2, &shape);
    Message::new().text(1, name).message(2, &Message::new().message(1, &tensor))
}

struct Graph<'a> {
    blueprint: &'a Blueprint,
    weights: &'a Weights<'a>,
    message: Message,
    /// Values named so far.
    values: usize,
    /// The first weight that was not there.
    missing: Option<String>,
}

impl Graph<'_> {
    fn add(&mut self, kind: &str, inputs: &[&str], attributes: &[Attribute]) -> String {
        self.values += 1;
        let output = format!("v{}", self.values);
        self.message = std::mem::take(&mut self.message).message(1, &node(kind, inputs, &output, attributes));
        output
    }

    fn initializer(&mut self, name: &str, kind: u64, shape: &[usize], raw: &[u8]) {
        let dims = shape.iter().fold(Message::new(), |message, size| message.number(1, *size as u64));
        let tensor = dims.number(2, kind).text(8, name).raw(9, raw);
        self.message = std::mem::take(&mut self.message).message(5, &tensor);
    }

    /// A weight by its name, with another shape of as many numbers if one is given.
    fn weight(&mut self, name: &str, shape: Option<&[usize]>) -> String {
        if let Some(weight) = self.weights.get(name) {
            let raw: Vec<u8> = weight.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.initializer(name, FLOAT, shape.unwrap_or(weight.shape), &raw);
        } else {
            self.missing.get_or_insert_with(|| name.to_owned());
        }
        name.to_owned()
    }

    fn floats(&mut self, values: &[f32], shape: &[usize]) -> String {
        self.values += 1;
        let name = format!("c{}", self.values);
        self.initializer(
            &name,
            FLOAT,
            shape,
            &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>(),
        );
        name
    }

    fn integers(&mut self, values: &[i64]) -> String {
        self.values += 1;
        let name = format!("c{}", self.values);
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(&name, INT64, &[values.len()], &raw);
        name
    }

    #[allow(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
    fn scaled(&mut self, x: &str, factor: f64) -> String {
        if factor == 1.0 {
            return x.to_owned();
        }
        let factor = self.floats(&[factor as f32], &[1]);
        self.add("Mul", &[x, &factor], &[])
    }

    fn network(&mut self, images: &str) -> String {
        let blueprint = self.blueprint;
        let mut x = self.unit(images, &blueprint.stem, Naming::STEM.map(str::to_owned));
        for (index, stage) in blueprint.stages.iter().enumerate() {
            if let Some(entry) = &stage.entry {
                x = self.unit(&x, entry, Naming::ENTRY.map(|layer| format!("{}.{layer}", Naming::stage(index))));
            }
            for block in &stage.blocks {
                x = self.block(&x, block);
            }
        }
        if blueprint.last_norm {
            x = self.norm(&x, blueprint.features, Naming::LAST_NORM);
            x = self.activate(&x);
        }
        self.head(&x)
    }

    fn head(&mut self, x: &str) -> String {
        let (head, naming) = (&self.blueprint.network.head, self.blueprint.network.naming.head());
        let (scale, bias) = (head.scale, head.bias);
        let pool = match head.pool {
            HeadPool::Average => "GlobalAveragePool",
            HeadPool::Max => "GlobalMaxPool",
        };
        let pooled = self.add(pool, &[x], &[]);
        let flat = self.add("Flatten", &[&pooled], &[]);
        let mut inputs = vec![flat, self.weight(&format!("{naming}.weight"), None)];
        if bias {
            inputs.push(self.weight(&format!("{naming}.bias"), None));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let logits = self.add("Gemm", &inputs, &[Attribute::Number("transB", 1)]);
        self.scaled(&logits, scale)
    }

    fn unit(&mut self, x: &str, unit: &UnitPlan, [conv, norm]: [String; 2]) -> String {
        if unit.pre {
            let x = self.before(x, unit, &norm);
            return self.after(&x, unit, &conv);
        }
        let mut x = self.conv(x, &unit.conv, &conv);
        if unit.norm {
            x = self.norm(&x, unit.conv.output, &norm);
        }
        if unit.activate {
            x = self.activate(&x);
        }
        self.pooled(&x, unit.pool.as_ref())
    }

    /// A pre-activation unit's norm and activation, which a projection shares with the branch.
    fn before(&mut self, x: &str, unit: &UnitPlan, norm: &str) -> String {
        let x = if unit.norm { self.norm(x, unit.conv.input, norm) } else { x.to_owned() };
        if unit.activate { self.activate(&x) } else { x }
    }

    fn after(&mut self, x: &str, unit: &UnitPlan, conv: &str) -> String {
        let x = self.conv(x, &unit.conv, conv);
        self.pooled(&x, unit.pool.as_ref())
    }

    fn block(&mut self, x: &str, block: &BlockPlan) -> String {
        let layers = |k: usize| Naming::unit(k).map(|layer| format!("{}.{layer}", block.name));
        let pre = block.branch.first().filter(|unit| unit.pre);
        let activated = pre.map(|unit| self.before(x, unit, &layers(0)[1]));
        let mut y = activated.clone().unwrap_or_else(|| x.to_owned());
        for (k, unit) in block.branch.iter().enumerate() {
            y = if k == 0 && unit.pre { self.after(&y, unit, &layers(0)[0]) } else { self.unit(&y, unit, layers(k)) };
        }
        let seen = activated.filter(|_| matches!(block.shortcut, ShortcutPlan::Project { .. }));
        if let Some(shortcut) = self.shortcut(&seen.unwrap_or_else(|| x.to_owned()), block) {
            let gain = self.blueprint.network.gain;
            y = if gain.learned {
                let alpha = self.weight(&format!("{}.alpha", block.name), None);
                let scaled = self.add("Mul", &[&y, &alpha], &[]);
                self.scaled(&scaled, block.keep)
            } else {
                self.scaled(&y, gain.value * block.keep)
            };
            y = self.add("Add", &[&shortcut, &y], &[]);
        }
        if block.activate_after { self.activate(&y) } else { y }
    }

    /// What is added to the branch; `None` in a plain block.
    fn shortcut(&mut self, x: &str, block: &BlockPlan) -> Option<String> {
        match &block.shortcut {
            ShortcutPlan::None => None,
            ShortcutPlan::Identity => Some(x.to_owned()),
            ShortcutPlan::Pad { stride } => Some(self.pad(x, *stride, block.input[0], block.output[0])),
            ShortcutPlan::Project { pool, unit } => {
                let x = self.pooled(x, pool.as_ref());
                let layers = self.blueprint.network.naming.projection();
                Some(self.unit(&x, unit, layers.map(|layer| format!("{}.{layer}", block.name))))
            }
        }
    }

    /// Option A.
    fn pad(&mut self, x: &str, stride: usize, available: usize, channels: usize) -> String {
        let whole = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
        let starts = self.integers(&[0, 0, 0]);
        let ends = self.integers(&[whole(channels), i64::MAX, i64::MAX]);
        let (axes, steps) = (self.integers(&[1, 2, 3]), self.integers(&[1, whole(stride), whole(stride)]));
        let sliced = self.add("Slice", &[x, &starts, &ends, &axes, &steps], &[]);
        let new = channels.saturating_sub(available);
        if new == 0 {
            return sliced;
        }
        let pads = self.integers(&[0, whole(new / 2), 0, 0, 0, whole(new - new / 2), 0, 0]);
        self.add("Pad", &[&sliced, &pads], &[])
    }

    fn conv(&mut self, x: &str, plan: &ConvPlan, name: &str) -> String {
        let mut inputs = vec![x.to_owned(), self.weight(&format!("{name}.weight"), None)];
        if plan.bias {
            inputs.push(self.weight(&format!("{name}.bias"), None));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let attributes = [
            Attribute::Numbers("kernel_shape", &[plan.kernel; 2]),
            Attribute::Numbers("strides", &[plan.stride; 2]),
            Attribute::Numbers("pads", &[plan.kernel / 2; 4]),
        ];
        self.add("Conv", &inputs, &attributes)
    }

    fn norm(&mut self, x: &str, map: MapShape, name: &str) -> String {
        let field = |field: &str| format!("{name}.{field}");
        match self.blueprint.network.norm {
            Norm::None => x.to_owned(),
            Norm::Batch => {
                let fields = ["weight", "bias", "running_mean", "running_var"].map(|it| self.weight(&field(it), None));
                let [gamma, beta, mean, variance] = fields.each_ref().map(String::as_str);
                let epsilon = Attribute::Float("epsilon", EPSILON);
                self.add("BatchNormalization", &[x, gamma, beta, mean, variance], &[epsilon])
            }
            // Opset 18 has no group norm with a scale for each channel, so it is made of an instance norm over groups.
            Norm::Group(groups) => {
                let whole = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
                let (together, apart) = (
                    self.integers(&[0, whole(groups), -1]),
                    self.integers(&[0, whole(map[0]), whole(map[1]), whole(map[2])]),
                );
                let (ones, zeros) =
                    (self.floats(&vec![1.0; groups], &[groups]), self.floats(&vec![0.0; groups], &[groups]));
                let grouped = self.add("Reshape", &[x, &together], &[]);
                let epsilon = Attribute::Float("epsilon", EPSILON);
                let normalised = self.add("InstanceNormalization", &[&grouped, &ones, &zeros], &[epsilon]);
                let normalised = self.add("Reshape", &[&normalised, &apart], &[]);
                let shape = [map[0], 1, 1];
                let gamma = self.weight(&field("weight"), Some(&shape));
                let beta = self.weight(&field("bias"), Some(&shape));
                let scaled = self.add("Mul", &[&normalised, &gamma], &[]);
                self.add("Add", &[&scaled, &beta], &[])
            }
        }
    }

    fn activate(&mut self, x: &str) -> String {
        match self.blueprint.network.activation {
            Activation::Relu => self.add("Relu", &[x], &[]),
            Activation::LeakyRelu => self.add("LeakyRelu", &[x], &[Attribute::Float("alpha", LEAKY_SLOPE)]),
            Activation::Tanh => self.add("Tanh", &[x], &[]),
            Activation::Silu => {
                let gate = self.add("Sigmoid", &[x], &[]);
                self.add("Mul", &[x, &gate], &[])
            }
            // Opset 18 has no such operation: x · (1 + erf(x / √2)) / 2.
            Activation::Gelu => {
                let shrunk = self.scaled(x, std::f64::consts::FRAC_1_SQRT_2);
                let erf = self.add("Erf", &[&shrunk], &[]);
                let one = self.floats(&[1.0], &[1]);
                let raised = self.add("Add", &[&erf, &one], &[]);
                let product = self.add("Mul", &[x, &raised], &[]);
                self.scaled(&product, 0.5)
            }
        }
    }

    fn pooled(&mut self, x: &str, pool: Option<&PoolPlan>) -> String {
        let Some(pool) = pool else { return x.to_owned() };
        let window = [
            Attribute::Numbers("kernel_shape", &[pool.kernel; 2]),
            Attribute::Numbers("strides", &[pool.stride; 2]),
            Attribute::Numbers("pads", &[pool.padding; 4]),
            Attribute::Number("ceil_mode", usize::from(pool.ceil)),
        ];
        let kind = match pool.kind {
            PoolKind::Max => "MaxPool",
            PoolKind::Average => "AveragePool",
        };
        self.add(kind, &[x], &window)
    }
}

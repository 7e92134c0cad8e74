//! One training step of networks built of the fused operations alone: `cargo bench --bench step -- [name] [steps]`.

use std::time::Instant;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use residual_lab::nn::kernels::ops::{self, Activation, Steps};

struct Net {
    device: Device,
    parameters: Vec<Vec<f32>>,
    shapes: Vec<Vec<usize>>,
    leaves: Vec<Leaf>,
    next: usize,
}

enum Leaf {
    Four(Tensor<4>),
    One(Tensor<1>),
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Basic,
    Bottleneck,
    PreActivation,
    Group,
}

impl Net {
    fn new(device: Device) -> Self {
        Self { device, parameters: vec![], shapes: vec![], leaves: vec![], next: 0 }
    }
    fn four(&mut self, shape: [usize; 4]) -> Tensor<4> {
        let index = self.next;
        self.next += 1;
        if index == self.leaves.len() {
            let len: usize = shape.iter().product();
            let gain = (6.0 / (len / shape[1]) as f32).sqrt();
            let mut state = index as u64 * 77 + 5;
            let values: Vec<f32> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    ((state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0) * gain
                })
                .collect();
            self.leaves
                .push(Leaf::Four(Tensor::from_data(TensorData::new(values, shape), &self.device).require_grad()));
        }
        match &self.leaves[index] {
            Leaf::Four(t) => t.clone(),
            Leaf::One(_) => unreachable!(),
        }
    }
    fn one(&mut self, len: usize, value: f32) -> Tensor<1> {
        let index = self.next;
        self.next += 1;
        if index == self.leaves.len() {
            self.leaves.push(Leaf::One((Tensor::zeros([len], &self.device) + value).require_grad()));
        }
        match &self.leaves[index] {
            Leaf::One(t) => t.clone(),
            Leaf::Four(_) => unreachable!(),
        }
    }
    fn unit(
        &mut self,
        x: Tensor<4>,
        k: usize,
        kernel: usize,
        stride: usize,
        act: Activation,
        shortcut: Option<Tensor<4>>,
        group: bool,
    ) -> Tensor<4> {
        let c = x.dims()[1];
        let w = self.four([k, c, kernel, kernel]);
        let (g, b) = (self.one(k, 1.0), self.one(k, 0.0));
        let steps = Steps { stride, padding: kernel / 2 };
        if group {
            let z = ops::conv_act(x, w, None, None, steps, Activation::Identity);
            ops::group_norm_act(z, g, b, 8.min(k), 1e-5, shortcut, act)
        } else {
            ops::conv_norm_act(x, w, g, b, 1e-5, shortcut, steps, act).output
        }
    }
}

struct Config {
    style: Style,
    stages: Vec<usize>,
    widths: Vec<usize>,
    stem: usize,
    stem_kernel: usize,
    stem_stride: usize,
    pool: bool,
    project: bool,
    plain: bool,
    image: [usize; 3],
}

fn logits(net: &mut Net, c: &Config, x: Tensor<4>) -> Tensor<2> {
    net.next = 0;
    let group = c.style == Style::Group;
    let relu = Activation::Relu;
    let mut x = if c.style == Style::PreActivation {
        let w = net.four([c.stem, x.dims()[1], c.stem_kernel, c.stem_kernel]);
        ops::conv_act(
            x,
            w,
            None,
            None,
            Steps { stride: c.stem_stride, padding: c.stem_kernel / 2 },
            Activation::Identity,
        )
    } else {
        net.unit(x, c.stem, c.stem_kernel, c.stem_stride, relu, None, group)
    };
    if c.pool {
        x = ops::max_pool(x, 3, Steps { stride: 2, padding: 1 });
    }
    for (stage, (&count, &width)) in c.stages.iter().zip(&c.widths).enumerate() {
        for index in 0..count {
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            let channels = x.dims()[1];
            if c.style == Style::PreActivation {
                let (g, b) = (net.one(channels, 1.0), net.one(channels, 0.0));
                let a = ops::norm_act(x.clone(), g, b, 1e-5, None, relu).output;
                let changed = stride != 1 || channels != width;
                let short = if changed {
                    let w = net.four([width, channels, 1, 1]);
                    ops::conv_act(a.clone(), w, None, None, Steps { stride, padding: 0 }, Activation::Identity)
                } else {
                    x
                };
                let y = net.unit(a, width, 3, stride, relu, None, false);
                let w = net.four([width, width, 3, 3]);
                x = ops::conv_act(y, w, None, Some(short), Steps { stride: 1, padding: 1 }, Activation::Identity);
                continue;
            }
            let out = if c.style == Style::Bottleneck { 4 * width } else { width };
            let changed = stride != 1 || channels != out;
            let short = if c.plain {
                None
            } else if !changed {
                Some(x.clone())
            } else if c.project {
                Some(net.unit(x.clone(), out, 1, stride, Activation::Identity, None, group))
            } else {
                Some(ops::pad_shortcut(x.clone(), stride, out))
            };
            x = if c.style == Style::Bottleneck {
                let y = net.unit(x, width, 1, 1, relu, None, group);
                let y = net.unit(y, width, 3, stride, relu, None, group);
                net.unit(y, out, 1, 1, relu, short, group)
            } else {
                let y = net.unit(x, width, 3, stride, relu, None, group);
                net.unit(y, width, 3, 1, relu, short, group)
            };
        }
    }
    if c.style == Style::PreActivation {
        let channels = x.dims()[1];
        let (g, b) = (net.one(channels, 1.0), net.one(channels, 0.0));
        x = ops::norm_act(x, g, b, 1e-5, None, relu).output;
    }
    let pooled = ops::global_average_pool(x);
    let [_, channels] = pooled.dims();
    let w = net.four([10, channels, 1, 1]);
    pooled.matmul(w.reshape([10, channels]).transpose())
}

fn config(name: &str) -> Config {
    let cifar = |depth: usize, width: usize, image: [usize; 3]| Config {
        style: Style::Basic,
        stages: vec![(depth - 2) / 6; 3],
        widths: vec![width, 2 * width, 4 * width],
        stem: width,
        stem_kernel: 3,
        stem_stride: 1,
        pool: false,
        project: false,
        plain: false,
        image,
    };
    let rgb = [3, 32, 32];
    match name {
        "resnet20" => cifar(20, 16, rgb),
        "resnet56" => cifar(56, 16, rgb),
        "plain56" => Config { plain: true, ..cifar(56, 16, rgb) },
        "gray20" => cifar(20, 8, [1, 28, 28]),
        "gray56" => cifar(56, 8, [1, 28, 28]),
        "group20" => Config { style: Style::Group, ..cifar(20, 16, rgb) },
        "resnet20-b" => Config { project: true, ..cifar(20, 16, rgb) },
        "preact20" => Config { style: Style::PreActivation, ..cifar(20, 16, rgb) },
        "wrn-16-4" => {
            Config { style: Style::PreActivation, stages: vec![2; 3], widths: vec![64, 128, 256], ..cifar(20, 16, rgb) }
        }
        "bottleneck29" => Config { style: Style::Bottleneck, project: true, ..cifar(20, 16, rgb) },
        "article" => Config {
            stages: vec![2; 3],
            widths: vec![64, 128, 256],
            stem: 64,
            pool: true,
            project: true,
            ..cifar(20, 16, rgb)
        },
        "resnet18" => Config {
            stages: vec![2; 4],
            widths: vec![64, 128, 256, 512],
            stem: 64,
            stem_kernel: 7,
            stem_stride: 2,
            pool: true,
            project: true,
            ..cifar(20, 16, [3, 64, 64])
        },
        "resnet50" => Config {
            style: Style::Bottleneck,
            stages: vec![3, 4, 6, 3],
            widths: vec![64, 128, 256, 512],
            stem: 64,
            stem_kernel: 7,
            stem_stride: 2,
            pool: true,
            project: true,
            ..cifar(20, 16, [3, 64, 64])
        },
        _ => panic!("unknown network"),
    }
}

fn processor_seconds() -> f64 {
    let mut t = [0i64; 2];
    unsafe extern "C" {
        fn clock_gettime(id: i32, t: *mut i64) -> i32;
    }
    // SAFETY: two longs on 64-bit Linux.
    unsafe { clock_gettime(2, t.as_mut_ptr()) };
    t[0] as f64 + t[1] as f64 * 1e-9
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let name = arguments.first().map_or("resnet20", String::as_str);
    let steps: usize = arguments.get(1).map_or(10, |s| s.parse().unwrap());
    let batch: usize = arguments.get(2).map_or(128, |s| s.parse().unwrap());
    let c = config(name);
    let device = Device::flex().autodiff();
    let mut net = Net::new(device.clone());
    let [ch, h, w] = c.image;
    let mut state = 9_u64;
    let values: Vec<f32> = (0..batch * ch * h * w)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
        })
        .collect();
    let x = Tensor::<4>::from_data(TensorData::new(values, [batch, ch, h, w]), &device);
    let labels: Vec<i32> = (0..batch as i32).map(|i| i * 7 % 10).collect();
    let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [batch, 1]), &device);
    let mut times = vec![];
    let mut parts = [0.0; 3];
    let mut processor = f64::MAX;
    for step in 0..steps + 2 {
        let start = Instant::now();
        let processor_start = processor_seconds();
        let out = logits(&mut net, &c, x.clone());
        let loss = -log_softmax(out, 1).gather(1, labels.clone()).mean();
        let value = loss.clone().into_scalar::<f32>();
        let forward = start.elapsed().as_secs_f64();
        let mut gradients = loss.backward();
        let back = start.elapsed().as_secs_f64();
        for leaf in &mut net.leaves {
            match leaf {
                Leaf::Four(t) => {
                    let g = t.grad_remove(&mut gradients).unwrap();
                    *t = Tensor::from_inner(t.clone().inner() - g * 0.1).require_grad();
                }
                Leaf::One(t) => {
                    let g = t.grad_remove(&mut gradients).unwrap();
                    *t = Tensor::from_inner(t.clone().inner() - g * 0.1).require_grad();
                }
            }
        }
        drop(gradients);
        let total = start.elapsed().as_secs_f64();
        if step >= 2 {
            processor = processor.min(processor_seconds() - processor_start);
            times.push(total);
            parts[0] += forward;
            parts[1] += back - forward;
            parts[2] += total - back;
        }
        if step == steps + 1 {
            println!("loss {value:.5}");
        }
    }
    times.sort_by(f64::total_cmp);
    let n = times.len() as f64;
    let memory = std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .map(str::to_owned)
        .unwrap_or_default();
    println!(
        "{name} median {:.1} ms = {:.0} images/s (best {:.0}); forward {:.1} backward {:.1} update {:.1} ms {memory}; processor {:.1} ms",
        times[times.len() / 2] * 1e3,
        batch as f64 / times[times.len() / 2],
        batch as f64 / times[0],
        parts[0] / n * 1e3,
        parts[1] / n * 1e3,
        parts[2] / n * 1e3,
        processor * 1e3
    );
}

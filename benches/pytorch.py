"""Speed of PyTorch on the networks that Residual Lab trains, as JSON lines.

One training step is forward, cross-entropy, backward and an SGD step with momentum and weight decay, on tensors
in the channels_last format, which is PyTorch's fastest on a CPU. Run as

    python3 benches/pytorch.py --preset resnet20 --batch 128 --steps 20 [--inference] [--threads 2] [--device cuda]

and compare with `residual-lab bench` of the same arguments.
"""

import argparse
import io
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


def make_norm(kind, channels):
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.GroupNorm(min(8, channels), channels)


class PadShortcut(nn.Module):
    """Option A: every second pixel, missing channels filled with zeros on both sides."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride, self.before = stride, (outputs - inputs) // 2
        self.after = outputs - inputs - self.before

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(x, (0, 0, 0, 0, self.before, self.after))


def make_shortcut(option, inputs, outputs, stride, norm):
    changed = stride != 1 or inputs != outputs
    if option == "none":
        return None
    if option == "C" or (changed and option in "BD"):
        if option == "D" and stride != 1:
            return nn.Sequential(nn.AvgPool2d(stride), conv(inputs, outputs, 1), make_norm(norm, outputs))
        return nn.Sequential(conv(inputs, outputs, 1, stride), make_norm(norm, outputs))
    return PadShortcut(inputs, outputs, stride) if changed else nn.Identity()


class Basic(nn.Module):
    expansion = 1

    def __init__(self, inputs, width, stride, option, norm, pooled=False):
        super().__init__()
        pooled = pooled and stride > 1
        self.conv1, self.norm1 = conv(inputs, width, 3, 1 if pooled else stride), make_norm(norm, width)
        self.pool = nn.MaxPool2d(2 * stride - 1, stride, stride - 1) if pooled else nn.Identity()
        self.conv2, self.norm2 = conv(width, width, 3), make_norm(norm, width)
        self.shortcut = make_shortcut(option, inputs, width, stride, norm)

    def forward(self, x):
        y = self.norm2(self.conv2(self.pool(torch.relu(self.norm1(self.conv1(x))))))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, width, stride, option, norm):
        super().__init__()
        outputs = width * self.expansion
        self.conv1, self.norm1 = conv(inputs, width, 1), make_norm(norm, width)
        self.conv2, self.norm2 = conv(width, width, 3, stride), make_norm(norm, width)
        self.conv3, self.norm3 = conv(width, outputs, 1), make_norm(norm, outputs)
        self.shortcut = make_shortcut(option, inputs, outputs, stride, norm)

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        y = torch.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))


class PreActivation(nn.Module):
    expansion = 1

    def __init__(self, inputs, width, stride, option, norm):
        super().__init__()
        self.norm1, self.conv1 = make_norm(norm, inputs), conv(inputs, width, 3, stride)
        self.norm2, self.conv2 = make_norm(norm, width), conv(width, width, 3)
        changed = stride != 1 or inputs != width
        self.project = conv(inputs, width, 1, stride) if changed else None

    def forward(self, x):
        a = torch.relu(self.norm1(x))
        y = self.conv2(torch.relu(self.norm2(self.conv1(a))))
        return y + (x if self.project is None else self.project(a))


class Net(nn.Module):
    def __init__(self, block, stages, widths, channels, classes, stem=16, stem_kernel=3, stem_stride=1, pool=False,
                 option="A", norm="batch", block_pool=False):
        super().__init__()
        preactivated = block is PreActivation
        layers = [conv(channels, stem, stem_kernel, stem_stride)]
        if not preactivated:
            layers += [make_norm(norm, stem), nn.ReLU()]
        if pool:
            layers.append(nn.MaxPool2d(3, 2, 1))
        inputs = stem
        for stage, (count, width) in enumerate(zip(stages, widths)):
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                pooled = {"pooled": True} if block_pool else {}
                layers.append(block(inputs, width, stride, option, norm, **pooled))
                inputs = width * block.expansion
        if preactivated:
            layers += [make_norm(norm, inputs), nn.ReLU()]
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def cifar(depth, width=16, **options):
    return lambda c, k: Net(Basic, [(depth - 2) // 6] * 3, [width, 2 * width, 4 * width], c, k, stem=width, **options)


PRESETS = {
    "resnet20": (cifar(20), (3, 32, 32)),
    "resnet56": (cifar(56), (3, 32, 32)),
    "plain20": (cifar(20, option="none"), (3, 32, 32)),
    "plain56": (cifar(56, option="none"), (3, 32, 32)),
    "article": (lambda c, k: Net(Basic, [2, 2, 2], [64, 128, 256], c, k, stem=64, pool=True, option="B"), (3, 32, 32)),
    "wrn-16-4": (lambda c, k: Net(PreActivation, [2, 2, 2], [64, 128, 256], c, k), (3, 32, 32)),
    "resnet18": (lambda c, k: Net(Basic, [2, 2, 2, 2], [64, 128, 256, 512], c, k, 64, 7, 2, True, "B"), (3, 64, 64)),
    "resnet50": (lambda c, k: Net(Bottleneck, [3, 4, 6, 3], [64, 128, 256, 512], c, k, 64, 7, 2, True, "B"), (3, 64, 64)),
    "gray20": (cifar(20, width=8), (1, 28, 28)),
    "gray56": (cifar(56, width=8), (1, 28, 28)),
    "gray-plain20": (cifar(20, width=8, option="none"), (1, 28, 28)),
    "gray-plain56": (cifar(56, width=8, option="none"), (1, 28, 28)),
    "bottleneck29": (lambda c, k: Net(Bottleneck, [3, 3, 3], [16, 32, 64], c, k, option="B"), (3, 32, 32)),
    "preact20": (lambda c, k: Net(PreActivation, [3, 3, 3], [16, 32, 64], c, k), (3, 32, 32)),
    "group20": (cifar(20, norm="group"), (3, 32, 32)),
    "resnet20-b": (cifar(20, option="B"), (3, 32, 32)),
    "resnet20-c": (cifar(20, option="C"), (3, 32, 32)),
    "resnet20-d": (cifar(20, option="D"), (3, 32, 32)),
    "pooled20": (cifar(20, option="B", block_pool=True), (3, 32, 32)),
}


ENGINES = ("eager", "compiled", "onnxruntime", "openvino")


def gpu():
    """The GPU that PyTorch computes on, or none."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps") if torch.backends.mps.is_available() else None


def exported(model, x, arguments):
    """One inference by another runtime, on the network as PyTorch exports it."""
    file = io.BytesIO()
    example = x.contiguous()
    torch.onnx.export(model, (example,), file, input_names=["images"], dynamo=False)
    values = example.numpy()
    if arguments.engine == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"images": values})[0].sum().item()
    import openvino

    core = openvino.Core()
    precision = "bf16" if arguments.bf16 else "f32"
    hints = {"INFERENCE_NUM_THREADS": arguments.threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    compiled = core.compile_model(core.read_model(io.BytesIO(file.getvalue())), "CPU", hints)
    return lambda: compiled(values)[0].sum().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="resnet20")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--image", help="channels x height x width, such as 3x32x32")
    parser.add_argument("--inference", action="store_true")
    parser.add_argument("--contiguous", action="store_true", help="NCHW instead of channels_last")
    parser.add_argument("--engine", choices=ENGINES, default="eager", help="onnxruntime and openvino: inference only")
    parser.add_argument("--bf16", action="store_true", help="products in bfloat16 (autocast)")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="gpu: CUDA or, on a Mac, MPS")
    arguments = parser.parse_args()

    device = gpu() if arguments.device == "gpu" else torch.device("cpu")
    if device is None:
        parser.error("PyTorch sees no GPU here")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    build, image = PRESETS[arguments.preset]
    if arguments.image:
        image = tuple(int(size) for size in arguments.image.split("x"))
    layout = torch.contiguous_format if arguments.contiguous else torch.channels_last
    model = build(image[0], arguments.classes).to(device, memory_format=layout)
    x = torch.randn(arguments.batch, *image).to(device, memory_format=layout)
    labels = torch.randint(0, arguments.classes, (arguments.batch,)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

    if arguments.engine in ("onnxruntime", "openvino") and (not arguments.inference or device.type != "cpu"):
        parser.error(f"{arguments.engine} only infers, on the CPU")
    model.train(not arguments.inference)
    network = torch.compile(model) if arguments.engine == "compiled" else model
    precision = torch.autocast(device.type, torch.bfloat16, enabled=arguments.bf16)

    def train():
        with precision:
            loss = functional.cross_entropy(network(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    def infer():
        with torch.inference_mode(), precision:
            return network(x).sum().item()

    step = infer if arguments.inference else train
    if arguments.engine in ("onnxruntime", "openvino"):
        step = exported(model, x, arguments)
    times, processor_times = [], []
    for index in range(arguments.warmup + arguments.steps):
        start, processor_start = time.perf_counter(), time.process_time()
        step()
        if index >= arguments.warmup:
            times.append(time.perf_counter() - start)
            processor_times.append(time.process_time() - processor_start)
    median = statistics.median(times)
    print(json.dumps({
        "model": arguments.preset,
        "mode": "inference" if arguments.inference else "train",
        "engine": arguments.engine,
        "bf16": arguments.bf16,
        "version": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "device": torch.cuda.get_device_name() if device.type == "cuda" else device.type,
        "batch": arguments.batch,
        "threads": arguments.threads,
        "images_per_second": round(arguments.batch / median, 1),
        "step_ms_median": round(median * 1e3, 3),
        "step_ms_best": round(min(times) * 1e3, 3),
        "processor_ms_best": round(min(processor_times) * 1e3, 3),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
    }))


if __name__ == "__main__":
    main()

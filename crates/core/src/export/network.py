"""The networks of an experiment's arm, built from its fields with nothing but torch.nn.

An arm is a dict with the fields of `experiment::Network`; what is left out has the default of `DEFAULTS`.
"""

import copy

import torch
import torch.nn.functional as F
from torch import nn

DEFAULTS = {
    "stem": {"kind": "conv3", "width": None},
    "body": {"cifar": {"depth": 20, "width": 16}},
    "block": "basic",
    "norm": "batch",
    "activation": "relu",
    "shortcut": "a",
    "gain": {"value": 1.0, "learned": False},
    "stochastic_depth": 0.0,
    "downsampling": "strided",
    "init": {"scheme": "kaiming", "distribution": "normal", "fan": "out", "zero_gamma": False},
    "head": {"pool": "average", "dropout": 0.0, "bias": True, "scale": 1.0},
    "naming": "cifar",
}

IMAGENET = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}

ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.01),
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


def complete(arm):
    """The arm with every field that it leaves out."""
    whole = copy.deepcopy(DEFAULTS)
    for key, value in arm.items():
        assert key in whole, key
        if key in ("stem", "gain", "init", "head"):
            assert value.keys() <= whole[key].keys(), value
            whole[key].update(value)
        else:
            whole[key] = value
    return whole


def stages(arm):
    """Blocks, width, stride and entry of each stage."""
    (kind, body), = arm["body"].items()
    if kind == "stages":
        return [{"stride": 1, "entry": "block"} | stage for stage in body]
    per_block = 3 if "bottleneck" in arm["block"] else 2
    if kind == "cifar":
        counts = [(body["depth"] - 2) // (3 * per_block)] * 3
    else:
        counts = IMAGENET[body["depth"]]
    strides = [1] + [2] * (len(counts) - 1)
    return [
        {"blocks": n, "width": body["width"] * 2**s, "stride": stride, "entry": "block"}
        for s, (n, stride) in enumerate(zip(counts, strides))
    ]


class Parts:
    """What all layers of an arm are made of."""

    def __init__(self, arm):
        self.arm = arm
        self.bias = arm["norm"] == "none"

    def conv(self, inputs, outputs, kernel, stride=1):
        return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=self.bias)

    def norm(self, channels):
        norm = self.arm["norm"]
        if norm == "none":
            return nn.Identity()
        return nn.BatchNorm2d(channels) if norm == "batch" else nn.GroupNorm(norm["group"], channels)

    def act(self):
        return ACTIVATIONS[self.arm["activation"]]()

    def shrink(self, stride):
        """The pooling that stands in for a convolution's stride."""
        kernel, padding = 2 * stride - 1, stride - 1
        if self.arm["downsampling"] == "max_pool":
            return nn.MaxPool2d(kernel, stride, padding)
        return nn.AvgPool2d(kernel, stride, padding, count_include_pad=False)


class OptionA(nn.Module):
    """Every stride-th pixel, and zeros on both sides for new channels; what a narrower map has no place for is left out."""

    def __init__(self, stride, outputs):
        super().__init__()
        self.stride, self.outputs = stride, outputs

    def forward(self, x):
        x = x[:, : self.outputs, :: self.stride, :: self.stride]
        new = self.outputs - x.shape[1]
        return F.pad(x, (0, 0, 0, 0, new // 2, new - new // 2))


class Block(nn.Module):
    def __init__(self, parts, inputs, width, stride):
        super().__init__()
        arm = parts.arm
        self.kind = arm["block"]
        self.pre = self.kind.startswith("pre_")
        if "bottleneck" in self.kind:
            kernels, widths, strided = (1, 3, 1), (width, width, 4 * width), 1
        else:
            kernels, widths, strided = (3, 3), (width, width), 0
        outputs = widths[-1]

        pooled = arm["downsampling"] != "strided" and stride > 1
        self.count, self.pool_after = len(kernels), strided if pooled else None
        channels = inputs
        for k, (kernel, out) in enumerate(zip(kernels, widths)):
            conv_stride = stride if k == strided and not pooled else 1
            setattr(self, f"conv{k + 1}", parts.conv(channels, out, kernel, conv_stride))
            setattr(self, f"bn{k + 1}", parts.norm(channels if self.pre else out))
            channels = out
        self.act = parts.act()
        if pooled:
            self.pool = parts.shrink(stride)
        self.make_shortcut(parts, inputs, outputs, stride)

        gain = arm["gain"]
        if gain["learned"]:
            self.alpha = nn.Parameter(torch.tensor([gain["value"]]))
        else:
            self.alpha = gain["value"]
        # The share of training steps in which the branch is there; set by the net.
        self.survival = 1.0

    def make_shortcut(self, parts, inputs, outputs, stride):
        option = parts.arm["shortcut"]
        changes = inputs != outputs or stride > 1
        self.residual, self.projects = option != "none", False
        self.carry, self.before = nn.Identity(), nn.Identity()
        if option == "a" and changes:
            self.carry = OptionA(stride, outputs)
        if option == "c" or (option in "bd" and changes):
            self.projects = True
            if option == "d" and stride > 1:
                self.before = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
                stride = 1
            projection = [parts.conv(inputs, outputs, 1, stride)]
            if not self.pre:
                projection.append(parts.norm(outputs))
            self.name = "downsample" if parts.arm["naming"] == "torchvision" else "shortcut"
            setattr(self, self.name, nn.Sequential(*projection))

    def past(self, x, preactivated):
        if not self.projects:
            return self.carry(x)
        return getattr(self, self.name)(self.before(preactivated if self.pre else x))

    def layer(self, k, x, last):
        """The k-th convolution with its norm and activation."""
        conv, norm = getattr(self, f"conv{k + 1}"), getattr(self, f"bn{k + 1}")
        if self.pre:
            x = conv(x if k == 0 else self.act(norm(x)))
        else:
            x = norm(conv(x))
            if not last or self.kind == "relu_before_add":
                x = self.act(x)
        return self.pool(x) if k == self.pool_after else x

    def forward(self, x):
        preactivated = self.act(self.bn1(x)) if self.pre else None
        branch = preactivated if self.pre else x
        for k in range(self.count):
            branch = self.layer(k, branch, k + 1 == self.count)
        if self.residual:
            scale = self.alpha if self.training else self.alpha * self.survival
            branch = self.past(x, preactivated) + scale * branch
        return self.act(branch) if self.kind in ("basic", "bottleneck") else branch


class Entry(nn.Module):
    """A convolution and a max-pool before the first block of a stage."""

    def __init__(self, parts, inputs, width, stride):
        super().__init__()
        self.conv, self.bn = parts.conv(inputs, width, 3), parts.norm(width)
        self.act, self.pool = parts.act(), nn.MaxPool2d(stride)

    def forward(self, x):
        return self.pool(self.act(self.bn(self.conv(x))))


class Stage(nn.Module):
    def __init__(self, parts, inputs, stage):
        super().__init__()
        width, stride = stage["width"], stage["stride"]
        self.order, self.outputs = [], inputs
        if stage["entry"] == "conv_pool":
            self.entry = Entry(parts, inputs, width, stride)
            self.order.append(self.entry)
            self.outputs, stride = width, 1
        for b in range(stage["blocks"]):
            block = Block(parts, self.outputs, width, stride if b == 0 else 1)
            self.add_module(str(b), block)
            self.order.append(block)
            self.outputs = 4 * width if "bottleneck" in parts.arm["block"] else width

    def forward(self, x):
        for module in self.order:
            x = module(x)
        return x


class Net(nn.Module):
    def __init__(self, arm, channels=3, classes=10):
        super().__init__()
        arm = complete(arm)
        parts, spelled = Parts(arm), stages(arm)
        self.scale, self.head_pool = arm["head"]["scale"], arm["head"]["pool"]

        width = arm["stem"]["width"] or spelled[0]["width"]
        kind = arm["stem"]["kind"]
        self.conv1 = parts.conv(channels, width, *((7, 2) if kind == "conv7_pool" else (3, 1)))
        self.pre = arm["block"].startswith("pre_")
        # A pre-activation net normalises and activates at the start of its first block; a pool wants it before.
        bare = self.pre and kind == "conv3"
        self.bn1 = nn.Identity() if bare else parts.norm(width)
        self.act_stem = nn.Identity() if bare else parts.act()
        self.pool = nn.Identity() if kind == "conv3" else nn.MaxPool2d(3, 2, 1)

        self.count = len(spelled)
        for s, each in enumerate(spelled):
            stage = Stage(parts, width, each)
            self.add_module(f"layer{s + 1}", stage)
            width = stage.outputs
        if self.pre:
            self.bn_last, self.act_last = parts.norm(width), parts.act()
        self.head = "fc" if arm["naming"] == "torchvision" else "linear"
        self.add_module(self.head, nn.Linear(width, classes, bias=arm["head"]["bias"]))

        blocks = [module for module in self.modules() if isinstance(module, Block)]
        for index, block in enumerate(blocks):
            block.survival = 1.0 - arm["stochastic_depth"] * (index + 1) / len(blocks)

    def forward(self, x):
        x = self.pool(self.act_stem(self.bn1(self.conv1(x))))
        for s in range(self.count):
            x = getattr(self, f"layer{s + 1}")(x)
        if self.pre:
            x = self.act_last(self.bn_last(x))
        x = x.mean((2, 3)) if self.head_pool == "average" else x.amax((2, 3))
        return self.scale * getattr(self, self.head)(x)


def toml(arm):
    """The arm's network as a table of an experiment file."""

    def value(v):
        if isinstance(v, dict):
            return "{ " + ", ".join(f"{k} = {value(w)}" for k, w in v.items() if w is not None) + " }"
        if isinstance(v, (list, tuple)):
            return "[" + ", ".join(map(value, v)) + "]"
        if isinstance(v, bool):
            return str(v).lower()
        return f'"{v}"' if isinstance(v, str) else repr(v)

    return "".join(f"{key} = {value(each)}\n" for key, each in arm.items())

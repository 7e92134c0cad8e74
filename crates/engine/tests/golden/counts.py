"""Parameters and multiply-accumulate operations of every preset, counted on PyTorch modules."""

import json

import torch
from torch import nn

from network import Net

STAGES = {"stages": [{"blocks": 2, "width": 64 * 2**s, "stride": 1 if s == 0 else 2} for s in range(3)]}


def cifar(depth, width=16, shortcut="a"):
    return {"body": {"cifar": {"depth": depth, "width": width}}, "shortcut": shortcut}


def imagenet(depth):
    return {
        "stem": {"kind": "conv7_pool"},
        "body": {"imagenet": {"depth": depth, "width": 64}},
        "block": "basic" if depth < 50 else "bottleneck",
        "shortcut": "b",
        "naming": "torchvision",
    }


def presets():
    """The arms of each preset."""
    pool = {"stride": 2, "entry": "conv_pool"}
    page = [{"blocks": 1, "width": 128}, {"blocks": 0, "width": 256}, {"blocks": 1, "width": 512}]
    yield "plain-vs-residual", [cifar(56, 8, "none"), cifar(56, 8)]
    for depth in (20, 32, 44, 56, 110):
        yield f"resnet{depth}", [cifar(depth)]
    for depth in (20, 32, 44, 56):
        yield f"plain{depth}", [cifar(depth, shortcut="none")]
    for depth in (18, 34, 50):
        yield f"resnet{depth}", [imagenet(depth)]
    yield "resnet18-cifar", [imagenet(18) | {"stem": {"kind": "conv3"}, "naming": "cifar"}]
    yield "wrn-16-4", [{"stem": {"width": 16}, "body": STAGES, "block": "pre_basic", "shortcut": "b"}]
    yield "resnet9", [
        {
            "stem": {"width": 64},
            "body": {"stages": [stage | pool for stage in page]},
            "block": "relu_before_add",
            "head": {"pool": "max", "bias": False, "scale": 0.125},
        }
    ]
    yield "article", [{"stem": {"kind": "conv3_pool", "width": 64}, "body": STAGES, "shortcut": "b"}]


def count(arm, shape, classes):
    with torch.device("meta"):
        net = Net(arm, shape[0], classes).eval()
        image = torch.empty(1, *shape)
    macs = 0

    def note(module, _, output):
        nonlocal macs
        macs += module.weight[0].numel() * output[0].numel()

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(note)
    net(image)
    return sum(p.numel() for p in net.parameters()), macs


def rows():
    for preset, arms in presets():
        sizes = [((3, 32, 32), 10), ((1, 28, 28), 10)]
        if arms[0].get("stem", {}).get("kind") == "conv7_pool":
            sizes = [((3, 224, 224), 1000), ((3, 64, 64), 10)]
        for index, arm in enumerate(arms):
            for shape, classes in sizes:
                parameters, macs = count(arm, shape, classes)
                yield {
                    "preset": preset,
                    "arm": index,
                    "shape": shape,
                    "classes": classes,
                    "parameters": parameters,
                    "macs": macs,
                }


# Published counts that this file's own nets must have.
PUBLISHED = {
    "resnet20": 269_722,
    "resnet32": 464_154,
    "resnet44": 658_586,
    "resnet56": 853_018,
    "resnet110": 1_727_962,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet18-cifar": 11_173_962,
    "article": 2_777_674,
}


def write(path):
    found = list(rows())
    firsts = {row["preset"]: row for row in reversed(found)}
    for preset, parameters in PUBLISHED.items():
        assert firsts[preset]["parameters"] == parameters, firsts[preset]
    assert round(firsts["resnet20"]["macs"] / 1e6, 2) == 40.55
    assert round(firsts["resnet18"]["macs"] / 1e9, 3) == 1.814
    lines = ",\n".join(json.dumps(row) for row in found)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{len(found)} counts, {path.stat().st_size / 1e3:.0f} kB")

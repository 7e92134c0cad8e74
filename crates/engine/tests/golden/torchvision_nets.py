"""What torchvision's networks make of weights and images that follow from their names and places.

The weights of these networks take 45 to 100 MB, so both sides compute them by the same rule instead of reading them.
"""

import json

import numpy as np
import torch
import torchvision

NETS = ["resnet18", "resnet34", "resnet50"]
SHAPE = (2, 3, 64, 64)
LOGITS = 16


def drawn(name, count):
    """Numbers from 0 to 1 in steps of 2^-24, scrambled from the name (FNV-1a) and the place (Wellons' lowbias32)."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.uint32(seed) ^ (np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9))
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    return (x >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)


def tensor(name, shape):
    values = drawn(name, int(np.prod(shape)))
    if len(shape) > 1:
        values = (values - np.float32(0.5)) * np.float32((24.0 / np.prod(shape[1:])) ** 0.5)
    elif name.endswith(("weight", "running_var")):
        values = values + np.float32(0.5)
    else:
        values = (values - np.float32(0.5)) * np.float32(0.2)
    return torch.from_numpy(values.reshape(shape))


def write(path):
    found = {}
    for name in NETS:
        net = torchvision.models.get_model(name)
        for key, value in net.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                value.copy_(tensor(key, tuple(value.shape)))
        images = torch.from_numpy(drawn("images", int(np.prod(SHAPE))).reshape(SHAPE))
        with torch.no_grad():
            exact = net.double().eval()(images.double())
            single = net.float()(images)
        off = float((single.double() - exact).norm() / exact.norm())
        print(f"{name}: float32 is off by {off:.1e}")
        found[name] = [[float(np.float32(logit)) for logit in row[:LOGITS]] for row in exact]
    path.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    import pathlib

    write(pathlib.Path(__file__).parent / "torchvision_nets.json")

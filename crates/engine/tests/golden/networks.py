"""Writes one safetensors file per case: weights, a batch, and what PyTorch makes of them.

Weights and images are drawn as float32 and everything else is computed in float64, so that a file holds the true
values to float32's last digit; the same computation in float32 is printed beside it as the error to expect.
"""

import pathlib
import zlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import precision
from cases import cases
from network import Net, complete, toml

STEPS = 5
SGD = {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-4}


def draw(net, generator):
    """Fills every parameter and running statistic with numbers that no layer could get by default."""

    def normal(tensor, std):
        return torch.randn(tensor.shape, generator=generator, dtype=torch.float32) * std

    def uniform(tensor):
        return torch.rand(tensor.shape, generator=generator, dtype=torch.float32) + 0.5

    for name, tensor in net.state_dict().items():
        if name.endswith(("num_batches_tracked", "alpha")):
            continue
        if tensor.dim() > 1:
            values = normal(tensor, (2.0 / tensor[0].numel()) ** 0.5)
        elif name.endswith(("running_var", "weight")):
            values = uniform(tensor)
        else:
            values = normal(tensor, 0.1)
        tensor.copy_(values)


def tensors(net):
    return {k: v.detach().clone() for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}


def run(each, seed, dtype, noise=0, change=lambda net: net, off=1e-6):
    """Everything a golden file holds. With `noise`, weights and images are `off` by a few of float32's roundings. `change`
    makes another network of the one that is meant."""
    generator = torch.Generator().manual_seed(seed)
    batch, channels, height, width = each["shape"]
    net = change(Net(each["arm"], channels).to(dtype))
    with torch.no_grad():
        draw(net, generator)
    images = torch.randn(each["shape"], generator=generator, dtype=torch.float32).to(dtype)
    labels = torch.randint(10, (batch,), generator=generator)
    if noise:
        generator.manual_seed(noise)
        with torch.no_grad():
            for tensor in (images, *net.parameters()):
                tensor *= 1 + off * torch.randn(tensor.shape, generator=generator, dtype=dtype)
    out = {"input": images, "labels": labels}
    out |= {f"weights.{k}": v for k, v in tensors(net).items()}

    if complete(each["arm"])["stochastic_depth"] > 0:
        net.eval()
        out["logits_eval"] = net(images).detach()
        return out

    def loss(logits):
        return F.cross_entropy(logits, labels, label_smoothing=each["smoothing"])

    start = {k: v.clone() for k, v in net.state_dict().items()}
    logits = net.train()(images)
    value = loss(logits)
    value.backward()
    out["logits_train"], out["loss"] = logits.detach(), value.detach().reshape(1)
    out |= {f"gradients.{k}": p.grad.clone() for k, p in net.named_parameters()}
    with torch.no_grad():
        out["logits_eval"] = net.eval()(images)

    net.load_state_dict(start)
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), **SGD)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(net(images)).backward()
        optimizer.step()
    out |= {f"after.{k}": v for k, v in tensors(net).items()}
    return out


def apart(reference, other, prefix):
    """The largest relative distance among tensors of this prefix, and where it is."""
    distances = [
        (float((other[k].double() - v).norm() / (v.norm() + 1e-12)), k)
        for k, v in reference.items()
        if k.startswith(prefix)
    ]
    return max(distances, default=(0.0, "-"))


def well_rounded(each, name):
    """A draw for which single precision rounds the same factors to the same numbers of bfloat16 as double does."""
    for attempt in range(50):
        seed = zlib.crc32(name.encode()) + attempt
        exact, single = [run(each, seed, dtype, change=precision.rounded) for dtype in (torch.float64, torch.float32)]
        if max(apart(exact, single, prefix)[0] for prefix in ("logits", "gradients", "after")) < 2e-5:
            return exact, single
    raise ValueError(f"{name} rounds differently with every seed")


def well_rounded_in_tiles(each, name):
    """The same where tiles round what they transform, for sums in any order, and without the steps of training: there are
    too many factors for all of them to be rounded alike in five steps."""

    def drawn(seed, dtype, noise=0):
        found = run(each, seed, dtype, noise, precision.rounded_tiles, off=1e-7)
        return {k: v for k, v in found.items() if not k.startswith("after")}

    for attempt in range(50):
        seed = zlib.crc32(name.encode()) + attempt
        exact, single = drawn(seed, torch.float64), drawn(seed, torch.float32)
        others = [single] + [drawn(seed, torch.float64, noise) for noise in (1, 2, 3)]
        if max(apart(exact, other, prefix)[0] for other in others for prefix in ("logits", "gradients")) < 2e-5:
            return exact, single
    raise ValueError(f"{name} rounds differently with every seed")


def well_conditioned(each, name):
    """A draw that rounding does not change: no input of a ReLU or a max-pool is so near to a kink that float32 may
    fall on its other side in one of the steps, and no gradient is nearly nothing."""
    for attempt in range(50):
        seed = zlib.crc32(name.encode()) + attempt
        exact, single = run(each, seed, torch.float64), run(each, seed, torch.float32)
        others = [single] + [run(each, seed, torch.float64, noise) for noise in (1, 2, 3)]
        if all(apart(exact, o, "gradients")[0] < 5e-5 and apart(exact, o, "after")[0] < 1e-4 for o in others):
            return exact, single
    raise ValueError(f"{name} is ill-conditioned with every seed")


def write(folder, chosen=None, drawn=well_conditioned):
    folder = pathlib.Path(folder)
    for old in folder.glob("*.safetensors"):
        old.unlink()
    chosen = {name: each for name, each in cases().items() if chosen is None or name in chosen}
    worst = {"logits": (0.0, ""), "gradients": (0.0, ""), "after": (0.0, "")}
    size = 0
    for name, each in chosen.items():
        exact, single = drawn(each, name)
        for prefix in worst:
            distance, key = apart(exact, single, prefix)
            worst[prefix] = max(worst[prefix], (distance, f"{name}: {key}"))
        stored = {k: v.to(torch.int32 if k == "labels" else torch.float32).contiguous() for k, v in exact.items()}
        assert all(v.isfinite().all() for v in stored.values()), name
        # One entry, because the file format does not keep the order of several.
        about = {"case": f"label_smoothing = {each['smoothing']}\n[network]\n{toml(each['arm'])}"}
        path = folder / f"{name}.safetensors"
        save_file(stored, path, about)
        size += path.stat().st_size
    print(f"{len(chosen)} networks, {size / 1e6:.2f} MB; float32 against float64, worst:")
    for prefix, (distance, where) in worst.items():
        print(f"  {prefix}: {distance:.1e} ({where})")

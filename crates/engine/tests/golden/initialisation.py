"""What torch.nn.init gives every parameter of a net, for each scheme, distribution and fan."""

import json
import math

import torch
from torch.nn import init

from network import Net, complete, toml

NET = {
    "stem": {"width": 16},
    "body": {
        "stages": [
            {"blocks": 1, "width": 16, "stride": 1},
            {"blocks": 1, "width": 32, "stride": 2},
            {"blocks": 1, "width": 48, "stride": 2},
        ]
    },
    "shortcut": "b",
}


def rule(shape, fan):
    """The gain and the fan: an activation follows a convolution, the softmax follows the linear layer."""
    return (init.calculate_gain("relu"), fan) if len(shape) == 4 else (init.calculate_gain("linear"), "in")


def expected(shape, scheme, distribution, fan):
    """Standard deviation, bound of a uniform distribution, and gain."""
    fan_in, fan_out = init._calculate_fan_in_and_fan_out(torch.empty(shape, device="meta"))
    gain, fan = rule(shape, fan)
    if scheme == "kaiming":
        std = gain / math.sqrt(fan_in if fan == "in" else fan_out)
    elif scheme == "xavier":
        std = math.sqrt(2.0 / (fan_in + fan_out))
    else:
        # An orthogonal matrix of r rows has entries of mean square 1 / max(r, columns), here times the gain's square.
        std = gain / math.sqrt(max(shape[0], math.prod(shape[1:])))
    uniform = distribution == "uniform" and scheme != "orthogonal"
    return std, std * math.sqrt(3.0) if uniform else None, gain


def check(shape, scheme, distribution, fan, std, bound):
    """Holds the closed forms against samples of torch.nn.init."""
    weight = torch.empty(shape, dtype=torch.float64)
    gain, fan = rule(shape, fan)
    nonlinearity = "relu" if len(shape) == 4 else "linear"
    if scheme == "kaiming":
        fill = init.kaiming_uniform_ if distribution == "uniform" else init.kaiming_normal_
        fill(weight, mode=f"fan_{fan}", nonlinearity=nonlinearity)
    elif scheme == "xavier":
        (init.xavier_uniform_ if distribution == "uniform" else init.xavier_normal_)(weight)
    else:
        init.orthogonal_(weight, gain)
    measured = weight.pow(2).mean().sqrt().item()
    assert abs(measured / std - 1) < 5 / math.sqrt(2 * weight.numel()), (shape, scheme, measured, std)
    if bound:
        assert 0.95 * bound < weight.abs().max() <= bound, (shape, bound)


def statistics(arm):
    scheme, distribution, fan, zero_gamma = complete(arm)["init"].values()
    parameters, zeros, ones = {}, [], []
    for name, value in Net(arm).named_parameters():
        if value.dim() > 1:
            std, bound, gain = expected(value.shape, scheme, distribution, fan)
            check(value.shape, scheme, distribution, fan, std, bound)
            parameters[name] = {"std": std, "bound": bound, "gain": gain}
        else:
            last = "bn3" if "bottleneck" in complete(arm)["block"] else "bn2"
            silent = zero_gamma and f".{last}.weight" in name
            (zeros if name.endswith("bias") or silent else ones).append(name)
    orthogonal = scheme == "orthogonal"
    return {"network": toml(arm), "weights": parameters, "orthogonal": orthogonal, "zeros": zeros, "ones": ones}


def write(path):
    torch.manual_seed(0)
    arms = []
    for scheme in ("kaiming", "xavier", "orthogonal"):
        for distribution in ("normal", "uniform") if scheme != "orthogonal" else ("normal",):
            for fan in ("in", "out") if scheme == "kaiming" else ("out",):
                arms.append({**NET, "init": {"scheme": scheme, "distribution": distribution, "fan": fan}})
    arms.append({**NET, "init": {"zero_gamma": True}})
    arms.append({**NET, "init": {"zero_gamma": True}, "block": "bottleneck", "naming": "torchvision"})
    arms.append({**NET, "norm": "none", "gain": {"value": 1.0, "learned": True}})
    lines = ",\n".join(json.dumps(statistics(arm), separators=(",", ":")) for arm in arms)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{len(arms)} initialisations, {path.stat().st_size / 1e3:.0f} kB")

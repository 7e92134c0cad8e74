"""Ten steps of each optimiser on a few small parameters with given gradients.

SGD, Adam, AdamW and RMSprop are torch.optim's in float64. Lion and LAMB are written out here from their papers.
"""

import json

import numpy as np
import torch

STEPS = 10
RATE = 0.05
# Names tell norm and bias from weights, as in a network. A bias starts at zero, where LAMB's trust ratio is 1.
SHAPES = {"conv1.weight": (3, 2, 1, 1), "bn1.weight": (3,), "bn1.bias": (3,), "linear.weight": (2, 3), "linear.bias": (2,)}
DECAYS = {"conv1.weight", "linear.weight"}
# The share of the learning rate at each step: a schedule must reach every optimiser.
FACTORS = [0.5, 1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01]


def lion(beta1, beta2):
    """Chen et al. 2023, algorithm 2."""

    def step(w, g, state, t, rate, decay):
        m = state.get("m", np.zeros_like(w))
        update = np.sign(beta1 * m + (1 - beta1) * g) + decay * w
        state["m"] = beta2 * m + (1 - beta2) * g
        return w - rate * update

    return step


def lamb(beta1, beta2, epsilon):
    """You et al. 2020, algorithm 2, with the identity for φ."""

    def step(w, g, state, t, rate, decay):
        state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
        m, v = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        update = m / (np.sqrt(v) + epsilon) + decay * w
        of_w, of_update = np.linalg.norm(w), np.linalg.norm(update)
        trust = of_w / of_update if of_w > 0 and of_update > 0 else 1.0
        return w - rate * trust * update

    return step


def methods():
    """Name, the method as a table of an experiment file, and what runs it."""
    torch_optim, adam = torch.optim, dict(betas=(0.9, 0.999), eps=1e-8)
    yield "sgd", '{ name = "sgd" }', lambda p: torch_optim.SGD(p, RATE)
    yield "sgd-momentum", '{ name = "sgd", momentum = 0.9 }', lambda p: torch_optim.SGD(p, RATE, 0.9)
    text = '{ name = "sgd", momentum = 0.8, dampening = 0.3 }'
    yield "sgd-dampening", text, lambda p: torch_optim.SGD(p, RATE, 0.8, 0.3)
    text = '{ name = "sgd", momentum = 0.9, nesterov = true }'
    yield "sgd-nesterov", text, lambda p: torch_optim.SGD(p, RATE, 0.9, nesterov=True)
    yield "adam", '{ name = "adam" }', lambda p: torch_optim.Adam(p, RATE, **adam)
    text = '{ name = "adam", beta1 = 0.8, beta2 = 0.95, epsilon = 1e-3 }'
    yield "adam-set", text, lambda p: torch_optim.Adam(p, RATE, (0.8, 0.95), 1e-3)
    yield "adamw", '{ name = "adam_w" }', lambda p: torch_optim.AdamW(p, RATE, **adam, weight_decay=0.0)
    yield "rmsprop", '{ name = "rms_prop" }', lambda p: torch_optim.RMSprop(p, RATE)
    text = '{ name = "rms_prop", alpha = 0.9, momentum = 0.7 }'
    yield "rmsprop-momentum", text, lambda p: torch_optim.RMSprop(p, RATE, 0.9, momentum=0.7)
    text = '{ name = "rms_prop", centered = true, epsilon = 1e-4 }'
    yield "rmsprop-centered", text, lambda p: torch_optim.RMSprop(p, RATE, eps=1e-4, centered=True)
    text = '{ name = "rms_prop", momentum = 0.9, centered = true }'
    yield "rmsprop-both", text, lambda p: torch_optim.RMSprop(p, RATE, momentum=0.9, centered=True)
    yield "lion", '{ name = "lion" }', lion(0.9, 0.99)
    yield "lion-set", '{ name = "lion", beta1 = 0.5, beta2 = 0.8 }', lion(0.5, 0.8)
    yield "lamb", '{ name = "lamb" }', lamb(0.9, 0.999, 1e-6)
    text = '{ name = "lamb", beta1 = 0.7, beta2 = 0.9, epsilon = 1e-3 }'
    yield "lamb-set", text, lamb(0.7, 0.9, 1e-3)


def by_torch(build, start, gradients, decay_of):
    tensors = {k: torch.nn.Parameter(torch.tensor(v)) for k, v in start.items()}
    optimizer = build([{"params": [v], "weight_decay": decay_of(k)} for k, v in tensors.items()])
    after = []
    for factor, gradient in zip(FACTORS, gradients):
        for group in optimizer.param_groups:
            group["lr"] = RATE * factor
        for k, v in tensors.items():
            v.grad = torch.tensor(gradient[k])
        optimizer.step()
        after.append({k: v.detach().numpy().copy() for k, v in tensors.items()})
    return after


def by_hand(step, start, gradients, decay_of):
    weights, states, after = dict(start), {k: {} for k in start}, []
    for t, (factor, gradient) in enumerate(zip(FACTORS, gradients), 1):
        weights = {k: step(w, gradient[k], states[k], t, RATE * factor, decay_of(k)) for k, w in weights.items()}
        after.append(weights)
    return after


def given():
    """The parameters at the start, and their gradients at each step; all of them are float32's numbers."""
    generator = np.random.default_rng(0)

    def draw():
        return {k: generator.normal(size=s).astype(np.float32).astype(np.float64) for k, s in SHAPES.items()}

    start, gradients = draw(), [draw() for _ in range(STEPS)]
    start["linear.bias"] *= 0.0
    return start, gradients


def trajectories():
    """Every method without decay, with it, and with it on weights only."""
    start, gradients = given()
    for name, method, build in methods():
        for suffix, decay, everywhere in (("", 0.0, True), ("-decay", 0.1, True), ("-decay-weights", 0.1, False)):
            run = by_hand if name.startswith(("lion", "lamb")) else by_torch
            after = run(build, start, gradients, lambda k: decay if everywhere or k in DECAYS else 0.0)
            text = f"learning_rate = {RATE}\nweight_decay = {decay}\nmethod = {method}\n"
            if not everywhere:
                text += "decay_norm_and_bias = false\n"
            yield {"name": name + suffix, "optimizer": text, "after": after}


def plain(value):
    """Float64 arrays as flat lists of numbers with nine digits, two more than float32 has."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return [float(f"{v:.9g}") for v in value.ravel()] if isinstance(value, np.ndarray) else value


def write(path):
    start, gradients = given()
    whole = {"shapes": SHAPES, "factors": FACTORS, "start": start, "gradients": gradients}
    runs = list(trajectories())

    def line(value):
        return json.dumps(plain(value), separators=(",", ":"))

    fields = [f'"{key}": {line(value)}' for key, value in whole.items()]
    fields.append('"runs": [\n' + ",\n".join(map(line, runs)) + "\n]")
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n")
    print(f"{len(runs)} optimiser runs, {path.stat().st_size / 1e3:.0f} kB")

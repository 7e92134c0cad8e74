"""What instruments must find: PyTorch on some of the golden networks, scikit-learn and SciPy on random predictions."""

import json

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from scipy.stats import binomtest, kendalltau
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, top_k_accuracy_score

from cases import cases
from network import Block, Net, complete

NAMES = [
    "basic-batch",
    "basic-shortcut-none",
    "basic-gain",
    "basic-none",
    "bottleneck-batch",
    "relu_before_add-batch",
    "pre_basic-batch",
    "pre_bottleneck-shortcut-c",
    "cifar8-gray",
]
MEAN, STD = 0.5, 0.25


def network(name, folder):
    each = cases()[name]
    net = Net(each["arm"], each["shape"][1])
    stored = load_file(folder / f"{name}.safetensors")
    weights = {k.removeprefix("weights."): v for k, v in stored.items() if k.startswith("weights.")}
    net.load_state_dict(weights, strict=False)
    return net.double(), each


def blocks_of(net):
    return [module for module in net.modules() if isinstance(module, Block)]


def last_layer(block):
    return block.count


def look(net, x, labels):
    """Norms of gradients and what each layer answers, with the batch's own statistics."""
    seen = []
    hooks = []
    for block in blocks_of(net):
        entry = {"norms": {}, "convs": {}}
        seen.append(entry)

        def note(module, args, output, entry=entry):
            entry["x"], entry["y"] = args[0], output
            entry["x"].retain_grad()
            entry["y"].retain_grad()

        hooks.append(block.register_forward_hook(note))
        for k in range(1, block.count + 1):
            for kind, name in (("norms", f"bn{k}"), ("convs", f"conv{k}")):

                def keep(module, args, output, entry=entry, kind=kind, k=k):
                    entry[kind][k] = output

                hooks.append(getattr(block, name).register_forward_hook(keep))
    net.train()
    loss = F.cross_entropy(net(x), labels)
    net.zero_grad()
    loss.backward()
    for hook in hooks:
        hook.remove()
    found = []
    for block, entry in zip(blocks_of(net), seen):
        last = block.count
        responses = entry["convs"] if block.pre else entry["norms"]
        before = [entry["norms"][k] for k in range(1, last + 1)]
        if not block.pre and block.kind != "relu_before_add":
            before = before[:-1]
        relus = [F.relu(z) for z in before]
        if block.kind in ("basic", "bottleneck"):
            relus.append(entry["y"])
        branch = responses[last]
        if block.kind == "relu_before_add":
            branch = F.relu(branch)
        alpha = float(block.alpha) if block.residual else 0.0
        channels = sum(r.shape[1] for r in relus)
        dead = sum(int((r.amax((0, 2, 3)) == 0).sum()) for r in relus)
        weights = [p for p in block.parameters()]
        found.append({
            "input_gradient": float(entry["x"].grad.norm()),
            "output_gradient": float(entry["y"].grad.norm()),
            "weight_gradient": float(sum((p.grad**2).sum() for p in weights) ** 0.5),
            "weight_norm": float(sum((p**2).sum() for p in weights) ** 0.5),
            "branch_ratio": alpha * float(branch.norm() / entry["x"].norm()) if block.residual else None,
            "responses": [float(responses[k].std(unbiased=False)) for k in range(1, last + 1)],
            "dead": dead / channels,
            "zeros": sum(float((r == 0).sum()) for r in relus) / sum(r.numel() for r in relus),
        })
    return float(loss), found


def grad_cam(net, x, index, wanted):
    """Selvaraju et al. 2017 at the output of one block."""
    net.eval()
    kept = {}
    block = blocks_of(net)[index]

    def note(module, args, output):
        output.retain_grad()
        kept["a"] = output

    hook = block.register_forward_hook(note)
    net(x)[0, wanted].backward()
    hook.remove()
    weights = kept["a"].grad.mean((2, 3), keepdim=True)
    return F.relu((weights * kept["a"]).sum(1))[0].detach()


def routed(block, route):
    """The block's forward with one way back."""

    def forward(x):
        pre = block.act(block.bn1(x)) if block.pre else None
        branch = pre if block.pre else x
        ways = [branch, x, pre]
        if route == "shortcut":
            ways[0] = branch.detach()
        else:
            ways[1], ways[2] = x.detach(), pre.detach() if block.pre else None
        out = ways[0]
        for k in range(block.count):
            out = block.layer(k, out, k + 1 == block.count)
        total = block.past(ways[1], ways[2]) + block.alpha * out
        return block.act(total) if block.kind in ("basic", "bottleneck") else total

    return forward


def patched(block, forward, run):
    block.forward = forward
    try:
        return run()
    finally:
        del block.forward


def cut(block, what):
    """The block's forward without its branch or its shortcut."""

    def forward(x):
        if not block.residual:
            return x
        pre = block.act(block.bn1(x)) if block.pre else None
        out = pre if block.pre else x
        for k in range(block.count):
            out = block.layer(k, out, k + 1 == block.count)
        total = block.past(x, pre) if what == "branch" else block.alpha * out
        return block.act(total) if block.kind in ("basic", "bottleneck") else total

    return forward


def one(name, folder):
    net, each = network(name, folder)
    generator = np.random.default_rng(sum(name.encode()))
    images = generator.integers(0, 256, each["shape"])
    labels = torch.tensor(generator.integers(0, 10, each["shape"][0]))
    x = ((torch.tensor(images, dtype=torch.float64) / 255) - MEAN) / STD
    start = {k: v.clone() for k, v in net.state_dict().items()}
    loss, found = look(net, x.clone().requires_grad_(True), labels)
    net.load_state_dict(start)
    net.eval()
    wanted = 3
    strip = [grad_cam(net, x[:1], index, wanted).flatten().tolist() for index in range(len(found))]
    cuts = []
    for block in blocks_of(net):
        entry = {}
        for what in ("branch", "shortcut"):
            possible = block.residual or (what == "branch" and block.conv1.in_channels == block.conv1.out_channels)
            if possible:
                with torch.no_grad():
                    entry[what] = patched(block, cut(block, what), lambda: net(x[:1]))[0].tolist()
        cuts.append(entry)
    out = {
        "name": name,
        "shape": list(each["shape"]),
        "images": images.flatten().tolist(),
        "labels": labels.tolist(),
        "loss": loss,
        "blocks": found,
        "class": wanted,
        "strip": strip,
        "cuts": cuts,
    }
    blocks = blocks_of(net)
    if all(block.residual for block in blocks):
        routes = ["branch" if index % 2 == 0 else "shortcut" for index in range(len(blocks))]
        for block, route in zip(blocks, routes):
            block.forward = routed(block, route)
        leaf = x.clone().requires_grad_(True)
        F.cross_entropy(net(leaf), labels).backward()
        out["routes"], out["routed_gradient"] = routes, float(leaf.grad.norm())
    return out


def predictions():
    """Random predictions of ten classes with what scikit-learn and SciPy say of them."""
    generator = np.random.default_rng(7)
    images, classes = 400, 10
    truth = generator.integers(0, classes - 1, images)  # The last class never occurs.
    arms = []
    for strength in (2.0, 2.6):
        logits = generator.normal(size=(images, classes)) * 1.5
        logits[np.arange(images), truth] += strength
        shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        arms.append(shares.astype(np.float32))
    found = []
    for shares in arms:
        predicted = shares.argmax(1)
        labels = list(range(classes))
        precision, recall, f1, support = precision_recall_fscore_support(
            truth, predicted, labels=labels, zero_division=0
        )
        means = precision_recall_fscore_support(truth, predicted, labels=labels, average="macro", zero_division=0)
        found.append({
            "probabilities": shares.flatten().tolist(),
            "confusion": confusion_matrix(truth, predicted, labels=labels).flatten().tolist(),
            "precision": precision.tolist(),
            "recall": recall.tolist(),
            "f1": f1.tolist(),
            "support": support.tolist(),
            "macro": [float(mean) for mean in means[:3]],
            "top5": float(top_k_accuracy_score(truth, shares, k=5, labels=labels)),
        })
    right = [shares.argmax(1) == truth for shares in arms]
    only = [int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum())]
    return {
        "truth": truth.tolist(),
        "arms": found,
        "only": only,
        "p_value": float(binomtest(only[0], sum(only), 0.5).pvalue),
        "kendall": float(kendalltau(range(6), [1, 0, 3, 2, 5, 4]).statistic),
    }


def write(path, folder):
    found = {"mean": MEAN, "std": STD, "networks": [one(name, folder) for name in NAMES], "metrics": predictions()}
    path.write_text(json.dumps(found))
    print(f"{len(NAMES)} networks for instruments, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    import pathlib

    HERE = pathlib.Path(__file__).parent
    torch.set_num_threads(1)
    write(HERE / "instruments.json", HERE / "networks")

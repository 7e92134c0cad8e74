"""How the time of a training step grows with depth, width, batch and image size, as a table and a picture.

Runs `residual-lab bench` on one thread for each size, in turn, and keeps the least of the rounds' processor times of a step:
what it costs even where other programs want the processor. The grey line is the number of multiply-accumulates, from `residual-lab
summary`, at the speed of the largest size: where a point lies on it, time is in proportion to the arithmetic.

    python3 benches/growth.py [--rounds 2] [--binary target/release/residual-lab] [--out docs/growth.svg]

The picture needs matplotlib (`pip install matplotlib`).
"""

import argparse
import json
import subprocess
from dataclasses import dataclass, field


@dataclass
class Size:
    """A ResNet for CIFAR of some size, and what it is trained on."""

    depth: int = 20
    width: int = 16
    batch: int = 32
    pixels: int = 32
    steps: int = field(default=5)

    def words(self):
        body = f"arms[0].network.body={{cifar={{depth={self.depth},width={self.width}}}}}"
        return ["--preset", "resnet20", "--set", body, "--image", f"3x{self.pixels}x{self.pixels}", "--json"]


AXES = {
    "depth": [Size(depth=depth) for depth in (8, 14, 20, 32, 56, 110)],
    "width": [Size(width=width) for width in (4, 8, 16, 32, 64, 128)],
    "batch": [Size(batch=batch) for batch in (1, 2, 4, 8, 16, 32, 64, 128, 256)],
    "pixels": [Size(pixels=pixels) for pixels in (8, 16, 24, 32, 48, 64, 96)],
}
NAMES = {"depth": "layers", "width": "channels of the first stage", "batch": "images at a time", "pixels": "pixels a side"}


def ask(binary, command, words):
    return json.loads(subprocess.run([binary, command, *words], capture_output=True, text=True, check=True).stdout)


def measured(binary, size):
    """Milliseconds of processor time of a training step."""
    work = ["--device", "flex", "--threads", "1", "--batch", str(size.batch), "--steps", str(size.steps)]
    return ask(binary, "bench", [*size.words(), *work])["processor_ms_mean"]


def macs(binary, size):
    """Multiply-accumulates of the forward pass of a whole batch."""
    return size.batch * sum(layer["macs"] for layer in ask(binary, "summary", size.words())[0]["summary"]["layers"])


def drawn(results, out):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    figure, panels = pyplot.subplots(1, 4, figsize=(11, 2.9), layout="constrained")
    for panel, (axis, rows) in zip(panels, results.items()):
        sizes, times, counts = zip(*rows)
        panel.loglog(sizes, [times[-1] * count / counts[-1] for count in counts], color="0.7", label="in proportion to MACs")
        panel.loglog(sizes, times, "o-", color="#1f77b4", markersize=4, label="measured")
        panel.xaxis.set_major_locator(FixedLocator(sizes))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xticklabels(sizes)
        panel.set_xlabel(NAMES[axis])
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter(NullFormatter())
    panels[0].set_ylabel("a training step, ms of one core")
    panels[0].legend(frameon=False)
    figure.savefig(out, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/residual-lab")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", default="docs/growth.svg")
    arguments = parser.parse_args()
    results = {}
    print("| | size | ms a step | GMACs (forward) | GMACs/s, forward and backward |\n|---|---|---|---|---|")
    for axis, sizes in AXES.items():
        results[axis] = []
        for size in sizes:
            time = min(measured(arguments.binary, size) for _ in range(arguments.rounds))
            count = macs(arguments.binary, size)
            results[axis].append((getattr(size, axis), time, count))
            print(f"| {axis} | {getattr(size, axis)} | {time:.1f} | {count / 1e9:.2f} | {3 * count / 1e6 / time:.1f} |", flush=True)
    drawn(results, arguments.out)


if __name__ == "__main__":
    main()

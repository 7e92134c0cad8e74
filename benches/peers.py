"""Residual Lab against PyTorch and what runs its networks, in turn on the same machine, as a table of ratios.

Runs `residual-lab bench` and `benches/pytorch.py` alternately (A B A B …) on every row and prints medians, the ratio
of the medians and the spread of the ratios of neighbouring runs. A ratio above 1 means that Residual Lab is faster.
Where a row has several peers (compiled PyTorch, bfloat16, onnxruntime, OpenVINO), the fastest counts and is named.
The rows that compare Residual Lab with itself (two arms, probes) are measured in turn as well.
With `--device gpu` the rows are those of a GPU, against PyTorch on CUDA or MPS; where PyTorch is missing or sees no GPU,
our own speed stands alone.

    python3 benches/peers.py [--rounds 3] [--binary target/release/residual-lab] [--rows resnet20,…] [--json] [--device gpu]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
AVX2 = {"RESIDUAL_LAB_CPU": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
# The default interval of the probes, in steps.
PROBE_EVERY = 10


@dataclass
class Peer:
    """The same network here and there; where there are several there, their times add up."""

    ours: list
    theirs: list
    least: float
    aim: float
    batch: int = 128
    steps: int = 8
    common: tuple = ()
    engines: tuple = ("eager",)
    environment: dict | None = None


def network(*settings):
    return ["--preset", "resnet20", *(word for setting in settings for word in ("--set", f"arms[0].network.{setting}"))]


def preset(name):
    return ["--preset", name]


def has_bf16():
    """Whether this processor multiplies bfloat16 itself; elsewhere it is emulated and slower than single precision."""
    try:
        return bool({"avx512_bf16", "amx_bf16"} & set(Path("/proc/cpuinfo").read_text().split()))
    except OSError:
        return False


LARGE = ("--image", "3x64x64", "--classes", "10")
TRAINING = ("eager", "compiled")
SHORT = ["--set", "recipe.precision=bf16"]
INFERENCE = ("eager", "compiled", "onnxruntime", "openvino")
PEERS = {
    "ResNet-20": Peer(preset("resnet20"), ["resnet20"], 1.3, 2.0, steps=12, engines=TRAINING),
    "ResNet-20, both held to AVX2": Peer(preset("resnet20"), ["resnet20"], 1.2, 1.6, steps=12, environment=AVX2),
    "article": Peer(preset("article"), ["article"], 1.1, 1.6, steps=6, engines=TRAINING),
    "ResNet-56": Peer(preset("resnet56"), ["resnet56"], 1.1, 1.6, steps=5),
    "plain-56": Peer(preset("plain56"), ["plain56"], 1.1, 1.6, steps=5),
    "WRN-16-4": Peer(preset("wrn-16-4"), ["wrn-16-4"], 1.1, 1.6, steps=4),
    "ResNet-18, 64×64": Peer(preset("resnet18"), ["resnet18"], 1.8, 2.2, steps=4, common=LARGE, engines=TRAINING),
    "default, 28×28 gray, both arms": Peer(preset("plain-vs-residual"), ["gray-plain56", "gray56"], 1.1, 1.6),
    "bottleneck-29, option B": Peer(
        network("block=bottleneck", "shortcut=b", "body={cifar={depth=29,width=16}}"), ["bottleneck29"], 0.9, 1.3
    ),
    "pre-activation 20": Peer(network("block=pre_basic", "shortcut=b"), ["preact20"], 0.9, 1.3),
    "group norm": Peer(network("norm={group=8}"), ["group20"], 0.9, 1.3),
    "option B": Peer(network("shortcut=b"), ["resnet20-b"], 0.9, 1.3),
    "option C": Peer(network("shortcut=c"), ["resnet20-c"], 0.9, 1.3),
    "option D": Peer(network("shortcut=d"), ["resnet20-d"], 0.9, 1.3),
    "pooling in blocks": Peer(network("shortcut=b", "downsampling=max_pool"), ["pooled20"], 0.9, 1.3),
    "ResNet-50, 64×64, batch 64": Peer(
        preset("resnet50"), ["resnet50"], 1.4, 1.8, batch=64, steps=4, common=LARGE, engines=TRAINING
    ),
    "inference, batch 256": Peer(
        preset("resnet20"), ["resnet20"], 1.5, 2.0, 256, 12, ("--inference",), engines=INFERENCE
    ),
    "inference, batch 1": Peer(preset("resnet20"), ["resnet20"], 1.0, 1.3, 1, 300, ("--inference",), engines=INFERENCE),
}
if has_bf16():
    PEERS |= {
        f"{name}, bfloat16": replace(row, ours=row.ours + SHORT, least=1.5, aim=2.0, engines=("eager bf16", "compiled bf16"))
        for name, row in PEERS.items()
        if name in ("ResNet-20", "article", "ResNet-18, 64×64")
    } | {
        f"{name}, bfloat16": replace(row, ours=row.ours + SHORT, least=1.0, aim=1.5, engines=("compiled bf16", "openvino bf16"))
        for name, row in PEERS.items()
        if name.startswith("inference")
    }
TWO_ARMS, PROBES = "two arms", "probes"
GPU = ("eager", "compiled")
ON_GPU = {
    f"{name}, batch {batch}": Peer(preset(label), [label], 0.8, 1.0, batch, 30, common, GPU)
    for name, label, common in (
        ("ResNet-20", "resnet20", ()), ("ResNet-18, 64×64", "resnet18", LARGE), ("ResNet-50, 64×64", "resnet50", LARGE)
    )
    for batch in (128, 256)
}


def run(command, environment):
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout)


class Machine:
    """Runs either side on a number of threads, on the CPU or the GPU."""

    def __init__(self, binary, threads, device):
        self.binary, self.threads, self.device = binary, threads, device
        self.environment = dict(os.environ, RAYON_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads))

    def lab(self, network, *arguments, environment=None):
        device = "flex" if self.device == "cpu" else "gpu"
        command = [self.binary, "bench", *network, "--device", device, "--json", *map(str, arguments)]
        return run(command, self.environment | (environment or {}))

    def pytorch(self, preset, engine, *arguments, environment=None):
        engine, *bf16 = engine.split()
        command = [sys.executable, HERE / "pytorch.py", "--preset", preset, "--threads", self.threads, *arguments]
        command += ["--engine", engine, "--warmup", 4, "--device", self.device, *(["--bf16"] if bf16 else [])]
        return run(list(map(str, command)), self.environment | (environment or {}))


def spread(ratios, digits=2):
    return f"{min(ratios):.{digits}f}–{max(ratios):.{digits}f}"


def has_gpu():
    """Whether there is a PyTorch that sees a GPU."""
    looked = [sys.executable, "-c", "import pytorch; raise SystemExit(pytorch.gpu() is None)"]
    return subprocess.run(looked, cwd=HERE, capture_output=True).returncode == 0


def without_peer(name, row, machine, rounds):
    """Our own speed, where there is nothing to compare it with."""
    arguments = ["--batch", row.batch, "--steps", row.steps, *row.common]
    ours = [machine.lab(row.ours, *arguments) for _ in range(rounds)]
    median = statistics.median(result["step_ms_median"] for result in ours)
    return {"row": name, "device": ours[0]["device"], "residual_lab_images_per_second": 1000 * row.batch / median}


def peer(name, row, machine, rounds):
    arguments = ["--batch", row.batch, "--steps", row.steps, *row.common]
    ours, theirs = [], {engine: [] for engine in row.engines}
    for _ in range(rounds):
        ours.append(machine.lab(row.ours, *arguments, environment=row.environment))
        for engine, runs in theirs.items():
            runs.append([machine.pytorch(it, engine, *arguments, environment=row.environment) for it in row.theirs])
    mine = [result["step_ms_median"] for result in ours]
    times = {
        engine: [sum(result["step_ms_median"] for result in results) for results in runs]
        for engine, runs in theirs.items()
    }
    fastest = min(times, key=lambda engine: statistics.median(times[engine]))
    other = times[fastest]
    memory = [max(result["peak_memory_mib"] for result in ours)]
    memory.append(max(result["peak_memory_mib"] for results in theirs[fastest] for result in results))
    first = theirs[fastest][0][0]
    return {
        "row": name,
        "fastest": fastest,
        "peers_images_per_second": {
            engine: round(1000 * row.batch / statistics.median(runs)) for engine, runs in times.items()
        },
        "versions": f"PyTorch {first['version']}, {first['cpu_capability']}",
        "residual_lab_images_per_second": 1000 * row.batch / statistics.median(mine),
        "peer_images_per_second": 1000 * row.batch / statistics.median(other),
        "ratio": statistics.median(other) / statistics.median(mine),
        "ratios": [b / a for a, b in zip(mine, other)],
        "memory_mib": memory,
        "least": row.least,
        "aim": row.aim,
    }


def two_arms(machine, rounds):
    """The default experiment's two arms against the mean of each of them alone."""
    network, steps = preset("plain-vs-residual"), ["--steps", 20]
    times = lambda *arm: machine.lab(network, *steps, *arm)["step_ms_median"]
    ratios = []
    for _ in range(rounds):
        alone = [times("--arm", "plain"), times("--arm", "residual")]
        ratios.append(times() / statistics.mean(alone))
    return {"row": TWO_ARMS, "ratio": statistics.median(ratios), "ratios": ratios, "most": 2.05, "aim": 2.0}


def probes(machine, rounds):
    """What a look inside adds to a step, spread over the default interval."""
    times = lambda *look: machine.lab(preset("resnet20"), "--steps", 12, *look)["step_ms_median"]
    added = [(times("--look-inside") / times() - 1) / PROBE_EVERY for _ in range(rounds)]
    return {"row": PROBES, "added": statistics.median(added), "addeds": added, "most": 0.05, "aim": 0.02}


def line(result):
    if result["row"] == TWO_ARMS:
        return f"| two arms in lock step | | | {result['ratio']:.2f} × one | {spread(result['ratios'])} | ≤ 2.05 / 2.0 | |"
    if result["row"] == PROBES:
        low_high = spread([100 * added for added in result["addeds"]], 1)
        return f"| probes every {PROBE_EVERY} steps | | | +{100 * result['added']:.1f} % | {low_high} | ≤ 5 / 2 | |"
    if "ratio" not in result:
        return f"| {result['row']} | {result['residual_lab_images_per_second']:.0f} ({result['device']}) | none here | | | | |"
    ours, theirs = result["memory_mib"]
    return (
        f"| {result['row']} | {result['residual_lab_images_per_second']:.0f} "
        f"| {result['peer_images_per_second']:.0f} ({result['fastest']}) | {result['ratio']:.2f} | {spread(result['ratios'])} "
        f"| {result['least']} / {result['aim']} | {ours / theirs:.2f} |"
    )


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/residual-lab")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rows", help="parts of the names of the rows wanted, with commas between them")
    parser.add_argument("--json", action="store_true", help="one JSON line a row instead of a table")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    arguments = parser.parse_args()
    wanted = arguments.rows.split(",") if arguments.rows else [""]
    peers, special = (PEERS, {TWO_ARMS: two_arms, PROBES: probes}) if arguments.device == "cpu" else (ON_GPU, {})
    rows = [name for name in (*peers, *special) if any(part in name for part in wanted)]
    if not rows:
        sys.exit(f"no such row; there are {'; '.join((*peers, *special))}")
    machine = Machine(arguments.binary, arguments.threads, arguments.device)
    measured = peer if arguments.device == "cpu" or has_gpu() else without_peer
    if not arguments.json:
        load = f"load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
        print(f"{processor()}, {arguments.threads} threads, {time.strftime('%Y-%m-%d')}, {arguments.rounds} rounds, {load}\n")
        print("| training, images/s | here | fastest peer | ratio | spread | least / aim | memory |")
        print("|---|---|---|---|---|---|---|")
    for name in rows:
        if name in special:
            result = special[name](machine, arguments.rounds)
        else:
            result = measured(name, peers[name], machine, arguments.rounds)
        print(json.dumps(result) if arguments.json else line(result), flush=True)


if __name__ == "__main__":
    main()

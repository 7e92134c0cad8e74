"""Residual Lab against PyTorch, in turn on the same machine, as a table of ratios.

Runs `residual-lab bench` and `benches/pytorch.py` alternately (A B A B …) on every row and prints medians, the
ratio of the medians and the spread of the ratios of neighbouring runs. A ratio above 1 means that Residual Lab
is faster (or, for memory, that it needs that share of PyTorch's).

    python3 benches/peers.py [--rounds 3] [--binary target/release/residual-lab] [--rows resnet20,…] [--json]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent

# name: (preset here, preset of pytorch.py, batch, steps, inference, least ratio, ratio aimed for)
ROWS = {
    "resnet20": ("resnet20", "resnet20", 128, 12, False, 1.3, 2.0),
    "article": ("article", "article", 128, 6, False, 1.1, 1.6),
    "resnet56": ("resnet56", "resnet56", 128, 6, False, 1.1, 1.6),
    "plain56": ("plain56", "plain56", 128, 6, False, 1.1, 1.6),
    "wrn-16-4": ("wrn-16-4", "wrn-16-4", 128, 4, False, 1.1, 1.6),
    "resnet18": ("resnet18", "resnet18", 128, 4, False, 1.1, 1.6),
    "resnet50": ("resnet50", "resnet50", 64, 4, False, 0.9, 1.3),
    "inference": ("resnet20", "resnet20", 256, 20, True, 1.3, 2.5),
    "inference-1": ("resnet20", "resnet20", 1, 200, True, 1.3, 2.5),
}
# Images of another size than the preset's own.
IMAGES = {"resnet18": "3x64x64", "resnet50": "3x64x64"}


def run(command, environment):
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed after {time.perf_counter() - started:.0f} s:\n{done.stderr}")
    return json.loads(done.stdout)


def commands(row, arguments):
    ours, theirs, batch, steps, inference, _, _ = ROWS[row]
    image = ["--image", IMAGES[row]] if row in IMAGES else []
    common = ["--batch", str(batch), "--steps", str(steps), *image, *(["--inference"] if inference else [])]
    ours = [arguments.binary, "bench", "--preset", ours, "--device", "flex", "--json", *common]
    theirs = [sys.executable, HERE / "pytorch.py", "--preset", theirs, "--threads", str(arguments.threads), *common]
    return ours, theirs


def measure(row, arguments):
    environment = dict(os.environ, RAYON_NUM_THREADS=str(arguments.threads), OMP_NUM_THREADS=str(arguments.threads))
    if arguments.avx2:
        environment.update(RESIDUAL_LAB_CPU="avx2", ATEN_CPU_CAPABILITY="avx2", ONEDNN_MAX_CPU_ISA="AVX2")
    ours, theirs = commands(row, arguments)
    pairs = [(run(ours, environment), run(theirs, environment)) for _ in range(arguments.rounds)]
    speed = [[result["images_per_second"] for result in side] for side in zip(*pairs)]
    memory = [max(result["peak_memory_mib"] for result in side) for side in zip(*pairs)]
    ratios = [mine / other for mine, other in zip(*speed)]
    return {
        "row": row,
        "residual_lab": statistics.median(speed[0]),
        "pytorch": statistics.median(speed[1]),
        "ratio": statistics.median(speed[0]) / statistics.median(speed[1]),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "memory_ratio": memory[0] / memory[1],
        "at_least": ROWS[row][5],
        "aim": ROWS[row][6],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/residual-lab")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--avx2", action="store_true", help="hold both to AVX2")
    parser.add_argument("--json", action="store_true", help="one JSON line a row instead of a table")
    arguments = parser.parse_args()
    rows = arguments.rows.split(",")
    if unknown := [row for row in rows if row not in ROWS]:
        sys.exit(f"unknown rows {', '.join(unknown)}; there are {', '.join(ROWS)}")
    if not arguments.json:
        print(f"{platform.processor() or platform.machine()}, {arguments.threads} threads, {time.strftime('%Y-%m-%d')}\n")
        print("| network | images/s | PyTorch | ratio | spread | least / aim | memory ratio |")
        print("|---|---|---|---|---|---|---|")
    for row in rows:
        result = measure(row, arguments)
        if arguments.json:
            print(json.dumps(result), flush=True)
            continue
        print(
            f"| {row} | {result['residual_lab']:.1f} | {result['pytorch']:.1f} | {result['ratio']:.2f} "
            f"| {result['ratio_low']:.2f}–{result['ratio_high']:.2f} | {result['at_least']} / {result['aim']} "
            f"| {result['memory_ratio']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

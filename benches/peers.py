"""PyTorch's speed at what `residual-lab bench` measures, on the CPU: a full training step, or inference.

    python3 benches/peers.py --preset resnet20 --batch 128 --steps 10

prints the same JSON as `residual-lab bench --json`, so that both can stand side by side.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/golden"))
from counts import presets  # noqa: E402
from network import Net  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="resnet20")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--image", default="3x32x32")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--inference", action="store_true")
    args = parser.parse_args()

    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    channels, height, width = map(int, args.image.split("x"))
    net = Net(dict(presets())[args.preset][0], channels, args.classes)
    images = torch.randn(args.batch, channels, height, width)
    labels = torch.arange(args.batch) % args.classes
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

    def train():
        optimizer.zero_grad()
        F.cross_entropy(net(images), labels).backward()
        optimizer.step()

    @torch.inference_mode()
    def infer():
        net(images)

    step = infer if args.inference else train
    net.train(not args.inference)
    for _ in range(2):
        step()
    times = []
    for _ in range(args.steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    found = {
        "images_per_second": args.batch / median,
        "step_ms_median": 1000 * median,
        "device": f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads",
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

"""Writes every golden file of this folder. See README.md."""

import pathlib

import torch

import counts
import initialisation
import instruments
import networks
import optimizers
import precision
import schedules
import torchvision_nets

HERE = pathlib.Path(__file__).parent

if __name__ == "__main__":
    # Sums in one order, so that the files come out the same every time.
    torch.set_num_threads(1)
    networks.write(HERE / "networks")
    (HERE / "precision").mkdir(exist_ok=True)
    networks.write(HERE / "precision", precision.CASES, networks.well_rounded)
    (HERE / "tiles").mkdir(exist_ok=True)
    networks.write(HERE / "tiles", precision.CASES_BY_TILES, networks.well_rounded_in_tiles)
    optimizers.write(HERE / "optimizers.json")
    schedules.write(HERE / "schedules.json")
    initialisation.write(HERE / "initialisation.json")
    counts.write(HERE / "counts.json")
    instruments.write(HERE / "instruments.json", HERE / "networks")
    torchvision_nets.write(HERE / "torchvision_nets.json")

"""Writes every golden file of this folder. See README.md."""

import pathlib

import counts
import initialisation
import networks
import optimizers
import schedules

HERE = pathlib.Path(__file__).parent

if __name__ == "__main__":
    networks.write(HERE / "networks")
    optimizers.write(HERE / "optimizers.json")
    schedules.write(HERE / "schedules.json")
    initialisation.write(HERE / "initialisation.json")
    counts.write(HERE / "counts.json")

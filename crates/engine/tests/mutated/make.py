"""Writes weights as PyTorch does: `net.pth` as since 1.6 (a zip file), `old.pth` as before (a row of pickles),
`expanded.pth` a number that counts as a billion."""

import pathlib

import torch

torch.manual_seed(0)
state = {
    "module.conv1.weight": torch.randn(2, 3, 3, 3),
    "module.bn1.running_var": torch.rand(2, dtype=torch.float64),
    "module.bn1.num_batches_tracked": torch.tensor(3),
    "module.fc.weight": torch.randn(4, 2).half(),
    "module.fc.bias": torch.randn(8).bfloat16()[::2],
}
place = pathlib.Path(__file__).parent
torch.save({"fc.weight": torch.zeros(1).expand(1 << 30)}, place / "expanded.pth")
torch.save({"state_dict": state, "epoch": 3}, place / "net.pth")
torch.save(state, place / "old.pth", _use_new_zipfile_serialization=False)

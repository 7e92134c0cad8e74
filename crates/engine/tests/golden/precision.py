"""The same networks with the factors of all products rounded to bfloat16, as `recipe.precision = "bf16"` has it.

The fused kernels compute convolutions of 3×3 in tiles and round what they transform (`tiles.py`); the other devices round
maps, weights and gradients themselves.
"""

import torch
import torch.nn.functional as F
from torch import nn

from tiles import Tiled

CASES = ["basic-batch", "bottleneck-group", "basic-gain-learned", "pre_basic-shortcut-d", "stride3-shortcut-b"]
# The first one has too many transformed values for one sum more or less not to round one of them the other way.
CASES_BY_TILES = CASES[1:]


def bf16(x):
    return x.float().bfloat16().to(x.dtype)


class Factor(torch.autograd.Function):
    """A factor of a product."""

    @staticmethod
    def forward(_, x):
        return bf16(x)

    @staticmethod
    def backward(_, gradient):
        return gradient


class Sum(torch.autograd.Function):
    """A sum of products, whose gradient is a factor on the way back."""

    @staticmethod
    def forward(_, y):
        return y.view_as(y)

    @staticmethod
    def backward(_, gradient):
        return bf16(gradient)


def rounded(net, tiles=False):
    """The same network, multiplying so; `tiles` says whether by tiles where kernels do."""

    def conv(layer, x):
        if tiles and Tiled.computes(layer, x):
            y = Tiled.apply(x, layer.weight)
        else:
            y = F.conv2d(Factor.apply(x), Factor.apply(layer.weight), None, layer.stride, layer.padding)
            y = Sum.apply(y)
        return y if layer.bias is None else y + layer.bias.view(1, -1, 1, 1)

    def linear(layer, x):
        y = Sum.apply(F.linear(Factor.apply(x), Factor.apply(layer.weight)))
        return y if layer.bias is None else y + layer.bias

    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            layer.forward = lambda x, layer=layer: conv(layer, x)
        elif isinstance(layer, nn.Linear):
            layer.forward = lambda x, layer=layer: linear(layer, x)
    return net


def rounded_tiles(net):
    return rounded(net, tiles=True)

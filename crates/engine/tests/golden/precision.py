"""The same networks with the factors of all products rounded to bfloat16, as `recipe.precision = "bf16"` has it."""

import torch
import torch.nn.functional as F
from torch import nn

CASES = ["basic-batch", "bottleneck-group", "basic-gain-learned", "pre_basic-shortcut-d", "stride3-shortcut-b"]


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


def rounded(net):
    """The same network, multiplying so."""

    def conv(layer, x):
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

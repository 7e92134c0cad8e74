"""Convolutions of 3×3 by tiles of 4×4 outputs, transformed as Toom and Cook do and rounded to bfloat16 there."""

import math

import torch
import torch.nn.functional as F
from numpy.polynomial import Polynomial

POINTS = [0, 0.625, -0.625, 1.5, -1.5]


def matrices():
    """`Aᵀ`, `G` and `Bᵀ` of the points and infinity (Lavin and Gray 2015)."""
    a, g, b = (torch.zeros(size, dtype=torch.float64) for size in ((4, 6), (6, 3), (6, 6)))
    for i, point in enumerate(POINTS):
        others = [other for other in POINTS if other != point]
        a[:, i] = torch.tensor([point**k for k in range(4)], dtype=torch.float64)
        g[i] = a[:3, i] / math.prod(point - other for other in others)
        b[i, :5] = torch.from_numpy(Polynomial.fromroots(others).coef)
    a[3, 5] = g[5, 2] = 1
    b[5] = torch.from_numpy(Polynomial.fromroots(POINTS).coef)
    return a, g, b


def bf16(x):
    return x.float().bfloat16().to(x.dtype)


def patches(x, side, margin):
    """Squares of `side` pixels every four of them, `[n, c, rows, columns, side, side]`, zeros outside."""
    height, width = x.shape[-2:]
    room = [4 * -(-extent // 4) + side - 4 - margin - extent for extent in (height, width)]
    x = F.pad(x, (margin, room[1], margin, room[0]))
    return x.unfold(2, side, 4).unfold(3, side, 4)


def both(m, x):
    m = m.to(x.dtype)
    return m @ x @ m.T


def convolve(x, w):
    a, g, b = matrices()
    products = torch.einsum("ncyxij,kcij->nkyxij", bf16(both(b, patches(x, 6, 1))), bf16(both(g, w)))
    n, k, rows, columns = products.shape[:4]
    y = both(a, products).permute(0, 1, 2, 4, 3, 5).reshape(n, k, 4 * rows, 4 * columns)
    return y[:, :, : x.shape[2], : x.shape[3]]


class Tiled(torch.autograd.Function):
    """A convolution with stride 1 and padding 1."""

    @staticmethod
    def computes(layer, x):
        n, channels, height, width = x.shape
        tiles = n * -(-height // 4) * -(-width // 4)
        plain = layer.kernel_size == (3, 3) and layer.stride == (1, 1) and layer.padding == (1, 1)
        return plain and channels >= 4 and min(height, width) >= 3 and tiles >= 4

    @staticmethod
    def forward(context, x, w):
        context.save_for_backward(x, w)
        return convolve(x, w)

    @staticmethod
    def backward(context, gradient):
        x, w = context.saved_tensors
        a, g, b = matrices()
        dx = convolve(gradient, w.flip(2, 3).transpose(0, 1))
        tiles, squares = bf16(both(a.T, patches(gradient, 4, 0))), bf16(both(b, patches(x, 6, 1)))
        return dx, both(g.T, torch.einsum("nkyxij,ncyxij->kcij", tiles, squares))

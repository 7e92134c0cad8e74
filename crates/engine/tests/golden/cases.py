"""The networks that golden files are made of: each small, each with something the others lack."""


def stage(blocks, width, stride=1, **more):
    return {"blocks": blocks, "width": width, "stride": stride} | more


def two(width=4, stride=2, blocks=(1, 1)):
    """Two stages, the second twice as wide."""
    return {"stages": [stage(blocks[0], width), stage(blocks[1], 2 * width, stride)]}


def case(arm, height=9, width=None, batch=4, channels=3, smoothing=0.0):
    return {
        "arm": arm,
        "shape": (batch, channels, height, width or height),
        "smoothing": smoothing,
    }


def cases():
    every = {}
    blocks = ["basic", "relu_before_add", "bottleneck", "pre_basic", "pre_bottleneck"]
    norms = {"batch": "batch", "group": {"group": 2}, "none": "none"}

    for block in blocks:
        width = 4 if "bottleneck" not in block else 2
        body = two(width, blocks=(1, 2))
        for name, norm in norms.items():
            every[f"{block}-{name}"] = case({"body": body, "block": block, "norm": norm, "shortcut": "b"})
        body = two(width)
        for shortcut in ("none", "a", "c", "d"):
            if block != "relu_before_add" or shortcut in "ad":
                every[f"{block}-shortcut-{shortcut}"] = case({"body": body, "block": block, "shortcut": shortcut})

    for shortcut in "abd":
        arm = {"stem": {"width": 6}, "body": two(5, stride=3), "shortcut": shortcut, "norm": "none"}
        if shortcut == "a":
            arm["stem"] = {"width": 3}
        every[f"stride3-shortcut-{shortcut}"] = case(arm, 10, 13)

    for pool in ("max_pool", "avg_pool"):
        for block in ("basic", "bottleneck", "pre_basic", "pre_bottleneck"):
            body = two(4 if "bottleneck" not in block else 2)
            arm = {"body": body, "block": block, "shortcut": "d", "downsampling": pool}
            every[f"{block}-{pool}"] = case(arm, 9, 10)
        arm = {"body": two(4, stride=3), "downsampling": pool, "norm": {"group": 4}}
        every[f"stride3-{pool}"] = case(arm, 11)

    for block in ("basic", "relu_before_add", "pre_basic"):
        arm = {"body": two(), "block": block, "shortcut": "b", "gain": {"value": 0.5}}
        every[f"{block}-gain"] = case(arm)
        learned = {**arm, "gain": {"value": 0.25, "learned": True}, "norm": "none"}
        every[f"{block}-gain-learned"] = case(learned)

    for activation in ("leaky_relu", "gelu", "silu", "tanh"):
        every[f"activation-{activation}"] = case({"body": two(), "activation": activation})
        arm = {"body": two(), "activation": activation, "block": "pre_basic", "norm": {"group": 2}}
        every[f"pre_basic-{activation}"] = case(arm)

    every["stem-conv3-pool"] = case({"stem": {"kind": "conv3_pool", "width": 6}, "body": two()}, 20, 17)
    every["stem-conv7-pool"] = case({"stem": {"kind": "conv7_pool"}, "body": two(), "shortcut": "b"}, 33)
    arm = {"stem": {"kind": "conv7_pool"}, "body": two(), "block": "pre_basic", "norm": "none", "naming": "torchvision"}
    every["stem-conv7-pool-pre"] = case(arm, 32)

    every["cifar8-gray"] = case({"body": {"cifar": {"depth": 8, "width": 4}}}, 12, batch=8, channels=1)
    arm = {"body": {"imagenet": {"depth": 18, "width": 2}}, "stem": {"kind": "conv7_pool"}, "shortcut": "b"}
    every["imagenet18"] = case({**arm, "naming": "torchvision"}, 41, batch=6)
    arm = {"body": {"stages": [stage(2, 4), stage(1, 4, 2)]}, "block": "bottleneck", "shortcut": "b"}
    every["bottleneck-torchvision"] = case({**arm, "naming": "torchvision"}, smoothing=0.1)

    pool = {"entry": "conv_pool"}
    page = {
        "stem": {"width": 4},
        "body": {"stages": [stage(1, 6, 2, **pool), stage(0, 6, 2, **pool), stage(1, 8, 2, **pool)]},
        "block": "relu_before_add",
        "head": {"pool": "max", "bias": False, "scale": 0.125},
    }
    every["resnet9"] = case(page, 18, batch=8)
    entry = {"stages": [stage(1, 4), stage(2, 8, 2, **pool)]}
    every["entry-bottleneck"] = case({"body": entry, "block": "bottleneck", "shortcut": "b", "norm": "none"}, 10)
    every["entry-pre_basic"] = case({"body": entry, "block": "pre_basic"}, 11)
    every["entry-plain"] = case({"body": entry, "shortcut": "none"}, 11)
    every["head-max"] = case({"body": two(), "head": {"pool": "max"}})
    every["label-smoothing"] = case({"body": two()}, smoothing=0.1)
    # Training drops branches at random; that evaluation weighs them by their survival is what can be compared.
    every["stochastic-depth"] = case({"body": two(blocks=(2, 2)), "stochastic_depth": 0.5})
    return every

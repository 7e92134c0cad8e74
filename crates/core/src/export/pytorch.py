

def read_safetensors(path):
    """The tensors of a safetensors file, without another package than PyTorch."""
    data = pathlib.Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    header.pop("__metadata__", None)

    def tensor(about):
        start, end = about["data_offsets"]
        count = (end - start) // 4
        flat = torch.frombuffer(body, dtype=torch.float32, count=count, offset=start) if count else torch.empty(0)
        return flat.reshape(about["shape"]).clone()

    return {name: tensor(about) for name, about in header.items()}


def load(weights=None):
    """The network with its weights, ready to be asked."""
    net = Net(ARM, CHANNELS, len(CLASSES))
    weights = weights or pathlib.Path(__file__).with_suffix(".safetensors")
    net.load_state_dict(read_safetensors(weights), strict=True)
    return net.eval()


def normalise(images):
    """Images as [batch, channels, height, width] in [0, 1], as the network expects them."""
    mean, std = (torch.tensor(values).reshape(1, -1, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std


if __name__ == "__main__":
    net = load()
    with torch.no_grad():
        logits = net(normalise(torch.rand(1, CHANNELS, *SIDES)))
    print(net)
    print("A picture of noise is", CLASSES[logits.argmax().item()])

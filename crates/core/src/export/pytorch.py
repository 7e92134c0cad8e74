

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


def inside(shape, frame):
    """The largest size (width, height) of a shape's aspect ratio inside a frame."""

    def divide(a, b, c):
        return max(1, (a * b + c // 2) // c)

    if shape[0] * frame[1] > frame[0] * shape[1]:
        return frame[0], min(frame[1], divide(frame[0], shape[1], shape[0]))
    return min(frame[0], divide(frame[1], shape[0], shape[1])), frame[1]


def prepare(picture):
    """A Pillow picture of any size as [1, channels, height, width], brought to the network's size as in training: by FIT,
    transparency on white."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        # 16 bits, rounded to 8: Pillow's convert would clip them.
        wide = torch.frombuffer(bytearray(picture.convert("I").tobytes()), dtype=torch.int32)
        picture = Image.frombytes("L", picture.size, bytes(((wide + 128) // 257).clamp(0, 255).tolist()))
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    picture = picture.convert("RGB")
    size = SIDES[1], SIDES[0]
    if picture.size != size:
        width, height = inside(size, picture.size) if FIT == "cover" else picture.size
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        to = inside(picture.size, size) if FIT == "contain" else size
        scaled = picture.crop((left, top, left + width, top + height)).resize(to, Image.BILINEAR)
        picture = Image.new("RGB", size)
        picture.paste(scaled, ((size[0] - to[0]) // 2, (size[1] - to[1]) // 2))
    if CHANNELS == 1:
        picture = picture.convert("L")
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).reshape(*SIDES, CHANNELS)
    return normalise(pixels.permute(2, 0, 1).unsqueeze(0) / 255)


def classify(path):
    """The probability of every class for the picture in a file."""
    from PIL import Image

    with torch.no_grad():
        shares = load()(prepare(Image.open(path))).softmax(1)[0]
    return dict(zip(CLASSES, shares.tolist()))


if __name__ == "__main__":
    if not sys.argv[1:]:
        print(load())
        print("Name pictures, to have them classified.")
    for path in sys.argv[1:]:
        shares = classify(path)
        best = sorted(shares, key=shares.get, reverse=True)[:3]
        print(f"{path}:", ", ".join(f"{name} {100 * shares[name]:.1f} %" for name in best))

"""Reads what `residual-lab export` wrote with the programs that it was written for.

    check.py onnx NET.onnx PICTURE ANSWER.json …    onnx's checker, and onnxruntime against the program's own answer
    check.py kept NET.onnx                          onnx's checker, and onnxruntime takes any number of images
    check.py torch NET.py NET.onnx PICTURE ANSWER.json …   PyTorch (if it is installed) against onnxruntime, and asked
                                                    about pictures against the program's own answers
    check.py tensorboard FOLDER METRICS.csv         TensorBoard's own reader against the table
"""

import csv
import importlib.util
import json
import math
import sys


def session(path):
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def about(path):
    import onnx

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 18
    return {each.key: each.value for each in model.metadata_props}


def numbers(text):
    return [float(each) for each in text.split(",")]


def check_onnx(*files):
    for path, picture, answer in zip(files[::3], files[1::3], files[2::3]):
        check_net(path, picture, answer)


def check_net(path, picture, answer):
    import numpy
    from PIL import Image

    known = about(path)
    net = session(path)
    channels, height, width = net.get_inputs()[0].shape[1:]
    image = Image.open(picture).convert("RGB")
    assert image.size == (width, height)
    pixels = numpy.asarray(image, dtype=numpy.float64)
    if channels == 1:
        weights = numpy.array([19595, 38470, 7471])
        pixels = ((pixels @ weights + 0x8000) // 65536)[..., None]
    x = (pixels.transpose(2, 0, 1) / 255 - numpy.reshape(numbers(known["mean"]), (-1, 1, 1))) / numpy.reshape(
        numbers(known["std"]), (-1, 1, 1)
    )
    # Any number of images, each with the same answer.
    batch = numpy.stack([x * 0, x, x]).astype(numpy.float32)
    logits = net.run(["logits"], {"images": batch})[0][1:].astype(numpy.float64)
    assert numpy.abs(logits[0] - logits[1]).max() < 1e-5
    shares = numpy.exp(logits[0] - logits[0].max())
    shares /= shares.sum()
    classes = json.loads(known["classes"])
    ours = {each["class"]: each["probability"] for each in json.load(open(answer))[0]["arms"][0]["classes"]}
    worst = max(abs(ours[name] - share) for name, share in zip(classes, shares))
    assert worst < 1e-4, (path, worst)


def check_kept(path):
    import numpy

    about(path)
    net = session(path)
    channels, height, width = net.get_inputs()[0].shape[1:]
    for count in [1, 3]:
        images = numpy.zeros((count, channels, height, width), dtype=numpy.float32)
        assert net.run(["logits"], {"images": images})[0].shape == (count, 3)


def check_torch(script, path, *asked):
    import numpy

    try:
        import torch
    except ImportError:
        print("SKIPPED: no PyTorch", file=sys.stderr)
        return
    spec = importlib.util.spec_from_file_location("net", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    images = torch.randn(3, module.CHANNELS, *module.SIDES)
    with torch.no_grad():
        theirs = numpy.array(module.load()(images).tolist())
    # Lists, because PyTorch and NumPy may be of ages that do not know each other.
    ours = session(path).run(["logits"], {"images": numpy.array(images.tolist(), dtype=numpy.float32)})[0]
    worst = abs(theirs - ours).max()
    assert worst < 1e-4 * max(1, abs(theirs).max()), worst
    for picture, answer in zip(asked[::2], asked[1::2]):
        ours = {each["class"]: each["probability"] for each in json.load(open(answer))[0]["arms"][0]["classes"]}
        theirs = module.classify(picture)
        worst = max(abs(ours[name] - theirs[name]) for name in theirs)
        # Scaling may round a pixel the other way.
        assert worst < 5e-3, (picture, worst)


def check_tensorboard(folder, table):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    board = EventAccumulator(folder, size_guidance={"scalars": 0, "images": 0, "histograms": 0, "tensors": 0})
    board.Reload()
    rows = list(csv.DictReader(open(table)))
    for column, tag in [("train_loss", "train/loss"), ("validation_accuracy", "validation/accuracy")]:
        expected = {int(row["step"]): float(row[column]) for row in rows if row[column]}
        found = {event.step: event.value for event in board.Scalars(tag)}
        assert found.keys() == expected.keys(), (tag, found, expected)
        assert all(math.isclose(found[step], expected[step], rel_tol=1e-6) for step in found), tag
    tags = board.Tags()
    assert "validation/confusion" in tags["images"], tags
    assert any(tag.startswith("weights/") for tag in tags["histograms"]), tags
    assert any("experiment" in tag for tag in tags["tensors"]), tags
    picture = board.Images("validation/confusion")[-1]
    assert picture.encoded_image_string.startswith(b"\x89PNG") and picture.width == picture.height == 160, picture
    settings = HParamsPluginData.FromString(board.PluginTagToContent("hparams")["_hparams_/session_start_info"])
    settings = settings.session_start_info.hparams
    assert settings["recipe.batch_size"].number_value == 8, settings
    assert settings["network.shortcut"].string_value == "A", settings


if __name__ == "__main__":
    {"onnx": check_onnx, "kept": check_kept, "torch": check_torch, "tensorboard": check_tensorboard}[sys.argv[1]](*sys.argv[2:])

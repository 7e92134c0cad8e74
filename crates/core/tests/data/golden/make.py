"""Writes the small files beside this script: data sets as NumPy, SciPy, Python's tarfile and PyArrow write them.

Run with numpy 2.4, scipy 1.17, pyarrow 26, datasets 5, pillow 13: `python make.py`, or `python make.py parquet` for those alone. Every value follows from its place.
"""
import io, pathlib, sys, tarfile
import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent


def images(count, height, width, channels, first=0):
    i, y, x, c = np.ogrid[first : first + count, :height, :width, :channels]
    return ((i * 37 + y * 11 + x * 5 + c * 3) % 251).astype(np.uint8)


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def labels(count, classes):
    return np.arange(count) % classes


def parquet():
    """As `datasets` writes them for the hub, and as pandas' users do: one file, texts, every way of packing."""
    import datasets as hub, pyarrow as pa, pyarrow.parquet as pq

    features = hub.Features({"image": hub.Image(), "label": hub.ClassLabel(names=["cat", "dog", "an owl"])})
    for name, count, first in [("train-00000-of-00002", 4, 0), ("train-00001-of-00002", 2, 4), ("test-00000-of-00001", 3, 6)]:
        rows = [{"bytes": png(image), "path": None} for image in images(count, 4, 5, 3, first)]
        table = hub.Dataset.from_dict({"image": rows, "label": labels(count, 3)}, features=features)
        table.to_parquet(HERE / "hub" / "data" / f"{name}.parquet", batch_size=2)
    plain = pa.table({
        "id": range(6),
        "img": pa.array([png(image) for image in images(6, 4, 5, 3)], pa.binary()),
        "label": pa.array(["ape", "bee", "ape", "bee", "ape", None]),
    })
    for packing in ["none", "snappy", "gzip", "zstd", "brotli"]:
        for version in ["1.0", "2.0"]:
            name = f"{packing}{version[0]}.parquet"
            pq.write_table(plain, HERE / "tables" / name, compression=packing, data_page_version=version, row_group_size=4)
    pictures = pa.array([png(image) for image in images(8, 4, 5, 3)], pa.binary())
    parts = ["train", "train", "Training", "train", "valid", "valid", "test", "test"]
    tables = {
        "split": pa.table({"image": pictures, "label": [0.0, 1.0, 0.0, None, 0.0, 1.0, 0.0, 1.0], "split": parts}),
        "flags": pa.table({"image": pictures, "label": [i % 2 == 1 for i in range(8)], "is_test": [i > 5 for i in range(8)]}),
    }
    for name, table in tables.items():
        for version in ["1.0", "2.0"]:
            pq.write_table(table, HERE / "tables" / f"{name}{version[0]}.parquet", data_page_version=version)
    encoding = {"image": "PLAIN", "label": "PLAIN", "split": "DELTA_BYTE_ARRAY"}
    pq.write_table(tables["split"], HERE / "tables" / "delta.parquet", use_dictionary=False, column_encoding=encoding)


if sys.argv[1:] == ["parquet"]:
    parquet()
    sys.exit()

import scipy.io

parquet()
# MedMNIST: gray images without a place for channels, labels as a column.
np.savez(
    HERE / "medmnist.npz",
    train_images=images(6, 4, 3, 1)[..., 0], train_labels=labels(6, 3).astype(np.uint8)[:, None],
    val_images=images(3, 4, 3, 1, 6)[..., 0], val_labels=labels(3, 3).astype(np.uint8)[:, None],
    test_images=images(3, 4, 3, 1, 9)[..., 0], test_labels=labels(3, 3).astype(np.uint8)[:, None],
)
# Keras: colours, labels in 64 bits, packed.
np.savez_compressed(
    HERE / "keras.npz",
    x_train=images(4, 5, 6, 3), y_train=labels(4, 2), x_test=images(2, 5, 6, 3, 4), y_test=labels(2, 2),
)
# SVHN: the digit 0 has the label 10.
for name, packed in [("svhn_packed.mat", True), ("svhn_plain.mat", False)]:
    y = labels(6, 3).astype(np.uint8)
    y[y == 0] = 10
    scipy.io.savemat(
        HERE / name, {"X": images(6, 4, 5, 3).transpose(1, 2, 3, 0), "y": y[:, None]}, do_compression=packed
    )
# WebDataset: a picture and its class by the same key.
with tarfile.open(HERE / "webdataset.tar", "w") as tar:
    for index, image in enumerate(images(6, 4, 5, 3)):
        for ending, data in [("png", png(image)), ("cls", str(index % 2).encode()), ("json", b'{"width": 5}')]:
            about = tarfile.TarInfo(f"{index:06}.{ending}")
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))

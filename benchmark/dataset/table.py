"""The table of data sets. To add one, add an entry here or in your own file: see `benchmark.measure.own_entries`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmark.dataset.entry import DatasetEntry
from benchmark.errors import DataError, unknown_name

DEFINED = "--entries with the file that defines it, or an entry in benchmark/dataset/table.py"

FASHION_MNIST = DatasetEntry(
    name="fashion-mnist",
    title="Fashion-MNIST",
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    families={
        "Tops": ("T-shirt/top", "Pullover", "Coat", "Shirt"),
        "Dresses and trousers": ("Dress", "Trouser"),
        "Shoes": ("Sandal", "Sneaker", "Ankle boot"),
        "Bags": ("Bag",),
    },
    licence="MIT, copyright 2017 Zalando SE",
    source="https://github.com/zalandoresearch/fashion-mnist",
    urls=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    debian_package="dataset-fashion-mnist",
    debian_folder="usr/share/datasets/fashion-mnist",
    home="data/fashion-mnist",  # the default, but named: its checksums ship with the package
)

DIGITS = DatasetEntry(
    name="digits",
    title="Digits",
    class_names=tuple("0123456789"),
    licence="CC BY 4.0, E. Alpaydin and C. Kaynak",
    source="https://archive.ics.uci.edu/dataset/80",
    bundled="scikit-learn",
    home="data/digits",
)

DATASETS: dict[str, DatasetEntry] = {
    entry.name: entry
    for entry in (
        FASHION_MNIST,
        DIGITS,
        replace(
            FASHION_MNIST,
            name="fashion-mnist-sample",
            title="Fashion-MNIST sample",
            urls=(),
            debian_package="",
            debian_folder="",
            home="tests/data",
        ),
    )
}


def find_entry(name: str, datasets: Mapping[str, DatasetEntry] = DATASETS) -> DatasetEntry:
    """Return the entry called `name`.

    Raises
    ------
    DataError
        If there is none.

    """
    if name not in datasets:
        raise DataError(**unknown_name("data set", name, datasets, remedy=DEFINED))
    return datasets[name]

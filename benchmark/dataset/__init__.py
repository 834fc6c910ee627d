"""Data sets: where their files come from, and how they are verified and read.

Output: `Dataset`, whose images stay `uint8` in a memory map. Nothing else in the package knows the shape, the number of
classes or the name of any data set. To add one, add an entry and run `make data DATASET=<name> ACCEPT=1`.
"""

from benchmark.dataset.checks import FILES
from benchmark.dataset.entry import DatasetEntry, check_dataset_entry
from benchmark.dataset.idx import read_idx, write_idx
from benchmark.dataset.images import Dataset, format_summary, load_dataset, subset, summary
from benchmark.dataset.table import DATASETS, find_entry

__all__ = [
    "DATASETS",
    "FILES",
    "Dataset",
    "DatasetEntry",
    "check_dataset_entry",
    "find_entry",
    "format_summary",
    "load_dataset",
    "read_idx",
    "subset",
    "summary",
    "write_idx",
]

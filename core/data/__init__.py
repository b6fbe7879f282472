"""Data: collections of pictures in folders, zips and tables, scenes as data sets, and samples to try."""

from __future__ import annotations

from core.data.archive import LARGEST_ZIP
from core.data.collection import Collection, Taken
from core.data.columns import NO_COLUMN, ONE_HOT
from core.data.datasets import DRAWN, fetch_imagenette, find_folder
from core.data.fetching import IMAGENETTE_BYTES
from core.data.layout import ALL_SPLITS
from core.data.matching import match_classes
from core.data.names import stored
from core.data.pictures import IMAGENETTE, PICTURES, SEED, SEEDS, find_data, open_collection
from core.data.samples import TAG_OF, Swap, describe_sample, list_samples, open_sample, sample_truth, swaps, unswapped
from core.files import home

__all__ = [
    "ALL_SPLITS",
    "DRAWN",
    "IMAGENETTE",
    "IMAGENETTE_BYTES",
    "LARGEST_ZIP",
    "NO_COLUMN",
    "ONE_HOT",
    "PICTURES",
    "SEED",
    "SEEDS",
    "TAG_OF",
    "Collection",
    "Swap",
    "Taken",
    "describe_sample",
    "fetch_imagenette",
    "find_data",
    "find_folder",
    "sample_truth",
    "home",
    "list_samples",
    "match_classes",
    "open_collection",
    "open_sample",
    "stored",
    "swaps",
    "unswapped",
]

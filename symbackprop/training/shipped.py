"""The sets that scikit-learn ships, read from its files: to import it takes longer than to train on them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from symbackprop.training.errors import TrainingError


class Shipped(NamedTuple):
    """Where a set lies: the file of its measures, whose last column is what they tell where no file of its own holds that."""

    loader: str
    measures: str
    told: str = ""
    header: int = 0  # lines before the numbers
    comma: str | None = ","  # None: columns stand apart by blanks


BUNDLED = {
    # 1,797 images of 8 x 8, ten classes: Alpaydin and Kaynak 1998, UCI machine learning repository
    "digits": Shipped("load_digits", "digits.csv.gz"),
    # 150 flowers, 4 measures, 3 species: Fisher 1936
    "iris": Shipped("load_iris", "iris.csv", header=1),
    # 178 wines, 13 measures, 3 growers: Aeberhard and Forina 1991, UCI machine learning repository
    "wine": Shipped("load_wine", "wine_data.csv", header=1),
    # 569 tumours, 30 measures, benign or not: Wolberg et al. 1995, the same
    "breast_cancer": Shipped("load_breast_cancer", "breast_cancer.csv", header=1),
    # 442 patients, 10 measures, a number for each: Efron et al. 2004
    "diabetes": Shipped("load_diabetes", "diabetes_data_raw.csv.gz", "diabetes_target.csv.gz", comma=None),
}


def shipped(name: str) -> tuple[ndarray, ndarray]:
    """measures, told: a row for each sample, and its class as a whole number, or the number that it has.

    name   of BUNDLED. Each column of measures is that of scikit-learn up to its unit.

    Raises TrainingError where scikit-learn is missing.
    """
    found = _read(BUNDLED[name])
    if found is not None:
        return found
    try:
        datasets = import_module("sklearn.datasets")
    except ImportError:
        raise TrainingError(f"the {name} come with scikit-learn: pip install 'symbackprop[digits]'") from None
    return getattr(datasets, BUNDLED[name].loader)(return_X_y=True)


def _read(one: Shipped) -> tuple[ndarray, ndarray] | None:
    """What the files hold; None where scikit-learn, or its files as they are known here, are not to be found."""
    spec = find_spec("sklearn")
    for root in (spec and spec.submodule_search_locations) or ():
        folder = Path(root, "datasets", "data")
        try:
            table = np.loadtxt(folder / one.measures, delimiter=one.comma, skiprows=one.header, ndmin=2)
            if one.told:
                return table, np.loadtxt(folder / one.told)
            return table[:, :-1], table[:, -1].astype(int)
        except (OSError, ValueError):  # another version keeps them elsewhere
            continue
    return None

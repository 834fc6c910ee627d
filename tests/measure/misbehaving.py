"""Models that misbehave, as a user's own file, each in one way; and models that behave."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.naive_bayes import GaussianNB

from benchmark.features import PixelFeatures
from benchmark.models import ModelEntry

print("printed while it is imported")


class Own(GaussianNB):
    """Naive Bayes, which leaves a mark in a folder for whoever wants to know what happened."""

    def __init_subclass__(cls):
        """Spare the search for metadata that methods take: for all classes of this file it takes longer than a fit."""

    def mark(self, text):
        with (Path(os.environ["MARKS"]) / type(self).__name__).open("a") as stream:
            stream.write(f"{text}\n")


# --------------------------------------------------------------------------------------------- what must not hurt anybody
class Prints(Own):
    def fit(self, X, y, sample_weight=None):
        line = "x" * 999 + "\n"
        for _ in range(20):
            sys.stdout.write(line * 1000)  # 20 MB
        os.write(2, b"the last line\n")
        return super().fit(X, y, sample_weight)


class Unsettles(Own):
    def fit(self, X, y, sample_weight=None):
        np.seterr(all="raise")
        np.random.seed(0)  # noqa: NPY002
        warnings.simplefilter("error")
        os.environ["OMP_NUM_THREADS"] = "64"
        os.environ.pop("PATH")
        os.chdir("/")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.setrecursionlimit(500)
        return super().fit(X, y, sample_weight)


class Looks(Own):
    """Fails where another fit has changed something."""

    def fit(self, X, y, sample_weight=None):
        assert np.geterr()["over"] == "warn"
        assert os.environ["OMP_NUM_THREADS"] == "1"
        assert os.environ["PATH"]
        assert not list(Path().iterdir())
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert sys.getrecursionlimit() == 1000
        assert threading.active_count() == 1
        return super().fit(X, y, sample_weight)


class Litters(Own):
    def fit(self, X, y, sample_weight=None):
        Path("litter").write_text("x" * 1000)
        self.mark(Path("litter").absolute())
        self.mark(tempfile.mkdtemp())
        return super().fit(X, y, sample_weight)


class Deletes(Own):
    def fit(self, X, y, sample_weight=None):
        shutil.rmtree(tempfile.gettempdir())
        return super().fit(X, y, sample_weight)


class Forks(Own):
    """Leaves processes and threads that never end, one of them in a session of its own."""

    def fit(self, X, y, sample_weight=None):
        for session in (False, True):
            child = subprocess.Popen(["sleep", "1000"], start_new_session=session)
            self.mark(child.pid)
        threading.Thread(target=threading.Event().wait).start()
        return super().fit(X, y, sample_weight)


class Overwrites(Own):
    """Changes what it is given to fit and to predict."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        X[:] = 0
        y[:] = 0
        return self

    def predict_proba(self, X):
        found = super().predict_proba(X)
        X[:] = 0
        return found


class Warns(Own):
    """Gives a convergence warning in each fit."""

    def fit(self, X, y, sample_weight=None):
        warnings.warn("it did not converge", ConvergenceWarning, stacklevel=1)
        return super().fit(X, y, sample_weight)


HARMLESS = (Prints, Unsettles, Looks, Litters, Deletes, Forks, Overwrites, Warns)


# ---------------------------------------------------------------------------------------------------- what must be refused
def fitting(name, act):
    """Return a class that does something when it is fitted."""

    def fit(self, X, y, sample_weight=None):
        act()
        return GaussianNB.fit(self, X, y, sample_weight)

    return made(name, fit=fit)


def returning(name, method, change):
    """Return a class that returns something else than it should."""
    return made(name, **{method: lambda self, X: change(getattr(GaussianNB, method)(self, X))})


def made(name, **methods):
    globals()[name] = kind = type(name, (Own,), {"__module__": __name__, **methods})
    return kind


class LockedError(Exception):
    """An error that can neither be pickled nor say what it is."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def __str__(self):
        raise self


def raise_(error):
    raise error


def allocate():
    kept = []
    while True:
        kept.append(np.empty(2**25))


def recurse():
    return recurse()


def set_nan(values):
    values[0] = np.nan
    return values


def foreign(labels):
    labels[3] = 99
    return labels


class Lambda(Own):
    """Cannot be pickled once it is fitted."""

    def fit(self, X, y, sample_weight=None):
        self.later_ = lambda: None
        return super().fit(X, y, sample_weight)


class Shortens(PixelFeatures):
    """Features that lose an image."""

    def transform(self, X):
        return super().transform(X)[1:]


class Leaves(PixelFeatures):
    """Features that end their process."""

    def fit(self, X, y=None):
        sys.exit(0)


def stuck():
    (Path(os.environ["MARKS"]) / "Sticks").write_text(str(os.getpid()))
    re.match(r"(a+)+$", "a" * 60 + "b")  # years, without giving Python's lock back


REFUSED = {
    fitting("Exits", lambda: sys.exit(0)): "SystemExit: 0",
    fitting("ExitsAtOnce", lambda: os._exit(0)): "it ended its process, with status 0, before it returned",
    fitting("ExitsWithStatus", lambda: os._exit(7)): "it ended its process, with status 7, before it returned",
    fitting("Segfaults", lambda: ctypes.string_at(0)): "its process was ended by SIGSEGV",
    fitting("Aborts", os.abort): "its process was ended by SIGABRT",
    fitting("Interrupts", lambda: raise_(KeyboardInterrupt())): "KeyboardInterrupt",
    fitting("InterruptsItself", lambda: os.kill(os.getpid(), signal.SIGINT)): "KeyboardInterrupt",
    fitting("KillsItsGroup", lambda: os.killpg(0, signal.SIGTERM)): "its process was ended by SIGTERM",
    fitting("RaisesALock", lambda: raise_(LockedError())): "LockedError",
    fitting("RaisesControls", lambda: raise_(ValueError("a\udcffb"))): r"ValueError: a\udcffb",
    fitting("StopsIteration", lambda: raise_(StopIteration("enough"))): "StopIteration: enough",
    fitting("Recurses", recurse): "RecursionError",
    fitting("Allocates", allocate): "(this fit may take ",
    fitting("Sleeps", lambda: time.sleep(1000)): "it was ended after 6.00 s",
    fitting("Sticks", stuck): "it was ended after 6.00 s",
    Lambda: "Can't pickle",
    returning("Generates", "predict", lambda y: (label for label in y)): "predict returned generator",
    returning("SaysNothing", "predict", lambda y: None): "predict returned NoneType",
    returning("SaysLess", "predict", lambda y: y[1:]): "predict returned an array of shape (",
    returning("SaysColumns", "predict", lambda y: y[:, np.newaxis]): "predict returned an array of shape (",
    returning("SaysWords", "predict", lambda y: np.where(y > 4, "high", "low")): "predict returned labels of type <U4",
    returning(
        "SaysNan", "predict", lambda y: set_nan(y.astype(float))
    ): "predict returned labels of type float64, as nan",
    returning("SaysShares", "predict", lambda y: y + 0.7): "predict returned labels of type float64, as ",
    returning("SaysMinus", "predict", lambda y: y.astype(int) - 1): "predict returned the label -1",
    returning("SaysForeign", "predict", foreign): "predict returned the label 99",
    returning("Exceeds", "predict_proba", lambda p: 2 * p): "predict_proba returned ",
    returning("Lacks", "predict_proba", lambda p: p * 0.999): "that sum to 0.99",
    returning("Undefined", "predict_proba", set_nan): "predict_proba returned nan",
    returning("Turned", "predict_proba", lambda p: p.T): "predict_proba returned an array of shape (10, 1000)",
    returning("Told", "predict_proba", lambda p: p.astype(str)): "predict_proba returned values of type <U",
}


def named(kind):
    """Return the name of a class as that of an entry: KillsItsGroup is kills-its-group."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def entry(kind, features="pixels"):
    estimator = kind() if issubclass(kind, Own) else GaussianNB()
    return ModelEntry(named(kind), named(kind), "own", features, estimator, {"features__n_components": [5]})


MODELS = [
    ModelEntry("good", "good", "own", "pixels", GaussianNB(), {"features__n_components": [5]}),
    *map(entry, (*HARMLESS, *REFUSED)),
    entry(Shortens, Shortens()),
    entry(Leaves, Leaves()),
]

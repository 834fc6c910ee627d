"""The table of models: one plain entry per model, and nothing else to edit for a page, charts and a comparison.

To add a model, add an entry to `MODELS` and run `make bench MODELS=<name>`, or put the entry into your own file: see
`benchmark.measure.own_entries`.
"""

from __future__ import annotations

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from benchmark.measure.entry import ModelEntry
from benchmark.svm import RbfSVC


def _whitened(estimator: BaseEstimator) -> Pipeline:
    """Give every component unit variance first: logistic regression then converges in a fraction of the steps."""
    return Pipeline([("scaler", StandardScaler()), ("classifier", estimator)])


MODELS: tuple[ModelEntry, ...] = (
    ModelEntry(
        name="dummy",
        title="Most frequent class",
        family="dummy",
        features="pixels",
        estimator=DummyClassifier(strategy="prior"),
        grid={"classifier__strategy": ["prior"]},
        note="Looks at no image: what guessing is worth.",
        baseline=True,
    ),
    ModelEntry(
        name="lr-pixels",
        title="Logistic regression, pixels",
        family="lr",
        features="pixels",
        estimator=_whitened(LogisticRegression(max_iter=1000)),
        grid={"features__n_components": [96, 128, 200], "classifier__C": [0.1, 0.3, 1.0, 3.0]},
        note="Multinomial, on whitened principal components.",
    ),
    ModelEntry(
        name="lr-hog",
        title="Logistic regression, HOG",
        family="lr",
        features="hog",
        estimator=_whitened(LogisticRegression(max_iter=1000)),
        grid={"features__n_components": [256, 320, 400], "classifier__C": [0.003, 0.01, 0.03, 0.1]},
        note="Multinomial, on whitened principal components.",
    ),
    ModelEntry(
        name="svm-pixels",
        title="SVM (RBF), pixels",
        family="svm",
        features="pixels",
        estimator=RbfSVC(),
        grid={
            "features__n_components": [100],
            "classifier__C": [3.0, 6.0, 12.0],
            "classifier__gamma": [0.02, 0.03, 0.04],
        },
        note="A binary classifier for each pair of classes, which vote.",
    ),
    ModelEntry(
        name="svm-hog",
        title="SVM (RBF), HOG",
        family="svm",
        features="hog",
        estimator=RbfSVC(),
        grid={
            "features__n_components": [200],
            "classifier__C": [2.0, 4.0, 8.0],
            "classifier__gamma": [0.04, 0.06, 0.09],
        },
        note="A binary classifier for each pair of classes, which vote.",
    ),
    ModelEntry(
        name="rf-pixels",
        title="Random forest, pixels",
        family="rf",
        features="pixels",
        estimator=RandomForestClassifier(100, max_samples=0.5, random_state=0),
        grid={"classifier__max_features": [7, 14, 28], "classifier__min_samples_leaf": [1, 4]},
        note="On the scaled pixels themselves: components mix what a tree would split. A tree sees half of the images.",
        stochastic=True,
    ),
    ModelEntry(
        name="rf-hog",
        title="Random forest, HOG",
        family="rf",
        features="hog",
        estimator=RandomForestClassifier(100, random_state=0),
        grid={
            "features__n_components": [60],
            "classifier__max_features": [2, 3, 4],
            "classifier__min_samples_leaf": [1, 4],
        },
        note="On few components: a tree looks at one feature at a time.",
        stochastic=True,
    ),
    ModelEntry(
        name="knn-pixels",
        title="k-nearest neighbours, pixels",
        family="knn",
        features="pixels",
        estimator=KNeighborsClassifier(algorithm="brute"),
        grid={
            "features__n_components": [100, 128, 160],
            "classifier__n_neighbors": [3, 5, 8, 12],
            "classifier__weights": ["uniform", "distance"],
        },
        note="Keeps all training images and looks at the nearest.",
    ),
    ModelEntry(
        name="knn-hog",
        title="k-nearest neighbours, HOG",
        family="knn",
        features="hog",
        estimator=KNeighborsClassifier(algorithm="brute"),
        grid={
            "features__n_components": [128, 160, 200],
            "classifier__n_neighbors": [3, 5, 8, 12],
            "classifier__weights": ["uniform", "distance"],
        },
        note="Keeps all training images and looks at the nearest.",
    ),
    ModelEntry(
        name="lr-rich",
        title="Logistic regression, rich",
        family="lr",
        features="rich",
        estimator=LogisticRegression(max_iter=1000),
        grid={"classifier__C": [15.0, 30.0, 60.0]},
        note="Multinomial, on gradients of two sizes and patches.",
    ),
    ModelEntry(
        name="mlp-rich",
        title="Neural network (MLP), rich",
        family="mlp",
        features="rich",
        estimator=MLPClassifier(
            (1024,), batch_size=500, learning_rate_init=0.003, tol=0.01, n_iter_no_change=2, random_state=0
        ),
        grid={"classifier__alpha": [1e-4, 1e-3, 1e-2]},
        note="One hidden layer of 1,024 units, on gradients of two sizes and patches.",
        stochastic=True,
    ),
    ModelEntry(
        name="svm-rich",
        title="SVM (RBF), rich",
        family="svm",
        features="rich",
        estimator=RbfSVC(),
        grid={"classifier__C": [4.0, 8.0, 16.0], "classifier__gamma": [0.7, 1.0]},
        note="A binary classifier for each pair of classes, which vote, on gradients of two sizes and patches.",
    ),
)

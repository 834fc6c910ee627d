"""How certain a metric is, and whether a difference is real: pure functions from counts and arrays to numbers."""

from benchmark.statistics.growth import Line, PowerLaw, Predicted, fit_line, fit_power_law
from benchmark.statistics.paired import (
    LEVEL,
    Paired,
    RankTable,
    holm,
    mcnemar_level,
    mcnemar_midp,
    newcombe_paired_interval,
    paired,
    ranks,
    seed_threshold,
    smallest_detectable_difference,
)
from benchmark.statistics.scores import (
    auc_interval,
    brier_score,
    delong_components,
    delong_covariance,
    equal_count_bins,
    expected_calibration_error,
    f1_intervals,
    f1_scores,
    log_loss_interval,
    macro_auc_interval,
)
from benchmark.statistics.shares import wilson_interval

__all__ = [
    "LEVEL",
    "Line",
    "Paired",
    "PowerLaw",
    "Predicted",
    "RankTable",
    "auc_interval",
    "brier_score",
    "delong_components",
    "delong_covariance",
    "equal_count_bins",
    "expected_calibration_error",
    "f1_intervals",
    "f1_scores",
    "fit_line",
    "fit_power_law",
    "holm",
    "log_loss_interval",
    "macro_auc_interval",
    "mcnemar_level",
    "mcnemar_midp",
    "newcombe_paired_interval",
    "paired",
    "ranks",
    "seed_threshold",
    "smallest_detectable_difference",
    "wilson_interval",
]

"""With suggested tags alone a notebook becomes a package that answers as the notebook did, or is refused with a reason.

All of them are converted with NB2PROD_SHAPES=all (`make shapes`), otherwise one, and those that predict nothing.
"""

import os
from pathlib import Path

import pytest

from tests.shapes.table import SHAPES, convert

PREDICT_NOTHING = ("eda_only", "dbscan_only")
AT_PARITY = frozenset({
    "bank_label_encoder", "bike_poisson", "churn_helper_dict", "credit_imbalanced", "custom_transformer",
    "customers_kmeans", "decision_tree_scratch", "digits_pca_svm", "eigenfaces_knn_scratch", "energy_multi_output",
    "forecast_recursive",
    "globals_everywhere", "gridsearch_wine", "heart_models_by_cell", "heart_survival", "house_prices_align",
    "house_prices_concat", "pickle_through_disk", "threshold_proba",
    "insurance_pipeline", "iris_first_project", "iris_knn", "lightgbm_early_stopping", "lightgbm_native",
    "linear_regression_scratch", "logistic_scratch_class", "model_loop_best", "model_per_store", "movie_recommender",
    "mpg_polynomial", "news_tfidf", "one_cell", "pytorch_digits_augment", "pytorch_regression",
    "randomized_search_forest", "spam_filter", "titanic_first_try", "titanic_kaggle", "voting_ensemble",
    "wine_cross_validation",
})  # fmt: skip
"""Those that have been: none of them may be refused again."""
EVERY = os.environ.get("NB2PROD_SHAPES") == "all"


@pytest.mark.parametrize("name", SHAPES if EVERY else ("one_cell",))
def test_comes_to_parity_or_is_refused(name: str, tmp_path: Path) -> None:
    outcome = convert(name, tmp_path)
    assert outcome.kind in (("parity",) if name in AT_PARITY else ("parity", "refused")), outcome.said


@pytest.mark.parametrize("name", PREDICT_NOTHING)
def test_a_notebook_that_predicts_nothing_is_refused_for_that(name: str, tmp_path: Path) -> None:
    outcome = convert(name, tmp_path)
    assert outcome.kind == "refused"
    assert outcome.why.startswith("NB381")

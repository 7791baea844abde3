"""Watched metrics in the notebook's metadata."""

import json

import pytest

from nb2prod.errors import InputError
from nb2prod.model.schema import Stated
from nb2prod.notebook.fields import stated_fields, write_fields
from nb2prod.notebook.watch import refuse_unknown, watched_metrics

BARE = {"cells": [], "metadata": {"nb2prod": {"title": "Houses"}}, "nbformat": 4, "nbformat_minor": 5}


def test_they_are_written_beside_what_is_there_and_read_back():
    after = write_fields(json.dumps(BARE, indent=1).encode(), {"age": Stated(least=0)}, {"rmse": "lower"})
    document = json.loads(after)
    assert watched_metrics(document) == {"rmse": "lower"}
    assert stated_fields(document) == {"age": Stated(least=0)}
    assert document["metadata"]["nb2prod"]["title"] == "Houses"
    assert watched_metrics(json.loads(write_fields(after, {}))) == {"rmse": "lower"}, "left alone"
    assert json.loads(write_fields(after, {}, {})) == BARE


@pytest.mark.parametrize("watch", [[], "rmse", {"rmse": True}, {"rmse": "up"}, {"rmse": None}, {"rmse": ["lower"]}])
def test_what_does_not_say_which_way_is_refused(watch):
    with pytest.raises(InputError) as caught:
        watched_metrics({"metadata": {"nb2prod": {"watch": watch}}})
    assert caught.value.code == "NB231"


def test_a_metric_that_there_is_not_is_refused_with_those_that_there_are():
    refuse_unknown({"rmse": "lower"}, ["rmse", "r2"])
    with pytest.raises(InputError, match="rsme") as caught:
        refuse_unknown({"rsme": "lower"}, ["rmse", "r2"])
    assert caught.value.code == "NB232"
    assert "r2, rmse" in (caught.value.hint or "")

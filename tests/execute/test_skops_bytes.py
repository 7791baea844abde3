"""Equal models give equal skops bytes, whatever lay where in memory."""

import pytest

from nb2prod.execute.kernel.equality import is_same
from nb2prod.execute.kernel.skops_form import dump_skops


def test_a_text_vectoriser_is_stored_without_the_address_of_its_stop_words() -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    io = pytest.importorskip("skops.io")
    one, two = (text.TfidfVectorizer(stop_words=list(words)).fit(["a b c", "hello b"]) for words in ("xy", "xy"))
    assert one._stop_words_id != two._stop_words_id
    data, _ = dump_skops(one)
    assert data == dump_skops(two)[0]
    assert is_same(one, io.loads(data), {})

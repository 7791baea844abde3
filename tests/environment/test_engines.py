"""What a call loads without an import counts where the run had it loaded, and only what the call names."""

import pytest

from nb2prod.environment.engines import engines_called

LOADED = {"pandas", "pyarrow", "fastparquet", "openpyxl", "lxml", "sqlalchemy", "psycopg2", "numba", "s3fs"}


@pytest.mark.parametrize(
    ("call", "engines"),
    [
        ("df.to_parquet('x.parquet')", {"pyarrow"}),
        ("df.to_parquet('x.parquet', engine='fastparquet')", {"fastparquet"}),
        ("pd.read_parquet('s3://bucket/x.parquet')", {"pyarrow", "s3fs"}),
        ("pd.read_excel('x.xlsx')", {"openpyxl"}),
        ("pd.read_html(page)", {"lxml"}),
        ("pd.read_sql('select 1', connection)", {"sqlalchemy", "psycopg2"}),
        ("s.rolling(3).apply(f, engine='numba')", {"numba"}),
        ("s.astype('string[pyarrow]')", {"pyarrow"}),
        ("load_iris(as_frame=True)", {"pandas"}),
        ("df.to_markdown()", set()),  # tabulate was not loaded
        ("pd.read_csv('x.csv', engine='python')", set()),
        ("df.plot()", set()),
    ],
)
def test_engines(call: str, engines: set[str]) -> None:
    assert set(engines_called(call, LOADED)) == engines


def test_why() -> None:
    assert engines_called("df.to_parquet('x')", {"pyarrow"}) == {"pyarrow": "`to_parquet` uses it"}


def test_the_other_engine_where_only_that_was_loaded() -> None:
    assert set(engines_called("df.to_parquet('x')", {"fastparquet"})) == {"fastparquet"}

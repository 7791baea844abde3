"""Packages that a call names without importing them: ``df.to_parquet`` needs pyarrow or fastparquet.

Only what the notebook's own run had loaded counts, so nothing is guessed: the table says which import names to look
for, the run says which of them did the work.
"""

import ast
from collections.abc import Collection, Iterator, Mapping

_PARQUET = ("pyarrow", "fastparquet")
_SHEETS = ("openpyxl", "xlrd", "xlsxwriter", "odf", "pyxlsb", "python_calamine")
_DATABASES = (
    "sqlalchemy", "psycopg", "psycopg2", "pg8000", "pymysql", "MySQLdb", "mysql", "pyodbc", "oracledb", "duckdb",
    "adbc_driver_manager", "snowflake",
)  # fmt: skip
_BY_CALL: Mapping[str, tuple[str, ...]] = {
    "read_parquet": _PARQUET, "to_parquet": _PARQUET,
    "read_feather": ("pyarrow",), "to_feather": ("pyarrow",), "read_orc": ("pyarrow",), "to_orc": ("pyarrow",),
    "read_excel": _SHEETS, "to_excel": _SHEETS, "ExcelFile": _SHEETS, "ExcelWriter": _SHEETS,
    "read_html": ("lxml", "bs4", "html5lib"), "read_xml": ("lxml",), "to_xml": ("lxml",),
    "read_hdf": ("tables",), "to_hdf": ("tables",), "HDFStore": ("tables",), "read_spss": ("pyreadstat",),
    "read_sql": _DATABASES, "read_sql_query": _DATABASES, "read_sql_table": _DATABASES, "to_sql": _DATABASES,
    "create_engine": _DATABASES, "to_markdown": ("tabulate",), "to_xarray": ("xarray",), "interpolate": ("scipy",),
}  # fmt: skip
_ONE_IS_ENOUGH = frozenset({"read_parquet", "to_parquet"})
_BY_WORD: Mapping[str, str] = {"calamine": "python_calamine", "c": "", "python": "", "cython": "", "auto": ""}
_REMOTE = {"s3": ("s3fs", "boto3"), "gs": ("gcsfs",), "gcs": ("gcsfs",), "abfs": ("adlfs",), "az": ("adlfs",)}


def engines_called(source: str, loaded: Collection[str]) -> dict[str, str]:
    """Import name -> because, for what calls in `source` need besides its imports. `loaded` are the top-level modules
    that the notebook's run had loaded."""
    return {name: f"`{call}` uses it" for call, name in _wanted(ast.parse(source), loaded) if name in loaded}


def _wanted(tree: ast.Module, loaded: Collection[str]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if "[pyarrow]" in node.value:
                yield node.value, "pyarrow"
            scheme, address, _ = node.value.partition("://")
            yield from ((f"{scheme}://", name) for name in _REMOTE.get(scheme, ()) if address)
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
        engine = words.get("engine")
        if isinstance(engine, str):
            yield f'{name}(engine="{engine}")', _BY_WORD.get(engine, engine)
        if words.get("dtype_backend") == "pyarrow":
            yield f'{name}(dtype_backend="pyarrow")', "pyarrow"
        if words.get("as_frame") is True or words.get("transform") == "pandas":
            yield name, "pandas"
        candidates = [one for one in _BY_CALL.get(name, ()) if one in loaded]
        if name in _ONE_IS_ENOUGH and candidates:
            candidates = [] if isinstance(engine, str) and engine != "auto" else candidates[:1]
        yield from ((name, one) for one in candidates)

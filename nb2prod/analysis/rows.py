"""What the calls of pandas, numpy and scikit-learn do with the rows of a table, by name.

    df["Age"].median()      a statistic: one value from all rows
    df["Age"].clip(0, 80)   row-wise: each row by itself
    df.dropna()             a selection of rows
    df["Age"].shift(1)      needs other rows

What is listed nowhere is unknown, and an unknown call on the way to the prediction is refused.
"""

# ruff: noqa: SIM905  (sets of words read better as prose)

STATISTICS = frozenset(
    "mean median mode std var sem min max sum prod count nunique unique value_counts quantile skew kurt kurtosis mad "
    "describe idxmax idxmin argmax argmin corr cov any all tolist to_list to_dict item info memory_usage ptp "
    "nonzero keys corrwith autocorr dot to_string hist plot first_valid_index last_valid_index".split()
)
"""Methods that give one value for all rows; with ``axis=1`` those of `BY_ROW` give one for each."""

BY_ROW = frozenset(
    "mean median std var sem min max sum prod count nunique quantile skew idxmax idxmin argmax argmin any all".split()
)

ROW_WISE_METHODS = frozenset(
    "fillna replace map applymap clip round abs isin between isna isnull notna notnull where mask add sub mul div "
    "truediv floordiv mod pow radd rsub rmul rdiv rpow eq ne lt le gt ge rename copy to_frame combine_first "
    "infer_objects to_numpy toarray todense tocsr tocsc to_period to_timestamp set_axis add_prefix add_suffix "
    "subtract multiply divide case_when float double long to "
    "numpy detach cpu unsqueeze".split()
)

PASSING_METHODS = frozenset(
    "copy rename to_frame to_numpy toarray todense tocsr tocsc set_axis infer_objects float double long to numpy "
    "detach cpu unsqueeze".split()
)
"""Row-wise methods that make no new values."""

ROW_SELECTIONS = frozenset(
    "dropna drop_duplicates head tail sample query sort_values sort_index nlargest nsmallest truncate".split()
)

OTHER_ROWS = frozenset(
    "shift diff pct_change rolling expanding ewm cumsum cumprod cummax cummin ffill bfill pad backfill interpolate "
    "rank resample asfreq duplicated explode melt stack unstack pivot pivot_table transpose".split()
)
"""Methods whose value for a row depends on other rows."""

TEXT_STATISTICS = frozenset({"get_dummies"})

ROW_WISE_NUMPY = frozenset(
    "log log1p log2 log10 exp expm1 sqrt square abs absolute fabs sign floor ceil round around rint trunc "
    "where select clip isnan isinf isfinite isin maximum minimum power add subtract multiply divide mod "
    "remainder sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh hypot deg2rad rad2deg radians "
    "degrees nan_to_num logical_and logical_or logical_not logical_xor digitize searchsorted float32 "
    "float64 int32 int64 sinc cbrt reciprocal negative floor_divide true_divide fmod equal not_equal "
    "greater less greater_equal less_equal in1d".split()
)

PASSING_NUMPY = frozenset(
    "array asarray ascontiguousarray asanyarray ravel squeeze expand_dims atleast_2d copy".split()
)

NUMPY_STATISTICS = frozenset(
    "mean median std var min max amin amax sum prod percentile quantile nanmean nanmedian nanstd nanvar nanmin nanmax "
    "nansum nanpercentile nanquantile unique argmax argmin average ptp size ndim shape count_nonzero any all "
    "corrcoef cov histogram histogram_bin_edges bincount".split()
)

SIDE_BY_SIDE = frozenset("numpy.hstack numpy.column_stack scipy.sparse.hstack".split())

ROW_WISE_PANDAS = frozenset("to_datetime to_numeric to_timedelta isna isnull notna notnull".split())

TABLE_READERS = frozenset(
    "read_csv read_excel read_parquet read_json read_table read_feather read_sql read_sql_query read_sql_table "
    "read_pickle read_html read_fwf read_stata read_hdf read_orc read_sas read_spss read_xml DataFrame Series".split()
)

TABLE_FUNCTIONS = frozenset("seaborn.load_dataset numpy.loadtxt numpy.genfromtxt numpy.load".split())

APPLYING = frozenset("transform inverse_transform predict predict_proba predict_log_proba decision_function "
                     "score_samples kneighbors texts_to_sequences texts_to_matrix encode".split())  # fmt: skip
"""Methods of a fitted object that answer row by row."""

FITTING = frozenset("fit partial_fit fit_on_texts adapt".split())

WITHOUT_TRANSFORM = frozenset("TSNE MDS SpectralEmbedding".split())

ITEM_FUNCTIONS = frozenset("str int float bool abs round len".split())

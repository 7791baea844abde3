"""JSON out: one encoder, in which a float that is not finite is `null` and never the invalid `NaN`."""

import msgspec

encode = msgspec.json.Encoder().encode
"""`encode(value) -> bytes`. Raises TypeError for a value that is not JSON, UnicodeEncodeError for a lone surrogate."""

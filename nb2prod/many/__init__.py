"""One command for many notebooks: which they are, which of them changed, and each in a process of its own.

words ─ find_wanted ─► Wanted… ─ affected ─► those that changed ─┬─ check_each   workers, forked once
                                                                 └─ build_each   children: `nb2prod job`
"""

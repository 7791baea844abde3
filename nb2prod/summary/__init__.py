"""What became of many notebooks, in the forms that other programs read: JSON, JUnit XML, SARIF, Markdown. Pure.

    reports of the notebooks ─► Summary ─┬─ summary_json    `--json`
                                         ├─ junit_text      `--junit FILE`
                                         ├─ sarif_text      `--sarif FILE`
                                         └─ markdown_text   `--summary FILE`

All text of a notebook's (names, messages, paths) is data in each of these: it is escaped by the form's own rules.
"""

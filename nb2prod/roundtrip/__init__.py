"""The way back: what changed in a notebook and in its project since the project was generated, and which lines of a
cell an edit of the generated code stands for.

    cell  ── generated ──►  x = params.n      edited ──►  x = params.n + 1
      ▲                                                        │
      └───────────── x = n + 1 ◄──────── names translated ─────┘

Nothing here is believed: `nb2prod.steps.sync` converts the changed notebook and compares.
"""

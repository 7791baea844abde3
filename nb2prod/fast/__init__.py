"""The fast path: what a generated `predict` computes, as one ONNX graph, where that can be shown to be equal.

predict.py ─ shape ─► calls on artifacts ─ convert (in the project's environment) ─► fast.onnx, fast.json
                                                             └─ both asked the same rows ─► used, or why not
"""

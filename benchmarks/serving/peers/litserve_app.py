"""LitServe with batching."""

import itertools
import sys

import litserve
import peer_model


class Api(litserve.LitAPI):
    def setup(self, device):  # noqa: ARG002
        self.model = peer_model.load()

    def decode_request(self, request):
        return request["rows"]

    def batch(self, inputs):
        self.sizes = [len(rows) for rows in inputs]
        return [row for rows in inputs for row in rows]

    def predict(self, rows):
        return self.model(rows)

    def unbatch(self, output):
        ends = list(itertools.accumulate(self.sizes))
        return [output[end - size : end] for size, end in zip(self.sizes, ends, strict=True)]

    def encode_response(self, output):
        return {"predictions": output}


if __name__ == "__main__":
    api = Api(max_batch_size=64, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False)

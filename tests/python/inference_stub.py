"""An Open Inference Protocol server that fails on demand, a process of its own for the tests.

``python inference_stub.py PORT CHANNELS HEIGHT WIDTH CLASSES`` prints the port that it listens on.
It has one model ``large`` with inputs ``image`` FP32 and ``encoded`` BYTES and the output
``probabilities``: the class is the CRC-32 of the payload, modulo the classes. ``POST /control``
with ``{"mode": ..., "delay": seconds}`` chooses what becomes of the requests to infer after it.
"""

import json
import os
import socket
import struct
import sys
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEADER_LENGTH = "Inference-Header-Content-Length"


class Stub(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, image: tuple[int, ...], classes: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.image, self.classes = image, classes
        self.mode, self.delay, self.inferred = "answer", 0.0, 0

    def metadata(self) -> dict[str, object]:
        return {
            "name": "large",
            "platform": "stub",
            "inputs": [
                {"name": "image", "datatype": "FP32", "shape": [-1, *self.image]},
                {"name": "encoded", "datatype": "BYTES", "shape": [-1]},
            ],
            "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, self.classes]}],
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Stub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.server.mode == "hang":
            time.sleep(3600)
        self.reply(200, json.dumps(self.server.metadata()).encode())

    def do_POST(self) -> None:
        if self.path == "/control":
            order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.mode = order.get("mode", "answer")
            self.server.delay = order.get("delay", 0.0)
            self.reply(200, json.dumps({"inferred": self.server.inferred}).encode())
            return
        self.server.inferred += 1
        getattr(self, f"do_{self.server.mode}")()

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def answer(self) -> tuple[bytes, dict[str, str]]:
        """Read the request and return the binary form of its answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        start = time.perf_counter()
        length = int(self.headers[HEADER_LENGTH])
        request = json.loads(body[:length])
        (sent,) = request["inputs"]
        tensor = body[length:]
        assert sent["parameters"]["binary_data_size"] == len(tensor)
        if sent["datatype"] == "BYTES":
            tensor = tensor[4:]
        time.sleep(self.server.delay)
        values = [0.0] * self.server.classes
        values[zlib.crc32(tensor) % self.server.classes] = 1.0
        return self.packed(request["id"], values, 1000 * (time.perf_counter() - start))

    def packed(
        self, name: str, values: list[float], server_ms: float
    ) -> tuple[bytes, dict[str, str]]:
        binary = struct.pack(f"<{len(values)}f", *values)
        output = {"name": "probabilities", "datatype": "FP32", "shape": [1, len(values)]}
        output["parameters"] = {"binary_data_size": len(binary)}
        content = {"model_name": "large", "id": name, "outputs": [output]}
        content["parameters"] = {"server_ms": server_ms}
        head = json.dumps(content).encode()
        return head + binary, {HEADER_LENGTH: str(len(head))}

    def do_answer(self) -> None:
        body, headers = self.answer()
        self.reply(200, body, headers)

    def do_hang(self) -> None:
        self.answer()
        time.sleep(3600)

    def do_half_open(self) -> None:
        time.sleep(3600)  # the request is never read

    def do_error(self) -> None:
        self.answer()
        self.reply(500, b'{"error": "out of order"}')

    def do_busy(self) -> None:
        self.answer()
        self.reply(503, b'{"error": "full"}', {"Retry-After": "1"})

    def do_garbage(self) -> None:
        self.answer()
        self.reply(200, os.urandom(300), {HEADER_LENGTH: "100"})

    def do_nonsense(self) -> None:
        self.answer()
        self.wfile.write(b"\x00\x01nothing that HTTP knows\r\n\r\n")
        self.hang_up()

    def do_not_finite(self) -> None:
        self.answer()
        body, headers = self.packed("", [float("nan")] * self.server.classes, 0)
        self.reply(200, body, headers)

    def do_other_id(self) -> None:
        self.answer()
        values = [1.0] + [0.0] * (self.server.classes - 1)
        body, headers = self.packed("of another request", values, 0)
        self.reply(200, body, headers)

    def do_endless(self) -> None:
        self.answer()
        self.reply(200, b" " * (8 << 20))

    def do_cut_upload(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]) // 2)
        self.hang_up()

    def do_cut_answer(self) -> None:
        body, headers = self.answer()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header(HEADER_LENGTH, headers[HEADER_LENGTH])
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.hang_up()

    def do_reset(self) -> None:
        self.answer()
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    def hang_up(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


def main() -> None:
    port, *image, classes = map(int, sys.argv[1:])
    server = Stub(port, tuple(image), classes)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

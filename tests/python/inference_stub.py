"""An Open Inference Protocol server that fails on demand, a process of its own for the tests.

``python inference_stub.py http|grpc PORT CHANNELS HEIGHT WIDTH CLASSES [CHAIN KEY]`` prints the
port that it listens on; with a certificate and its key over TLS, to clients that show the same. It
has one model ``large`` with inputs ``image`` FP32 and ``encoded`` BYTES and the output
``probabilities``: the class is the CRC-32 of the payload, modulo the classes. A line
``{"mode": ..., "delay": seconds}`` to it, acknowledged by a line, chooses what becomes of the
requests to infer after it.
"""

import contextlib
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HEADER_LENGTH = "Inference-Header-Content-Length"


class Stub:
    """The model, and how it is to fail."""

    def __init__(self, image: tuple[int, ...], classes: int) -> None:
        self.image, self.classes = image, classes
        self.mode, self.delay = "answer", 0.0

    def metadata(self) -> dict[str, Any]:
        return {
            "name": "large",
            "platform": "stub",
            "inputs": [
                {"name": "image", "datatype": "FP32", "shape": [-1, *self.image]},
                {"name": "encoded", "datatype": "BYTES", "shape": [-1]},
            ],
            "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, self.classes]}],
        }

    def values(self, datatype: str, tensor: bytes) -> list[float]:
        time.sleep(self.delay)
        payload = tensor[4:] if datatype == "BYTES" else tensor
        values = [0.0] * self.classes
        values[zlib.crc32(payload) % self.classes] = 1.0
        return values

    def obey(self) -> None:
        for line in sys.stdin:
            order = json.loads(line)
            self.mode, self.delay = order["mode"], order["delay"]
            print(flush=True)


class RestServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, stub: Stub, tls: list[str]) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.stub = stub
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls[0])
            context.load_cert_chain(*tls)
            context.verify_mode = ssl.CERT_REQUIRED
            self.socket = context.wrap_socket(self.socket, server_side=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: RestServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.server.stub.mode == "hang":
            time.sleep(3600)
        self.reply(200, json.dumps(self.server.stub.metadata()).encode())

    def do_POST(self) -> None:
        getattr(self, f"do_{self.server.stub.mode}")()

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
        values = self.server.stub.values(sent["datatype"], tensor)
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
        body, headers = self.packed("", [float("nan")] * self.server.stub.classes, 0)
        self.reply(200, body, headers)

    def do_other_id(self) -> None:
        self.answer()
        values = [1.0] + [0.0] * (self.server.stub.classes - 1)
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


class Rpc:
    """The same by gRPC, in bytes, so that they can be wrong."""

    def __init__(self, stub: Stub, tls: list[str]) -> None:
        import grpc
        from tritonclient.grpc import service_pb2

        self.stub, self.grpc, self.messages = stub, grpc, service_pb2
        self.server = grpc.server(
            ThreadPoolExecutor(64), options=[("grpc.max_send_message_length", -1)]
        )
        methods = {"ModelMetadata": self.describe, "ModelInfer": self.infer}
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                method, getattr(service_pb2, f"{name}Request").FromString
            )
            for name, method in methods.items()
        }
        service = grpc.method_handlers_generic_handler("inference.GRPCInferenceService", handlers)
        self.server.add_generic_rpc_handlers((service,))
        place = "127.0.0.1:0"
        if tls:
            chain, key = (Path(name).read_bytes() for name in tls)
            own = grpc.ssl_server_credentials([(key, chain)], chain, require_client_auth=True)
            self.port = self.server.add_secure_port(place, own)
        else:
            self.port = self.server.add_insecure_port(place)
        self.server.start()

    def describe(self, _: Any, context: Any) -> bytes:
        if self.stub.mode == "hang":
            self.hang(context)
        told = self.messages.ModelMetadataResponse(**self.stub.metadata())
        return told.SerializeToString()

    def infer(self, request: Any, context: Any) -> bytes:
        values = self.stub.values(request.inputs[0].datatype, request.raw_input_contents[0])
        status = self.grpc.StatusCode
        match self.stub.mode:
            case "hang":
                self.hang(context)
            case "error":
                context.abort(status.INTERNAL, "out of order")
            case "busy":
                context.set_trailing_metadata((("grpc-retry-pushback-ms", "1000"),))
                context.abort(status.UNAVAILABLE, "full")
            case "garbage":
                return b"\xff" + os.urandom(300)
            case "endless":
                return b" " * (8 << 20)
            case "not_finite":
                return self.packed("", [float("nan")] * self.stub.classes)
            case "other_id":
                return self.packed("of another request", values)
        return self.packed(request.id, values)

    def packed(self, name: str, values: list[float]) -> bytes:
        answer = self.messages.ModelInferResponse(model_name="large", id=name)
        answer.parameters["server_ms"].double_param = 1000 * self.stub.delay
        answer.outputs.add(name="probabilities", datatype="FP32", shape=[1, len(values)])
        answer.raw_output_contents.append(struct.pack(f"<{len(values)}f", *values))
        return answer.SerializeToString()

    def hang(self, context: Any) -> None:
        while context.is_active():
            time.sleep(0.05)


class Relay:
    """Between a client and gRPC, whose server does not break its own connections."""

    UPLOAD = 1000  # bytes at once, which only an image has

    def __init__(self, port: int, target: int, stub: Stub) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.target, self.stub = target, stub

    def serve(self) -> None:
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            for ends in ((client, server), (server, client)):
                for end in ends:
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pump = self.upload if ends[0] is client else self.download
                threading.Thread(target=self.pump, args=(pump, *ends), daemon=True).start()

    def pump(self, move: Any, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (chunk := source.recv(1 << 16)) and move(chunk, source, target):
                pass
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def upload(self, chunk: bytes, client: socket.socket, server: socket.socket) -> bool:
        mode = self.stub.mode if len(chunk) > self.UPLOAD else "answer"
        if mode == "half_open":
            time.sleep(3600)
        elif mode == "cut_upload":
            server.sendall(chunk[: len(chunk) // 2])
        elif mode == "nonsense":
            client.sendall(b"\x00\x01nothing that HTTP knows\r\n\r\n")
        elif mode == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        else:
            server.sendall(chunk)
        return mode not in ("cut_upload", "nonsense", "reset")

    def download(self, chunk: bytes, _: socket.socket, client: socket.socket) -> bool:
        cut = self.stub.mode == "cut_answer" and b"server_ms" in chunk
        client.sendall(chunk[: len(chunk) // 2] if cut else chunk)
        return not cut


def main() -> None:
    protocol, *numbers = sys.argv[1:]
    port, *image, classes = map(int, numbers[:5])
    tls = numbers[5:]
    stub = Stub(tuple(image), classes)
    if protocol == "grpc":
        relay = Relay(port, Rpc(stub, tls).port, stub)
        port, serve = relay.listener.getsockname()[1], relay.serve
    else:
        rest = RestServer(port, stub, tls)
        port, serve = rest.server_address[1], rest.serve_forever
    print(port, flush=True)
    threading.Thread(target=stub.obey, daemon=True).start()
    serve()


if __name__ == "__main__":
    main()

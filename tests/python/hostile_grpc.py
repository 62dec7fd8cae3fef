"""Messages of gRPC, byte for byte, for make_hostile_seeds.py."""

import struct
from collections.abc import Callable


def varint(value: int) -> bytes:
    result = b""
    while value > 127:
        result += bytes([value & 127 | 128])
        value >>= 7
    return result + bytes([value])


def field(number: int, content: bytes | str) -> bytes:
    content = content if isinstance(content, bytes) else content.encode()
    return varint(number << 3 | 2) + varint(len(content)) + content


def grpc_messages(put: Callable[[str, str, bytes], None]) -> None:
    """Write the seeds of what is read of gRPC."""
    tensor = field(1, "images") + field(2, "UINT8") + field(3, varint(1) + varint(4))
    numbers = field(5, field(4, b"".join(varint(k) for k in (1, 2, 3, 250))))
    truth = field(4, field(1, "decide_only") + field(2, varint(8) + varint(1)))
    head = field(1, "router") + field(3, "one")
    asked = field(6, field(1, "classes"))
    put("grpc_request", "whole-numbers", head + truth + field(5, tensor + numbers) + asked)
    put("grpc_request", "whole-raw", head + field(5, tensor) + field(7, bytes(4)))
    put("grpc_request", "gigabytes", head + varint(7 << 3 | 2) + varint(2**31 - 1) + b"abc")
    output = field(1, "y") + field(2, "FP32") + field(3, varint(1) + varint(3))
    raw = struct.pack("<3f", 0.25, 0.5, 0.25)
    put(
        "grpc_answer", "whole-raw", field(1, "m") + field(3, "7") + field(5, output) + field(6, raw)
    )
    time = field(4, field(1, "server_ms") + field(2, varint(4 << 3 | 1) + struct.pack("<d", 1.5)))
    put("grpc_answer", "whole-numbers", time + field(5, output + field(5, field(6, raw))))
    free = b"\xff" * 9 + b"\x01"  # -1
    specs = [field(1, name) + field(2, "FP32") + field(3, free + varint(3)) for name in "xy"]
    put("grpc_metadata", "whole-tensors", field(1, "m") + field(4, specs[0]) + field(5, specs[1]))

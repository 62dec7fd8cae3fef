"""Requests whose work would be out of all proportion to their size, for tests and measurements."""

import json
import struct


def rest(entry, **more):
    return json.dumps({"inputs": [entry], **more}).encode()


def entry(**changes):
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 1, 32, 32], "data": [0] * 1024}
    return {**tensor, **changes}


def varint(value):
    found = b""
    while value >= 128:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def rest_bodies(size):
    """Bodies of JSON of about ``size`` bytes, by what they are."""
    long = "x" * (size // 2)
    few = ["a"] * (size // 10)
    crumbs = b"[]," * (size // 3)
    start, end = b'{"inputs": [{"name": "images", "datatype": ', b"}]}"
    data = start + b'"UINT8", "shape": [1, 1, 32, 32], "data": ['
    return {
        "texts padded to the longest": rest(entry(data=[long, *few])),
        "a shape of large numbers": rest(entry(shape=[2**62] * (size // 20))),
        "empty lists": data + crumbs + b"[]]" + end,
        "empty lists as encoded images": data.replace(b"UINT8", b"BYTES") + crumbs + b"[]]" + end,
        "lists in lists": data + b"[" * size,
        "objects in objects": b'{"a": ' * (size // 6),
        "empty texts": data.replace(b"UINT8", b"BYTES") + b'"",' * (size // 3) + b'""]' + end,
        "numbers": data + b"1," * (size // 2) + b"1]" + end,
        "long numbers": data + b"1" * size + b"]" + end,
        "many inputs": b'{"inputs": [' + b"{}," * (size // 3) + b"{}]}",
        "many outputs": b'{"outputs": [' + b'{"name": "classes"},' * (size // 20) + b"{}]}",
        "many parameters": json.dumps(
            {"inputs": [], "parameters": {f"p{i}": i for i in range(size // 16)}}
        ).encode(),
        "a long name": rest(entry(name="x" * size)),
        "an output twice": rest(entry(), outputs=[{"name": "classes"}] * 2),
        "an unknown output": rest(entry(), outputs=[{"name": "nothing"}]),
    }


def grpc_messages(size):
    """Messages for ModelInfer of about ``size`` bytes, by what they are."""
    shape = b"".join(varint(n) for n in (1, 1, 32, 32))
    tensor = field(1, b"images") + field(2, b"UINT8") + field(3, shape)
    raw, model = field(7, bytes(1024)), field(1, b"router")
    whole = model + field(5, tensor) + raw
    floats = struct.pack("<f", 1.0) * (size // 4)
    return {
        "outputs named many times": whole + field(6, field(1, b"probabilities")) * (size // 17),
        "an output twice": whole + field(6, field(1, b"classes")) * 2,
        "empty raw contents": model + field(5, tensor) + field(7, b"") * (size // 2),
        "many inputs": model + field(5, b"") * (size // 2),
        "many parameters": whole
        + b"".join(field(4, field(1, b"p%d" % i)) for i in range(size // 12)),
        "a shape without end": model + field(5, tensor + field(3, b"\x01" * size)),
        "numbers": model + field(5, tensor + field(5, field(4, b"\x01" * size))),
        "floats": model + field(5, tensor + field(5, field(6, floats))),
        "empty encoded images": model + field(5, tensor + field(5, field(8, b"") * (size // 2))),
        "a long name": model + field(5, field(1, b"x" * size)),
        "no message": b"\xff" * size,
    }

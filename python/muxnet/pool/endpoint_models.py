"""Models that are hosted elsewhere, behind the Open Inference Protocol."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError, error_text
from muxnet.base.files import Json, read_text
from muxnet.pool.hosting import Host, Hosting, Parts, Predict

# The keys that an entry may have beside those of every kind.
ENDPOINT_KEYS = {
    "ca_file",
    "certificate",
    "endpoint",
    "in_flight",
    "input_tensor",
    "key",
    "output_tensor",
    "timeout_ms",
    "token_file",
}
SECRET_BYTES = 64 << 10
# 256 inputs of a hundred thousand classes.
MOST_RESPONSE_BYTES = 128 << 20


@dataclasses.dataclass(frozen=True)
class RemoteModel:
    """What asks a model elsewhere: here, in a service of the core, and what it is."""

    predict: Predict
    host: Host
    parts: Parts
    unknown: tuple[str, ...]


def open_endpoint(where: str, entry: Mapping[str, Json], folder: Path) -> RemoteModel:
    """Return the model of an entry with ``endpoint``; nothing is sent before it is asked.

    Raises:
        ConfigError: a value that does not fit.
        OSError: a file that cannot be read.

    """
    name, url = str(entry["name"]), str(entry["endpoint"])
    try:
        place = _core.parse_endpoint(url)
        options = _core.RemoteModelOptions(name=name, server=_server(entry, place.server, folder))
        options.endpoint = _core.EndpointOptions(
            model=place.model,
            version=place.version,
            input=_text(where, entry, "input_tensor"),
            output=_text(where, entry, "output_tensor"),
        )
        if "timeout_ms" in entry:
            options.timeout_ms = _number(where, entry, "timeout_ms")
        if "in_flight" in entry:
            options.in_flight = int(_number(where, entry, "in_flight"))
        asked = _core.open_endpoint(options)
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"{where}: {error}") from error

    def host(name: str, hosting: Hosting) -> _core.HostedModel:
        return _core.HostedModel.endpoint(name, options, **hosting)

    def parts() -> dict[str, str]:
        try:
            found = _core.read_metadata(options)
        except _core.EndpointError as error:
            raise UserError(str(error)) from error
        tensors = [
            f"{kind} {tensor.name} {tensor.datatype} {list(tensor.shape)}"
            for kind, listed in (("input", found.inputs), ("output", found.outputs))
            for tensor in listed
        ]
        return {"endpoint": url, "what it says it is": fingerprint.of_text(found.name, *tensors)}

    return RemoteModel(asked.answer, host, parts, (f"what answers at {url}",))


def _server(entry: Mapping[str, Json], url: str, folder: Path) -> _core.ConnectionOptions:
    server = _core.ConnectionOptions(url)
    server.max_response_bytes = MOST_RESPONSE_BYTES
    if "token_file" in entry:
        path = folder / str(entry["token_file"])
        server.bearer_token = read_text(path, SECRET_BYTES).strip()
    for key in ("ca_file", "certificate", "key"):
        if key in entry:
            setattr(server, key, folder / str(entry[key]))
    return server


def _text(where: str, entry: Mapping[str, Json], key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(error_text(f"{where}, {key}", "a name", value))
    return value


def _number(where: str, entry: Mapping[str, Json], key: str) -> float:
    value = entry[key]
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 1:
        raise ConfigError(error_text(f"{where}, {key}", "a number of at least 1", value))
    return value

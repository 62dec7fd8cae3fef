"""Entries that are models hosted elsewhere, behind the Open Inference Protocol."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar

from muxnet.base import fingerprint
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError
from muxnet.base.schema import needed, option
from muxnet.base.tokens import read_token_file
from muxnet.pool.adapters import ForeignModel, Hosting
from muxnet.pool.class_names import read_classes
from muxnet.pool.entries import LONGEST_S, ModelEntry, Place
from muxnet.pool.model_input import resolve

# 256 inputs of a hundred thousand classes.
MOST_RESPONSE_BYTES = 128 << 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndpointEntry(ModelEntry):
    """A model elsewhere."""

    marker: ClassVar[str] = "endpoint"

    endpoint: str = needed(
        str,
        "http(s)://HOST:PORT/v2/models/MODEL or grpc(s)://HOST:PORT/MODEL, /versions/V after it",
    )
    token_file: str = option("", "file of the bearer token that it wants")
    ca_file: str = option("", "file of the certificates that its own is checked by")
    certificate: str = option("", "file of the certificate to show it")
    key: str = option("", "file of that certificate's key")
    timeout_ms: float = option(
        10000.0, "the longest that an answer may take", minimum=1.0, maximum=1000 * LONGEST_S
    )
    in_flight: int = option(4, "requests that are on their way at a time", minimum=1)
    input_tensor: str = option("", "its input, where it has several")
    output_tensor: str = option("", "the output that answers, where it has several")

    def models(self, place: Place) -> list[ForeignModel]:
        """Return the one model; nothing is sent before it is asked."""
        self.refuse_labels(place)
        classes = read_classes(place, self.classes, self.input)
        try:
            options = self._options(place)
            options.classes = len(classes)
            asked = _core.open_endpoint(options)
        except (ValueError, RuntimeError) as error:
            raise ConfigError(f"{place.where}: {error}") from error

        def host(name: str, hosting: Hosting) -> _core.HostedModel:
            return _core.HostedModel.endpoint(name, options, **hosting)

        model = ForeignModel(
            self.name,
            self.cost,
            asked.answer,
            self.output,
            resolve(place.where, self.input, place.folder, None),
            classes,
            concurrent=True,
            host=host,
            parts=lambda: self._parts(options),
            unknown=(f"what answers at {self.endpoint}",),
        )
        return [model]

    def files(self, folder: Path) -> list[Path]:
        """Return the files that it names."""
        named = (self.token_file, self.ca_file, self.certificate, self.key)
        return [folder / name for name in named if name]

    def _options(self, place: Place) -> _core.RemoteModelOptions:
        parsed = _core.parse_endpoint(self.endpoint)
        server = _core.ConnectionOptions(parsed.server)
        server.max_response_bytes = MOST_RESPONSE_BYTES
        if self.token_file:
            path = place.file("token_file", self.token_file)
            server.bearer_token = read_token_file(path, "token_file")
        for key in ("ca_file", "certificate", "key"):
            if name := getattr(self, key):
                setattr(server, key, place.file(key, name))
        options = _core.RemoteModelOptions(name=self.name, server=server)
        options.endpoint = _core.EndpointOptions(
            model=parsed.model,
            version=parsed.version,
            input=self.input_tensor,
            output=self.output_tensor,
        )
        options.timeout_ms = self.timeout_ms
        options.in_flight = self.in_flight
        return options

    def _parts(self, options: _core.RemoteModelOptions) -> dict[str, str]:
        """Return digests of what the server says of its model.

        Raises:
            UserError: it does not answer.

        """
        try:
            found = _core.read_metadata(options)
        except _core.EndpointError as error:
            raise UserError(str(error)) from error
        tensors = [
            f"{kind} {tensor.name} {tensor.datatype} {list(tensor.shape)}"
            for kind, listed in (("input", found.inputs), ("output", found.outputs))
            for tensor in listed
        ]
        return {
            "endpoint": self.endpoint,
            "what it says it is": fingerprint.of_text(found.name, *tensors),
        }

"""A Ray cluster: one that exists, or one of this machine alone for as long as it is needed."""

import argparse
from types import ModuleType

from muxnet.base.errors import MissingPackageError, UserError, error_text
from muxnet.base.machine import cores


def add_ray_argument(parser: argparse._ActionsContainer, more: str = "") -> None:
    """Add ``--ray [ADDRESS]``: None where it is not given, empty without an address."""
    parser.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help=f"run on a Ray cluster; without an address, one of this machine alone{more}",
    )


class Cluster:
    """Membership of a cluster, until ``close``; ``ray`` is the package, ``cores`` those of it all.

    ``told``: what its processes write comes to this one's standard error. A cluster of this machine
    alone gives ``slots`` processes of a core each room, however few cores there are.

    Raises:
        MissingPackageError: Ray is not installed.
        UserError: no cluster at the address, or one that does not let this program join.

    """

    def __init__(self, address: str, *, told: bool = False, slots: int = 0) -> None:
        try:
            import ray
        except ModuleNotFoundError as error:
            raise MissingPackageError("--ray", "ray", "ray") from error
        self.ray: ModuleType = ray
        room: dict[str, int] = {} if address else {"num_cpus": max(slots, cores())} if slots else {}
        try:
            ray.init(
                address=address or "local", log_to_driver=told, include_dashboard=False, **room
            )
        except (ConnectionError, RuntimeError) as error:
            expected = "a cluster to join; where it asks for a token, with RAY_AUTH_MODE=token"
            received = str(error).partition("\n")[0]
            raise UserError(error_text(f"--ray {address}", expected, received)) from error
        self.cores = max(1, int(ray.cluster_resources().get("CPU", 1)))

    @property
    def address(self) -> str:
        """Return where others join it."""
        return str(self.ray.get_runtime_context().gcs_address)

    def close(self) -> None:
        """Leave the cluster, and end it where it was made for this."""
        self.ray.shutdown()

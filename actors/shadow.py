"""Finds out whether another distribution's package stands where one of ours should be."""

import importlib.util
from pathlib import Path

MARK = "over Pykka"
"""Stands in the first line of our `supervision`; a package installed over ours has another."""


def check_supervision(home: Path) -> None:
    """Make sure that `import supervision` means ours. Imports nothing.

    Args:
        home: the directory that holds our packages.

    Raises:
        ImportError: it is another distribution's, or missing; the text says which, and how to mend it.
    """
    spec = importlib.util.find_spec("supervision")
    origin = Path(spec.origin) if spec and spec.origin else None
    if origin is None:
        raise ImportError("Stakekeeper's package `supervision` is missing; install Stakekeeper again.")
    is_ours = origin.resolve().parent == home.resolve() / "supervision"
    if is_ours and MARK in origin.read_text(encoding="utf-8", errors="replace").partition("\n")[0]:
        return
    from importlib import metadata  # noqa: PLC0415  slow to load, and a start that goes well has no use for it

    owners = metadata.packages_distributions().get("supervision", [])
    others = sorted({name for name in owners if name != "stakekeeper"})
    whose = f"the distribution {', '.join(others)}" if others else "another project"
    raise ImportError(
        f"The package `supervision` at {origin.parent} belongs to {whose} and hides Stakekeeper's own; "
        "give Stakekeeper a virtual environment of its own, or uninstall the other one."
    )

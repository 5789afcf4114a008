"""The crash table: how ours and its peers come through kill -9. The peers live beside the tests."""

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from actors.cli.common import BUG, AsJson, complain, counted, print_json
from actors.errors import ConfigError

MOST_KILLS = 100_000
HARNESS = "tests.peers.table"
ALL_PEERS = "ours,article,dbos"


def crash_table(
    kills: Annotated[int, typer.Option(min=1, max=MOST_KILLS, help="Of each peer on each network.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the moments of the kills, and of the venue.")] = 1,
    peers: Annotated[str, typer.Option(metavar="NAMES", help="Any of ours, article, dbos.")] = ALL_PEERS,
    as_json: AsJson = False,
) -> int:
    """Kill ours and its peers with kill -9, and count what is lost.

    Needs the repository and, for dbos, the test extra: pip install -e '.[test]'.
    """
    wanted = _wanted(peers)
    harness = import_module(HARNESS)
    rows = list(harness.rows(wanted, kills=kills, seed=seed, say=_say))
    if as_json:
        data = [harness.as_data(row) for row in rows]
        print_json({"kills": kills, "seed": seed, "versions": harness.versions(wanted), "rows": data})
    else:
        told = ", ".join(f"{name} {number}" for name, number in harness.versions(wanted).items())
        typer.echo(f"{harness.text(rows)}\n\n{counted(kills, 'kill')}, seed {seed}; {told}.")
    if any(row.peer == "ours" and not row.is_clean for row in rows):
        complain("Stakekeeper itself doubled, lost or invented something: that is a bug of ours")
        return BUG
    return 0


def _wanted(names: str) -> list[str]:
    wanted = list(dict.fromkeys(name.strip() for name in names.split(",")))
    for name in wanted:
        if name not in ALL_PEERS.split(","):
            raise ConfigError(f"--peers {names}: there is no peer {name!r}; there are {ALL_PEERS.replace(',', ', ')}.")
    if find_spec("tests") is None or find_spec(HARNESS) is None:
        raise ConfigError("The peers are in tests/peers of the repository; run this command there.")
    if "dbos" in wanted and find_spec("dbos") is None:
        raise ConfigError("DBOS Transact is not installed; pip install -e '.[test]', or leave it out with --peers.")
    return wanted


def _say(text: str) -> None:
    typer.echo(text, err=True)

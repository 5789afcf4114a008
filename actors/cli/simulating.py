"""The command that plays the agent against every fault we know, in virtual time."""

import time
from typing import Annotated

import typer

from actors.cli.common import BUG, AsJson, counted, print_json


def simulate(
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="How many seeds.")] = 100,
    start: Annotated[int, typer.Option(min=0, metavar="SEED", help="The first seed.")] = 1,
    steps_report: Annotated[bool, typer.Option("--steps-report", help="Say how often each fault struck.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Tell each seed's whole story.")] = False,
    services: Annotated[bool, typer.Option("--services", help="Ten minutes a seed, with all six services.")] = False,
    as_json: AsJson = False,
) -> int:
    """Play the agent against every fault, in virtual time.

    Crashes, power losses and a faulty venue: everything follows from the seed alone, and touches no network and no
    file.
    """
    from actors import simulation  # noqa: PLC0415  only this command needs the whole agent

    began = time.monotonic()
    numbers = range(start, start + seeds)
    typer.echo(f"Playing {counted(seeds, 'seed')}, from {start}.", err=True)
    if trace:
        total = simulation.report(simulation.Run(seed, typer.echo, everything=services).play() for seed in numbers)
    else:
        total = simulation.report(simulation.play_all(numbers, everything=services))
    seconds = time.monotonic() - began
    if as_json:
        print_json(
            {
                "seeds": total.seeds,
                "start": start,
                "steps": total.steps,
                "seconds": round(seconds, 1),
                "trace": total.trace,
                "counts": dict(sorted(total.counts.items())),
                "broken": [{"seed": one.seed, "why": one.violation, "trace": one.trace} for one in total.broken],
            }
        )
        return BUG if total.broken else 0
    for one in total.broken:
        lines = [] if trace else one.story
        again = f"python run.py simulate --start {one.seed} --seeds 1 --trace{' --services' if services else ''}"
        typer.echo("\n".join((f"seed {one.seed} breaks an invariant: {one.violation}", *lines, f"again: {again}", "")))
    if steps_report:
        for what, times in sorted(total.counts.items()):
            typer.echo(f"{times:>10,}  {what}")
    verdict = f"{len(total.broken)} broke an invariant" if total.broken else "every invariant held"
    typer.echo(f"{counted(total.seeds, 'seed')}, {total.steps:,} steps in {seconds:.1f} s: {verdict}.")
    return BUG if total.broken else 0

"""The money's side of an agent in virtual time, with every fault we know, from one number; see docs/simulation.md."""

from actors.simulation.run import Outcome, Run
from actors.simulation.seeds import Report, play_all, report

__all__ = ["Outcome", "Report", "Run", "play_all", "report"]

"""The desk: every decision about money, as a deterministic state machine without threads, clocks or I/O.

A message and the time go in, a `Step` comes out: events for the journal, and mail that may leave only once those
events are on disk (output commit). BankrollActor is the thin shell around it.
"""

from actors.desk.desk import Desk
from actors.desk.till import Boot, Mail, Step, Terms

__all__ = ["Boot", "Desk", "Mail", "Step", "Terms"]

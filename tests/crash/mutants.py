"""Agents that lack one rule each, which the tests must notice. `patch` is `setattr`, for a while or for a process."""

from msgspec.structs import replace

from actors.bankroll import BankrollActor
from actors.config.sections import VenueSection
from actors.desk.resolver import NEGATIVES, Resolver
from actors.journal import schema, sqlite
from actors.journal.journal import Journal
from actors.messages import ServiceUp
from actors.money.events import IntentOpened
from actors.money.evidence import Refused
from actors.venue import line
from actors.venue.errors import NoAnswer

SECOND = 1_000_000


def waits_for_no_quiet(patch):
    """What is absent once the deadline of a send has passed counts as never executed."""
    patch(VenueSection, "quiet_period_us", property(lambda self: 0))


def frees_on_a_timer(patch):
    """Asked twice and not found: it never happened."""
    count_look = Resolver._count_look

    def impatient(self, opened, evidence, asked):
        count_look(self, opened, evidence, asked)
        track = self.till.tracks[opened.intent]
        track.negatives = NEGATIVES if track.looks >= 2 else 0

    patch(Resolver, "_count_look", impatient)


def retries_on_timeout(patch):
    """No answer: send it again."""
    send_once = line.send_once

    def persistent(*arguments, **options):
        try:
            return send_once(*arguments, **options)
        except NoAnswer:
            return send_once(*arguments, **options)

    patch(line, "send_once", persistent)


def sends_on_recovery(patch):
    """What was open when the process died is sent by the next one."""
    dispatch = BankrollActor._dispatch

    def eager(self, desk, message, now):
        answer = dispatch(self, desk, message, now)
        for opened in list(desk.state.open.values()) if isinstance(message, ServiceUp) else ():
            if opened.service == message.service:
                self._place(desk, replace(opened, send_by=now + SECOND))
        return answer

    patch(BankrollActor, "_dispatch", eager)


def sends_before_the_disk(patch):
    """A bet leaves as soon as it is decided."""
    carry_out = BankrollActor._carry_out

    def hasty(self, step):
        carry_out(self, step)
        for event in step.events:
            if isinstance(event, IntentOpened):
                self._place(self._desk, event)

    patch(BankrollActor, "_carry_out", hasty)


def takes_400_for_refused(patch):
    """A client error means that nothing was done."""
    judge = line.Line._judge

    def trusting(self, known, path, http, executed):
        return Refused("bad_request") if http.status == 400 else judge(self, known, path, http, executed)

    patch(line.Line, "_judge", trusting)


def has_no_uniqueness(patch):
    """The table takes whatever comes."""

    def create(database, table):
        schema.SchemaManager(table, database=database).create_table(safe=False)

    patch(schema, "_create", create)
    patch(schema, "GUARDS", frozenset(schema.TRIGGERS))


def checks_no_epoch(patch):
    """An owner that was replaced goes on."""
    patch(Journal, "_refuse_fenced", lambda self: None)


def syncs_hastily(patch):
    """A commit is acknowledged before it is on the disk."""
    make_durable = sqlite.Connection.make_durable

    def hasty(connection):
        return make_durable(connection) and not connection.run("PRAGMA synchronous = NORMAL")

    patch(sqlite.Connection, "make_durable", hasty)


def resends_orders(patch):
    """An order that the venue failed on is sent again."""
    send_once = line.send_once

    def persistent(base_url, request, **options):
        answer = send_once(base_url, request, **options)
        if request.service == "trading" and answer.status >= 500:
            return send_once(base_url, request, **options)
        return answer

    patch(line, "send_once", persistent)


def takes_trade_failed_for_refused(patch):
    """What the venue calls failed was not done."""
    judge = line.Line._judge

    def trusting(self, known, path, http, executed):
        failed = b"trade_failed" in http.body
        return Refused("trade_failed") if failed else judge(self, known, path, http, executed)

    patch(line.Line, "_judge", trusting)

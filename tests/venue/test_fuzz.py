"""Whatever comes for an answer, a call ends in something typed: no crash, nothing booked that is not ours."""

import json
import sys
import tracemalloc

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from actors.money.evidence import BetRow, Executed, NotSent, Refused, Unknown
from actors.venue import shapes
from actors.venue.errors import VenueDown, VenueError
from actors.venue.http import READ_BODY_BYTES
from tests.venue.calls import CALLS, CLIENTS
from tests.venue.raw import RawServer, http

WORDS = [
    "null",
    "true",
    "-1",
    "0",
    "NaN",
    "-Infinity",
    "1e308",
    "-1e308",
    "1e999",
    "0.1e-400",
    '""',
    '"1e308"',
    "[]",
    "{}",
]
LONG = ["9" * 5_000, "[" * 50_000, '{"a":' * 50_000, '"' + "x" * 10_000 + '"', '"\\ud800"', '{"error":"rate_limited"}']
NASTY = st.sampled_from([*WORDS, *LONG])
STATUSES = st.sampled_from([200, 201, 204, 302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503])


@st.composite
def false_answers(draw, text):
    """A true answer, spoilt in one way."""
    if text.startswith("bet_id,") or draw(st.integers(0, 9)) < 3:
        return draw(st.sampled_from([cut, recoded, spliced]))(draw, text)
    return draw(st.sampled_from([changed, doubled]))(draw, text)


def cut(draw, text):
    return text.encode()[: draw(st.integers(0, len(text)))]


def recoded(draw, text):
    return text.replace("1", "é").encode(draw(st.sampled_from(["latin-1", "utf-16", "utf-8-sig", "cp037"])))


def spliced(draw, text):
    at = draw(st.integers(0, len(text)))
    return text[:at].encode() + draw(st.binary(max_size=20)) + text[at:].encode()


def changed(draw, text):
    """One value replaced, or one field left out."""
    content = {"answer": json.loads(text)}
    holder, name = draw(st.sampled_from(places(content)))
    if draw(st.booleans()) or isinstance(holder, list) or holder is content:
        holder[name] = "@@"
    else:
        del holder[name]
    return json.dumps(content["answer"]).replace('"@@"', draw(NASTY)).encode()


def doubled(draw, text):
    """One field twice, the second time with another value."""
    content = {"answer": json.loads(text)}
    holder, name = draw(st.sampled_from(places(content)))
    if isinstance(holder, list) or holder is content:
        return changed(draw, text)
    holder["@@"] = holder[name]
    return json.dumps(content["answer"]).replace('"@@"', json.dumps(name)).encode()


def places(content):
    found = [(content, "answer")]
    for holder, name in found:
        inner = holder[name]
        keys = range(len(inner)) if isinstance(inner, list) else inner if isinstance(inner, dict) else ()
        found += [(inner, key) for key in keys]
    return found


class Parrot(RawServer):
    """Says what it is told to, by the last part of the path; the exchange's, by what it is asked."""

    def __init__(self):
        self.says = {}
        super().__init__(self._act)

    def _act(self, line):
        request = self.requests.pop()
        name = request.split(b" ")[1].decode().partition("?")[0].rsplit("/", 1)[-1].removesuffix(".csv")
        if name == "info":
            name = json.loads(request.partition(b"\r\n\r\n")[2])["type"]
        status, body = self.says[name]
        http(status, body)(line)


@pytest.fixture(scope="module")
def parrot():
    with RawServer(http(500, b"")):  # a server of bytes starts and ends well
        pass
    with Parrot() as venue:
        yield venue


def truths(call):
    """Reads are answered with 200, the send (the last) with the status of its success."""
    last = [*call.answers][-1]
    return {name: (call.status if name == last else 200, text.encode()) for name, text in call.texts().items()}


def outcome(call, venue):
    """What a call ended in; anything but an answer, a value or a VenueError is raised."""
    try:
        return call.make(venue.url)
    except VenueError as error:
        return error


@pytest.mark.parametrize("name", CALLS)
def test_the_true_answers_are_understood(name, parrot):
    call = CALLS[name]
    parrot.says = truths(call)
    result = outcome(call, parrot)
    assert not isinstance(result, VenueError | Refused | Unknown | NotSent), result
    assert isinstance(result, Executed) is (call.ours is not None)


def test_every_call_of_every_client_is_among_them(parrot):
    made = set()
    for call in CALLS.values():
        parrot.says = truths(call)
        sys.setprofile(lambda frame, event, _: made.add(frame.f_code.co_qualname) if event == "call" else None)
        try:
            outcome(call, parrot)
        finally:
            sys.setprofile(None)
    methods = {f"{client.__name__}.{name}" for client in CLIENTS for name in vars(client) if not name.startswith("_")}
    assert methods - made <= {f"{client.__name__}.close" for client in CLIENTS}


def fuzz(name, parrot, data):
    call = CALLS[name]
    texts = call.texts()
    parrot.says = truths(call)
    spoilt = data.draw(st.sampled_from(sorted(texts)))
    status = parrot.says[spoilt][0] if data.draw(st.booleans()) else data.draw(STATUSES)
    parrot.says[spoilt] = status, data.draw(false_answers(texts[spoilt]))
    result = outcome(call, parrot)
    if call.ours is not None:
        assert isinstance(result, Executed | Refused | NotSent | Unknown)
        assert not isinstance(result, Executed) or call.ours(result)


@pytest.mark.parametrize("name", CALLS)
@given(data=st.data())
@settings(max_examples=40)
def test_a_false_answer_ends_in_something_typed_and_books_nothing_that_is_not_ours(name, parrot, data):
    fuzz(name, parrot, data)


def trusting(_ticket, content):
    answer = shapes.BetAnswer.model_validate_json(content)
    row = BetRow(answer.bet_id, "", answer.amount_bet, 0, "", False, answer.proof.client_seed, 0, "", "")
    return Executed(bet=row)


def test_negative_control_a_client_that_trusts_any_answer_is_found_out(parrot, monkeypatch):
    monkeypatch.setattr("actors.venue.casino._won_or_lost", trusting)

    @given(data=st.data())
    @settings(max_examples=500, database=None, phases=[Phase.generate])
    def play(data):
        fuzz("bet", parrot, data)

    with pytest.raises((AssertionError, ValueError)):
        play()


MEGABYTE = 1 << 20
HUGE = 100 * MEGABYTE


def endless(head, piece=b"[" * 65_536):
    """An answer of 100 MB, as fast as it is taken."""

    def act(line):
        line.sendall(b"HTTP/1.1 200 OK\r\n" + head)
        for _ in range(HUGE // 65_536):
            line.sendall(piece)

    return act


FRAMED = {
    "with its length": endless(b"Content-Length: %d\r\n\r\n" % HUGE),
    "in chunks": endless(b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"[" * 65_536 + b"\r\n"),
    "until it closes": endless(b"Connection: close\r\n\r\n"),
    "in headers": endless(b"", b"X: y\r\n" * 10_000),
    "in one header": endless(b"X: "),
}


@pytest.mark.parametrize("frame", FRAMED.values(), ids=FRAMED.keys())
@pytest.mark.parametrize("name", ["bet", "casino balance", "faucet claim"])
def test_a_body_of_100_megabytes_is_cut_at_the_bound(name, frame):
    with RawServer(frame) as venue:
        tracemalloc.start()
        result = outcome(CALLS[name], venue)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(result, VenueDown | Unknown)
    assert peak < 3 * READ_BODY_BYTES

"""Cards of the contract: prerequisite, action, expected answer, and what may differ at another server.

A card is data, so that one suite runs against the built-in venue and against any other. Texts of path and body are
filled in from what the prerequisites made: "{escrow}".
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = Any
"""A type or several, a value, a predicate, [shape of each item] or {name: shape}; further names pass."""

NUMBER = (int, float)
TEXT_OR_NOTHING = (str, type(None))


def iso(value: object) -> bool:
    """A time in UTC."""
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", value))


def decimal_text(value: object) -> bool:
    """A number written as text, as the exchange and the wallet do."""
    return isinstance(value, str) and bool(re.fullmatch(r"-?\d+(\.\d+)?", value))


def starts(prefix: str) -> Callable[[object], bool]:
    """An id of a kind."""

    def check(value: object) -> bool:
        return isinstance(value, str) and value.startswith(prefix) and len(value) > len(prefix)

    check.__name__ = f"starts with {prefix}"
    return check


@dataclass(frozen=True)
class Card:
    """One call and its answer.

    Attributes:
        service: whose base URL the path is below.
        ask: method and path, as "POST /games/dice"; also the endpoint, for the list of codes.
        name: what is shown.
        status: of the answer.
        error: the code of a refusal.
        says: fields of the answer, with their shapes.
        body: a JSON object, or raw text.
        query: after the path.
        who: "us", "other", "nobody" (no key), "wrong" (a key that none has), or an account that `given` made.
        given: prerequisites; each returns names for path and body.
        harm: why it does not run against a foreign venue unless asked to (`HARMS`).
        may_differ: what another server may answer, for people.
        instead: (status, code) that it may answer, by what happened there before.
    """

    service: str
    ask: str
    name: str
    status: int = 200
    error: str = ""
    says: Shape = field(default_factory=dict)
    body: Mapping[str, Any] | str | None = None
    query: str = ""
    who: str = "us"
    given: tuple[Callable[..., Mapping[str, str]], ...] = ()
    harm: str = ""
    may_differ: str = ""
    instead: tuple[int, str] | None = None

    @property
    def endpoint(self) -> str:
        return f"{self.service} {self.ask}"

    def flaws(self, status: int, answer: Any) -> list[str]:
        """Say where an answer is not what the card expects."""
        if (status, answer.get("error") if isinstance(answer, dict) else "") == self.instead:
            return []
        found = [] if status == self.status else [f"status {status} instead of {self.status}: {str(answer)[:300]}"]
        said = {"error": self.error} if self.error else {}
        return found or list(mismatches(said | self.says if isinstance(self.says, dict) else self.says, answer))


HARMS = {
    "spends": "takes money, or what can be had once; with --spend",
    "registers": "makes an account; with --spend",
    "floods": "exhausts a limiter; only at the built-in venue",
    "orders": "needs the operator's doors; only at the built-in venue",
}


def mismatches(shape: Shape, value: Any, where: str = "$") -> Iterator[str]:
    """Tell what of a value is not of a shape."""
    if isinstance(shape, dict):
        yield from _of_object(shape, value, where)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where}: no list"
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from mismatches(shape[0], item, f"{where}[{index}]")
    elif isinstance(shape, type | tuple):
        no_number = isinstance(value, bool) and shape is not bool  # as Python sees it, a JSON true is one
        if no_number or not isinstance(value, shape):
            yield f"{where}: {value!r:.80} is no {shape}"
    elif callable(shape):
        if not shape(value):
            yield f"{where}: {value!r:.80} is not {shape.__name__}"
    elif shape != value:
        yield f"{where}: {value!r:.80} is not {shape!r}"


def _of_object(shape: Mapping[str, Shape], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: no object"
        return
    for name, inner in shape.items():
        if name in value:
            yield from mismatches(inner, value[name], f"{where}.{name}")
        else:
            yield f"{where}.{name}: missing"

"""What can go wrong with the venue, by what it asks of us. No text here ever holds a key or a body."""


class VenueError(Exception):
    """Any trouble with the venue.

    Attributes:
        definite: asking again will not help; a person must mend something.
    """

    definite = False


class NothingSent(VenueError):  # noqa: N818  these are named by what is known
    """The connection failed before the first byte of the request left: proof that nothing happened."""


class NoAnswer(VenueError):  # noqa: N818
    """Bytes left and no complete answer came back: proof of nothing."""


class VenueDown(VenueError):  # noqa: N818
    """A read failed in a way that passes: no connection, no answer in time, a 5xx. Try later."""


class VenueRefused(VenueError):  # noqa: N818
    """A read was refused.

    Attributes:
        status: HTTP status.
        code: the venue's own word for it, empty if the answer was not the venue's.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"the venue refuses: {status} {code or 'without a code of its own'}")
        self.status = status
        self.code = code
        self.definite = bool(code)


class BadAnswer(VenueError):  # noqa: N818
    """An answer is not what the contract says.

    Attributes:
        field: where, as a path ("proof.client_seed", "row 3.nonce", "body").
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"the venue's answer is wrong in {field}: {why}")
        self.field = field


class RateLimited(VenueError):  # noqa: N818
    """Too many calls, by the venue's count or by ours.

    Attributes:
        until: UTC microseconds from which it may be tried again.
    """

    def __init__(self, what: str, until: int) -> None:
        super().__init__(f"{what}: too many calls within a minute")
        self.until = until


class BreakerOpen(VenueError):  # noqa: N818
    """The service failed too often just now; calls fail at once until the breaker lets a trial through.

    Attributes:
        until: UTC microseconds of the next trial.
    """

    def __init__(self, service: str, until: int) -> None:
        super().__init__(f"the breaker of {service} is open after repeated failures")
        self.until = until

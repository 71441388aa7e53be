"""Errors as the client is told of them."""


class SqlError(Exception):
    """An ErrorResponse. `infos` are INFO messages that are sent before it."""

    def __init__(self, code, message, detail=None, hint=None, infos=(), severity="ERROR"):
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail
        self.hint = hint
        self.infos = infos
        self.severity = severity


class Dropped(Exception):
    """The client's connection is gone, or is to be."""


def syntax_error(near):
    if near == "":
        return SqlError("42601", "syntax error at end of input")
    return SqlError("42601", f'syntax error at or near "{near}"')


def unsupported(message, **more):
    return SqlError("0A000", message, **more)


def not_in_transaction(command, multiple):
    where = "a multiple commands statement" if multiple else "a transaction block"
    return SqlError("25001", f"{command} cannot run inside {where}")


def not_on_tables(culprits):
    """What Redshift says when a function of the leader node meets a table of the compute nodes."""
    return SqlError(
        "0A000",
        "Specified types or functions (one per INFO message) not supported on Amazon Redshift tables.",
        infos=list(culprits),
    )

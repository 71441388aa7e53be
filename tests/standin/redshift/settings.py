"""Which settings a client may change, and to what."""

import re

from .errors import SqlError
from .words import POSTGRES_SETTINGS, SETTINGS

REFUSED = ("standard_conforming_strings", "lock_timeout", "idle_in_transaction_session_timeout", "jit", "intervalstyle")


def known(name):
    return name not in REFUSED and (name in SETTINGS or name in POSTGRES_SETTINGS)


def check_setting(name, value):
    """Raises SqlError."""
    if not known(name):
        raise SqlError("42704", f'unrecognized configuration parameter "{name}"')
    if name == "extra_float_digits":
        if not re.fullmatch(r"-?\d+", value) or not -15 <= int(value) <= 2:
            raise SqlError("22023", f"{value} is outside the valid range for parameter \"extra_float_digits\" (-15 .. 2)")
    if name in ("server_version", "server_encoding", "is_superuser"):
        raise SqlError("55P02", f'parameter "{name}" cannot be changed')

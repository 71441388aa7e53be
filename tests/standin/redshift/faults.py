"""Faults that a test asks for on the control port, and the log of statements.

One command a line, one line of answer:

    drop before [times=N] [skip=N] at REGEX     the connection ends before the statement runs
    drop after  [times=N] [skip=N] at REGEX     ... after it took effect; the answer is lost
    drop during [times=N] [skip=N] at REGEX     ... half way through a COPY, which goes on if it commits by itself; of
                                                another statement: before it in a transaction, else after it
    error KIND  [times=N] [skip=N] at REGEX     KIND: see ERRORS
    slow [seconds=S] [times=N] [skip=N] at REGEX
    refuse KIND [times=N]                       of the next connections: too-many, starting, paused
    user NAME PASSWORD                          a user, made or given another password (IAM:..., too)
    role ARN | role-gone ARN                    an IAM role is attached, or no more
    capacity used=N capacity=N slices=N nodes=N what STV_* say; MB
    capacity tables=N                           how many tables there may be; 0: as many as one likes
    lag seconds=S                               rows of STL_* and SYS_* are to be seen that much later; 0: at once
    untold files=N                              so many files of each COPY that STL_LOAD_COMMITS and SYS_LOAD_DETAIL never tell
    disconnect                                  ends all connections now
    list | clear                                the faults, as JSON; none any more
    statements REGEX                            how many statements matched so far

REGEX is searched in the statement as the client sent it, without case, up to the end of the line. times is 1 unless
given; 0 means always. The answer is `ok N` (the fault's number), `ok`, `error: ...` or JSON."""

import json
import re
import socket
import threading
import time

from .errors import SqlError

ERRORS = {
    "1023": lambda: SqlError(
        "XX000",
        "1023",
        detail="Serializable isolation violation on table - 100123, transactions forming the cycle are: 2091, 2093 (pid:12345)",
    ),
    "1018": lambda: SqlError("XX000", "1018", detail="Relation does not exist"),
    "conflict": lambda: SqlError("XX000", "could not complete because of conflict with concurrent transaction"),
    "disk-full": lambda: SqlError(
        "XX000",
        "Disk Full",
        detail="\n  -----------------------------------------------\n  error:  Disk Full\n  code:      1016\n  context:   node: 0\n"
        "  -----------------------------------------------",
    ),
    "no-space": lambda: SqlError("53100", "disk full"),
    "canceled": lambda: SqlError("57014", "Query (150) canceled on user's request"),
    "deadlock": lambda: SqlError("40P01", "deadlock detected"),
    "slowdown": lambda: SqlError(
        "XX000", "S3ServiceException:Please reduce your request rate.,Status 503,Error SlowDown,Rid 0F0F,CanRetry 1"
    ),
    "s3-internal": lambda: SqlError(
        "XX000", "S3ServiceException:We encountered an internal error. Please try again.,Status 500,Error InternalError,Rid 0F0F,CanRetry 1"
    ),
    "access-denied": lambda: SqlError("XX000", "S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 0F0F,CanRetry 1"),
    "load": lambda: SqlError("XX000", "Load into table 't' failed.  Check 'stl_load_errors' system table for details."),
    "permission": lambda: SqlError("42501", "permission denied for relation t"),
    "shutdown": lambda: SqlError("57P01", "terminating connection due to administrator command", severity="FATAL"),
}
REFUSALS = {
    "too-many": ("53300", "too many connections"),
    "starting": ("57P03", "the database system is starting up"),
    "paused": ("57P03", "the cluster is paused"),
}


class Fault:
    def __init__(self, number, action, kind, times, skip, pattern, seconds):
        self.number = number
        self.action = action  # drop, error, slow, refuse
        self.kind = kind
        self.times = times  # left; None: always
        self.skip = skip
        self.pattern = pattern
        self.seconds = seconds
        self.fired = 0

    def matches(self, sql):
        if self.times == 0 or not self.pattern.search(sql):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.fired += 1
        return True

    def described(self):
        return {
            "fault": self.number, "action": self.action, "kind": self.kind, "at": self.pattern.pattern if self.pattern else "",
            "times": self.times, "fired": self.fired,
        }  # fmt: skip


class Faults:
    """Shared by all sessions."""

    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []
        self._count = 0

    def add(self, action, kind, options, pattern):
        times = int(options.get("times", 1))
        with self._lock:
            self._count += 1
            fault = Fault(
                self._count, action, kind, times or None, int(options.get("skip", 0)),
                re.compile(pattern, re.I | re.S) if pattern is not None else None, float(options.get("seconds", 1)),
            )  # fmt: skip
            self._faults.append(fault)
            return fault.number

    def clear(self):
        with self._lock:
            self._faults.clear()

    def list(self):
        with self._lock:
            return [fault.described() for fault in self._faults]

    def of(self, sql):
        """What is to happen to this statement: the faults that fire, in the order they were asked for."""
        with self._lock:
            return [f for f in self._faults if f.pattern is not None and f.matches(sql)]

    def refusal(self):
        with self._lock:
            for fault in self._faults:
                if fault.action == "refuse" and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    fault.fired += 1
                    return REFUSALS[fault.kind]
        return None


_SECRETS = re.compile(
    r"\b(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|TOKEN|MASTER_SYMMETRIC_KEY|PASSWORD)(\s+(?:AS\s+)?)'(?:[^'\\]|''|\\.)*'"
    r"|\b(CREDENTIALS)(\s+(?:AS\s+)?)'(?:[^'\\]|''|\\.)*'",
    re.I | re.S,
)


def masked(sql):
    """The statement without what may not be shown."""
    return _SECRETS.sub(lambda m: f"{m.group(1) or m.group(3)}{m.group(2) or m.group(4)}'***'", sql)


_SEARCHED = 4096  # of a statement, by the control port's `statements`


class StatementLog:
    """A line of JSON for each statement, written when it ends: statement, connection, user, sql, result, seconds."""

    def __init__(self, path):
        self._lock = threading.Lock()
        self._file = open(path, "a", encoding="utf-8", buffering=1)
        self._count = 0
        self._seen = []

    def begin(self, sql):
        with self._lock:
            self._count += 1
            self._seen.append(sql[:_SEARCHED])
            return self._count, time.monotonic()

    def end(self, begun, connection, user, sql, result):
        number, started = begun
        line = json.dumps(
            {
                "statement": number, "connection": connection, "user": user, "sql": masked(sql), "result": result,
                "seconds": round(time.monotonic() - started, 4),
            },
            ensure_ascii=False,
        )  # fmt: skip
        with self._lock:
            self._file.write(line + "\n")

    def count(self, pattern):
        compiled = re.compile(pattern, re.I | re.S)
        with self._lock:
            return sum(1 for sql in self._seen if compiled.search(sql))


class Control:
    """The control port: each of its connections has a thread."""

    def __init__(self, server, sock):
        self._server = server
        self._socket = sock
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with sock, sock.makefile("rw", encoding="utf-8", newline="\n") as stream:
            for line in stream:
                try:
                    answer = self._command(line.strip())
                except (ValueError, KeyError, IndexError, re.error, SqlError) as error:
                    answer = f"error: {error}"
                stream.write(answer + "\n")
                stream.flush()

    def _command(self, line):
        head, separator, pattern = line.partition(" at ")
        words = head.split()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        words = [word for word in words if "=" not in word]
        server, verb = self._server, words[0]
        if verb in ("drop", "error", "slow"):
            if not separator:
                raise ValueError("no `at REGEX`")
            kind = words[1] if len(words) > 1 else ""
            if verb == "drop" and kind not in ("before", "after", "during"):
                raise ValueError("drop before, after or during?")
            if verb == "error" and kind not in ERRORS:
                raise ValueError(f"no such error; there are {', '.join(ERRORS)}")
            return f"ok {server.faults.add(verb, kind, options, pattern)}"
        if verb == "refuse":
            REFUSALS[words[1]]
            return f"ok {server.faults.add(verb, words[1], options, None)}"
        if verb == "user":
            server.make_user(*line.split(maxsplit=2)[1:])
        elif verb == "role":
            server.roles.add(words[1])
        elif verb == "role-gone":
            server.roles.discard(words[1])
        elif verb == "capacity":
            server.set_capacity(**{name: int(value) for name, value in options.items()})
        elif verb == "lag":
            server.system.lag = float(options["seconds"])
        elif verb == "untold":
            server.system.untold = int(options["files"])
        elif verb == "disconnect":
            server.disconnect_all()
        elif verb == "clear":
            server.faults.clear()
        elif verb == "list":
            return json.dumps(server.faults.list())
        elif verb == "statements":
            return f"ok {server.log.count(line.partition(' ')[2])}"
        else:
            raise ValueError(f"no command {verb}")
        return "ok"

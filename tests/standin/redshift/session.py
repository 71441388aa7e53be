"""One client's connection."""

import os
import re
import threading
import traceback

from . import wire
from .backend import PostgresError
from .commands import PREPARABLE, Commands
from .copy import Copy, now
from .copy_options import parse_copy
from .cursor import Cursor
from .errors import Dropped, SqlError, not_in_transaction, syntax_error, unsupported
from .faults import ERRORS, masked
from .lexer import split, tokenize
from .names import quote_literal
from .query import Rewriter
from .startup import Startup

_TYPE_LENGTH = re.compile(r"bytes_([vc])_(\d+)_")
_DDL = ("CREATE", "ALTER", "DROP", "TRUNCATE")
_OTHER_WORDS = (
    (re.compile(r"^permission denied for (?:table|view) "), "permission denied for relation "),
    (re.compile(r"^must be owner of (?:table|view) "), "must be owner of relation "),
    (re.compile(r'^relation "(.*)" already exists$'), r'Relation "\1" already exists'),
    (re.compile(r'^schema "(.*)" already exists$'), r'Schema "\1" already exists'),
    (re.compile(r'^table "(.*)" does not exist$'), r'Table "\1" does not exist'),
)
# ParameterStatus messages that Redshift sends too.
_REPORTED = ("DateStyle", "TimeZone", "is_superuser", "session_authorization", "integer_datetimes", "server_encoding")


class Session(Startup, Commands):
    """Runs in a thread of its own; `cancel` and `drop` may be called from others."""

    def __init__(self, server, sock, number):
        self.server = server
        self.number = number
        self.channel = wire.Channel(sock)
        self.names = server.names
        self.backend = None
        self.user = self.database = ""  # as the client says it; an IAM login has a prefix
        self.role = ""
        self.user_id = 0
        self.pid = 0
        self.secret = int.from_bytes(os.urandom(4), "big")
        self.case_sensitive = False
        self._label = "default"
        self._search_path = ["public"]
        self.temporary = set()  # names of this session's temporary tables
        self.last_copy_id = -1
        self.last_copy_count = 0
        self.last_query_id = -1
        self.cancelled = threading.Event()
        self._copy_id_before = None
        self._implicit = False  # a transaction that only the statements of one query are in
        self._multiple = False
        self._ignore_until_sync = False
        self._prepared = {}  # name: (sql, tokens, rewriter)
        self._unread = False  # answers to forwarded messages are still to come
        self._portals = {}
        self._cursor_open = False
        self._muted = False  # answers are lost: the statement runs, and the connection is then dropped
        self._reads = {}
        self._snapshot = None
        self._writes = set()

    # Start ------------------------------------------------------------------------------------------------------------

    def run(self):
        try:
            if self._start():
                self._serve()
        except Dropped:
            pass
        except SqlError as error:
            self._last_words(error)
        except Exception as error:  # a mistake of the stand-in's: to be seen in the test and in the log
            traceback.print_exc()
            self._last_words(SqlError("XX000", f"the stand-in failed: {error!r}"))
        finally:
            self.server.forget(self)
            if self.backend:
                self.backend.close()
            self.close_socket()

    def _last_words(self, error):
        try:
            error.severity = "FATAL"
            self.channel.write(wire.error_response(error))
            self.channel.flush()
        except Dropped:
            pass

    def close_socket(self):
        """Without TLS's farewell, as a broken connection looks."""
        try:
            self.channel.sock.shutdown(2)
        except OSError:
            pass
        try:
            self.channel.sock.close()
        except OSError:
            pass

    # Messages ---------------------------------------------------------------------------------------------------------

    def _serve(self):
        handlers = {
            b"Q": self._on_query, b"P": self._on_parse, b"B": self._on_bind, b"D": self._on_describe, b"E": self._on_execute,
            b"C": self._on_close, b"S": self._on_sync, b"H": self._on_flush,
        }  # fmt: skip
        while True:
            kind, payload = self.channel.read()
            if kind == b"X":
                return
            handler = handlers.get(kind)
            if handler is None:
                raise SqlError("08P01", f"invalid frontend message type {kind[0]}")
            if self._ignore_until_sync and kind not in (b"S", b"Q"):
                continue
            handler(payload)

    def _on_query(self, payload):
        sql = payload.rstrip(b"\0").decode()
        self._multiple = False
        try:
            statements = split(tokenize(sql, self.case_sensitive))
            if not statements:
                self._send(wire.message(b"I"))
            texts = [sql] if len(statements) == 1 else [" ".join(t.text for t in s) for s in statements]
            self._multiple = len(statements) > 1
            if self._multiple and self.backend.status == "I":
                self._begin_implicit()
            for tokens, text in zip(statements, texts):
                self._logged(tokens, text)
            if self._implicit:
                self._end_implicit("COMMIT")
        except SqlError as error:
            self._report(error)
            if self._implicit:
                self._end_implicit("ROLLBACK")
        self._ready()

    def _begin_implicit(self):
        self.backend.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
        self._transaction_began()
        self._implicit = True

    def _end_implicit(self, how):
        self._implicit = False
        if self.backend.status != "I":
            self.backend.query(how)
            self._transaction_ended(how == "COMMIT")

    def _report(self, error):
        """An error of the stand-in's own: PostgreSQL's transaction fails with it."""
        if isinstance(error, PostgresError):
            error = self._translated(error.fields)
        self.backend.fail_transaction()
        self._send_error(error)

    def _send_error(self, error):
        for info in error.infos:
            self._send(wire.notice_response("INFO", info))
        self._send(wire.error_response(error))
        if error.severity == "FATAL":
            self.channel.flush()
            raise Dropped(error.message)

    def _send(self, data):
        if not self._muted:
            self.channel.write(data)

    def info(self, text):
        self._send(wire.notice_response("INFO", text))

    # One statement, with its faults and its line in the log ------------------------------------------------------------

    def _logged(self, tokens, text, run=None):
        self.cancelled.clear()  # what was cancelled is over
        begun = self.server.log.begin(text)
        started = now()
        result = "dropped"
        try:
            result = self._with_faults(tokens, text, run)
        except PostgresError as error:
            told = self._translated(error.fields)
            result = f"ERROR {told.code}: {told.message}"
            raise told from None
        except SqlError as error:
            result = f"ERROR {error.code}: {error.message}"
            raise
        finally:
            self.server.log.end(begun, self.number, self.user, text, result)
            self._remember_query(tokens, text, started, result)

    def _remember_query(self, tokens, text, started, result):
        """For SYS_QUERY_HISTORY."""
        verb = tokens[0].value.upper()
        self.server.system.append(
            "queries",
            userid=self.user_id, query=self.last_query_id, label=self._label, session=self.pid,
            type=verb if verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "MERGE") else "DDL" if verb in _DDL else "UTILITY",
            status="failed" if result.startswith("ERROR") or result == "dropped" else "success",
            error=result.partition(": ")[2] if result.startswith("ERROR") else "",
            start_time=started, end_time=now(), elapsed=0, sql=masked(text)[:4000],
        )  # fmt: skip

    def _with_faults(self, tokens, text, run):
        drop_after = at_half = False
        for fault in self.server.faults.of(text):
            if fault.action == "slow":
                limit = self.statement_timeout() or fault.seconds
                if self.cancelled.wait(min(fault.seconds, limit)) or limit < fault.seconds:
                    raise SqlError("57014", "Query (150) canceled on user's request")
            elif fault.action == "error":
                self._fail_by_order(ERRORS[fault.kind](), tokens)
            elif fault.kind == "before":
                raise Dropped("by order")
            elif fault.kind == "during" and tokens[0].is_word("copy"):
                at_half = True
            elif fault.kind == "during" and self.backend.status != "I":
                raise Dropped("by order")
            else:
                drop_after = True
        self._muted = drop_after
        if run:
            tag = run()
        else:
            tag = self._run(tokens, at_half)
        if drop_after:
            raise Dropped("by order")
        return tag

    def _fail_by_order(self, error, tokens):
        """The transaction is rolled back; at COMMIT it is over."""
        if tokens[0].is_word("commit", "end") and self.backend.status != "I":
            self.backend.query("ROLLBACK")
            self._transaction_ended(False)
        raise error

    def _run(self, tokens, at_half=False):
        """The result for the log; raises SqlError, of which PostgreSQL's transaction does not know yet."""
        first = tokens[0]
        if first.is_op("(") or first.is_word("select", "with", "insert", "update", "delete", "merge"):
            return self._run_query(tokens)
        if first.kind != "word":
            raise syntax_error(first.text)
        if self.backend.status == "E" and first.value not in ("rollback", "abort", "commit", "end"):
            raise SqlError("25P02", "current transaction is aborted, commands ignored until end of transaction block")
        if first.value == "copy":
            return self._run_copy(tokens, at_half)
        handler = getattr(self, "_do_" + first.value, None)
        if handler is None:
            raise syntax_error(first.text)
        return handler(tokens)

    def _pass(self, sql, tag=None):
        """Runs one statement there; its answer goes to the client. The tag, or raises the error that was."""
        self.backend.send_query(sql)
        return self._relay(tag)

    def _relay(self, tag=None):
        error, result = None, ""
        while True:
            kind, payload = self.backend.channel.read()
            if kind == b"D":
                self._send(wire.message(kind, payload))
            elif kind == b"T":
                self._send(wire.message(kind, wire.rename_columns(payload, self.names.full)))
            elif kind == b"C":
                result = tag or payload.rstrip(b"\0").decode()
                self._send(wire.message(kind, wire.text(result)))
            elif kind == b"E":
                error = self._translated(wire.fields(payload))
                if error.severity == "FATAL":
                    self._send_error(error)
            elif kind == b"N":
                self._relay_notice(wire.fields(payload))
            elif kind == b"S":
                self._relay_parameter(payload)
            elif kind == b"Z":
                self.backend.status = payload.decode()
                break
            else:
                self._send(wire.message(kind, payload))
        if error:
            raise error
        return result

    def _relay_parameter(self, payload):
        name, value = (part.decode() for part in payload.split(b"\0")[:2])
        if name in _REPORTED or name == "client_encoding":
            self._send(wire.message(b"S", payload))

    def _relay_notice(self, found):
        text = self.names.restore(found["M"])
        match = re.fullmatch(r'(relation|schema) "(.*)" already exists, skipping', text)
        if match:
            kind = "Relation" if match.group(1) == "relation" else "Schema"
            self.info(f'{kind} "{match.group(2)}" already exists and will be skipped')
            return
        match = re.fullmatch(r'(table|schema|view) "(.*)" does not exist, skipping', text)
        if match:
            self.info(f'{match.group(1).capitalize()} "{match.group(2)}" does not exist and will be skipped')
            return
        severity = "WARNING" if found["S"] == "WARNING" else "INFO"
        self._send(wire.notice_response(severity, text, found["C"]))

    def _translated(self, found):
        """PostgreSQL's error in Redshift's words, where they are known to differ."""
        code, text = found["C"], self.names.restore(found["M"])
        detail = found.get("D")
        detail = self.names.restore(detail) if detail else None
        constraint = _TYPE_LENGTH.match(found.get("n", ""))
        if code == "23514" and constraint:
            kind = "character varying" if constraint.group(1) == "v" else "character"
            return SqlError("22001", f"value too long for type {kind}({constraint.group(2)})")
        if code == "23502":
            return SqlError("23502", f"Cannot insert a NULL value into column {self.names.full(found.get('c', ''))}")
        if code == "40001":
            if self.server.serializable:
                return ERRORS["1023"]()
            return ERRORS["conflict"]()
        if code == "21000" and "MERGE" in text:
            return SqlError("XX000", "Found multiple matches to update the same tuple.")
        if code == "57014":
            return SqlError("57014", f"Query ({self.last_query_id}) canceled on user's request")
        if code == "23505" and "pg_" in text:  # two sessions created the same thing
            return ERRORS["conflict"]()
        if text == "permission denied for schema standin":  # the last of the search path, and not the client's
            return SqlError("3F000", "no schema has been selected to create in")
        for pattern, words in _OTHER_WORDS:
            text = pattern.sub(words, text)
        severity = "FATAL" if found["S"] == "FATAL" else "ERROR"
        return SqlError(code, text, detail, found.get("H"), severity=severity)

    # Transactions -----------------------------------------------------------------------------------------------------

    def _transaction_began(self):
        self._copy_id_before = self.last_copy_id
        self._reads, self._writes, self._snapshot = {}, set(), None

    def _transaction_ended(self, committed):
        if committed:
            self.server.committed(self._writes)
        elif self._copy_id_before is not None:
            self.last_copy_id = self._copy_id_before
            self.last_copy_count = 0
        self._copy_id_before = None
        self._reads, self._writes, self._snapshot = {}, set(), None
        self._cursor_open = False

    def outside_transaction(self, command):
        if self._implicit or self._multiple:
            raise not_in_transaction(command, multiple=True)
        if self.backend.status != "I":
            raise not_in_transaction(command, multiple=False)

    def _do_begin(self, tokens):
        cursor = Cursor(tokens)
        first = cursor.next()
        if first.is_word("start"):
            cursor.expect("transaction")
        elif not cursor.take("work"):
            cursor.take("transaction")
        access = ""
        while not cursor.done:
            if cursor.take("isolation", "level"):
                if not (
                    cursor.take("serializable") or cursor.take("repeatable", "read")
                    or cursor.take("read", "committed") or cursor.take("read", "uncommitted")
                ):  # fmt: skip
                    raise syntax_error(cursor.token.text)
            elif cursor.take("read", "only"):
                access = " READ ONLY"
            elif not (cursor.take("read", "write") or cursor.take_op(",")):
                raise syntax_error(cursor.token.text)
        if self._implicit:
            self._implicit = False
            self._send(wire.message(b"C", wire.text("BEGIN")))
            return "BEGIN"
        if self.backend.status != "I":
            self._send(wire.notice_response("WARNING", "there is already a transaction in progress", "25001"))
            self._send(wire.message(b"C", wire.text("BEGIN")))
            return "BEGIN"
        tag = self._pass("BEGIN ISOLATION LEVEL REPEATABLE READ" + access, "BEGIN")
        self._transaction_began()
        return tag

    def _do_start(self, tokens):
        return self._do_begin(tokens)

    def _do_commit(self, tokens):
        return self._end_transaction(tokens, "COMMIT")

    def _do_end(self, tokens):
        return self._end_transaction(tokens, "COMMIT")

    def _do_rollback(self, tokens):
        return self._end_transaction(tokens, "ROLLBACK")

    def _do_abort(self, tokens):
        return self._end_transaction(tokens, "ROLLBACK")

    def _end_transaction(self, tokens, how):
        cursor = Cursor(tokens)
        cursor.next()
        if not cursor.take("work"):
            cursor.take("transaction")
        if cursor.token.is_word("to"):
            raise unsupported('SQL command "ROLLBACK TO SAVEPOINT" not supported.')
        cursor.expect_end()
        failed = self.backend.status == "E"
        self._implicit = False
        tag = self._pass(how)
        self._transaction_ended(how == "COMMIT" and not failed)
        if self._multiple:
            self._begin_implicit()
        return tag

    def _do_savepoint(self, tokens):
        raise unsupported('SQL command "SAVEPOINT" not supported.')

    def _do_release(self, tokens):
        raise unsupported('SQL command "RELEASE SAVEPOINT" not supported.')

    # Queries and DML --------------------------------------------------------------------------------------------------

    def _run_query(self, tokens):
        rewriter = Rewriter(tokens, self)
        sql = rewriter.run()
        self._note_tables(rewriter)
        self._new_query()
        tag = self._pass(sql)
        self._autocommitted(rewriter)
        return tag

    def check_readable(self, rewriter):
        """For CREATE TABLE AS: the tables that it reads are of the transaction's snapshot, too."""
        self._note_tables(rewriter)

    def _new_query(self):
        self.last_query_id = self.server.next_query()

    def _keys_of(self, relations):
        return {self._resolved(r.parts)[0] for r in relations if r.of_user} - {None}

    def _resolved(self, parts):
        """The table's quoted name with its schema, and whether this user may write to it. Asked of another connection:
        this one's transaction is not to take its snapshot yet, and its own new tables have no rival."""
        if len(parts) == 1 and parts[0] in self.temporary:
            return None, False
        schemas = [parts[0]] if len(parts) > 1 else self._search_path
        return self.server.find_table(self.role, [self.qualified((schema, parts[-1])) for schema in schemas])

    def _note_tables(self, rewriter):
        """Locks what is written, as Redshift does, and finds a write that a snapshot does not see."""
        if self.backend.status != "T":
            return
        targets = [r for r in rewriter.relations if r.target and r.of_user]
        for relation in targets:
            self._lock_for_writing(relation.parts)
        read = self._keys_of(rewriter.relations)
        self._judge(read, self._keys_of(targets))

    def _judge(self, read, written):
        if self._snapshot is None and (read or written):
            self._snapshot = self.server.commits()
        if self.server.serializable:
            for table in written:
                if table in self._reads and self.server.last_commit_of(table) > self._snapshot:
                    raise ERRORS["1023"]()
        for table in read:
            self._reads[table] = True
        self._writes |= written

    def _lock_for_writing(self, parts):
        """A second writer waits for the end of the first one's transaction."""
        name, writable = self._resolved(parts)
        if writable:
            self.backend.query(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")

    def _autocommitted(self, rewriter):
        if self.backend.status == "I":
            self.server.committed(self._keys_of(r for r in rewriter.relations if r.target))

    # COPY -------------------------------------------------------------------------------------------------------------

    def _run_copy(self, tokens, at_half):
        options = parse_copy(tokens, self.database)
        if self.backend.status == "T":
            self._lock_for_writing(options.parts)
            self._judge(set(), {self._resolved(options.parts)[0]} - {None})
        copy = Copy(self, options)
        if at_half:
            copy.at_half = self._drop_half_way
        for text in copy.run():
            self.info(text)
        self._send(wire.message(b"C", wire.text("COPY")))
        if self.backend.status == "I":
            self.server.committed({self._resolved(options.parts)[0]} - {None})
        return f"COPY {copy.rows}"

    def _drop_half_way(self):
        """The client is gone. A load that commits by itself goes on; one in a transaction is rolled back."""
        self._muted = True
        self.close_socket()
        if self.backend.status != "I":
            raise Dropped("by order")

    def begin_load(self):
        self._new_query()
        self.last_copy_id = self.last_query_id
        self.last_copy_count = 0
        return self.last_copy_id

    def statement_timeout(self):
        """Seconds; 0 for none. SHOW takes no snapshot."""
        if self.backend.status == "E":
            return 0
        number, unit = re.fullmatch(r"(\d+)(\w*)", self.backend.query("SHOW statement_timeout")[0][0]).groups()
        return int(number) * {"": 0, "ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}[unit]

    # What ALTER TABLE and COPY ask about tables ---------------------------------------------------------------------------

    def check_room(self):
        """For one more table."""
        most = self.server.tables_max
        if most == 0 or self.backend.status == "E":
            return
        count = self.backend.query(
            "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
            "AND n.nspname NOT IN ('standin', 'pg_catalog', 'information_schema')"
        )[0][0]
        if int(count) >= most:
            raise SqlError(
                "XX000",
                "1040",
                detail=f"Maximum tables limit exceeded. The maximum number of tables per cluster is {most} for this instance type. "
                "The limit includes permanent and temporary tables.",
            )

    def qualified(self, parts):
        return ".".join(self.names.quote(part) for part in parts)

    def relation_exists(self, parts):
        return self.backend.query(f"SELECT to_regclass({quote_literal(self.qualified(parts))})")[0][0] is not None

    def table_oid(self, parts):
        return int(self.backend.query(f"SELECT {quote_literal(self.qualified(parts))}::regclass::oid")[0][0])

    def table_columns(self, parts):
        """None if there is no such table."""
        literal = quote_literal(self.qualified(parts))
        if self.backend.query(f"SELECT to_regclass({literal})")[0][0] is None:
            return None
        rows = self.backend.query(
            "SELECT attname, typname, typmod, not_null, has_default, identity, encoding, distkey, sortkey, constrained, byte_check, "
            "CASE WHEN not_null AND has_default AND identity = '' THEN standin.default_text(" + literal + "::regclass, attnum) END "
            f"FROM standin.table_columns({literal}::regclass)"
        )
        columns = []
        for name, kind, modifier, not_null, default, identity, encoding, distkey, sortkey, constrained, check, value in rows:
            modifier = int(modifier)
            columns.append(
                {
                    "name": self.names.full(name), "type": kind, "not_null": not_null == "t", "default": default == "t",
                    "identity": identity, "encoding": encoding, "distkey": distkey == "t", "sortkey": sortkey == "t",
                    "constrained": constrained == "t", "check": check, "default_when_null": value,
                    "length": modifier - 4 if kind in ("varchar", "bpchar") else None,
                    "precision": (modifier - 4) >> 16 if kind == "numeric" else None,
                    "scale": (modifier - 4) & 0xFFFF if kind == "numeric" else None,
                }
            )  # fmt: skip
        return columns

    def column_facts(self, parts, name):
        columns = self.table_columns(parts)
        if columns is None:
            raise SqlError("42P01", f'relation "{parts[-1]}" does not exist')
        facts = next((column for column in columns if column["name"] == name), None)
        if facts is None:
            raise SqlError("42703", f'column "{name}" of relation "{parts[-1]}" does not exist')
        facts["columns"] = len(columns)
        facts["longest"] = 0
        if facts["type"] == "varchar":
            sql = f"SELECT coalesce(max(octet_length({self.names.quote(name)})), 0) FROM {self.qualified(parts)}"
            try:
                facts["longest"] = int(self.backend.query(sql)[0][0])
            except SqlError:
                pass
        return facts

    # The extended protocol ------------------------------------------------------------------------------------------------

    def _extended(self, work):
        """Runs one message's work; on an error the rest is passed over until Sync."""
        try:
            work()
        except SqlError as error:
            self._drain()
            self._report(error)
            self._ignore_until_sync = True

    def _forward(self, kind, payload):
        self._unread = True
        self.backend.channel.write(wire.message(kind, payload))

    def _drain(self):
        """Answers to what was forwarded so far, up to PostgreSQL's readiness."""
        self._forward(b"S", b"")
        self._unread = False
        self.backend.channel.flush()
        try:
            self._relay()
        except SqlError as error:
            self._send_error(error)
            self._ignore_until_sync = True

    def _on_parse(self, payload):
        def work():
            name, sql, rest = payload.split(b"\0", 2)
            text = sql.decode()
            statements = split(tokenize(text, self.case_sensitive))
            if len(statements) > 1:
                raise SqlError("42601", "cannot insert multiple commands into a prepared statement")
            rewritten, rewriter, tokens = "", None, []
            if statements:
                tokens = statements[0]
                if not tokens[0].is_word(*PREPARABLE) and not tokens[0].is_op("("):
                    raise syntax_error(tokens[0].text)
                rewriter = Rewriter(tokens, self)
                rewritten = rewriter.run()
                if rewriter.kind == "merge":
                    raise syntax_error(tokens[0].text)
                if not self._unread:
                    self._note_tables(rewriter)
            self._prepared[name] = (text, tokens, rewriter)
            self._forward(b"P", name + b"\0" + rewritten.encode() + b"\0" + rest)

        self._extended(work)

    def _on_bind(self, payload):
        portal, statement, _ = payload.split(b"\0", 2)
        self._portals[portal] = self._prepared.get(statement)

        def work():
            known = self._portals[portal]
            if known and known[2] and not self._unread:
                self._note_tables(known[2])
            self._forward(b"B", payload)

        self._extended(work)

    def _on_describe(self, payload):
        self._extended(lambda: self._forward(b"D", payload))

    def _on_close(self, payload):
        self._extended(lambda: self._forward(b"C", payload))

    def _on_execute(self, payload):
        portal = payload.split(b"\0", 1)[0]
        known = self._portals.get(portal)

        def run():
            self._new_query()
            self._forward(b"E", payload)
            self._forward(b"S", b"")
            self._unread = False
            self.backend.channel.flush()
            tag = self._relay()
            self._autocommitted(rewriter)
            return tag

        def work():
            if rewriter is None:
                self._forward(b"E", payload)
                return
            self._logged(tokens, text, run)

        text, tokens, rewriter = known if known else ("", [], None)
        self._extended(work)

    def _on_sync(self, _payload):
        self._drain()
        self._ignore_until_sync = False
        self._ready()

    def _on_flush(self, _payload):
        self._drain()
        self.channel.flush()

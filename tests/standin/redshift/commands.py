"""Statements other than queries, DML, COPY and those of transactions, each in a method that is named after its first word."""

from . import wire
from .cursor import Cursor
from .ddl import Ddl
from .errors import SqlError, syntax_error, unsupported
from .names import quote_literal
from .query import Rewriter
from .settings import check_setting, known
from .words import SETTINGS

PREPARABLE = ("select", "insert", "update", "delete", "with")


class Commands:
    """A part of Session."""

    # DDL --------------------------------------------------------------------------------------------------------------

    def _several(self, statements, tag):
        """The first statement is the client's, the others the stand-in's book-keeping: all or nothing."""
        alone = self.backend.status == "I"
        if len(statements) == 1:
            return self._pass(statements[0], tag)
        if alone:
            self.backend.query("BEGIN")
        try:
            self._silent_tag(statements[0])
            for statement in statements[1:]:
                self.backend.query(statement)
            if alone:
                self.backend.query("COMMIT")
        except SqlError:
            if alone and self.backend.status != "I":
                self.backend.query("ROLLBACK")
            raise
        self._send(wire.message(b"C", wire.text(tag)))
        return tag

    def _silent_tag(self, sql):
        muted, kept = self._send, []
        self._send = lambda data: kept.append(data) if data[:1] != b"C" and data[:1] != b"T" and data[:1] != b"D" else None
        try:
            self._pass(sql)
        finally:
            self._send = muted
        for data in kept:
            self._send(data)

    def _do_create(self, tokens):
        words = [t.value for t in tokens[1:6] if t.kind == "word"]
        if words[:1] == ["table"] or words[:1] in (["temp"], ["temporary"], ["local"]):
            return self._several(Ddl(self).create_table(tokens), "CREATE TABLE")
        if words[:1] == ["schema"]:
            return self._create_schema(tokens)
        if words[:1] == ["view"] or words[:3] == ["or", "replace", "view"]:
            return self._create_view(tokens)
        if words[:1] == ["database"]:
            self.outside_transaction("CREATE DATABASE")
            raise unsupported("the stand-in has one database")
        if words[:1] in (["user"], ["group"]):
            return self._create_user(tokens)
        raise self._not_on_redshift(tokens)

    @staticmethod
    def _not_on_redshift(tokens):
        text = " ".join(t.text for t in tokens)
        return unsupported(f'SQL command "{text};" not supported on Redshift tables.')

    def _create_schema(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("create", "schema")
        clause = "IF NOT EXISTS " if cursor.take("if", "not", "exists") else ""
        name = cursor.name()
        if name == "public":
            raise SqlError("42P06", 'schema "public" already exists')
        owner = ""
        if cursor.take("authorization"):
            owner = f" AUTHORIZATION {self.names.quote(cursor.name())}"
        if cursor.take("quota"):
            while not cursor.done:
                cursor.next()
        cursor.expect_end()
        return self._pass(f"CREATE SCHEMA {clause}{self.names.quote(name)}{owner}")

    def _create_view(self, tokens):
        at = next((i for i, t in enumerate(tokens) if t.is_word("as")), None)
        if at is None:
            raise syntax_error("")
        body = tokens[at + 1 :]
        if len(body) > 4 and body[-4].is_word("with") and body[-1].is_word("binding"):
            body = body[:-4]
        rewriter = Rewriter(body, self)
        select = rewriter.run()
        return self._pass(self.names.emit(tokens[: at + 1]) + " " + select, "CREATE VIEW")

    def _create_user(self, tokens):
        return self._pass(self.names.emit(tokens), "CREATE USER")

    def _do_alter(self, tokens):
        if tokens[1:2] and tokens[1].is_word("table"):
            return self._several(Ddl(self).alter_table(tokens), "ALTER TABLE")
        if tokens[1:2] and tokens[1].is_word("schema", "user", "group"):
            return self._pass(self.names.emit(tokens))
        raise syntax_error(tokens[1].text if len(tokens) > 1 else "")

    def _do_drop(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("drop")
        kind = cursor.next()
        if kind.is_word("database"):
            self.outside_transaction("DROP DATABASE")
        if not kind.is_word("table", "schema", "view", "user", "group"):
            raise self._not_on_redshift(tokens)
        clause = "IF EXISTS " if cursor.take("if", "exists") else ""
        tables = [cursor.qualified(self.database)]
        while cursor.take_op(","):
            tables.append(cursor.qualified(self.database))
        self.temporary -= {parts[0] for parts in tables}
        names = [self.qualified(parts) for parts in tables]
        behaviour = " CASCADE" if cursor.take("cascade") else ""
        cursor.take("restrict")
        cursor.expect_end()
        return self._pass(f"DROP {kind.value.upper()} {clause}{', '.join(names)}{behaviour}")

    def _do_truncate(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("truncate")
        cursor.take("table")
        parts = cursor.qualified(self.database)
        cursor.expect_end()
        in_transaction = self.backend.status == "T"
        name = self.qualified(parts)
        if not in_transaction:
            return self._pass(f"TRUNCATE {name}", "TRUNCATE TABLE")
        # It commits the transaction that it is in.
        self._silent_tag(f"TRUNCATE {name}")
        self._writes |= {self._resolved(parts)[0]} - {None}
        self.backend.query("COMMIT")
        self._transaction_ended(True)
        self._send(wire.message(b"C", wire.text("TRUNCATE TABLE")))
        if self._implicit:
            self._begin_implicit()
        return "TRUNCATE TABLE"

    def _do_lock(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("lock")
        cursor.take("table")
        names = [self.qualified(cursor.qualified(self.database))]
        while cursor.take_op(","):
            names.append(self.qualified(cursor.qualified(self.database)))
        cursor.expect_end()
        return self._pass(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")

    def _do_vacuum(self, tokens):
        self.outside_transaction("VACUUM")
        cursor = Cursor(tokens)
        cursor.expect("vacuum")
        if not (cursor.take("sort", "only") or cursor.take("delete", "only") or cursor.take("full") or cursor.take("recluster")):
            cursor.take("reindex")
        table = None
        if cursor.token.is_name and not cursor.token.is_word("to", "boost"):
            table = cursor.qualified(self.database)
        if cursor.take("to"):
            cursor.number()
            cursor.expect("percent")
            if table is None:
                raise syntax_error("to")
        cursor.take("boost")
        cursor.expect_end()
        if table and not self.relation_exists(table):
            raise SqlError("42P01", f'relation "{table[-1]}" does not exist')
        if not self.server.vacuum.acquire(blocking=False):
            raise SqlError("XX000", "VACUUM is running. HINT: re-execute after other vacuum finished")
        try:
            # A table of somebody else's is passed over in silence.
            self.backend.query("VACUUM " + (self.qualified(table) if table else ""))
        finally:
            self.server.vacuum.release()
        self._send(wire.message(b"C", wire.text("VACUUM")))
        return "VACUUM"

    def _do_analyze(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("analyze")
        if cursor.take("compression"):
            self.outside_transaction("ANALYZE COMPRESSION")
            raise unsupported("the stand-in does not know ANALYZE COMPRESSION")
        cursor.take("verbose")
        if cursor.done:
            return self._pass("ANALYZE")
        parts = cursor.qualified(self.database)
        columns = f" ({', '.join(map(self.names.quote, cursor.names_in_parentheses()))})" if cursor.token.is_op("(") else ""
        if not cursor.take("predicate", "columns"):
            cursor.take("all", "columns")
        cursor.expect_end()
        return self._pass(f"ANALYZE {self.qualified(parts)}{columns}")

    def _do_grant(self, tokens):
        return self._pass(self.names.emit(tokens))

    def _do_revoke(self, tokens):
        return self._pass(self.names.emit(tokens))

    def _do_comment(self, tokens):
        return self._pass(self.names.emit(tokens))

    def _do_explain(self, tokens):
        rest = tokens[2:] if tokens[1:2] and tokens[1].is_word("verbose") else tokens[1:]
        if not rest or rest[0].is_op("("):
            raise syntax_error(rest[0].text if rest else "")
        rewriter = Rewriter(rest, self)
        return self._pass("EXPLAIN " + rewriter.run())

    # Cursors and prepared statements of SQL -----------------------------------------------------------------------------

    def _do_declare(self, tokens):
        if self.backend.status != "T":
            raise SqlError("25P01", "DECLARE CURSOR may only be used in transaction blocks")
        if self._cursor_open:
            raise SqlError("0A000", "Only one cursor can be open at a time in a session")
        at = next((i for i, t in enumerate(tokens) if t.is_word("for")), None)
        if at is None:
            raise syntax_error("")
        rewriter = Rewriter(tokens[at + 1 :], self)
        sql = rewriter.run()
        self._note_tables(rewriter)
        tag = self._pass(f"{self.names.emit(tokens[: at + 1])} {sql}")
        self._cursor_open = True
        return tag

    def _do_fetch(self, tokens):
        return self._pass(self.names.emit(tokens))

    def _do_close(self, tokens):
        self._cursor_open = False
        return self._pass(self.names.emit(tokens))

    def _do_prepare(self, tokens):
        at = next((i for i, t in enumerate(tokens) if t.is_word("as")), None)
        if at is None or at + 1 >= len(tokens):
            raise syntax_error("")
        if not tokens[at + 1].is_word(*PREPARABLE):
            raise syntax_error(tokens[at + 1].text)
        rewriter = Rewriter(tokens[at + 1 :], self)
        return self._pass(self.names.emit(tokens[: at + 1]) + " " + rewriter.run())

    def _do_execute(self, tokens):
        return self._pass(self.names.emit(tokens))

    def _do_deallocate(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("deallocate")
        cursor.take("prepare")
        token = cursor.next()
        if not token.is_name:
            raise syntax_error(token.text)
        cursor.expect_end()
        if token.is_word("all"):
            raise SqlError("26000", 'prepared statement "all" does not exist')
        return self._pass(f"DEALLOCATE {self.names.quote(token.value)}")

    # Settings -----------------------------------------------------------------------------------------------------------

    def _do_set(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("set")
        local = "LOCAL " if cursor.take("local") else ""
        if not local:
            cursor.take("session")
        if cursor.take("authorization"):
            return self._pass("SET SESSION AUTHORIZATION " + self.names.emit(cursor.rest()))
        if cursor.take("time", "zone"):
            return self._pass(f"SET {local}TIME ZONE " + self.names.emit(cursor.rest()))
        if cursor.token.is_word("transaction", "characteristics", "constraints"):
            raise syntax_error(cursor.token.text)
        token = cursor.next()
        name = token.value
        if not cursor.take("to"):
            cursor.expect_op("=")
        value_tokens = cursor.rest()
        if not value_tokens:
            raise syntax_error("")
        value = "".join(t.value for t in value_tokens)
        check_setting(name, value)
        if name == "search_path":
            self._search_path = [t.value for t in value_tokens if t.is_name or t.kind == "string"]
            return self._pass(f"SET {local}search_path TO {self.names.emit(value_tokens)}, standin")
        if name in SETTINGS:
            return self._set_own(local, name, value)
        return self._pass(f"SET {local}{name} TO {self.names.emit(value_tokens)}")

    def _set_own(self, local, name, value):
        if SETTINGS[name] in ("on", "off") and value.lower() not in ("on", "off", "true", "false", "0", "1", "default"):
            raise SqlError("22023", f'parameter "{name}" requires a Boolean value')
        if value.lower() == "default" and name != "query_group":
            value = SETTINGS[name]
        if name == "enable_case_sensitive_identifier":
            self.case_sensitive = value.lower() in ("on", "true", "1")
        if name == "query_group":
            self._label = value
        return self._pass(f"SET {local}redshift.{name} TO {quote_literal(value)}")

    def _do_reset(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("reset")
        name = cursor.next().value
        cursor.expect_end()
        if name == "all":
            raise syntax_error("all")
        if name == "search_path":
            return self._pass("SET search_path TO \"$user\", public, standin", "RESET")
        if name in SETTINGS:
            self._set_own("", name, SETTINGS[name])
            return "RESET"
        check_setting(name, "0")
        return self._pass(f"RESET {name}")

    def _do_show(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("show")
        name = cursor.next().value
        if name == "time":
            cursor.expect("zone")
            name = "timezone"
        cursor.expect_end()
        if not known(name):
            raise SqlError("42704", f'unrecognized configuration parameter "{name}"')
        if name in SETTINGS:
            default = quote_literal(SETTINGS[name])
            return self._pass(f"SELECT coalesce(nullif(current_setting('redshift.{name}', true), ''), {default}) AS {name}", "SHOW")
        if name == "server_version":
            return self._pass("SELECT '8.0.2'::varchar AS server_version", "SHOW")
        if name == "search_path":
            return self._pass("SELECT regexp_replace(current_setting('search_path'), ', standin$', '')::varchar AS search_path", "SHOW")
        return self._pass(f"SHOW {name}", "SHOW")

    def _do_cancel(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("cancel")
        pid = cursor.number()
        return self._pass(f"SELECT pg_cancel_backend({pid})", "CANCEL")

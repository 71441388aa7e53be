"""SELECT, INSERT, UPDATE, DELETE and MERGE: what Redshift refuses, and the rest as PostgreSQL understands it."""

from .errors import SqlError, not_on_tables, syntax_error, unsupported
from .lexer import END, Token, closing, split_list
from .names import quote_literal, raw
from .words import (
    AGGREGATES,
    COMPUTE_FUNCTIONS,
    FUNCTIONS,
    LEADER_FUNCTIONS,
    NEVER_IN_A_QUERY,
    NOT_FUNCTIONS,
    RESERVED,
    SETTINGS,
    WINDOW_FUNCTIONS,
)

# Words that end a list of tables.
_CLAUSES = frozenset(
    "select where group order having limit offset set on union except minus intersect values when then qualify".split()
)
_FUNCTIONS_WITH_FROM = frozenset(("extract", "substring", "trim", "overlay", "position"))
_DATE_FUNCTIONS = frozenset(("dateadd", "datediff", "date_diff", "date_add"))
_RENAMED = {
    "nvl": "coalesce",
    "isnull": "coalesce",
    "textlen": "length",
    "getdate": "standin.getdate",
    "version": "standin.version",
    "current_schemas": "standin.current_schemas",
    "len": "standin.len",
    "charindex": "standin.charindex",
    "strtol": "standin.strtol",
    "is_valid_json": "standin.is_valid_json",
    "any_value": "standin.any_value",
    "dateadd": "standin.dateadd",
    "date_add": "standin.dateadd",
    "datediff": "standin.datediff",
    "date_diff": "standin.datediff",
    "dlog10": "log",
    "dexp": "exp",
    "json_parse": "jsonb",
}
_UNSUPPORTED_OPERATORS = ("->", "->>", "@>", "<@", "=>", ":=", "&&", "?")

# PostgreSQL's catalog as its clients may see it here. All of the leader node.
LEADER_RELATIONS = frozenset(
    """pg_table_def svv_columns svv_all_columns svv_redshift_columns svv_tables svv_all_tables svv_redshift_tables
    svv_all_schemas svv_redshift_schemas svv_user_info pg_namespace pg_class pg_attribute pg_user pg_stat_activity
    information_schema_columns information_schema_tables information_schema_schemata""".split()
)
SYSTEM_RELATIONS = frozenset(
    """svv_table_info stv_slices stv_node_storage_capacity stv_partitions stv_db_isolation_level stv_sessions
    svv_vacuum_progress svv_transactions stl_load_errors stl_loaderror_detail stl_load_commits sys_load_error_detail
    sys_load_detail sys_load_history sys_query_history""".split()
)
NOT_ON_SERVERLESS = ("stl_", "stv_", "svl_", "svcs_")


class Relation:
    """A table that a statement names, and what becomes of it."""

    def __init__(self, parts, target):
        self.parts = parts  # (schema, name) or (name,)
        self.target = target

    @property
    def name(self):
        return self.parts[-1]

    @property
    def system(self):
        """Its name in the stand-in's schema, if it is one of Redshift's own."""
        if len(self.parts) == 2 and self.parts[0] == "information_schema":
            name = "information_schema_" + self.name
        elif len(self.parts) == 1 or self.parts[0] == "pg_catalog":
            name = self.name
        else:
            return None
        return name if name in LEADER_RELATIONS or name in SYSTEM_RELATIONS else None

    @property
    def of_leader(self):
        return self.system in LEADER_RELATIONS or (
            self.parts[0] in ("pg_catalog", "information_schema")
            or (len(self.parts) == 1 and self.name.startswith("pg_"))
        ) and not self.system

    @property
    def of_user(self):
        return not self.system and not self.of_leader


class Rewriter:
    """One statement of DML or a query. `relations` is complete after `run`."""

    def __init__(self, tokens, session):
        self.tokens = tokens
        self.session = session
        self.relations = []
        self.functions = set()
        self.kind = tokens[0].value if tokens[0].kind == "word" else ""
        self._ctes = set()

    def run(self):
        """PostgreSQL's text."""
        tokens = self.tokens
        self._refuse_what_is_not_there(tokens)
        at = self._main_verb()
        self.kind = tokens[at].value if tokens[at].kind == "word" else ""
        if at and self.kind in ("insert", "merge") and tokens[0].is_word("with"):
            raise syntax_error(tokens[at].text)
        if self.kind == "merge":
            tokens = self._check_merge(tokens)
        elif self.kind == "delete":
            tokens = self._check_delete(tokens, at)
        elif self.kind == "insert":
            self._check_insert(tokens, at)
        elif self.kind == "update":
            self._check_update(tokens, at)
        elif self.kind not in ("select", "("):
            raise syntax_error(tokens[at].text)
        text = self.session.names.emit(self._rewrite(tokens))
        self._check_places()
        return text

    def _main_verb(self):
        """Past WITH: the index of SELECT, INSERT, UPDATE, DELETE or MERGE."""
        tokens, i = self.tokens, 0
        if tokens[0].is_op("("):
            self.kind = "select"
            return next((k for k, t in enumerate(tokens) if not t.is_op("(")), 0)
        if not tokens[0].is_word("with"):
            return 0
        i = 1
        if self._at(i).is_word("recursive"):
            i += 1
        while True:
            if not self._at(i).is_name:
                raise syntax_error(self._at(i).text)
            self._ctes.add(self._at(i).value)
            i += 1
            if self._at(i).is_op("("):
                i = closing(tokens, i) + 1
            if not self._at(i).is_word("as") or not self._at(i + 1).is_op("("):
                raise syntax_error(self._at(i).text)
            if not self._at(i + 2).is_word("select", "with") and not self._at(i + 2).is_op("("):
                raise syntax_error(self._at(i + 2).text)
            i = closing(tokens, i + 1) + 1
            if not self._at(i).is_op(","):
                return i
            i += 1

    def _at(self, i, tokens=None):
        tokens = self.tokens if tokens is None else tokens
        return tokens[i] if 0 <= i < len(tokens) else END

    # What is refused wherever it stands -----------------------------------------------------------------------------

    def _refuse_what_is_not_there(self, tokens):
        values = [t.value if t.kind in ("word", "op") else "" for t in tokens] + ["", "", "", ""]
        for i, token in enumerate(tokens):
            before = values[i - 1] if i else ""
            if token.kind == "op":
                if token.value in _UNSUPPORTED_OPERATORS or token.value in ("[", "]", ":", "@"):
                    raise syntax_error(token.text)
                continue
            if token.kind != "word" or before in (".", "as"):
                continue
            word, after = token.value, values[i + 1]
            if word in NEVER_IN_A_QUERY:
                raise syntax_error(token.text)
            if word == "returning" or word == "lateral" or word == "tablesample":
                raise syntax_error(token.text)
            if word == "on" and after == "conflict":
                raise syntax_error(token.text)
            if word == "distinct" and (after == "on" or (after == "from" and (before in ("is", "not")))):
                raise syntax_error(values[i + 1])
            if word == "filter" and after == "(" and before == ")":
                raise syntax_error("(")
            if word == "array" or (word == "row" and after == "("):
                raise unsupported("ARRAY and ROW constructors are not supported")
            if word == "collate" and after != "(":
                raise syntax_error(token.text)
            if word == "window" and self._at(i + 2).is_word("as"):
                raise syntax_error(token.text)
            if word == "for" and after in ("update", "share"):
                raise unsupported("SELECT FOR UPDATE/SHARE is not supported")
            if word == "fetch" and after in ("first", "next"):
                raise syntax_error(token.text)
            if word == "values" and not self._values_belong(i):
                raise syntax_error(token.text)
            if word in ("range", "groups") and before not in (",", "(") and after in ("between", "unbounded", "current"):
                raise syntax_error(token.text)
            if word == "top" and before in ("select", "distinct"):
                raise unsupported("the stand-in does not know SELECT TOP; use LIMIT")

    def _values_belong(self, i):
        """VALUES stands only in an INSERT, not as a table."""
        if any(t.is_op("(") for t in self.tokens[:i]):
            depth = sum(1 if t.is_op("(") else -1 if t.is_op(")") else 0 for t in self.tokens[:i])
            if depth:
                return False
        return any(t.is_word("insert") for t in self.tokens[:i])

    # Each kind of statement -------------------------------------------------------------------------------------------

    def _name_end(self, i):
        """Past a qualified name that starts at i."""
        if not self._at(i).is_name:
            raise syntax_error(self._at(i).text)
        if self._at(i).kind == "word" and self._at(i).value in RESERVED:
            raise syntax_error(self._at(i).text)
        i += 1
        while self._at(i).is_op("."):
            i += 2
        return i

    def _check_insert(self, tokens, at):
        if not self._at(at + 1).is_word("into"):
            raise syntax_error(self._at(at + 1).text)
        i = self._name_end(at + 2)
        if self._at(i).is_op("(") and not self._at(i + 1).is_word("select", "with"):
            end = closing(tokens, i)
            for part in split_list(tokens[i + 1 : end]):
                if len(part) != 1 or not part[0].is_name or (part[0].kind == "word" and part[0].value in RESERVED):
                    raise syntax_error(part[-1].text if part else ")")
            i = end + 1
        if self._at(i).is_word("default"):
            return
        if not (self._at(i).is_word("values", "select", "with") or self._at(i).is_op("(")):
            raise syntax_error(self._at(i).text)
        if self._at(i).is_word("values"):
            for token, following in zip(tokens[i:], tokens[i + 1 :]):
                if token.is_op("(") and following.is_word("select"):
                    raise unsupported("INSERT VALUES does not support subqueries")

    def _check_update(self, tokens, at):
        i = self._name_end(at + 1)
        if self._at(i).is_word("as"):
            i += 1
        if not self._at(i).is_word("set"):
            i += 1
        if not self._at(i).is_word("set"):
            raise syntax_error(self._at(i).text)
        end = next(
            (k for k in range(i, len(tokens)) if tokens[k].is_word("from", "where") and self._depth(tokens, i, k) == 0),
            len(tokens),
        )
        for part in split_list(tokens[i + 1 : end]):
            if len(part) < 3 or not part[0].is_name or not part[1].is_op("="):
                raise syntax_error(part[1].text if len(part) > 1 else "")
        self._refuse_outer_join(tokens[end:])

    def _check_delete(self, tokens, at):
        if not self._at(at + 1).is_word("from"):
            # FROM may be left out, except before USING.
            tokens = tokens[: at + 1] + [Token("word", "from", "from")] + tokens[at + 1 :]
            if any(t.is_word("using") for t in tokens):
                raise syntax_error(self._at(at + 1).text)
            self.tokens = tokens
        i = self._name_end(at + 2)
        if i < len(tokens) and not tokens[i].is_word("using", "where"):
            raise syntax_error(tokens[i].text)
        if self._at(i).is_word("using") and self._at(i + 1).is_op("("):
            raise unsupported("DELETE USING a subquery is not in the documented grammar; use a table")
        self._refuse_outer_join(tokens[i:])
        return tokens

    @staticmethod
    def _depth(tokens, start, end):
        return sum(1 if t.is_op("(") else -1 if t.is_op(")") else 0 for t in tokens[start:end])

    @staticmethod
    def _refuse_outer_join(tokens):
        depth = 0
        for token, following in zip(tokens, tokens[1:] + [END]):
            depth += 1 if token.is_op("(") else -1 if token.is_op(")") else 0
            if depth == 0 and token.is_word("left", "right", "full") and following.is_word("join", "outer"):
                raise unsupported("Target table must be part of an equijoin predicate")

    def _check_merge(self, tokens):
        """MERGE INTO t USING s [AS a] ON .. WHEN MATCHED THEN .. WHEN NOT MATCHED THEN .. or REMOVE DUPLICATES."""
        if not self._at(1).is_word("into"):
            raise syntax_error(self._at(1).text)
        i = self._name_end(2)
        target = tuple(t.value for t in tokens[2:i] if t.is_name)
        if not self._at(i).is_word("using"):
            raise syntax_error(self._at(i).text)
        if self._at(i + 1).is_op("("):
            raise unsupported("MERGE USING a subquery is not supported; use a table")
        source_start = i + 1
        i = self._name_end(source_start)
        source = tuple(t.value for t in tokens[source_start:i] if t.is_name)
        if source == target:
            raise unsupported("the source and target tables of MERGE must be different")
        alias = None
        if self._at(i).is_word("as"):
            i += 1
        if self._at(i).is_name and not self._at(i).is_word("on"):
            alias = self._at(i)
            i += 1
        if not self._at(i).is_word("on"):
            raise syntax_error(self._at(i).text)
        on_start = i + 1
        end = next((k for k in range(i, len(tokens)) if tokens[k].is_word("when", "remove")), len(tokens))
        condition = tokens[on_start:end]
        if any(t.is_word("or", "like", "between", "in", "not") or t.is_op("<", ">", "<=", ">=", "<>", "!=") for t in condition):
            raise unsupported("MERGE supports only equality predicates in its ON clause")
        if self._at(end).is_word("remove"):
            if not self._at(end + 1).is_word("duplicates") or end + 2 != len(tokens):
                raise syntax_error(self._at(end + 1).text)
            return self._remove_duplicates(
                tokens[2 : source_start - 1], tokens[source_start : source_start + 2 * len(source) - 1], alias, condition
            )
        whens = [k for k in range(end, len(tokens)) if tokens[k].is_word("when") and self._depth(tokens, end, k) == 0 and self._at(k + 1).is_word("matched", "not")]
        kinds = ["not" if self._at(k + 1).is_word("not") else "matched" for k in whens]
        if kinds != ["matched", "not"]:
            raise syntax_error("" if len(kinds) < 2 else self._at(whens[-1]).text)
        first = tokens[whens[0] : whens[1]]
        second = tokens[whens[1] :]
        if not first[2].is_word("then"):
            raise syntax_error(first[2].text)
        if first[3].is_word("update"):
            for part in split_list(first[5:]):
                if len(part) < 3 or not part[1].is_op("="):
                    raise syntax_error(part[1].text if len(part) > 1 else "")
        elif not (first[3].is_word("delete") and len(first) == 4):
            raise syntax_error(first[3].text)
        if len(second) < 5 or not second[3].is_word("then") or not second[4].is_word("insert"):
            raise syntax_error(second[3].text if len(second) > 3 else "")
        return tokens

    @staticmethod
    def _remove_duplicates(target, source, alias, condition):
        """Matched rows go, and each row of the source comes once."""
        named = list(source) + ([alias] if alias else [])
        word = [Token("word", w, w) for w in ("from", "using", "where", "into")]
        return [
            raw("WITH gone AS (DELETE"), word[0], *target, word[1], *named, word[2], *condition, raw(") INSERT"), word[3], *target,
            raw("SELECT DISTINCT *"), word[0], *source,
        ]  # fmt: skip

    # The rewriting ----------------------------------------------------------------------------------------------------

    def _rewrite(self, tokens):
        out = []
        levels = [_Level(None)]
        i = 0
        while i < len(tokens):
            token = tokens[i]
            before = tokens[i - 1] if i else END
            after = tokens[i + 1] if i + 1 < len(tokens) else END
            level = levels[-1]
            if token.is_op("("):
                opened_by = before.value if before.kind == "word" else None
                levels.append(_Level(opened_by))
                if level.expects_table and not after.is_word("select", "with"):
                    levels[-1].expects_table = True
                    levels[-1].in_from = True
                level.expects_table = False
            elif token.is_op(")"):
                if len(levels) > 1:
                    levels.pop()
            elif token.is_op(","):
                level.expects_table = level.in_from
            elif token.kind == "word" and not before.is_op(".") and not before.is_word("as"):
                if token.value == "from" and level.opened_by not in _FUNCTIONS_WITH_FROM:
                    level.in_from = level.expects_table = True
                elif token.value == "join":
                    level.in_from = level.expects_table = True
                elif token.value == "using" and len(levels) == 1 and self.kind in ("delete", "merge") and not after.is_op("("):
                    level.in_from = level.expects_table = True
                elif token.value == "into":
                    level.expects_table = True
                elif token.value == "update" and i == 0 or token.value == "update" and before.is_op(")"):
                    level.expects_table = True
                elif token.value in _CLAUSES:
                    if not (token.value == "on" or token.value == "set" and self.kind == "update" and level.in_from):
                        level.in_from = False
                    level.expects_table = False
                    if token.value == "minus":
                        token = raw("EXCEPT")
                elif level.expects_table:
                    i = self._table(tokens, i, out, level)
                    continue
                else:
                    following = self._word(tokens, i, before, after, out)
                    if following is not None:
                        i = following
                        continue
            elif token.kind == "name" and level.expects_table:
                i = self._table(tokens, i, out, level)
                continue
            elif token.is_op("::"):
                out.append(token)
                i = self._type(tokens, i + 1, out)
                continue
            out.append(token)
            i += 1
        return out

    def _table(self, tokens, i, out, level):
        """A table's name where one is expected."""
        level.expects_table = False
        target = bool(out) and (
            out[-1].is_word("into", "update") or (self.kind == "delete" and out[-1].is_word("from") and not self.relations)
        )
        start = i
        parts = [tokens[i].value]
        if tokens[i].kind == "word" and tokens[i].value in RESERVED:
            raise syntax_error(tokens[i].text)
        i += 1
        while i + 1 < len(tokens) and tokens[i].is_op(".") and tokens[i + 1].is_name:
            parts.append(tokens[i + 1].value)
            i += 2
        if len(parts) == 3:
            if parts[0] != self.session.database:
                raise unsupported("cross-database reference to a table of another database is not supported here")
            parts = parts[1:]
            start += 2
        if i < len(tokens) and tokens[i].is_op("(") and not target:
            if parts[-1] != "generate_series":
                raise unsupported("table functions are not supported")
            self.functions.add("generate_series")
            out.append(raw("pg_catalog.generate_series"))
            return i
        if len(parts) == 1 and parts[0] in self._ctes:
            out.append(tokens[start])
            return i
        relation = Relation(tuple(parts), target)
        self.relations.append(relation)
        self._check_relation(relation)
        if relation.system:
            out.append(raw("standin." + relation.system))
        else:
            out.extend(tokens[start:i])
        return i

    def _check_relation(self, relation):
        if relation.of_user:
            low = relation.name if len(relation.parts) == 1 else ""
        else:
            low = relation.name
        if self.session.server.serverless and low.startswith(NOT_ON_SERVERLESS):
            raise SqlError("42501", f"permission denied for relation {low}")
        if relation.system and relation.target:
            raise SqlError("42501", f"permission denied for relation {relation.name}")

    def _word(self, tokens, i, before, after, out):
        """A word outside of a table's place: the index to go on at, if it was rewritten."""
        token = tokens[i]
        if after.is_op("(") and token.value not in NOT_FUNCTIONS and not before.is_op(")") and not (
            before.is_name and before.value not in RESERVED and before.value not in ("then", "else", "when", "and", "approximate", "by", "limit", "returns", "values", "set", "between", "like", "exists")
        ):
            return self._call(tokens, i, out)
        if token.value == "sysdate":
            out.append(raw("standin.sysdate()"))
            return i + 1
        if token.value in ("current_timestamp", "current_time", "localtime", "localtimestamp"):
            self.functions.add(token.value)
        if token.value == "approximate" and after.is_word("count", "percentile_disc"):
            return i + 1
        if token.value in ("ignore", "respect") and after.is_word("nulls"):
            return self._nulls_after_call(tokens, i, out)
        if token.value == "as" and self._in_cast(tokens, i):
            out.append(token)
            return self._type(tokens, i + 1, out)
        return None

    @staticmethod
    def _in_cast(tokens, i):
        depth = 0
        for k in range(i - 1, -1, -1):
            if tokens[k].is_op(")"):
                depth += 1
            elif tokens[k].is_op("("):
                if depth == 0:
                    return k > 0 and tokens[k - 1].is_word("cast")
                depth -= 1
        return False

    def _type(self, tokens, i, out):
        """A type's name in a cast: VARCHAR without a length is one of 256, DECIMAL one of (18,0)."""
        token = tokens[i] if i < len(tokens) else END
        following = tokens[i + 1] if i + 1 < len(tokens) else END
        if not token.is_name:
            raise syntax_error(token.text)
        kind = token.value
        length = following.is_op("(")
        if kind in ("varchar", "nvarchar", "text", "bpchar", "nchar", "character") or kind == "char":
            name = "varchar" if kind in ("varchar", "nvarchar", "text") else "bpchar"
            i += 1
            if kind == "character" and following.is_word("varying"):
                name, i = "varchar", i + 1
                length = i < len(tokens) and tokens[i].is_op("(")
            if not length:
                out.append(raw(f"{name}({256 if name == 'varchar' or kind == 'bpchar' else 1})"))
                return i
            end = closing(tokens, i)
            if tokens[i + 1].is_word("max"):
                out.append(raw(f"{name}({65535 if name == 'varchar' else 4096})"))
            else:
                out.append(raw(name))
                out.extend(tokens[i : end + 1])
            return end + 1
        if kind in ("decimal", "numeric", "dec") and not length:
            out.append(raw("numeric(18,0)"))
            return i + 1
        if kind == "super":
            out.append(raw("jsonb"))
            return i + 1
        if kind in ("uuid", "json", "jsonb", "bytea", "money", "inet", "cidr", "xml", "bit", "serial", "bigserial"):
            raise SqlError("42704", f'type "{kind}" does not exist')
        out.append(token)
        return i + 1

    def _call(self, tokens, i, out):
        """A function's call: its arguments are rewritten by themselves where their shape changes."""
        name = tokens[i].value
        if name not in FUNCTIONS:
            raise SqlError(
                "42883",
                f"function {name}() does not exist",
                hint="No function matches the given name and argument types. You may need to add explicit type casts.",
            )
        self.functions.add(name)
        end = closing(tokens, i + 1)
        arguments = tokens[i + 2 : end]
        self._check_window(name, tokens, end)
        if name == "listagg":
            return self._listagg(tokens, end, arguments, out)
        if name in ("first_value", "last_value"):
            return self._first_or_last(name, tokens, end, arguments, out)
        if name in _DATE_FUNCTIONS and arguments and arguments[0].kind == "word":
            out.append(raw(_RENAMED[name] + "("))
            out.append(raw(quote_literal(arguments[0].value)))
            out.extend(self._rewrite_part(arguments[1:]))
            out.append(raw(")"))
            return end + 1
        if name == "nvl2":
            parts = split_list(arguments)
            if len(parts) != 3:
                raise SqlError("42883", "function nvl2() does not exist")
            a, b, c = ([*self._rewrite_part(p)] for p in parts)
            out.extend([raw("CASE WHEN ("), *a, raw(") IS NOT NULL THEN"), *b, raw("ELSE"), *c, raw("END")])
            return end + 1
        if name in ("pg_last_copy_id", "pg_last_copy_count", "pg_last_query_id"):
            out.append(raw(f"standin.{name}({getattr(self.session, name[3:])})"))
            return end + 1
        if name == "current_setting" and arguments and arguments[0].value.lower() in SETTINGS:
            out.extend([tokens[i], tokens[i + 1], raw(quote_literal("redshift." + arguments[0].value.lower())), *arguments[1:], tokens[end]])
            return end + 1
        if name.startswith("has_"):
            out.extend([tokens[i], tokens[i + 1], *map(self._short_in_string, arguments), tokens[end]])
            return end + 1
        if name in _RENAMED:
            out.append(raw(_RENAMED[name]))
            return i + 1
        return None if name == "cast" else self._keep(tokens[i], out, i)

    def _short_in_string(self, token):
        """The name of a table in a string."""
        if token.kind != "string":
            return token
        return raw(quote_literal(".".join(self.session.names.short(part) for part in token.value.split("."))))

    @staticmethod
    def _keep(token, out, i):
        out.append(token)
        return i + 1

    def _rewrite_part(self, tokens):
        return self._rewrite(tokens) if tokens else []

    def _check_window(self, name, tokens, end):
        """OVER (...) as Redshift has it: an ORDER BY of an aggregate needs a frame, a ranking has none."""
        i = end + 1
        if self._at(i, tokens).is_word("ignore", "respect"):
            i += 2
        if not self._at(i, tokens).is_word("over"):
            if name in WINDOW_FUNCTIONS:
                raise syntax_error(self._at(i, tokens).text)
            return
        if not self._at(i + 1, tokens).is_op("("):
            raise syntax_error(self._at(i + 1, tokens).text)
        inner = tokens[i + 2 : closing(tokens, i + 1)]
        depth, words = 0, set()
        for token in inner:
            depth += 1 if token.is_op("(") else -1 if token.is_op(")") else 0
            if depth == 0 and token.kind == "word":
                words.add(token.value)
        needs_frame = name in AGGREGATES - {"listagg", "median"} or name in ("first_value", "last_value", "nth_value")
        if needs_frame and "order" in words and "rows" not in words:
            raise SqlError("42601", "Aggregate window functions with an ORDER BY clause require a frame clause")
        if name in ("row_number", "rank", "dense_rank", "lag", "lead", "ntile") and "rows" in words:
            raise SqlError("42601", f"A frame clause is not allowed for the window function {name}")
        if name in ("lag", "lead") and "order" not in words:
            raise SqlError("42601", f"Window function {name} requires an ORDER BY clause")

    def _listagg(self, tokens, end, arguments, out):
        distinct = bool(arguments) and arguments[0].is_word("distinct")
        parts = split_list(arguments[1:] if distinct else arguments)
        separator = parts[1] if len(parts) > 1 else [raw("''")]
        order = []
        if self._at(end + 1, tokens).is_word("within"):
            if not self._at(end + 2, tokens).is_word("group") or not self._at(end + 3, tokens).is_op("("):
                raise syntax_error(self._at(end + 2, tokens).text)
            close = closing(tokens, end + 3)
            order = tokens[end + 4 : close]
            end = close
        out.append(raw("string_agg(" + ("DISTINCT" if distinct else "")))
        out.extend([raw("("), *self._rewrite_part(parts[0]), raw(")::pg_catalog.text,"), *separator])
        out.extend(self._rewrite_part(order))
        out.append(raw(")"))
        return end + 1

    def _first_or_last(self, name, tokens, end, arguments, out):
        ignore = False
        if len(arguments) > 2 and arguments[-1].is_word("nulls") and arguments[-2].is_word("ignore", "respect"):
            ignore = arguments[-2].is_word("ignore")
            arguments = arguments[:-2]
        following = end + 1
        if self._at(following, tokens).is_word("ignore", "respect") and self._at(following + 1, tokens).is_word("nulls"):
            ignore = ignore or self._at(following, tokens).is_word("ignore")
            following += 2
        out.append(raw(f"standin.{name}_ignore_nulls(" if ignore else f"{name}("))
        out.extend(self._rewrite_part(arguments))
        out.append(raw(")"))
        return following

    def _nulls_after_call(self, tokens, i, out):
        if tokens[i].is_word("respect"):
            return i + 2
        raise unsupported("the stand-in knows IGNORE NULLS only for FIRST_VALUE and LAST_VALUE")

    # Where it may run ---------------------------------------------------------------------------------------------------

    def _check_places(self):
        on_compute = [r for r in self.relations if not r.of_leader]
        leader = sorted(
            (self.functions & LEADER_FUNCTIONS)
            | (self.functions & {"current_timestamp", "current_time", "localtime", "localtimestamp"})
        )
        if leader and on_compute:
            raise not_on_tables(f'Function "{name}()" not supported.' for name in leader)
        users = [r for r in self.relations if r.of_user]
        leaders = [r for r in self.relations if r.of_leader]
        if users and leaders:
            raise not_on_tables(f'Column "{r.name}.*" has unsupported type "name".' for r in leaders)
        if self.functions & COMPUTE_FUNCTIONS and not on_compute:
            raise unsupported(
                "One or more of the used functions must be applied on at least one user created tables. "
                "Examples of user table only functions are LISTAGG, MEDIAN, PERCENTILE_CONT, etc"
            )


class _Level:
    """What is known inside a pair of parentheses."""

    def __init__(self, opened_by):
        self.opened_by = opened_by
        self.in_from = False
        self.expects_table = False

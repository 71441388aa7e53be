"""CREATE and ALTER TABLE: parsed whole, so that what PostgreSQL has no word for is recorded and the rest rebuilt."""

from .cursor import Cursor
from .errors import SqlError, syntax_error, unsupported
from .lexer import END, split_list
from .names import quote_literal
from .query import Rewriter
from .types import KEY_TYPES, ColumnType, parse_type
from .words import ENCODINGS, SYSTEM_COLUMNS

COLUMNS_MAX = 1600
SORTKEYS_MAX = 400
INTERLEAVED_MAX = 8
_UNRESIZABLE = ("bytedict", "runlength", "text255", "text32k")


class Column:
    def __init__(self, name):
        self.name = name
        self.type = None
        self.default = None
        self.identity = None  # (ALWAYS or BY DEFAULT, seed, step)
        self.encoding = None
        self.not_null = False
        self.distkey = self.sortkey = self.constrained = False


class Table:
    """What CREATE TABLE says besides its columns."""

    def __init__(self):
        self.columns = []
        self.diststyle = None
        self.distkey = None
        self.sortkeys = []
        self.interleaved = False
        self.constrained = []
        self.like = None  # (name, including defaults)

    @property
    def recorded_style(self):
        if self.distkey:
            return f"KEY({self.distkey})"
        return self.diststyle if self.diststyle in ("EVEN", "ALL") else "AUTO(ALL)"


def check_column_name(name):
    if name in SYSTEM_COLUMNS:
        raise SqlError("42701", f'column name "{name}" conflicts with a system column name')
    return name


class Ddl:
    """Makes PostgreSQL's statements of one CREATE TABLE or ALTER TABLE."""

    def __init__(self, session):
        self.session = session
        self.quote = session.names.quote

    def qualified(self, parts):
        return ".".join(self.quote(part) for part in parts)

    # CREATE TABLE -----------------------------------------------------------------------------------------------------

    def create_table(self, tokens):
        """A list of statements; the first is the one whose tag and notices the client sees."""
        cursor = Cursor(tokens)
        cursor.expect("create")
        temporary = False
        if cursor.take("local"):
            if not cursor.token.is_word("temp", "temporary"):
                raise syntax_error(cursor.token.text)
        if cursor.take("temp") or cursor.take("temporary"):
            temporary = True
        cursor.expect("table")
        if_not_exists = cursor.take("if", "not", "exists")
        parts = cursor.qualified(self.session.database)
        if parts[-1].startswith("#"):
            temporary = True
        if temporary and len(parts) > 1:
            raise SqlError("42P16", "cannot create temporary relation in non-temporary schema")
        self.session.check_room()
        if temporary:
            self.session.temporary.add(parts[0])
        name = self.qualified(parts)
        head = f"CREATE {'TEMP ' if temporary else ''}TABLE {'IF NOT EXISTS ' if if_not_exists else ''}{name}"
        if cursor.token.is_op("(") and not cursor.peek().is_word("select", "with"):
            return self._create_from_list(cursor, head, parts, temporary, if_not_exists)
        return self._create_as(cursor, head, parts, temporary)

    def _create_from_list(self, cursor, head, parts, temporary, if_not_exists):
        inner = cursor.parenthesised()
        if cursor.token.is_word("as") or (cursor.token.is_word("select")):
            raise unsupported("the stand-in does not know CREATE TABLE t (columns) AS")
        table = Table()
        for item in split_list(inner):
            self._table_item(Cursor(item), table)
        self._table_attributes(cursor, table)
        cursor.expect_end()
        self._settle_keys(table, temporary)
        definitions = [self._definition(column) for column in table.columns]
        if table.like:
            source, defaults = table.like
            definitions.insert(
                0, f"LIKE {self.qualified(source)} INCLUDING CONSTRAINTS" + (" INCLUDING DEFAULTS" if defaults else "")
            )
        statements = [f"{head} ({', '.join(definitions)})"]
        if if_not_exists and self.session.relation_exists(parts):
            return statements
        return statements + self._records(parts, table)

    def _create_as(self, cursor, head, parts, temporary):
        table = Table()
        self._table_attributes(cursor, table)
        cursor.expect("as")
        rest = cursor.rest()
        while rest and rest[0].is_op("(") and rest[-1].is_op(")"):
            rest = rest[1:-1]
        rewriter = Rewriter(rest, self.session)
        select = rewriter.run()
        if rewriter.kind != "select":
            raise syntax_error(rest[0].text)
        self.session.check_readable(rewriter)
        self._settle_keys(table, temporary, known=False)
        return [f"{head} AS {select}"] + self._records(parts, table) + [f"SELECT standin.after_ctas({self._regclass(parts)})"]

    def _table_item(self, cursor, table):
        if cursor.take("like"):
            source = cursor.qualified(self.session.database)
            defaults = False
            if cursor.take("including"):
                cursor.expect("defaults")
                defaults = True
            elif cursor.take("excluding"):
                cursor.expect("defaults")
            cursor.expect_end()
            table.like = (source, defaults)
            return
        if cursor.token.is_word("constraint", "primary", "unique", "foreign", "check", "exclude"):
            self._table_constraint(cursor, table)
            return
        table.columns.append(self._column(cursor))
        if len(table.columns) > COLUMNS_MAX:
            raise SqlError("54011", f"tables can have at most {COLUMNS_MAX} columns")

    def _table_constraint(self, cursor, table):
        if cursor.take("constraint"):
            cursor.name()
        if cursor.take("primary"):
            cursor.expect("key")
            names = cursor.names_in_parentheses()
            for column in table.columns:
                if column.name in names:
                    column.not_null = True
            table.constrained += names
        elif cursor.take("unique"):
            table.constrained += cursor.names_in_parentheses()
        elif cursor.take("foreign"):
            cursor.expect("key")
            table.constrained += cursor.names_in_parentheses()
            cursor.expect("references")
            cursor.qualified(self.session.database)
            if cursor.token.is_op("("):
                cursor.names_in_parentheses()
        else:
            raise unsupported(f"{cursor.token.value.upper()} constraints are not supported")
        cursor.expect_end()

    def _column(self, cursor):
        column = Column(check_column_name(cursor.name()))
        column.type = parse_type(cursor)
        if cursor.token.is_op("["):
            raise unsupported(f'Column "{column.name}" has unsupported type "{column.type.base}[]".')
        while not cursor.done:
            self._column_attribute(cursor, column)
        return column

    def _column_attribute(self, cursor, column):
        if cursor.take("not", "null"):
            column.not_null = True
        elif cursor.take("null"):
            pass
        elif cursor.take("default"):
            column.default = self._default(cursor)
        elif cursor.take("identity"):
            column.identity = ("ALWAYS", *self._seed(cursor, column))
        elif cursor.take("generated"):
            if cursor.take("by", "default", "as", "identity"):
                column.identity = ("BY DEFAULT", *self._seed(cursor, column))
            else:
                raise syntax_error(cursor.token.text)
        elif cursor.take("encode"):
            column.encoding = self._encoding(cursor, column)
        elif cursor.take("distkey"):
            column.distkey = True
        elif cursor.take("sortkey"):
            column.sortkey = True
        elif cursor.take("primary", "key"):
            column.not_null = column.constrained = True
        elif cursor.take("unique"):
            column.constrained = True
        elif cursor.take("references"):
            cursor.qualified(self.session.database)
            if cursor.token.is_op("("):
                cursor.names_in_parentheses()
            column.constrained = True
        elif cursor.take("collate"):
            if not cursor.next().is_word("case_sensitive", "case_insensitive", "cs", "ci"):
                raise syntax_error(cursor.tokens[cursor.at - 1].text)
        elif cursor.take("check"):
            raise unsupported("CHECK constraints are not supported")
        else:
            raise syntax_error(cursor.token.text)

    def _default(self, cursor):
        """Up to the next attribute's word."""
        stops = ("not", "null", "identity", "generated", "encode", "distkey", "sortkey", "primary", "unique", "references", "collate")
        tokens, depth = [], 0
        while not cursor.done:
            token = cursor.token
            if depth == 0 and tokens and token.is_word(*stops):
                break
            depth += 1 if token.is_op("(") else -1 if token.is_op(")") else 0
            if token.is_word("select"):
                raise unsupported("cannot use subquery in default expression")
            tokens.append(cursor.next())
        if not tokens:
            raise syntax_error("")
        rewriter = Rewriter([END] + tokens, self.session)
        return self.session.names.emit(rewriter._rewrite(tokens))

    def _seed(self, cursor, column):
        if column.type.base not in ("int4", "int8"):
            raise SqlError("0A000", f'identity column "{column.name}" must be of type INT or BIGINT')
        inner = cursor.parenthesised()
        numbers = [t.value for t in inner if t.kind == "number"]
        if len(numbers) != 2:
            raise syntax_error(inner[0].text if inner else ")")
        return numbers

    @staticmethod
    def _encoding(cursor, column):
        token = cursor.next()
        if not token.is_name or token.value not in ENCODINGS:
            raise SqlError("42601", f'invalid encoding type "{token.value}"')
        column.type.check_encoding(token.value, column.name)
        return token.value

    def _table_attributes(self, cursor, table):
        while not cursor.done and not cursor.token.is_word("as"):
            if cursor.take("diststyle"):
                token = cursor.next()
                if not token.is_word("auto", "even", "key", "all"):
                    raise syntax_error(token.text)
                table.diststyle = token.value.upper()
            elif cursor.take("distkey"):
                names = cursor.names_in_parentheses()
                if len(names) != 1:
                    raise syntax_error(",")
                table.distkey = names[0]
            elif cursor.token.is_word("compound", "interleaved", "sortkey"):
                table.interleaved = cursor.take("interleaved")
                cursor.take("compound")
                cursor.expect("sortkey")
                if not cursor.take("auto"):
                    table.sortkeys = cursor.names_in_parentheses()
            elif cursor.take("backup"):
                if not cursor.next().is_word("yes", "no"):
                    raise syntax_error(cursor.tokens[cursor.at - 1].text)
            elif cursor.take("encode"):
                cursor.expect("auto")
            else:
                raise syntax_error(cursor.token.text)

    def _settle_keys(self, table, temporary, known=True):
        """Keys of columns and of the table are one; what excludes each other is refused."""
        if table.like and (table.diststyle or table.distkey or table.sortkeys):
            raise SqlError("42601", "cannot specify DISTSTYLE, DISTKEY or SORTKEY with LIKE")
        columns = {column.name: column for column in table.columns}
        keys = [c.name for c in table.columns if c.distkey] + ([table.distkey] if table.distkey else [])
        if len(keys) > 1:
            raise SqlError("42601", "cannot specify more than one distribution key")
        table.distkey = keys[0] if keys else None
        if table.distkey and table.diststyle not in (None, "KEY"):
            raise SqlError("42601", f"DISTSTYLE {table.diststyle} cannot be specified with a distribution key")
        if table.diststyle == "KEY" and not table.distkey:
            raise SqlError("42601", "DISTSTYLE KEY needs a distribution key")
        of_columns = [c.name for c in table.columns if c.sortkey]
        if of_columns and table.sortkeys:
            raise SqlError("42601", "sort keys cannot be specified both at column and table level")
        table.sortkeys = table.sortkeys or of_columns
        if len(table.sortkeys) > (INTERLEAVED_MAX if table.interleaved else SORTKEYS_MAX):
            raise SqlError("54011", f"a table can have at most {INTERLEAVED_MAX if table.interleaved else SORTKEYS_MAX} sort key columns")
        if known and not table.like:
            for name in table.sortkeys + keys:
                if name not in columns:
                    raise SqlError("42703", f'column "{name}" named in key does not exist')
                if columns[name].type.base not in KEY_TYPES:
                    raise unsupported(f'Column "{name}" of type {columns[name].type.base} cannot be a distribution or sort key')
        table.constrained += [c.name for c in table.columns if c.constrained]

    def _definition(self, column):
        quoted = self.quote(column.name)
        parts = [quoted, column.type.sql]
        if column.identity:
            always, seed, step = column.identity
            parts.append(f"GENERATED {always} AS IDENTITY (START WITH {seed} INCREMENT BY {step} MINVALUE {min(int(seed), 1)})")
        if column.default is not None:
            parts.append(f"DEFAULT {column.default}")
        if column.not_null:
            parts.append("NOT NULL")
        parts.append(column.type.check(quoted))
        return " ".join(parts)

    def _regclass(self, parts):
        return quote_literal(self.qualified(parts)) + "::regclass"

    def _records(self, parts, table):
        short = self.session.names.short
        relation = self._regclass(parts)
        if table.like:
            return [f"SELECT standin.record_like({relation}, {self._regclass(table.like[0])})"]
        arrays = ["ARRAY[" + ",".join(quote_literal(short(n)) for n in names) + "]::text[]" for names in (table.sortkeys, table.constrained)]
        distkey = quote_literal(short(table.distkey)) if table.distkey else "NULL"
        statements = [
            f"SELECT standin.record_table({relation}, {quote_literal(table.recorded_style)}, {distkey}, {arrays[0]}, "
            f"{'true' if table.interleaved else 'false'}, {arrays[1]})"
        ]
        for column in table.columns:
            if column.encoding and column.encoding not in ("auto",):
                statements.append(
                    f"SELECT standin.record_column({relation}, {quote_literal(short(column.name))}, {quote_literal(column.encoding)})"
                )
        return statements

    # ALTER TABLE ------------------------------------------------------------------------------------------------------

    def alter_table(self, tokens):
        cursor = Cursor(tokens)
        cursor.expect("alter", "table")
        parts = cursor.qualified(self.session.database)
        if cursor.take("append"):
            self.session.outside_transaction("ALTER TABLE APPEND")
            raise unsupported("the stand-in does not know ALTER TABLE APPEND")
        head = f"ALTER TABLE {self.qualified(parts)} "
        if cursor.take("add"):
            return self._alter_add(cursor, head, parts)
        if cursor.take("alter"):
            return self._alter_alter(cursor, head, parts)
        if cursor.take("drop"):
            return self._alter_drop(cursor, head, parts)
        if cursor.take("rename"):
            return self._alter_rename(cursor, head, parts)
        if cursor.take("owner"):
            cursor.expect("to")
            owner = cursor.name()
            cursor.expect_end()
            return [f"{head} OWNER TO {self.quote(owner)}"]
        raise syntax_error(cursor.token.text)

    def _alter_add(self, cursor, head, parts):
        if cursor.token.is_word("constraint", "primary", "unique", "foreign"):
            table = Table()
            self._table_constraint(cursor, table)
            names = ",".join(quote_literal(self.session.names.short(n)) for n in table.constrained)
            return [f"SELECT standin.record_constraint({self._regclass(parts)}, ARRAY[{names}]::text[])"]
        cursor.take("column")
        if cursor.token.is_word("if") and cursor.peek().is_word("not"):
            raise syntax_error(cursor.peek().text)
        items = split_list(cursor.rest())
        if len(items) > 1:
            raise syntax_error(",")
        column = self._column(Cursor(items[0]))
        if column.distkey or column.sortkey or column.identity or column.constrained:
            raise unsupported(
                "ALTER TABLE ADD COLUMN does not support DISTKEY, SORTKEY, IDENTITY, UNIQUE, PRIMARY KEY or FOREIGN KEY"
            )
        if column.not_null and column.default is None:
            raise unsupported("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
        statements = [f"{head} ADD COLUMN {self._definition(column)}"]
        if column.encoding and column.encoding != "auto":
            statements.append(
                f"SELECT standin.record_column({self._regclass(parts)}, "
                f"{quote_literal(self.session.names.short(column.name))}, {quote_literal(column.encoding)})"
            )
        return statements

    def _alter_alter(self, cursor, head, parts):
        if cursor.token.is_word("distkey", "diststyle", "sortkey", "compound", "interleaved", "encode"):
            return self._alter_keys(cursor, parts)
        cursor.take("column")
        name = cursor.name()
        if cursor.take("encode"):
            column = Column(name)
            column.type = self._live_type(parts, name)
            statements = [self._alter_encode(cursor, parts, column)]
            while cursor.take_op(","):
                cursor.expect("alter")
                cursor.take("column")
                column = Column(cursor.name())
                column.type = self._live_type(parts, column.name)
                cursor.expect("encode")
                statements.append(self._alter_encode(cursor, parts, column))
            cursor.expect_end()
            return statements
        if not cursor.take("type"):
            raise syntax_error(cursor.token.text)
        wanted = parse_type(cursor)
        cursor.expect_end()
        self.session.outside_transaction("ALTER TABLE ALTER COLUMN")
        return self._resize(head, parts, name, wanted)

    def _alter_encode(self, cursor, parts, column):
        encoding = self._encoding(cursor, column)
        return (
            f"SELECT standin.record_column({self._regclass(parts)}, "
            f"{quote_literal(self.session.names.short(column.name))}, {quote_literal(encoding)})"
        )

    def _live_type(self, parts, name):
        row = self.session.column_facts(parts, name)
        return ColumnType(row["type"], row["length"])

    def _resize(self, head, parts, name, wanted):
        facts = self.session.column_facts(parts, name)
        what = f'cannot alter column "{name}" of relation "{parts[-1]}"'
        if facts["type"] != "varchar" or wanted.base != "varchar":
            raise unsupported(f"{what}, target data type should be varchar")
        if facts["encoding"] in _UNRESIZABLE:
            raise unsupported(f'{what} with encode type "{facts["encoding"]}"')
        if facts["default"]:
            raise unsupported(f"{what} with default value")
        if facts["constrained"]:
            raise unsupported(f"{what}, column is part of a UNIQUE, PRIMARY KEY or FOREIGN KEY constraint")
        if wanted.length == facts["length"]:
            raise unsupported(f"{what}, target column size should be different")
        if wanted.length < facts["longest"]:
            raise unsupported(f"{what}, target column size is less than the maximum length of the data in the column")
        quoted = self.quote(name)
        drop = f" DROP CONSTRAINT {self.quote(facts['check'])}," if facts["check"] else ""
        return [f"{head}{drop} ALTER COLUMN {quoted} TYPE {wanted.sql}, ADD {wanted.check(quoted)}"]

    def _alter_keys(self, cursor, parts):
        table = Table()
        style = keys = None
        while not cursor.done:
            if cursor.take("distkey"):
                table.distkey = cursor.name()
                style = True
            elif cursor.take("diststyle"):
                token = cursor.next()
                if not token.is_word("all", "even", "auto", "key"):
                    raise syntax_error(token.text)
                table.diststyle = token.value.upper()
                style = True
                if token.is_word("key"):
                    cursor.expect("distkey")
                    table.distkey = cursor.name()
            elif cursor.take("encode"):
                cursor.expect("auto")
            else:
                cursor.take("compound")
                cursor.expect("sortkey")
                keys = True
                if not cursor.take("auto") and not cursor.take("none"):
                    table.sortkeys = cursor.names_in_parentheses()
            if cursor.take_op(","):
                cursor.expect("alter")
        short = self.session.names.short
        for name in table.sortkeys + ([table.distkey] if table.distkey else []):
            self.session.column_facts(parts, name)
        return [
            f"SELECT standin.record_keys({self._regclass(parts)}, "
            f"{quote_literal(table.recorded_style) if style else 'NULL'}, {quote_literal(short(table.distkey)) if table.distkey else 'NULL'}, "
            + ("ARRAY[" + ",".join(quote_literal(short(n)) for n in table.sortkeys) + "]::text[])" if keys else "NULL)")
        ]

    def _alter_drop(self, cursor, head, parts):
        if cursor.take("constraint"):
            cursor.name()
            return [f"SELECT standin.record_constraint({self._regclass(parts)}, ARRAY[]::text[])"]
        cursor.take("column")
        if cursor.take("if"):
            raise syntax_error("if")
        name = cursor.name()
        behaviour = "CASCADE" if cursor.take("cascade") else ""
        cursor.take("restrict")
        cursor.expect_end()
        facts = self.session.column_facts(parts, name)
        if facts["distkey"]:
            raise unsupported(f'cannot drop distkey column "{name}"')
        if facts["sortkey"]:
            raise unsupported(f'cannot drop sortkey column "{name}"')
        if facts["columns"] == 1:
            raise unsupported("cannot drop the only column of a table")
        return [f"{head} DROP COLUMN {self.quote(name)} {behaviour}"]

    def _alter_rename(self, cursor, head, parts):
        if cursor.take("to"):
            name = cursor.name()
            cursor.expect_end()
            if name.startswith("#"):
                raise SqlError("42602", f'cannot rename a table to the temporary name "{name}"')
            return [f"{head} RENAME TO {self.quote(name)}"]
        cursor.take("column")
        old = cursor.name()
        cursor.expect("to")
        new = check_column_name(cursor.name())
        cursor.expect_end()
        short = self.session.names.short
        return [
            f"{head} RENAME COLUMN {self.quote(old)} TO {self.quote(new)}",
            f"SELECT standin.record_rename({self._regclass(parts)}, {quote_literal(short(old))}, {quote_literal(short(new))})",
        ]

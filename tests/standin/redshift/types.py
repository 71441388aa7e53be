"""Column types: what a client may write, what PostgreSQL is told, and the check that counts bytes."""

import itertools

from .errors import SqlError, syntax_error
from .lexer import Token

_serial = itertools.count(1)

_PLAIN = {
    "smallint": "int2", "int2": "int2", "integer": "int4", "int": "int4", "int4": "int4", "bigint": "int8", "int8": "int8",
    "real": "float4", "float4": "float4", "float8": "float8", "float": "float8", "boolean": "bool", "bool": "bool",
    "date": "date", "timetz": "timetz", "timestamptz": "timestamptz", "super": "jsonb", "time": "time", "timestamp": "timestamp",
}  # fmt: skip
KEY_TYPES = frozenset(
    "bool float4 float8 int2 int4 int8 numeric date time timetz timestamp timestamptz bpchar varchar".split()
)
_NUMERIC_OR_TIME = frozenset("int2 int4 int8 numeric date time timetz timestamp timestamptz".split())
_ENCODING_TYPES = {
    "az64": _NUMERIC_OR_TIME,
    "delta": frozenset("int2 int4 int8 date timestamp numeric".split()),
    "delta32k": frozenset("int4 int8 date timestamp numeric".split()),
    "mostly8": frozenset("int2 int4 int8 numeric".split()),
    "mostly16": frozenset("int4 int8 numeric".split()),
    "mostly32": frozenset("int8 numeric".split()),
    "text255": frozenset(("varchar",)),
    "text32k": frozenset(("varchar",)),
    "lzo": frozenset("int2 int4 int8 numeric date timestamp timestamptz bpchar varchar".split()),
}


class ColumnType:
    """`base` is PostgreSQL's name; `length` that of VARCHAR and CHAR, in bytes."""

    def __init__(self, base, length=None, precision=None, scale=None):
        self.base = base
        self.length = length
        self.precision = precision
        self.scale = scale

    @property
    def sql(self):
        if self.base in ("varchar", "bpchar"):
            return f"pg_catalog.{self.base}({self.length})"
        if self.base == "numeric":
            return f"pg_catalog.numeric({self.precision},{self.scale})"
        return f"pg_catalog.{self.base}"

    def check(self, quoted):
        """The constraint that counts bytes, for a column of this name; empty for most types."""
        if self.base == "varchar":
            return f"CONSTRAINT {check_name('v', self.length)} CHECK (pg_catalog.octet_length({quoted}) <= {self.length})"
        if self.base == "bpchar":
            # Padded with blanks, it has more bytes than characters only if one of them has more than one.
            return f"CONSTRAINT {check_name('c', self.length)} CHECK (pg_catalog.octet_length({quoted}) = {self.length})"
        return ""

    def check_encoding(self, encoding, column):
        allowed = _ENCODING_TYPES.get(encoding)
        if allowed is not None and self.base not in allowed:
            raise SqlError("0A000", f'invalid encoding type specified for column "{column}"')


def check_name(kind, length):
    """The session tells from the name which error the client is to see."""
    return f"bytes_{kind}_{length}_{next(_serial)}"


def parse_type(cursor):
    token = cursor.next()
    if not token.is_name:
        raise syntax_error(token.text)
    name = token.value
    if name in ("varchar", "nvarchar", "text", "bpchar", "char", "nchar", "character"):
        return _parse_character(cursor, name)
    if name in ("decimal", "numeric", "dec"):
        return _parse_decimal(cursor)
    if name == "double":
        cursor.expect("precision")
        return ColumnType("float8")
    if name == "float" and cursor.token.is_op("("):
        precision = _length(cursor.parenthesised())
        return ColumnType("float4" if precision <= 24 else "float8")
    if name in ("timestamp", "time"):
        if cursor.take("with", "time", "zone"):
            return ColumnType(name + "tz")
        cursor.take("without", "time", "zone")
        return ColumnType(name)
    if name in _PLAIN:
        return ColumnType(_PLAIN[name])
    if name in ("serial", "bigserial", "smallserial"):
        raise SqlError("0A000", f'Column "{name}" has unsupported type "{name}".')
    unsupported_here = ("uuid", "json", "jsonb", "bytea", "money", "inet", "cidr", "xml", "bit", "hstore", "point", "oid", "name")
    if name in unsupported_here:
        raise SqlError("0A000", f'Column has unsupported type "{name}".')
    if name in ("geometry", "geography", "hllsketch", "varbyte", "varbinary", "binary", "interval"):
        raise SqlError("0A000", f"the stand-in does not know the type {name}")
    raise SqlError("42704", f'type "{name}" does not exist')


def _length(tokens):
    if len(tokens) != 1 or not isinstance(tokens[0], Token) or tokens[0].kind != "number" or not tokens[0].value.isdigit():
        raise syntax_error(tokens[0].text if tokens else ")")
    return int(tokens[0].value)


def _parse_character(cursor, name):
    varying = name in ("varchar", "nvarchar", "text") or (name == "character" and cursor.take("varying"))
    if name in ("text", "bpchar") or not cursor.token.is_op("("):
        length = 256 if varying or name == "bpchar" else 1
    else:
        inner = cursor.parenthesised()
        if len(inner) == 1 and inner[0].is_word("max"):
            length = 65535 if varying else 4096
        else:
            length = _length(inner)
    kind, most = ("varchar", 65535) if varying else ("char", 4096)
    if length < 1:
        raise SqlError("22023", f"length for type {kind} must be at least 1")
    if length > most:
        raise SqlError("22023", f"length for type {kind} cannot exceed {most}")
    return ColumnType("varchar" if varying else "bpchar", length)


def _parse_decimal(cursor):
    precision, scale = 18, 0
    if cursor.token.is_op("("):
        inner = cursor.parenthesised()
        precision = _length(inner[:1])
        if len(inner) > 1:
            if not inner[1].is_op(","):
                raise syntax_error(inner[1].text)
            scale = _length(inner[2:])
    if not 1 <= precision <= 38:
        raise SqlError("22023", f"NUMERIC precision {precision} must be between 1 and 38")
    if not 0 <= scale <= min(37, precision):
        raise SqlError("22023", f"NUMERIC scale {scale} must be between 0 and precision {precision}")
    return ColumnType("numeric", precision=precision, scale=scale)

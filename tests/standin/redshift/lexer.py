"""Redshift's tokens: backslash escapes in '...', names folded to lower case even in quotes and cut at 127 bytes."""

import re
from dataclasses import dataclass

from .errors import SqlError, syntax_error

NAME_BYTES_MAX = 127
STATEMENT_BYTES_MAX = 16 << 20

_SPACE = re.compile(r"(?:\s+|--[^\n]*)+")
_WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*")
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_PARAMETER = re.compile(r"\$\d+")
_STRING = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.S)
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_OPERATOR = re.compile(r"::|<=|>=|<>|!=|\|\||!~~\*|!~~|!~\*|!~|~~\*|~~|~\*|->>|->|@>|<@|=>|:=|&&|[-+*/%^<>=~!@#&|?:,.;()\[\]]")
_ESCAPE = re.compile(r"''|\\([0-7]{1,3}|.)", re.S)
_SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class Token:
    kind: str  # word, name (quoted), string, number, parameter, op, raw (PostgreSQL's own text, made by a rewrite)
    value: str  # folded name, string's content, operator
    text: str  # as the client wrote it

    def is_word(self, *words):
        return self.kind == "word" and self.value in words

    def is_op(self, *ops):
        return self.kind == "op" and self.value in ops

    @property
    def is_name(self):
        return self.kind in ("word", "name")


END = Token("end", "", "")


def fold(text):
    """ASCII letters only: Redshift leaves the others alone."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def cut_name(name):
    data = name.encode()
    if len(data) <= NAME_BYTES_MAX:
        return name
    return data[:NAME_BYTES_MAX].decode(errors="ignore")


def _unescape(match):
    escaped = match.group(1)
    if escaped is None:
        return "'"
    if escaped[0] in "01234567":
        code = int(escaped, 8) & 0xFF
        if code == 0:
            raise SqlError("22021", "invalid byte sequence for encoding \"UNICODE\": 0x00")
        return chr(code) if code < 0x80 else bytes([code]).decode("utf-8", "surrogateescape")
    return _SIMPLE.get(escaped, escaped)


def _skip_comment(sql, at):
    depth, i = 0, at
    while i < len(sql):
        if sql.startswith("/*", i):
            depth, i = depth + 1, i + 2
        elif sql.startswith("*/", i):
            depth, i = depth - 1, i + 2
            if depth == 0:
                return i
        else:
            i += 1
    raise SqlError("42601", f'unterminated /* comment at or near "{sql[at:]}"')


def tokenize(sql, case_sensitive=False):
    """The tokens of one or several statements, separated by `;` operators."""
    if len(sql.encode()) > STATEMENT_BYTES_MAX:
        raise SqlError("54000", f"Statement is too large. Statement Size: {len(sql.encode())} bytes. Maximum Allowed: 16777216 bytes")
    tokens = []
    i, end = 0, len(sql)
    while i < end:
        space = _SPACE.match(sql, i)
        if space:
            i = space.end()
            continue
        if sql.startswith("/*", i):
            i = _skip_comment(sql, i)
            continue
        c = sql[i]
        if c == "'":
            match = _STRING.match(sql, i)
            if not match:
                raise SqlError("42601", f'unterminated quoted string at or near "{sql[i:]}"')
            value = _ESCAPE.sub(_unescape, match.group(1))
            try:
                value = value.encode("utf-8", "surrogateescape").decode()
            except UnicodeDecodeError:
                raise SqlError("22021", 'invalid byte sequence for encoding "UNICODE"') from None
            tokens.append(Token("string", value, match.group(0)))
        elif c == '"':
            match = _QUOTED.match(sql, i)
            if not match:
                raise SqlError("42601", f'unterminated quoted identifier at or near "{sql[i:]}"')
            value = match.group(1).replace('""', '"')
            if not value:
                raise SqlError("42601", 'zero-length delimited identifier at or near """"')
            tokens.append(Token("name", cut_name(value if case_sensitive else fold(value)), match.group(0)))
        elif match := _WORD.match(sql, i):
            value = fold(match.group(0))
            # E'..', B'..', X'..', N'..' and U&'..' are not of PostgreSQL 8.0: the letter is taken for a type.
            if value in ("e", "b", "x", "n", "u") and sql[match.end() : match.end() + 1] in ("'", "&"):
                raise SqlError("42704", f'type "{value}" does not exist')
            tokens.append(Token("word", cut_name(value), match.group(0)))
        elif c == "#" and (match := _WORD.match(sql, i + 1)):
            # A temporary table's name.
            tokens.append(Token("name", cut_name("#" + fold(match.group(0))), sql[i : match.end()]))
        elif match := _PARAMETER.match(sql, i):
            tokens.append(Token("parameter", match.group(0), match.group(0)))
        elif match := _NUMBER.match(sql, i):
            tokens.append(Token("number", match.group(0), match.group(0)))
        elif match := _OPERATOR.match(sql, i):
            tokens.append(Token("op", match.group(0), match.group(0)))
        else:
            raise syntax_error(c)
        i = match.end()
    return tokens


def split(tokens):
    """The statements of a query, without their semicolons and without empty ones."""
    statements, current = [], []
    for token in tokens:
        if token.is_op(";"):
            if current:
                statements.append(current)
            current = []
        else:
            current.append(token)
    if current:
        statements.append(current)
    return statements


def closing(tokens, at):
    """The index of the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(tokens)):
        if tokens[i].is_op("("):
            depth += 1
        elif tokens[i].is_op(")"):
            depth -= 1
            if depth == 0:
                return i
    raise syntax_error("")


def split_list(tokens):
    """The parts between commas outside parentheses."""
    parts, current, depth = [], [], 0
    for token in tokens:
        if token.is_op("("):
            depth += 1
        elif token.is_op(")"):
            depth -= 1
        if depth == 0 and token.is_op(","):
            parts.append(current)
            current = []
        else:
            current.append(token)
    parts.append(current)
    return parts

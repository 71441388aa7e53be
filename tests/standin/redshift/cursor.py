"""Reading tokens from left to right."""

from .errors import SqlError, syntax_error
from .lexer import END, closing
from .words import RESERVED


class Cursor:
    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0

    @property
    def token(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def peek(self, ahead=1):
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else END

    @property
    def done(self):
        return self.at >= len(self.tokens)

    def next(self):
        token = self.token
        if token is END:
            raise syntax_error("")
        self.at += 1
        return token

    def take(self, *words):
        """The words one after the other, or nothing."""
        for k, word in enumerate(words):
            if not self.peek(k).is_word(word):
                return False
        self.at += len(words)
        return True

    def take_op(self, op):
        if self.token.is_op(op):
            self.at += 1
            return True
        return False

    def expect(self, *words):
        for word in words:
            if not self.token.is_word(word):
                raise syntax_error(self.token.text)
            self.at += 1

    def expect_op(self, op):
        if not self.take_op(op):
            raise syntax_error(self.token.text)

    def expect_end(self):
        if not self.done:
            raise syntax_error(self.token.text)

    def name(self):
        """One identifier: quoted, or not reserved."""
        token = self.token
        if not token.is_name or (token.kind == "word" and token.value in RESERVED):
            raise syntax_error(token.text)
        self.at += 1
        return token.value

    def qualified(self, database=None):
        """(schema, name) or (name,)."""
        parts = [self.name()]
        while self.take_op("."):
            token = self.next()
            if not token.is_name:
                raise syntax_error(token.text)
            parts.append(token.value)
        if len(parts) == 3:
            if parts[0] != database:
                raise SqlError("0A000", "cross-database reference to a table of another database is not supported here")
            parts = parts[1:]
        if len(parts) > 2:
            raise syntax_error(self.tokens[self.at - 1].text)
        return tuple(parts)

    def parenthesised(self):
        """The tokens between the parentheses that open here."""
        if not self.token.is_op("("):
            raise syntax_error(self.token.text)
        end = closing(self.tokens, self.at)
        inner = self.tokens[self.at + 1 : end]
        self.at = end + 1
        return inner

    def names_in_parentheses(self):
        inner = Cursor(self.parenthesised())
        names = [inner.name()]
        while inner.take_op(","):
            names.append(inner.name())
        inner.expect_end()
        return names

    def number(self):
        token = self.next()
        if token.kind != "number" or not token.value.isdigit():
            raise syntax_error(token.text)
        return int(token.value)

    def string(self):
        token = self.next()
        if token.kind != "string":
            raise syntax_error(token.text)
        return token.value

    def rest(self):
        tokens = self.tokens[self.at :]
        self.at = len(self.tokens)
        return tokens

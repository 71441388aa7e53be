"""Names of up to 127 bytes in a PostgreSQL that holds 63."""

import hashlib
import threading

from .lexer import Token

POSTGRES_NAME_BYTES_MAX = 63


class Names:
    """Long names and the short ones that stand for them. Shared by all sessions; the catalog views read the file."""

    def __init__(self, path):
        self._path = path
        self._long = {}
        self._lock = threading.Lock()
        open(path, "a", encoding="utf-8").close()
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                short, _, name = line.rstrip("\n").partition("\t")
                self._long[short] = name

    def short(self, name):
        data = name.encode()
        if len(data) <= POSTGRES_NAME_BYTES_MAX:
            return name
        digest = hashlib.sha256(data).hexdigest()[:16]
        short = data[:44].decode(errors="ignore") + "~" + digest
        with self._lock:
            if short not in self._long:
                self._long[short] = name
                with open(self._path, "a", encoding="utf-8") as lines:
                    lines.write(f"{short}\t{name}\n")
        return short

    def full(self, name):
        return self._long.get(name, name)

    def restore(self, text):
        """A message of PostgreSQL's with the names that the client knows."""
        if "~" in text:
            for short, name in list(self._long.items()):
                text = text.replace(short, name)
        return text

    def quote(self, name):
        return '"' + self.short(name).replace('"', '""') + '"'

    def emit(self, tokens):
        """PostgreSQL's text of these tokens."""
        parts = []
        for token in tokens:
            if token.kind == "name":
                parts.append(self.quote(token.value))
            elif token.kind == "word":
                short = self.short(token.value)
                parts.append(token.value if short is token.value else self.quote(token.value))
            elif token.kind == "string":
                parts.append(quote_literal(token.value))
            else:
                parts.append(token.value)
        return " ".join(parts)


def quote_literal(text):
    return "'" + text.replace("'", "''") + "'"


def raw(text):
    return Token("raw", text, text)

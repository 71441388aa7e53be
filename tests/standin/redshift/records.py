"""Records and fields of CSV and delimited files, by COPY's rules: quotes do not tell an empty string from a NULL."""

import re

RECORD_BYTES_MAX = 4 << 20


class RecordError(Exception):
    def __init__(self, code, reason, field=None):
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.field = field


class Record:
    __slots__ = ("line_number", "offset", "text", "fields", "error")

    def __init__(self, line_number, offset, text, fields, error=None):
        self.line_number = line_number  # of its last line, from 1
        self.offset = offset  # in the decompressed file
        self.text = text
        self.fields = fields
        self.error = error


def read_records(chunks, options):
    """The records of one file. A bad one has `error` instead of fields. Bytes that are not UTF-8 come as lone
    surrogates (surrogateescape)."""
    csv = options.format == "csv"
    quote = options.quote if csv else None
    toggles = _toggles_quotes(quote) if csv else None
    escaped = "escape" in options and not csv
    split = _csv_fields(options) if csv else _delimited_fields(options)
    skip = options.ignore_header
    line_number = 0
    offset = 0
    held, rest = [], b""

    def lines():
        nonlocal rest
        for chunk in chunks:
            end = chunk.rfind(b"\n")
            if end < 0:
                rest += chunk
                continue
            block = rest + chunk[: end + 1]
            rest = chunk[end + 1 :]
            yield from block.decode("utf-8", "surrogateescape").split("\n")[:-1]
        if rest:
            yield rest.decode("utf-8", "surrogateescape")

    for line in lines():
        line_number += 1
        if line_number <= skip:
            offset += len(line) + 1
            continue
        if held or (toggles and toggles(line)) or (escaped and _ends_escaped(line)):
            goes_on = _ends_escaped(line) if escaped else bool(held) != bool(toggles(line))
            held.append(line)
            if goes_on:
                continue
            line = "\n".join(held)
            held = []
        start = offset
        offset += len(line) + 1
        if line.endswith("\r"):
            line = line[:-1]
        if not line and "ignoreblanklines" in options:
            continue
        try:
            yield Record(line_number, start, line, split(line))
        except RecordError as error:
            yield Record(line_number, start, line, None, error)
    if held:
        error = RecordError(1214, "Invalid quote formatting for CSV" if csv else "Delimiter not found")
        yield Record(line_number, offset, "\n".join(held), None, error)


def _toggles_quotes(quote):
    """Whether a line changes from outside to inside of quotes or back: it has an odd number of them."""
    return lambda line: quote in line and line.count(quote) % 2 == 1


def _ends_escaped(line):
    """Whether the newline after this line is escaped."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _check_size(line):
    if len(line) * 4 > RECORD_BYTES_MAX and len(line.encode("utf-8", "surrogateescape")) + line.count("|") > RECORD_BYTES_MAX:
        raise RecordError(1216, "Input line is longer than 4194304 bytes")


def _check_nul(line):
    if "\0" in line:
        at = line.index("\0")
        raise RecordError(1216, f"Missing newline: Unexpected character 0x00 found at location {at}")


def _csv_fields(options):
    q, d = re.escape(options.quote), re.escape(options.delimiter)
    field = re.compile(rf"[ \t]*{q}((?:[^{q}]|{q}{q})*){q}[ \t]*(?={d}|\Z)|([^{d}{q}]*)(?={d}|\Z)")
    quote, delimiter, doubled = options.quote, options.delimiter, options.quote * 2

    def split(line):
        _check_nul(line)
        if quote not in line:
            _check_size(line)
            if "\r" in line:
                raise RecordError(1214, "Invalid quote formatting for CSV")
            return line.split(delimiter)
        _check_size(line)
        fields, at, end = [], 0, len(line)
        while True:
            match = field.match(line, at)
            if not match:
                raise RecordError(1214, "Invalid quote formatting for CSV", len(fields))
            quoted = match.group(1)
            if quoted is None:
                fields.append(match.group(2))
            else:
                fields.append(quoted.replace(doubled, quote) if doubled in quoted else quoted)
            at = match.end() + 1
            if at > end:
                return fields

    return split


def _delimited_fields(options):
    delimiter = options.delimiter
    remove = "removequotes" in options
    escape = "escape" in options
    null = options.null
    part = re.compile(r"((?:[^\\{0}]|\\.)*)({0}|\Z)".format(re.escape(delimiter)), re.S)

    def split(line):
        _check_nul(line)
        _check_size(line)
        if escape:
            fields = []
            at = 0
            while True:
                match = part.match(line, at)
                if not match:
                    raise RecordError(1214, "Delimiter not found")
                text = match.group(1)
                fields.append(text if text == null else re.sub(r"\\(.)", r"\1", text, flags=re.S))
                at = match.end()
                if not match.group(2):
                    return fields
        fields = line.split(delimiter)
        if remove:
            fields = [f[1:-1] if len(f) > 1 and f[0] == f[-1] and f[0] in "\"'" else f for f in fields]
        return fields

    return split

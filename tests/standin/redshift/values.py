"""One field of a file as COPY takes it: the text PostgreSQL is given, or the load error.

Codes and reasons: developer guide, "Load error reference"; formats: "DATEFORMAT and TIMEFORMAT strings" and "Using
automatic recognition"."""

import datetime
import re

_INTEGERS = {"int2": (-(1 << 15), (1 << 15) - 1, "Short"), "int4": (-(1 << 31), (1 << 31) - 1, "Integer"), "int8": (-(1 << 63), (1 << 63) - 1, "Long")}
_INTEGER = re.compile(r"[ ]*[+-]?\d+[ ]*")
_FLOAT = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*|\s*[+-]?(?:nan|inf|infinity)\s*", re.I)
_DECIMAL = re.compile(r"\s*([+-]?)(\d*)(?:\.(\d*))?\s*")
_TRUE = frozenset(("true", "t", "yes", "y", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "0"))
_ESCAPED = re.compile("[\\\\\t\n\r]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
NULL = "\\N"

_DEFAULT_STAMP = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6}\d*)?)?)?")
_DEFAULT_STAMPTZ = re.compile(_DEFAULT_STAMP.pattern + r"\s?([+-]\d{1,2}(?::?\d{2})?)?")
_AUTO_STAMP = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?"
)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_TOKENS = re.compile(r"YYYY|YY|MM|MON|DD|HH24|HH12|HH|MI|SS|AM|PM|am|pm")
_TOKEN_PATTERNS = {
    "YYYY": r"(?P<Y>\d{4})", "YY": r"(?P<y>\d{2})", "MM": r"(?P<m>\d{1,2})", "MON": r"(?P<b>[A-Za-z]{3})", "DD": r"(?P<d>\d{1,2})",
    "HH24": r"(?P<H>\d{1,2})", "HH": r"(?P<H>\d{1,2})", "HH12": r"(?P<I>\d{1,2})", "MI": r"(?P<M>\d{1,2})", "SS": r"(?P<S>\d{1,2})(?P<f>\.\d+)?",
    "AM": r"(?P<p>[AaPp][Mm])", "PM": r"(?P<p>[AaPp][Mm])", "am": r"(?P<p>[AaPp][Mm])", "pm": r"(?P<p>[AaPp][Mm])",
}  # fmt: skip
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


class FieldError(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code
        self.reason = reason


def escape(text):
    """As COPY ... FROM STDIN wants it."""
    return _ESCAPED.sub(lambda match: _ESCAPES[match.group(0)], text) if _ESCAPED.search(text) else text


def converter(column, options):
    """A function from a field's text to that of PostgreSQL's COPY; raises FieldError."""
    kind = column["type"]
    if kind in ("varchar", "bpchar"):
        return _character(column, options)
    base = _BY_TYPE.get(kind)
    if kind in _INTEGERS:
        convert = _integer(*_INTEGERS[kind])
    elif kind == "numeric":
        convert = _decimal(column["precision"], column["scale"], "roundec" in options)
    elif kind in ("timestamp", "timestamptz", "date"):
        convert = _moment(kind, options)
    elif base:
        convert = base
    else:
        raise FieldError(1223, f"Unsupported type {kind}")
    required, null, default = column["not_null"], options.null, column["default_when_null"]

    def field(text):
        if text == null or text == "" or text.isspace():
            if required:
                if default is not None:
                    return default
                raise FieldError(1213, "Missing data for not-null field")
            return NULL
        return convert(text)

    return field


def _character(column, options):
    length, required, null = column["length"], column["not_null"], options.null
    narrow = column["type"] == "bpchar"
    empty_as_null = "emptyasnull" in options
    blanks_as_null = "blanksasnull" in options
    truncate = "truncatecolumns" in options
    trim = "trimblanks" in options and not narrow
    default = column["default_when_null"]
    is_super_error = "Char length exceeds DDL length" if narrow else "String length exceeds DDL length"

    def nothing():
        if required:
            if default is not None:
                return default
            raise FieldError(1213, "Missing data for not-null field")
        return NULL

    def field(text):
        if text == null:
            return nothing()
        if not text:
            return nothing() if empty_as_null else ""
        if blanks_as_null and text.isspace():
            return nothing()
        if trim:
            text = text.rstrip()
        if len(text) * 4 > length or narrow:
            data = text.encode()
            if narrow and len(data) != len(text):
                bad = next(c for c in text if ord(c) > 127).encode().hex(" ")
                raise FieldError(
                    1220, f"Multibyte character not supported for CHAR (Hint: Try using  VARCHAR). Invalid char: {bad}"
                )
            if len(data) > length:
                if len(data.rstrip(b" ")) <= length:
                    text = data[:length].decode()
                elif truncate:
                    text = data[:length].decode(errors="ignore")
                else:
                    raise FieldError(1204, is_super_error)
        return escape(text)

    return field


def _integer(least, most, name):
    def convert(text):
        if not _INTEGER.fullmatch(text):
            bad = next((i for i, c in enumerate(text) if not (c.isdigit() and c.isascii()) and not (i == 0 and c in "+-")), 0)
            raise FieldError(1207, f"Invalid digit, Value '{text[bad]}', Pos {bad}, Type: {name}")
        if not least <= int(text) <= most:
            raise FieldError(1222, "Overflow, Column type: " + name)
        return text.strip()

    return convert


def _decimal(precision, scale, rounds):
    limit = 10 ** (precision - scale)

    def convert(text):
        match = _DECIMAL.fullmatch(text)
        if not match or not (match.group(2) or match.group(3)):
            bad = next((i for i, c in enumerate(text) if not (c.isdigit() or c in "+-.")), 0)
            raise FieldError(1207, f"Invalid digit, Value '{text[bad]}', Pos {bad}, Type: Decimal")
        sign, whole, fraction = match.group(1), match.group(2) or "0", match.group(3) or ""
        scaled = int(whole + fraction[:scale].ljust(scale, "0"))
        if rounds and fraction[scale : scale + 1] >= "5":
            scaled += 1
        # Up to 19 digits live in 64 bits.
        if scaled >= limit * 10**scale or (precision <= 19 and scaled > (1 << 63) - 1):
            raise FieldError(1222, "Overflow for NUMERIC(%d,%d)" % (precision, scale))
        digits = str(scaled).rjust(scale + 1, "0")
        sign = "-" if sign == "-" else ""
        return sign + (digits[:-scale] + "." + digits[-scale:] if scale else digits)

    return convert


def _double(text):
    if not _FLOAT.fullmatch(text):
        bad = next((i for i, c in enumerate(text) if c not in "0123456789+-.eE"), 0)
        raise FieldError(1208, f"Invalid digit, Value '{text[bad]}', Pos {bad}, Type: Double")
    if float(text) in (float("inf"), float("-inf")) and not re.search("inf", text, re.I):
        raise FieldError(1204, "Overflow, Column type: Double")
    return text.strip()


def _real(text):
    converted = _double(text)
    if 3.4028236e38 <= abs(float(text)) < float("inf"):
        raise FieldError(1204, "Overflow, Column type: Real")
    return converted


def _boolean(text):
    low = text.strip().lower()
    if low in _TRUE:
        return "t"
    if low in _FALSE:
        return "f"
    raise FieldError(1210, "Unknown boolean format")


def _time(text):
    if not re.fullmatch(r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*([+-]\d{1,2}(:?\d{2})?)?\s*", text):
        raise FieldError(1206, "Invalid time format or value")
    return text.strip()


def _json(text):
    import json

    try:
        json.loads(text)
    except ValueError:
        raise FieldError(1224, "Invalid value") from None
    return escape(text)


_BY_TYPE = {"float8": _double, "float4": _real, "bool": _boolean, "time": _time, "timetz": _time, "jsonb": _json}


def _moment(kind, options):
    """DATE, TIMESTAMP and TIMESTAMPTZ under DATEFORMAT and TIMEFORMAT."""
    shape = options.date_format if kind == "date" else options.time_format
    if kind == "date":
        bad = FieldError(1205, "Invalid Date Format - length must be 10 or more")
    else:
        shown = "YYYY-MM-DD HH24:MI:SS" + ("OF" if kind == "timestamptz" else "")
        bad = FieldError(1206, f"Invalid timestamp format or value [{shape or shown}]")
    if shape is None:
        parse = _fixed({"date": _DATE, "timestamp": _DEFAULT_STAMP, "timestamptz": _DEFAULT_STAMPTZ}[kind], kind)
    elif shape == "auto":
        parse = _auto(kind)
    elif shape == "epochsecs":
        parse = _epoch(1)
    elif shape == "epochmillisecs":
        parse = _epoch(1000)
    else:
        parse = _by_format(shape, kind)
    any_date = "acceptanydate" in options

    def convert(text):
        try:
            value = parse(text.strip())
        except (ValueError, OverflowError):
            value = None
        if value is None:
            if any_date:
                return NULL
            raise bad
        return value

    return convert


def _fixed(pattern, kind):
    def parse(text):
        match = pattern.fullmatch(text)
        return _stamp(match, kind) if match else None

    return parse


def _stamp(match, kind):
    """From the groups year, month, day, hour, minute, second, fraction, zone."""
    year, month, day, *rest = match.groups()
    day_ = datetime.date(int(year), int(month), int(day))
    if kind == "date":
        return day_.isoformat()
    hour, minute, second, fraction, zone = (rest + [None] * 5)[:5]
    hour, minute, second = int(hour or 0), int(minute or 0), int(second or 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        return None
    text = f"{day_.isoformat()} {hour:02}:{minute:02}:{second:02}{fraction or ''}"
    if kind == "timestamptz" and zone:
        text += "+00" if zone in ("Z", "UTC", "GMT") else zone
    return text


def _auto(kind):
    def parse(text):
        if re.fullmatch(r"\d{9,}|\d{10,}\.\d+", text):
            return None  # epoch numbers are not recognised
        match = _AUTO_STAMP.fullmatch(text)
        if match:
            return _stamp(match, kind)
        match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(?: (\d{2})(\d{2})(\d{2}))?()()", text)
        if match:
            return _stamp(match, kind)
        match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?", text)
        if match:
            month, day, year, hour, minute, second, fraction = match.groups()
            again = f"{year}-{int(month):02}-{int(day):02} {hour or '00'}:{minute or '00'}:{second or '00'}{fraction or ''}"
            return _stamp(_AUTO_STAMP.fullmatch(again), kind)
        return None

    return parse


def _epoch(per_second):
    def parse(text):
        if not re.fullmatch(r"-?\d+(\.\d+)?", text):
            return None
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=round(float(text) * 1_000_000 / per_second))
        return moment.isoformat(sep=" ")

    return parse


def _by_format(shape, kind):
    pattern, at = "", 0
    seen = set()
    for match in _TOKENS.finditer(shape):
        pattern += re.escape(shape[at : match.start()])
        token = _TOKEN_PATTERNS[match.group(0)]
        name = re.search(r"P<(\w)>", token).group(1)
        pattern += token if name not in seen else re.sub(r"\?P<\w>", "?:", token)
        seen.add(name)
        at = match.end()
    compiled = re.compile(pattern + re.escape(shape[at:]))

    def parse(text):
        match = compiled.fullmatch(text)
        if not match:
            return None
        found = match.groupdict()
        year = int(found["Y"]) if found.get("Y") else 2000 + int(found.get("y") or 0)
        month = _MONTHS.index(found["b"].lower()) + 1 if found.get("b") else int(found.get("m") or 1)
        hour = int(found.get("H") or found.get("I") or 0)
        if found.get("p"):
            hour = hour % 12 + (12 if found["p"].lower() == "pm" else 0)
        moment = datetime.datetime(year, month, int(found.get("d") or 1), hour, int(found.get("M") or 0), int(found.get("S") or 0))
        return moment.date().isoformat() if kind == "date" else moment.isoformat(sep=" ") + (found.get("f") or "")

    return parse

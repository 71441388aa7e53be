"""The COPY statement: its options and which of them exclude each other.

Source: developer guide, "COPY" and the pages of its parameters."""

import re

from .cursor import Cursor
from .errors import SqlError, syntax_error, unsupported

_FLAGS = frozenset(
    """manifest emptyasnull blanksasnull acceptanydate truncatecolumns trimblanks roundec fillrecord ignoreblanklines
    removequotes escape explicit_ids noload ignoreallerrors""".split()
)
_COMPRESSIONS = ("gzip", "bzip2", "lzop", "zstd")
_MAXERROR_MAX = 100_000
_COMPROWS = (1000, 2_147_483_647)
_ARN = re.compile(r"arn:aws(-cn|-us-gov)?:iam::\d{12}:role/[\w+=,.@/-]+")
INVALID_CREDENTIALS = (
    "Invalid credentials. Must be of the format: credentials 'aws_access_key_id=<access-key-id>;"
    "aws_secret_access_key=<secret-access-key>[;token=<temporary-session-token>]'"
)

# What cannot stand beside what.
_CONFLICTS = (
    ("csv", ("fixedwidth", "removequotes", "escape")),
    ("fixedwidth", ("delimiter", "removequotes", "escape", "csv")),
    ("json", ("csv", "delimiter", "escape", "fillrecord", "fixedwidth", "ignoreblanklines", "null", "removequotes")),
    ("parquet", ("maxerror", "ignoreallerrors", "acceptanydate", "region", "delimiter", "csv", "null", "gzip", "zstd", "bzip2", "lzop")),
    ("ignoreallerrors", ("maxerror",)),
)


class CopyOptions:
    def __init__(self):
        self.parts = ()
        self.columns = None
        self.source = None
        self.format = "text"  # text, csv
        self.given = set()
        self.delimiter = None
        self.quote = '"'
        self.null = "\\N"
        self.compression = None
        self.ignore_header = 0
        self.max_error = 0
        self.time_format = None
        self.date_format = None
        self.invalid_char = None
        self.statupdate = None
        self.region = None
        self.roles = None
        self.keys = None  # (id, secret, token)

    def __contains__(self, option):
        return option in self.given


def parse_copy(tokens, database):
    cursor = Cursor(tokens)
    cursor.expect("copy")
    if cursor.token.is_word("job"):
        raise unsupported("the stand-in does not know COPY JOB")
    options = CopyOptions()
    options.parts = cursor.qualified(database)
    if cursor.token.is_op("("):
        options.columns = cursor.names_in_parentheses()
    if cursor.token.is_word("to"):
        raise syntax_error(cursor.token.text)
    cursor.expect("from")
    if cursor.token.is_word("stdin", "program"):
        raise unsupported("LOAD source is not supported. (Hint: only S3 or DynamoDB or EMR based load is allowed)")
    options.source = cursor.string()
    if not options.source.startswith("s3://") or "/" not in options.source[5:]:
        raise unsupported("LOAD source is not supported. (Hint: only S3 or DynamoDB or EMR based load is allowed)")
    while not cursor.done:
        _option(cursor, options)
    _check(options)
    return options


def _give(options, name):
    if name in options.given:
        raise SqlError("42601", f"conflicting or redundant options: {name.upper()}")
    options.given.add(name)


def _option(cursor, options):
    token = cursor.next()
    word = token.value if token.kind == "word" else ""
    if word in _FLAGS:
        _give(options, word)
    elif word == "format":
        cursor.take("as")
        _format(cursor, options, cursor.next())
    elif word in ("csv", "json", "avro", "parquet", "orc", "fixedwidth", "shapefile"):
        _format(cursor, options, token)
    elif word == "quote":
        cursor.take("as")
        options.quote = _one_character("QUOTE", cursor.string())
        _give(options, word)
    elif word == "delimiter":
        cursor.take("as")
        options.delimiter = _delimiter(cursor.string())
        _give(options, word)
    elif word == "null":
        cursor.take("as")
        options.null = _null_as(cursor.token, cursor.string())
        _give(options, word)
    elif word in _COMPRESSIONS:
        if options.compression:
            raise SqlError("42601", f"conflicting or redundant options: {options.compression.upper()} and {word.upper()}")
        options.compression = word
        _give(options, word)
    elif word == "ignoreheader":
        cursor.take("as")
        options.ignore_header = cursor.number()
        _give(options, word)
    elif word in ("maxerror", "comprows", "readratio"):
        cursor.take("as")
        number = cursor.number()
        _give(options, word)
        if word == "maxerror":
            if number > _MAXERROR_MAX:
                raise SqlError("22023", f"MAXERROR must be between 0 and {_MAXERROR_MAX}")
            options.max_error = number
        elif word == "comprows" and not _COMPROWS[0] <= number <= _COMPROWS[1]:
            raise SqlError("22023", f"COMPROWS must be between {_COMPROWS[0]} and {_COMPROWS[1]}")
    elif word in ("timeformat", "dateformat"):
        cursor.take("as")
        setattr(options, word.replace("format", "_format"), cursor.string())
        _give(options, word)
    elif word == "acceptinvchars":
        cursor.take("as")
        options.invalid_char = _one_character(word, cursor.string()) if cursor.token.kind == "string" else "?"
        _give(options, word)
    elif word == "encoding":
        cursor.take("as")
        encoding = cursor.next().value
        if encoding not in ("utf8", "utf-8", "UTF8", "UTF-8"):
            raise unsupported("the stand-in reads UTF8 only")
        _give(options, word)
    elif word in ("compupdate", "statupdate"):
        value = None
        if cursor.token.is_word("on", "off", "true", "false") or (word == "compupdate" and cursor.token.is_word("preset")):
            value = cursor.next().value
        if word == "statupdate":
            options.statupdate = value not in ("off", "false")
        _give(options, word)
    elif word == "region":
        cursor.take("as")
        options.region = cursor.string()
        _give(options, word)
    elif word in ("iam_role", "access_key_id", "secret_access_key", "session_token", "with", "credentials"):
        _authorization(cursor, options, word)
    elif word in ("encrypted", "master_symmetric_key", "ssh"):
        raise unsupported(f"the stand-in does not know {word.upper()}")
    else:
        raise syntax_error(token.text)


def _format(cursor, options, token):
    word = token.value if token.is_name else ""
    if options.format != "text" and options.format != word:
        raise SqlError("42601", f"{options.format.upper()} is not compatible with {word.upper()}")
    if word == "csv":
        options.format = "csv"
    elif word in ("json", "avro", "parquet", "orc", "shapefile", "fixedwidth"):
        raise unsupported(f"the stand-in does not read {word.upper()}")
    else:
        raise syntax_error(token.text)
    _give(options, word)


def _authorization(cursor, options, word):
    if word == "with":
        cursor.expect("credentials")
        word = "credentials"
    if options.roles and word != "iam_role" or options.keys and word in ("iam_role", "credentials"):
        raise SqlError("42601", "only one form of authorization can be given")
    cursor.take("as")
    if word == "iam_role":
        if options.roles:
            raise SqlError("42601", "conflicting or redundant options: IAM_ROLE")
        if cursor.take("default"):
            options.roles = ["default"]
            return
        options.roles = cursor.string().split(",")
        _check_roles(options.roles)
    elif word == "credentials":
        _credentials(options, cursor.string())
    else:
        keys = dict(options.keys or {})
        if word in keys:
            raise SqlError("42601", f"conflicting or redundant options: {word.upper()}")
        keys[word] = cursor.string()
        options.keys = keys


def _check_roles(roles):
    for role in roles:
        if not _ARN.fullmatch(role):
            raise SqlError("XX000", f"Invalid IAM Role ARN: {role}")


def _credentials(options, text):
    pairs = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    if set(pairs) == {"aws_iam_role"}:
        options.roles = pairs["aws_iam_role"].split(",")
        _check_roles(options.roles)
    elif {"aws_access_key_id", "aws_secret_access_key"} <= set(pairs) <= {"aws_access_key_id", "aws_secret_access_key", "token"}:
        options.keys = {
            "access_key_id": pairs["aws_access_key_id"],
            "secret_access_key": pairs["aws_secret_access_key"],
            "session_token": pairs.get("token"),
        }
    else:
        raise SqlError("XX000", INVALID_CREDENTIALS)


def _one_character(option, text):
    if len(text) != 1 or ord(text) > 127:
        raise SqlError("0A000", f"COPY {option.upper()} must be a single ASCII character")
    return text


def _delimiter(text):
    if text == "\\t":
        return "\t"
    if re.fullmatch(r"\\[0-7]{3}", text):
        return chr(int(text[1:], 8))
    return _one_character("DELIMITER", text)


def _null_as(token, text):
    if "\\" in token.text:
        # The pages disagree on whether the backslash of an option's string is an escape, as it is in any other.
        raise unsupported("the stand-in does not know what NULL AS with a backslash means; \\N is the default")
    if text in ("\n", "\\n", "\r"):
        raise SqlError("0A000", "COPY NULL AS must not be a line terminator")
    return text


def _check(options):
    if options.delimiter is None:
        options.delimiter = "," if options.format == "csv" else "|"
    for option, others in _CONFLICTS:
        if option in options:
            for other in others:
                if other in options:
                    raise SqlError("42601", f"{option.upper()} is not compatible with {other.upper()}")
    if "quote" in options and options.format != "csv":
        raise SqlError("42601", "COPY quote available only in CSV mode")
    if options.format == "csv" and options.quote == options.delimiter:
        raise SqlError("42601", "COPY delimiter and quote must be different")
    if options.delimiter in options.null:
        raise SqlError("0A000", "COPY delimiter must not appear in the NULL specification")
    if "ignoreallerrors" in options and "maxerror" in options:
        raise SqlError("42601", "IGNOREALLERRORS is not compatible with MAXERROR")
    if not options.roles and not options.keys:
        raise SqlError("XX000", "CREDENTIALS argument is required but not found")
    if options.keys and not (options.keys.get("access_key_id") and options.keys.get("secret_access_key")):
        raise SqlError("XX000", "ACCESS_KEY_ID and SECRET_ACCESS_KEY must both be given")

"""COPY from S3: reads, converts and hands to PostgreSQL what Redshift would load, and records what it would record."""

import datetime
import json
import re
import threading
import time

from .errors import SqlError
from .records import RecordError, read_records
from .storage import Storage, decompressed, missing_key
from .values import FieldError, converter

_ROWS_A_CHUNK = 2000
_ERRORS_RECORDED_MAX = 20
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


def now():
    return datetime.datetime.utcnow().isoformat(sep=" ")


class LoadFailed(Exception):
    """The load is to end: too many errors, all of them recorded."""


class Copy:
    """One COPY statement. `session` is the client's."""

    def __init__(self, session, options):
        self.session = session
        self.server = session.server
        self.options = options
        self.query = None
        self.errors = 0
        self.rows = 0
        self.bytes = 0
        self.files = []  # (url, size)
        self.at_half = None  # called once, when half of the files are read
        self._deadline = None
        self._oid = None

    def run(self):
        """The messages for the client; raises SqlError."""
        options, session = self.options, self.session
        columns = self._columns()
        storage = Storage(self.server.s3_endpoint, options.region or self.server.region, self._keys())
        self.files = self._find_files(storage)
        was_empty = self._is_empty() if options.statupdate is None else False
        timeout = session.statement_timeout()
        if timeout:
            self._deadline = time.monotonic() + timeout
        self.query = session.begin_load()
        started = time.time()
        self._history("running", started)
        try:
            self._load(storage, columns)
        except BaseException as error:
            self._history("aborted", started)
            if isinstance(error, LoadFailed):
                raise self._failed() from None
            if isinstance(error, SqlError) and error.code == "23502":
                raise self._failed() from None
            raise
        self._history("completed", started)
        loaded = 0 if "noload" in options else self.rows
        session.last_copy_count = loaded
        if "noload" not in options and (options.statupdate or was_empty):
            session.backend.query(f"ANALYZE {session.qualified(options.parts)}")
        messages = [f"Load into table '{options.parts[-1]}' completed, {loaded} record(s) loaded successfully."]
        if self.errors:
            messages.append(
                f"Load into table '{options.parts[-1]}' completed, {self.errors} record(s) could not be loaded.  "
                f"Check '{self.server.error_table}' system table for details."
            )
        return messages

    def _failed(self):
        return SqlError(
            "XX000",
            f"Load into table '{self.options.parts[-1]}' failed.  Check '{self.server.error_table}' system table for details.",
        )

    # Before the first row ---------------------------------------------------------------------------------------------

    def _keys(self):
        if self.options.keys:
            return self.options.keys
        for role in self.options.roles:
            if role != "default" and role not in self.server.roles:
                raise SqlError(
                    "XX000",
                    f"User arn:aws:redshift:{self.server.region}:123456789012:dbuser:standin/{self.session.role} "
                    f"is not authorized to assume IAM Role {role}",
                    detail="\n  -----------------------------------------------\n  error:  User is not authorized to assume IAM Role\n"
                    "  code:      8001\n  -----------------------------------------------",
                )
        return self.server.s3_keys

    def _columns(self):
        """What is loaded, in the order of the file's fields."""
        parts, options = self.options.parts, self.options
        table = self.session.table_columns(parts)
        if table is None:
            raise SqlError("XX000", f"Cannot COPY into nonexistent table {parts[-1]}")
        self._oid = self.session.table_oid(parts)
        if self.session.backend.query(f"SELECT has_table_privilege({self._oid}, 'INSERT')")[0][0] != "t":
            raise SqlError("42501", f"permission denied for relation {parts[-1]}")
        by_name = {column["name"]: column for column in table}
        explicit = "explicit_ids" in options
        identity = [c["name"] for c in table if c["identity"] == "a"]
        if options.columns is None:
            columns = [c for c in table if explicit or not c["identity"]]
        else:
            for name in options.columns:
                if name not in by_name:
                    raise SqlError("42703", f'column "{name}" of relation "{parts[-1]}" does not exist')
            if len(set(options.columns)) != len(options.columns):
                twice = next(n for n in options.columns if options.columns.count(n) > 1)
                raise SqlError("42701", f'column "{twice}" specified more than once')
            columns = [by_name[name] for name in options.columns]
            listed = [name for name in identity if name in options.columns]
            if listed and not explicit:
                raise SqlError("42601", f'cannot set an identity column "{listed[0]}" to a value')
            if explicit and identity and not listed:
                raise SqlError("42601", "EXPLICIT_IDS needs the identity column in the column list")
        return columns

    def _find_files(self, storage):
        options = self.options
        if "manifest" not in options:
            urls = [(url, True, None) for url in storage.keys_below(options.source)]
            if not urls:
                raise SqlError("XX000", f"The specified S3 prefix '{options.source[5:].partition('/')[2]}' does not exist")
        else:
            urls = storage.manifest(options.source)
        files = []
        for url, mandatory, length in urls:
            opened = storage.open(url)
            if opened is None:
                if mandatory:
                    raise SqlError("XX000", f"Problem reading manifest file - Mandatory url is not present in manifest file: {url}")
                continue
            opened[0].close()
            if length is not None and length != opened[1]:
                # Redshift looks at it for columnar formats only; a manifest that is wrong is a mistake all the same.
                raise SqlError("XX000", f"content_length of {url} is {length} in the manifest and {opened[1]} in S3 (the stand-in's check)")
            files.append((url, opened[1]))
        if not files:
            raise missing_key()
        return files

    def _is_empty(self):
        rows = self.session.backend.query(f"SELECT 1 FROM {self.session.qualified(self.options.parts)} LIMIT 1")
        return not rows

    # The rows ---------------------------------------------------------------------------------------------------------

    def _load(self, storage, columns):
        names = ", ".join(self.session.names.quote(c["name"]) for c in columns)
        target = f"{self.session.qualified(self.options.parts)} ({names})"
        chunks = self._chunks(storage, columns)
        if "noload" in self.options:
            for _ in chunks:
                pass
            return
        self.session.backend.copy_in(f"COPY {target} FROM STDIN", chunks)

    def _chunks(self, storage, columns):
        try:
            converters = [converter(column, self.options) for column in columns]
        except FieldError as error:
            raise SqlError("0A000", error.reason) from None
        for index, (url, size) in enumerate(self.files):
            if self.at_half and index * 2 >= len(self.files):
                self.at_half()
                self.at_half = None
            yield from self._file(storage, columns, converters, index, url, size)
        if self.at_half:
            self.at_half()
            self.at_half = None

    def _file(self, storage, columns, converters, index, url, size):
        opened = storage.open(url)
        if opened is None:
            raise missing_key()
        started, errors_before, lines = now(), self.errors, 0
        out = []
        width = len(columns)
        fill = "fillrecord" in self.options
        try:
            for record in read_records(decompressed(opened[0], self.options.compression), self.options):
                lines += 1
                fields = record.fields
                try:
                    if record.error:
                        raise record.error
                    if len(fields) != width:
                        fields = self._fit(fields, width, fill, record)
                    if not record.text.isascii() and _NOT_UTF8.search(record.text):
                        fields = self._repair(fields, columns)
                    out.append("\t".join([convert(text) for convert, text in zip(converters, fields)]))
                except (FieldError, RecordError) as error:
                    self._record_error(index, url, record, columns, converters, error)
                    continue
                if len(out) == _ROWS_A_CHUNK:
                    self.rows += len(out)
                    yield ("\n".join(out) + "\n").encode()
                    out.clear()
                    self._check_time()
        except ValueError as error:
            self._record_broken_file(index, url, str(error))
            raise LoadFailed from None
        self.rows += len(out)
        if out:
            yield ("\n".join(out) + "\n").encode()
        self._check_time()
        self.bytes += size
        if index < self.server.system.untold:
            return
        self.server.system.append(
            "load_files",
            userid=self.session.user_id, query=self.query, slice=index % self.server.slices, filename=url, lines=lines,
            errors=self.errors - errors_before, bytes=size, start_time=started, end_time=now(), file_format=self._format(),
        )  # fmt: skip

    def _format(self):
        return "CSV" if self.options.format == "csv" else "Text"

    def _check_time(self):
        if self.session.cancelled.is_set():
            raise SqlError("57014", f"Query ({self.query}) canceled on user's request")
        if self._deadline and time.monotonic() > self._deadline:
            raise SqlError("57014", f"Query ({self.query}) canceled on user's request")

    @staticmethod
    def _fit(fields, width, fill, record):
        if len(fields) > width:
            raise RecordError(1202, "Extra column(s) found", width - 1)
        if fill:
            return fields + [""] * (width - len(fields))
        if record.text == "":
            raise RecordError(1211, "Input line is empty", 0)
        raise RecordError(1214, "Delimiter not found", len(fields) - 1)

    def _repair(self, fields, columns):
        """Fields with bytes that are no UTF-8: an error, or replaced where the client asked for it."""
        out = []
        for number, text in enumerate(fields):
            if _NOT_UTF8.search(text):
                if self.options.invalid_char is None or columns[number]["type"] != "varchar":
                    first = _NOT_UTF8.search(text).group(0)
                    raise RecordError(
                        1220,
                        "String contains invalid or unsupported UTF-8 codepoints. Bad UTF-8 hex sequence: "
                        f"{ord(first) - 0xDC00:02x} (error 3)",
                        number,
                    )
                text = _NOT_UTF8.sub(self.options.invalid_char, text)
            out.append(text)
        return out

    # What went wrong --------------------------------------------------------------------------------------------------

    def _record_error(self, index, url, record, columns, converters, error):
        self.errors += 1
        fields = record.fields or []
        number = getattr(error, "field", None)
        if isinstance(error, FieldError):
            number = self._failing_field(fields, converters)
        column = columns[number] if number is not None and number < len(columns) else None
        if self.errors <= _ERRORS_RECORDED_MAX:
            self._append_error(index, url, record.line_number, record.offset, column, number, record.text, fields, columns, error)
        limit = max(1, self.options.max_error)
        if "ignoreallerrors" not in self.options and self.errors >= limit:
            raise LoadFailed

    def _failing_field(self, fields, converters):
        for number, (convert, text) in enumerate(zip(converters, fields)):
            try:
                convert(text)
            except FieldError:
                return number
        return None

    def _record_broken_file(self, index, url, reason):
        self.errors += 1
        self._append_error(index, url, 0, 0, None, None, "", [], [], RecordError(1216, f"Invalid input: {reason}"))

    def _append_error(self, index, url, line, offset, column, number, text, fields, columns, error):
        position = sum(len(f) + 1 for f in fields[:number]) if number else 0
        described = [
            {"colname": c["name"], "value": _dotted(v), "type": c["type"], "col_length": _length_of(c)}
            for c, v in zip(columns, fields)
        ]
        self.server.system.append(
            "load_errors",
            userid=self.session.user_id, slice=index % self.server.slices, tbl=self._oid,
            starttime=now(), session=self.session.pid, query=self.query, xid=0, filename=url, line_number=line,
            colname=column["name"] if column else "", type=column["type"] if column else "",
            col_length=_length_of(column) if column else "", position=position, raw_line=_dotted(text)[:1024],
            raw_field_value=_dotted(fields[number])[:1024] if number is not None and number < len(fields) else "",
            err_code=error.code, err_reason=error.reason[:100], start_offset=offset, fields=described,
        )  # fmt: skip

    def _history(self, status, started):
        self.server.system.append(
            "loads",
            userid=self.session.user_id, query=self.query, xid=0, session=self.session.pid, status=status,
            table_name=self.options.parts[-1],
            start_time=datetime.datetime.utcfromtimestamp(started).isoformat(sep=" "),
            end_time=None if status == "running" else now(), duration=int((time.time() - started) * 1e6),
            data_source=self.options.source, file_format=self._format(), loaded_rows=self.rows, loaded_bytes=self.bytes,
            source_file_count=len(self.files), source_file_bytes=sum(size for _, size in self.files),
            file_count_scanned=len(self.files) if status == "completed" else 0, file_bytes_scanned=self.bytes,
            error_count=self.errors,
        )  # fmt: skip


def _length_of(column):
    if column["length"] is not None:
        return str(column["length"])
    return f"{column['precision']}, {column['scale']}" if column["type"] == "numeric" else "0"


def _dotted(text):
    """Bytes of characters beyond ASCII show as dots; NUL and the like too."""
    return "".join(c if " " <= c < "\x7f" or c in "\t\n\r" else "." * len(c.encode("utf-8", "surrogateescape")) for c in text)


class SystemTables:
    """The files behind STL_LOAD_ERRORS and its like: one JSON object a line. Shared by all sessions."""

    FILES = ("load_errors", "load_files", "loads", "queries")

    def __init__(self, folder):
        self._folder = folder
        self._lock = threading.Lock()
        self.lag = 0.0  # seconds until a row can be read
        self.untold = 0  # files of each COPY that have no row
        # Of this server alone: one before it, in the same folder, gave its queries the same numbers.
        for name in self.FILES:
            open(f"{folder}/{name}", "w", encoding="utf-8").close()

    def append(self, file, **fields):
        line = json.dumps(fields, ensure_ascii=True) + "\n"
        if self.lag:
            timer = threading.Timer(self.lag, self._write, (file, line))
            timer.daemon = True
            timer.start()
        else:
            self._write(file, line)

    def _write(self, file, line):
        with self._lock, open(f"{self._folder}/{file}", "a", encoding="utf-8") as lines:
            lines.write(line)

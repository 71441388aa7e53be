"""Messages of PostgreSQL's protocol, version 3."""

import struct

from .errors import Dropped

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
PROTOCOL_3 = 196608


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def text(value):
    return value.encode() + b"\0"


class Channel:
    """Whole messages over a socket. One thread reads and writes it."""

    def __init__(self, sock):
        self.sock = sock
        self._received = bytearray()
        self._at = 0
        self._to_send = []
        self._bytes_to_send = 0

    def _take(self, count):
        while len(self._received) - self._at < count:
            if self._at > 1 << 20:
                del self._received[: self._at]
                self._at = 0
            try:
                data = self.sock.recv(1 << 17)
            except OSError as error:
                raise Dropped(str(error)) from None
            if not data:
                raise Dropped("closed by the peer")
            self._received += data
        data = bytes(self._received[self._at : self._at + count])
        self._at += count
        if self._at == len(self._received):
            self._received.clear()
            self._at = 0
        return data

    def startup_packet(self):
        (length,) = struct.unpack("!I", self._take(4))
        if not 8 <= length <= 10000:
            raise Dropped("not a startup packet")
        return self._take(length - 4)

    def read(self):
        kind = self._take(1)
        (length,) = struct.unpack("!I", self._take(4))
        return kind, self._take(length - 4)

    def pending(self):
        """Whether a whole message can be expected without waiting for the peer."""
        return len(self._received) > self._at

    def write(self, data):
        self._to_send.append(data)
        self._bytes_to_send += len(data)
        if self._bytes_to_send > 1 << 18:
            self.flush()

    def flush(self):
        if not self._to_send:
            return
        data = b"".join(self._to_send)
        self._to_send.clear()
        self._bytes_to_send = 0
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Dropped(str(error)) from None


def fields(body):
    """The fields of an ErrorResponse or a NoticeResponse."""
    found = {}
    for part in body.split(b"\0"):
        if part:
            found[chr(part[0])] = part[1:].decode(errors="replace")
    return found


def error_response(error):
    return _response(b"E", error.severity, error.code, error.message, error.detail, error.hint)


def notice_response(severity, text_, code="00000", detail=None):
    return _response(b"N", severity, code, text_, detail, None)


def _response(kind, severity, code, text_, detail, hint):
    body = b"S" + text(severity) + b"C" + text(code) + b"M" + text(text_)
    if detail is not None:
        body += b"D" + text(detail)
    if hint is not None:
        body += b"H" + text(hint)
    return message(kind, body + b"\0")


def rename_columns(body, rename):
    """A RowDescription with other column names."""
    (count,) = struct.unpack_from("!H", body)
    out, at = [body[:2]], 2
    for _ in range(count):
        end = body.index(b"\0", at)
        name = body[at:end].decode()
        out.append(text(rename(name)))
        out.append(body[end + 1 : end + 19])
        at = end + 19
    return b"".join(out)


def data_row(body):
    """The fields of a DataRow as bytes or None."""
    (count,) = struct.unpack_from("!H", body)
    row, at = [], 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        if length < 0:
            row.append(None)
        else:
            row.append(body[at : at + length])
            at += length
    return row

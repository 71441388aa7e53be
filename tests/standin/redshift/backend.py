"""A connection to the PostgreSQL behind the stand-in."""

import os
import socket
import struct

from . import wire
from .errors import Dropped, SqlError


class PostgresError(SqlError):
    """An error of PostgreSQL's in its own words."""

    def __init__(self, payload):
        self.fields = wire.fields(payload)
        super().__init__(self.fields["C"], self.fields["M"], self.fields.get("D"))


class Backend:
    """One connection over the Unix socket, where PostgreSQL trusts the stand-in. Not shared between threads."""

    def __init__(self, folder, port, user, database, settings=()):
        self._address = os.path.join(folder, f".s.PGSQL.{port}")
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self._address)
        self.channel = wire.Channel(sock)
        self.status = "I"
        self.pid = self.secret = 0
        body = struct.pack("!I", wire.PROTOCOL_3)
        parameters = {"user": user, "database": database, "client_encoding": "UTF8", **dict(settings)}
        for name, value in parameters.items():
            body += wire.text(name) + wire.text(value)
        body += b"\0"
        self.channel.write(struct.pack("!I", len(body) + 4) + body)
        self.channel.flush()
        while True:
            kind, payload = self.channel.read()
            if kind == b"E":
                found = wire.fields(payload)
                raise SqlError(found["C"], found["M"], severity="FATAL")
            if kind == b"K":
                self.pid, self.secret = struct.unpack("!II", payload)
            if kind == b"Z":
                return

    def send_query(self, sql):
        self.channel.write(wire.message(b"Q", wire.text(sql)))
        self.channel.flush()

    def query(self, sql):
        """Runs statements whose rows nobody but the stand-in sees; raises PostgreSQL's error."""
        self.send_query(sql)
        rows, error = [], None
        while True:
            kind, payload = self.channel.read()
            if kind == b"D":
                rows.append([None if field is None else field.decode() for field in wire.data_row(payload)])
            elif kind == b"E":
                error = error or PostgresError(payload)
            elif kind == b"Z":
                self.status = payload.decode()
                break
        if error:
            raise error
        return rows

    def copy_in(self, sql, chunks):
        """COPY ... FROM STDIN. When `chunks` raises, PostgreSQL's statement fails, and the exception goes on."""
        self.send_query(sql)
        kind, payload = self.channel.read()
        while kind == b"N":
            kind, payload = self.channel.read()
        if kind == b"E":
            error = PostgresError(payload)
            self._until_ready()
            raise error
        try:
            for chunk in chunks:
                self.channel.write(wire.message(b"d", chunk))
        except BaseException:
            self.channel.write(wire.message(b"f", wire.text("given up")))
            self.channel.flush()
            self._until_ready()
            raise
        self.channel.write(wire.message(b"c"))
        self.channel.flush()
        error = self._until_ready()
        if error:
            raise error

    def _until_ready(self):
        error = None
        while True:
            kind, payload = self.channel.read()
            if kind == b"E":
                error = PostgresError(payload)
            elif kind == b"Z":
                self.status = payload.decode()
                return error

    def fail_transaction(self):
        """Leaves an open transaction as an error would."""
        if self.status == "T":
            try:
                self.query("SELECT standin.fail()")
            except SqlError:
                pass

    def cancel(self):
        """Callable from another thread."""
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(self._address)
                sock.sendall(struct.pack("!IIII", 16, wire.CANCEL_REQUEST, self.pid, self.secret))
                sock.recv(1)
        except OSError:
            pass

    def close(self):
        try:
            self.channel.write(wire.message(b"X"))
            self.channel.flush()
        except Dropped:
            pass
        self.channel.sock.close()

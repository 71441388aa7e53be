"""From the first byte of a connection to its first ReadyForQuery: TLS, password, settings."""

import hashlib
import os
import re
import struct

from . import wire
from .errors import Dropped, SqlError
from .settings import check_setting
from .words import SETTINGS


def role_of(login):
    """The database user behind a login: IAM:name and IAMA:name:group are for `name`, IAMR:role is a user by itself."""
    prefix, _, name = login.partition(":")
    return name.partition(":")[0] if prefix in ("IAM", "IAMA") and name else login


class Startup:
    """A part of Session."""

    def _start(self):
        encrypted = False
        while True:
            packet = self.channel.startup_packet()
            (code,) = struct.unpack_from("!I", packet)
            if code == wire.SSL_REQUEST:
                self.channel.sock.sendall(b"S")
                try:
                    sock = self.server.tls.wrap_socket(self.channel.sock, server_side=True)
                except OSError as error:
                    raise Dropped(str(error)) from None
                self.channel = wire.Channel(sock)
                encrypted = True
            elif code == wire.GSS_REQUEST:
                self.channel.sock.sendall(b"N")
            elif code == wire.CANCEL_REQUEST:
                pid, secret = struct.unpack_from("!II", packet, 4)
                self.server.cancel(pid, secret)
                return False
            elif code == wire.PROTOCOL_3:
                break
            else:
                raise SqlError("0A000", "unsupported frontend protocol")
        parameters = self._parameters(packet[4:])
        refusal = self.server.faults.refusal()
        if refusal:
            raise SqlError(*refusal, severity="FATAL")
        if not encrypted and self.server.require_tls:
            raise SqlError(
                "28000",
                f'no pg_hba.conf entry for host "127.0.0.1", user "{self.user}", database "{self.database}", SSL off',
                severity="FATAL",
            )
        settings = self._settings_of(parameters)
        self._authenticate()
        self._connect(settings)
        return True

    def _parameters(self, body):
        parts = body.split(b"\0")
        parameters = {parts[i].decode(): parts[i + 1].decode() for i in range(0, len(parts) - 1, 2) if parts[i]}
        self.user = parameters.pop("user", "")
        self.database = parameters.pop("database", self.user)
        return parameters

    def _settings_of(self, parameters):
        """What the startup packet sets, after the checks that Redshift makes."""
        settings = {}
        options = parameters.pop("options", "")
        for name, value in re.findall(r"(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)", options):
            parameters[name.replace("-", "_")] = re.sub(r"\\(.)", r"\1", value)
        for name, value in parameters.items():
            low = name.lower()
            if low in ("replication", "fallback_application_name"):
                continue
            if low.startswith("client_protocol_version") or low in ("driver_version", "os_version", "plugin_name"):
                continue
            check_setting(low, value)
            if low in SETTINGS:
                settings["redshift." + low] = value
                if low == "query_group":
                    self._label = value
                if low == "enable_case_sensitive_identifier":
                    self.case_sensitive = value.lower() in ("on", "true", "1")
            elif low != "client_encoding":
                settings[low] = value
        return settings

    def _authenticate(self):
        password = self.server.users.get(self.user)
        if self.server.authentication == "md5":
            salt = os.urandom(4)
            self.channel.write(wire.message(b"R", struct.pack("!I", 5) + salt))
        else:
            salt = None
            self.channel.write(wire.message(b"R", struct.pack("!I", 3)))
        self.channel.flush()
        kind, payload = self.channel.read()
        if kind != b"p":
            raise Dropped("no password")
        answer = payload.rstrip(b"\0").decode()
        expected = password
        if salt is not None and password is not None:
            inner = hashlib.md5((password + self.user).encode()).hexdigest()
            expected = "md5" + hashlib.md5(inner.encode() + salt).hexdigest()
        if password is None or answer != expected:
            raise SqlError("28000", f'password authentication failed for user "{self.user}"', severity="FATAL")

    def _connect(self, settings):
        if self.database != self.server.database:
            raise SqlError("3D000", f'database "{self.database}" does not exist', severity="FATAL")
        settings = {
            "extra_float_digits": "0", "datestyle": "ISO, MDY", "timezone": "UTC", "standin.system": self.server.system_folder,
            "bytea_output": "hex", "intervalstyle": "postgres", "standard_conforming_strings": "on", **settings,
        }  # fmt: skip
        path = settings.pop("search_path", '"$user", public')
        settings["search_path"] = path + ", standin"
        self._search_path = [name.strip(' "') for name in path.replace("$user", self.role).split(",")]
        self.role = role_of(self.user)
        self.backend = self.server.connect(self.role, settings)
        self.pid = self.backend.pid
        self.user_id = int(self.backend.query("SELECT usesysid FROM pg_user WHERE usename = current_user")[0][0])
        write = self.channel.write
        write(wire.message(b"R", struct.pack("!I", 0)))
        for name, value in (
            ("client_encoding", "UNICODE"), ("DateStyle", "ISO, MDY"), ("integer_datetimes", "on"), ("is_superuser", "off"),
            ("server_encoding", "UNICODE"), ("server_version", "8.0.2"), ("session_authorization", self.role), ("TimeZone", "UTC"),
        ):  # fmt: skip
            write(wire.message(b"S", wire.text(name) + wire.text(value)))
        write(wire.message(b"K", struct.pack("!II", self.pid, self.secret)))
        self.server.remember(self)
        self._ready()

    def _ready(self):
        self.channel.write(wire.message(b"Z", self.backend.status.encode()))
        self.channel.flush()

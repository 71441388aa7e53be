"""DuckDB as another program uses it: its own library, which the binary is linked with, through its C interface."""

import ctypes
import functools
import os
import re
import subprocess


@functools.cache
def library():
    listed = subprocess.run(["ldd", os.environ.get("DRAY", "dray")], capture_output=True, text=True, check=True).stdout
    duckdb = ctypes.CDLL(re.search(r"=> (\S*libduckdb\S*)", listed)[1])
    duckdb.duckdb_result_error.restype = ctypes.c_char_p
    return duckdb


class Database:
    """One file, open until the end of a `with`."""

    def __init__(self, path):
        self.path = os.fsencode(path)
        self.database, self.connection = ctypes.c_void_p(), ctypes.c_void_p()

    def __enter__(self):
        if library().duckdb_open(self.path, ctypes.byref(self.database)) != 0:
            raise RuntimeError(f"DuckDB cannot open {self.path}")
        library().duckdb_connect(self.database, ctypes.byref(self.connection))
        return self

    def __exit__(self, *_):
        library().duckdb_disconnect(ctypes.byref(self.connection))
        library().duckdb_close(ctypes.byref(self.database))

    def execute(self, *statements):
        for sql in statements:
            result = (ctypes.c_byte * 256)()  # a duckdb_result has 48 bytes
            failed = library().duckdb_query(self.connection, sql.encode(), ctypes.byref(result)) != 0
            message = library().duckdb_result_error(ctypes.byref(result)) if failed else b""
            library().duckdb_destroy_result(ctypes.byref(result))
            if failed:
                raise RuntimeError(f"{sql}: {message.decode()}")


def execute(path, *statements):
    with Database(path) as database:
        database.execute(*statements)

#!/usr/bin/env python3
"""Loads raw event logs into a DuckDB file with dlt, as its documentation recommends, into tables shaped like Dray's.

  dlt_load.py FILE DIRECTORY THREADS [WORKING DIRECTORY]

Its own filesystem source, which takes the files that are new, and JSONL reader, which yields pages; pages of rows for
each table; `merge` by messageId, of duplicates the one received last; parquet files instead of inserts, buffers large
enough for a page, intermediate files that are not compressed. One process normalizes: two, with files to share among
them, took half as much CPU time again and were no faster. Objects become columns and arrays stay JSON. Left out are
`users` and `accounts`, which would be SQL after the load. Exits with 1 if dlt does not load all.
"""

import collections
import os
import pathlib
import sys

BUFFERED = 10_000  # Rows; a page has 5,000 lines.
CALLS = {"identify": "identifies", "page": "pages", "screen": "screens", "group": "groups", "alias": "aliases"}
TOP_LEVEL = ("messageId", "receivedAt", "anonymousId", "userId", "sentAt", "timestamp", "originalTimestamp", "groupId",
             "previousId", "context", "name", "category")
TIMES = ("received_at", "sent_at", "timestamp", "original_timestamp")
ARRAYS = ("products", "filters", "interests", "context__user_agent_data__brands")


def settings(threads, working):
    return {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "WARNING",
        "PIPELINES_DIR": str(working),
        "DLT_DATA_DIR": str(working),
        "EXTRACT__DATA_WRITER__BUFFER_MAX_ITEMS": str(BUFFERED),
        "NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS": str(BUFFERED),
        "NORMALIZE__WORKERS": "1",
        "DATA_WRITER__DISABLE_COMPRESSION": "true",
        "LOAD__WORKERS": str(threads),
    }


def rows(event):
    """(table, row) for each row of the event: a track has one in `tracks` and one in its event's table."""
    common = {key: event[key] for key in TOP_LEVEL if key in event}
    kind = event["type"]
    if kind == "track":
        common["event"] = event["event"].lower().replace(" ", "_")
        common["event_text"] = event["event"]
        yield "tracks", dict(common)
        yield common["event"], {**(event.get("properties") or {}), **common}
    else:
        details = event.get("traits" if kind in ("identify", "group", "alias") else "properties") or {}
        yield CALLS[kind], {**details, **common}


def main():
    file, directory, threads = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), int(sys.argv[3])
    working = pathlib.Path(sys.argv[4] if len(sys.argv) > 4 else f"{file}.dlt").resolve()
    os.environ.update(settings(threads, working))  # Before dlt reads them.

    import dlt
    import duckdb
    from dlt.sources.filesystem import filesystem, read_jsonl

    hints = {name: {"data_type": "timestamp"} for name in TIMES}
    hints["received_at"]["dedup_sort"] = "desc"

    @dlt.transformer(write_disposition="merge", primary_key="message_id",
                     columns={**hints, **{name: {"data_type": "json"} for name in ARRAYS}})
    def calls(page):
        tables = collections.defaultdict(list)
        for event in page:
            for table, row in rows(event):
                tables[table].append(row)
        for table, of_table in tables.items():
            yield dlt.mark.with_table_name(of_table, table)

    files = filesystem(bucket_url=directory.as_uri(), file_glob="*.gz")
    files.apply_hints(incremental=dlt.sources.incremental("modification_date"))
    connection = duckdb.connect(file, config={"threads": threads})
    pipeline = dlt.pipeline("compare", destination=dlt.destinations.duckdb(connection), dataset_name="shop")
    info = pipeline.run(files | read_jsonl(chunksize=5_000) | calls, loader_file_format="parquet")
    info.raise_on_failed_jobs()
    connection.close()


if __name__ == "__main__":
    main()

"""Reading S3 with botocore: a client that is not the program's own."""

import json
import threading
import zlib

import botocore.config
import botocore.exceptions
import botocore.session
import zstandard

from .errors import SqlError

_CHUNK_BYTES = 1 << 18


# A client takes a third of a second to make, and serves any number of threads.
_clients = {}
_making = threading.Lock()


def _client(endpoint, region, key, secret, token):
    with _making:
        known = (endpoint, region, key, secret, token)
        if known not in _clients:
            _clients[known] = botocore.session.Session().create_client(
                "s3",
                region_name=region,
                endpoint_url=endpoint,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
                config=botocore.config.Config(
                    signature_version="s3v4",
                    s3={"addressing_style": "path"},
                    retries={"max_attempts": 3, "mode": "standard"},
                    connect_timeout=5,
                    read_timeout=30,
                ),
            )
        return _clients[known]


class Storage:
    """One COPY's view of S3. `endpoint` is where the tests' S3 answers; `keys` are those of the COPY or, for a role, of
    the stand-in."""

    def __init__(self, endpoint, region, keys):
        self._client = _client(
            endpoint, region, keys["access_key_id"], keys["secret_access_key"], keys.get("session_token") or None
        )

    def open(self, url):
        """The object's body and size; None if there is none."""
        bucket, _, key = url[5:].partition("/")
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key)
        except botocore.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise service_error(error) from None
        except botocore.exceptions.BotoCoreError as error:
            raise unreachable(error) from None
        return answer["Body"], answer["ContentLength"]

    def keys_below(self, url):
        bucket, _, prefix = url[5:].partition("/")
        found, marker = [], {}
        try:
            while True:
                page = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, **marker)
                found += [f"s3://{bucket}/{entry['Key']}" for entry in page.get("Contents", ())]
                if not page.get("IsTruncated"):
                    return found
                marker = {"ContinuationToken": page["NextContinuationToken"]}
        except botocore.exceptions.ClientError as error:
            raise service_error(error) from None
        except botocore.exceptions.BotoCoreError as error:
            raise unreachable(error) from None

    def manifest(self, url):
        """[(url, mandatory, content_length or None)]"""
        opened = self.open(url)
        if opened is None:
            raise missing_key()
        try:
            entries = json.loads(opened[0].read())["entries"]
            found = [(e["url"], e.get("mandatory", False), (e.get("meta") or {}).get("content_length")) for e in entries]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SqlError("XX000", f"Manifest file is not in correct json format - {url}") from None
        for entry, mandatory, _ in found:
            if not isinstance(entry, str) or not entry.startswith("s3://") or "/" not in entry[5:].rstrip("/"):
                raise SqlError(
                    "XX000",
                    "Load error",
                    detail=f"error:  Manifest file contains an entry that is not a full S3 object path: {entry}\n  code:      8001",
                )
            if not isinstance(mandatory, bool):
                raise SqlError("XX000", f"Manifest file is not in correct json format - {url}")
        return found


def service_error(error):
    about = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    request = error.response.get("ResponseMetadata", {}).get("RequestId", "")
    retry = 1 if status >= 500 or about.get("Code") == "SlowDown" else 0
    return SqlError(
        "XX000",
        f"S3ServiceException:{about.get('Message') or about.get('Code')},Status {status},Error {about.get('Code')},"
        f"Rid {request},CanRetry {retry}",
    )


def missing_key():
    return SqlError(
        "XX000", "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey,Rid ,CanRetry 0"
    )


def unreachable(error):
    return SqlError("XX000", f"S3CurlException: {type(error).__name__}, CanRetry 1")


def decompressed(body, compression):
    """The bytes of an object in pieces; raises ValueError where they are not what COPY was told."""
    try:
        if compression is None:
            yield from body.iter_chunks(_CHUNK_BYTES)
        elif compression == "zstd":
            decompressor = zstandard.ZstdDecompressor()
            yield from _members(body, decompressor.decompressobj, zstandard.ZstdError)
        elif compression == "gzip":
            yield from _members(body, lambda: zlib.decompressobj(wbits=31), zlib.error)
        else:
            raise SqlError("0A000", f"the stand-in does not read {compression.upper()}")
    except (botocore.exceptions.BotoCoreError, OSError) as error:
        raise unreachable(error) from None


def _members(body, new, error_type):
    """The contents of the frames (members) of a stream, one after the other."""
    member = None
    for data in body.iter_chunks(_CHUNK_BYTES):
        while data:
            if member is None:
                member = new()
            try:
                chunk = member.decompress(data)
            except error_type as error:
                raise ValueError(str(error)) from None
            if chunk:
                yield chunk
            data = member.unused_data if member.eof else b""
            if member.eof:
                member = None
    if member is not None:
        raise ValueError("the compressed stream ends too early")

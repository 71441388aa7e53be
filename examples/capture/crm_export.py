"""The nightly CRM export: analytics-python sends the wholesale accounts and the people who buy for them."""
import datetime as real
import json
import sys
import time

import segment.analytics.client as client_module
import segment.analytics.request as request_module
from segment.analytics.client import Client

job = json.load(sys.stdin)
offset = job["start"] / 1000 - time.time()


class SimulatedDatetime(real.datetime):
    """datetime, but now() is in the simulated day."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time() + offset, tz)


client_module.datetime = SimulatedDatetime
request_module.datetime = SimulatedDatetime

client = Client(job["writeKey"], host=job["host"], gzip=True, upload_size=20, max_retries=1)
for i, cafe in enumerate(job["cafes"]):
    members = [c for n, c in enumerate(job["customers"]) if n % len(job["cafes"]) == i]
    traits = dict(cafe["traits"], creditLimit=500 * (1 + i % 5), since=real.date(2021 + i % 5, 1 + i, 3 + 2 * i))
    for person in members:
        client.identify(person["userId"], {
            "email": person["traits"]["email"],
            "role": ["owner", "head barista", "buyer"][len(person["traits"]["email"]) % 3],
            "company": {"id": cafe["groupId"], "name": cafe["traits"]["name"]},
            "phone": None,
        })
        client.group(person["userId"], cafe["groupId"], traits)
    if i % 2 == 0:
        client.track(members[0]["userId"], "Wholesale Quote Sent",
                     {"quote_id": "Q-%d" % (910 + i), "amount": 240 + 85 * i, "valid_until": real.datetime(2026, 11, 15, 18, 0)},
                     context={"groupId": cafe["groupId"]})
client.flush()
client.join()

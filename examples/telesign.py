"""What an app's backend does with the JWT service of TeleSign App Verify. CHANCERY_URL, SERVICE_KEY, PHONE, XID"""

import json
import os
from urllib.parse import quote
from urllib.request import Request, urlopen

BASE = os.environ["CHANCERY_URL"]


def get(path):
    request = Request(BASE + path, headers={"X-Service-Key": os.environ["SERVICE_KEY"]})
    with urlopen(request, timeout=15) as response:
        return response.read().decode()


phone, xid = os.environ["PHONE"], os.environ["XID"]
token = get(f"/v1/token/{quote(phone)}/{xid}")
# The same transaction gives the same token while it lives.
assert token == get(f"/v1/token/{quote(phone)}/{xid}")
transaction = json.loads(get(f"/v1/transactions/{xid}"))
assert transaction["token"] == token and transaction["status"] == "live"
assert json.loads(get(f"/v1/transactions?phone={quote(phone)}"))["items"][0]["xid"] == xid
print(token)

import hashlib
import hmac
import json
import os

import requests

secret = os.environ["BETEDGE_HMAC_SECRET"]
port = os.environ.get("PORT", "8080")
body = json.dumps(
    {
        "id": "0b6f3c5e-6f0a-4d43-9a51-2f2c6b7b5a10",
        "event": "pick.published",
        "created_at": "2026-05-25T08:00:00Z",
        "data": {"pick": "Arsenal -0.5 Asian Handicap", "odds": 1.91},
    }
).encode()
digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

response = requests.post(
    f"http://127.0.0.1:{port}/betedge",
    data=body,
    headers={
        "Content-Type": "application/json",
        "X-BetEdge-Event": "pick.published",
        "X-BetEdge-Signature": f"sha256={digest}",
    },
    timeout=10,
)
print(response.status_code)

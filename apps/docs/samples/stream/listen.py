import json

import requests
import sseclient  # pip install sseclient-py

response = requests.get(
    "https://betedge.tips/api/v1/picks/stream",
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    stream=True,
    timeout=60,
)
response.raise_for_status()
for event in sseclient.SSEClient(response).events():
    pick = json.loads(event.data)
    print(f"{pick['pick']} at {pick['odds']}", flush=True)

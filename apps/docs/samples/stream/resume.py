import json
import time

import requests
import sseclient  # pip install sseclient-py

headers = {"Authorization": "Bearer betedge_<your_api_key>"}
last_id = "1042"  # keep it together with what you make of the picks

while True:
    pause = 5.0
    try:
        response = requests.get(
            "https://betedge.tips/api/v1/picks/stream",
            headers=headers | {"Last-Event-ID": last_id},
            stream=True,
            timeout=60,  # a heartbeat comes every 30 seconds
        )
        if response.status_code == 429 or response.status_code >= 500:
            pause = float(response.headers.get("Retry-After", pause))
        else:
            response.raise_for_status()  # a new key, or a new last_id
            for event in sseclient.SSEClient(response).events():
                pick = json.loads(event.data)
                print(f"{event.id}: {pick['pick']}", flush=True)
                last_id = event.id
    except requests.HTTPError:
        raise
    except requests.RequestException as error:
        print(error, flush=True)  # the network broke
    time.sleep(pause)

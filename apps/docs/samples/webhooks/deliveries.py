import requests

webhook_id = "b7f2a4c1-0d3e-4c6b-8a5f-9e1d2c3b4a50"
response = requests.get(
    f"https://betedge.tips/api/v1/webhooks/{webhook_id}/deliveries",
    params={"limit": 20},
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)

for delivery in response.json()["data"]:
    event, status = delivery["event"], delivery["status"]
    print(f"{event}: {status} after {len(delivery['attempts'])} attempts")
    for attempt in delivery["attempts"]:
        if attempt["error"]:
            print(f"  {attempt['error']}")

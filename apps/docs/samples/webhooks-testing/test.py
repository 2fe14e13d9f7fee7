import requests

webhook_id = "b7f2a4c1-0d3e-4c6b-8a5f-9e1d2c3b4a50"
response = requests.post(
    f"https://betedge.tips/api/v1/webhooks/{webhook_id}/test",
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=20,
)
test = response.json()

if test["delivered"]:
    print(f"Delivered: {test['status_code']}")
else:
    print(f"Not delivered. {test['error']}")

import requests

response = requests.get(
    "https://betedge.tips/api/v1/picks",
    params={"limit": 1},
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)

for pick in response.json()["data"]:
    print(f"{pick['pick']} @ {pick['odds']}, edge {pick['edge_pct']} %")

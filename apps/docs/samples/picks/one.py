import requests

pick_id = "8c2f6f0e-5f0a-4a1b-9d3e-2b7c4d1e6a90"
response = requests.get(
    f"https://betedge.tips/api/v1/picks/{pick_id}",
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)
pick = response.json()

result = pick["result"] or "not settled yet"
print(f"{pick['home_team']} v {pick['away_team']}: {result}")

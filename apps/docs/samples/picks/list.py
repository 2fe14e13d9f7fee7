import requests

response = requests.get(
    "https://betedge.tips/api/v1/picks",
    params={
        "sport": "soccer",
        "league": "Premier League",
        "since": "2026-05-01",
        "limit": 2,
    },
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)
page = response.json()

shown, after = len(page["data"]), page["next_cursor"]
print(f"{shown} of {page['count']}; the next page begins at {after}")

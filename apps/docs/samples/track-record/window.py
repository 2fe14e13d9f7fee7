import requests

response = requests.get(
    "https://betedge.tips/api/v1/track-record",
    params={"days_back": 30},
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)
record = response.json()


def line(what: str, row: dict) -> str:
    settled, roi = row["total_settled"], row["roi_pct"]
    return f"{what}: {settled} settled, return {roi} %"


print(line("all", record["overall"]))
for row in record["per_sport"]:
    print(line(row["sport"], row))

import requests

response = requests.get(
    "https://betedge.tips/api/v1/picks",
    params={"limit": 1},
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)


def left(what: str) -> str:
    remaining = response.headers[f"X-{what}-Remaining"]
    return f"{remaining} of {response.headers[f'X-{what}-Limit']}"


print(f"{left('RateLimit')} left this hour, {left('Quota')} this month")

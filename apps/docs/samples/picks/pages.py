from collections.abc import Iterator

import requests

session = requests.Session()
session.headers["Authorization"] = "Bearer betedge_<your_api_key>"


def picks(**filters: str) -> Iterator[dict]:
    cursor = ""
    while cursor is not None:
        response = session.get(
            "https://betedge.tips/api/v1/picks",
            params={**filters, "limit": 200, "cursor": cursor},
            timeout=10,
        )
        response.raise_for_status()
        page = response.json()
        yield from page["data"]
        cursor = page["next_cursor"]


seen = sum(1 for pick in picks(sport="soccer"))
print(f"{seen} picks")

import requests

session = requests.Session()
session.headers["Authorization"] = "Bearer betedge_<your_api_key>"


def picks() -> None:
    response = session.get(
        "https://betedge.tips/api/v1/picks",
        params={"sport": "soccer"},
        timeout=10,
    )
    session.headers["If-None-Match"] = response.headers["ETag"]
    print(response.status_code)  # 304: nothing changed, no body


picks()
picks()

import time

import requests


def get(url: str) -> requests.Response:
    for tries in range(5):
        response = requests.get(
            url,
            headers={"Authorization": "Bearer betedge_<your_api_key>"},
            timeout=10,
        )
        passing = response.status_code == 429 or response.status_code >= 500
        # Ours says how long; without it, wait 1, 2, 4, 8 seconds.
        pause = float(response.headers.get("Retry-After", 2**tries))
        if not passing or tries == 4 or pause > 600:
            break
        time.sleep(pause)
    return response


print(get("https://betedge.tips/api/v1/picks?limit=1").status_code)

import requests

response = requests.get(
    "https://betedge.tips/api/v1/picks",
    params={"limit": "ten"},
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)

if not response.ok:
    problem = response.json()
    code, message = problem["error"], problem.get("message", "")
    print(f"{response.status_code} {code}: {message}")
    print(f"request {response.headers['X-Request-Id']}")

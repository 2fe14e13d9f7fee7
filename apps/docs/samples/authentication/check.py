import requests

response = requests.get(
    "https://betedge.tips/api/v1/usage",
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)

if response.status_code == 401:
    print("This key does not work.")
else:
    found = response.json()
    print(f"{found['key']['name']} works, on the {found['tier']} tier")

import requests

response = requests.post(
    "https://betedge.tips/api/v1/webhooks",
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    json={
        "url": "https://hooks.example.com/betedge",
        "events": ["pick.published", "pick.settled"],
    },
    timeout=10,
)
webhook = response.json()

# Keep it where your receiver finds it: it is shown this once.
secret = webhook["hmac_secret"]
print(f"{response.status_code}, a secret of {len(secret)} characters")

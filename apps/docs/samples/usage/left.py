import requests

response = requests.get(
    "https://betedge.tips/api/v1/usage",
    headers={"Authorization": "Bearer betedge_<your_api_key>"},
    timeout=10,
)
usage = response.json()
hour, month = usage["hour"]["remaining"], usage["month"]["remaining"]
until = usage["month"]["resets_at"]

print(f"{hour} left this hour, {month} until {until}")

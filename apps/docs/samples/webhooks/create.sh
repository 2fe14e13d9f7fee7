curl "https://betedge.tips/api/v1/webhooks" \
  -H "Authorization: Bearer betedge_<your_api_key>" \
  -H "Content-Type: application/json" \
  -d '{
    "url": "https://hooks.example.com/betedge",
    "events": ["pick.published", "pick.settled"]
  }'

curl --retry 4 --retry-max-time 600 \
  --silent --output picks.json --write-out "%{http_code}\n" \
  "https://betedge.tips/api/v1/picks?limit=1" \
  -H "Authorization: Bearer betedge_<your_api_key>"

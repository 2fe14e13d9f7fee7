curl --get "https://betedge.tips/api/v1/picks" \
  --data-urlencode "sport=soccer" \
  --data-urlencode "league=Premier League" \
  --data-urlencode "since=2026-05-01" \
  --data-urlencode "limit=2" \
  -H "Authorization: Bearer betedge_<your_api_key>"

# Each answer's next_cursor is the next request's cursor, until it is null.
curl --get "https://betedge.tips/api/v1/picks" \
  --data-urlencode "limit=200" \
  --data-urlencode "cursor=2026-05-25T15:00:00Z" \
  -H "Authorization: Bearer betedge_<your_api_key>"

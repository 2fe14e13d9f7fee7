curl "https://betedge.tips/api/v1/picks?limit=1" \
  -H "Authorization: Bearer betedge_<your_api_key>"

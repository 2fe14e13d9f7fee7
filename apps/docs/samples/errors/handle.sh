curl "https://betedge.tips/api/v1/picks?limit=ten" \
  -H "Authorization: Bearer betedge_<your_api_key>"

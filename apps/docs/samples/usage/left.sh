curl "https://betedge.tips/api/v1/usage" \
  -H "Authorization: Bearer betedge_<your_api_key>"

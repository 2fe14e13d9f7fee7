curl -N "https://betedge.tips/api/v1/picks/stream" \
  -H "Authorization: Bearer betedge_<your_api_key>"

curl "https://betedge.tips/api/v1/track-record?days_back=30" \
  -H "Authorization: Bearer betedge_<your_api_key>"

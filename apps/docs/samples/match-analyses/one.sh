id=8c2f6f0e-5f0a-4a1b-9d3e-2b7c4d1e6a90

curl "https://betedge.tips/api/v1/match-analyses/$id" \
  -H "Authorization: Bearer betedge_<your_api_key>"

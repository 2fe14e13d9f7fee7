id=b7f2a4c1-0d3e-4c6b-8a5f-9e1d2c3b4a50

curl --request POST "https://betedge.tips/api/v1/webhooks/$id/test" \
  -H "Authorization: Bearer betedge_<your_api_key>"

for time in first second; do
  curl --silent --output picks.json --write-out "%{http_code}\n" \
    --etag-compare etag.txt --etag-save etag.txt \
    "https://betedge.tips/api/v1/picks?sport=soccer" \
    -H "Authorization: Bearer betedge_<your_api_key>"
done

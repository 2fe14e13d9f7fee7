const url = "https://betedge.tips/api/v1/picks?sport=soccer";
let etag = "";

async function picks() {
  const response = await fetch(url, {
    headers: {
      Authorization: "Bearer betedge_<your_api_key>",
      ...(etag && { "If-None-Match": etag }),
    },
  });
  etag = response.headers.get("ETag");
  console.log(response.status); // 304: nothing changed, no body
}

await picks();
await picks();

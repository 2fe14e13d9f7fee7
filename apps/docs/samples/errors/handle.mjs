const url = "https://betedge.tips/api/v1/picks?limit=ten";
const response = await fetch(url, {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});

if (!response.ok) {
  const { error, message = "" } = await response.json();
  console.log(`${response.status} ${error}: ${message}`);
  console.log(`request ${response.headers.get("X-Request-Id")}`);
}

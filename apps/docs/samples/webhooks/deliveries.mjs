const id = "b7f2a4c1-0d3e-4c6b-8a5f-9e1d2c3b4a50";
const response = await fetch(
  `https://betedge.tips/api/v1/webhooks/${id}/deliveries?limit=20`,
  { headers: { Authorization: "Bearer betedge_<your_api_key>" } },
);
const { data } = await response.json();

for (const { event, status, attempts } of data) {
  console.log(`${event}: ${status} after ${attempts.length} attempts`);
  for (const { error } of attempts) {
    if (error) console.log(`  ${error}`);
  }
}

const id = "b7f2a4c1-0d3e-4c6b-8a5f-9e1d2c3b4a50";
const response = await fetch(
  `https://betedge.tips/api/v1/webhooks/${id}/test`,
  {
    method: "POST",
    headers: { Authorization: "Bearer betedge_<your_api_key>" },
  },
);
const { delivered, status_code, error } = await response.json();

if (delivered) {
  console.log(`Delivered: ${status_code}`);
} else {
  console.log(`Not delivered. ${error}`);
}

const response = await fetch("https://betedge.tips/api/v1/usage", {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});

if (response.status === 401) {
  console.log("This key does not work.");
} else {
  const { key, tier } = await response.json();
  console.log(`${key.name} works, on the ${tier} tier`);
}

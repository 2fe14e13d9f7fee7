const response = await fetch("https://betedge.tips/api/v1/picks?limit=1", {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const { data } = await response.json();

for (const pick of data) {
  console.log(`${pick.pick} @ ${pick.odds}, edge ${pick.edge_pct} %`);
}

const url = "https://betedge.tips/api/v1/track-record?days_back=30";
const response = await fetch(url, {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const { overall, per_sport } = await response.json();

const line = (what, row) =>
  `${what}: ${row.total_settled} settled, return ${row.roi_pct} %`;

console.log(line("all", overall));
for (const row of per_sport) console.log(line(row.sport, row));

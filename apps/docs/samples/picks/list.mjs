const query = new URLSearchParams({
  sport: "soccer",
  league: "Premier League",
  since: "2026-05-01",
  limit: 2,
});
const response = await fetch(`https://betedge.tips/api/v1/picks?${query}`, {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const { data, next_cursor, count } = await response.json();

const shown = data.length;
console.log(`${shown} of ${count}; the next page begins at ${next_cursor}`);

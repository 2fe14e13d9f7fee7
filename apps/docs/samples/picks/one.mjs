const id = "8c2f6f0e-5f0a-4a1b-9d3e-2b7c4d1e6a90";
const response = await fetch(`https://betedge.tips/api/v1/picks/${id}`, {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const pick = await response.json();

const result = pick.result ?? "not settled yet";
console.log(`${pick.home_team} v ${pick.away_team}: ${result}`);

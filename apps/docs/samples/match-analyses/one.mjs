const id = "8c2f6f0e-5f0a-4a1b-9d3e-2b7c4d1e6a90"; // the id of a pick
const url = `https://betedge.tips/api/v1/match-analyses/${id}`;
const response = await fetch(url, {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const { analysis } = await response.json();

console.log(analysis);

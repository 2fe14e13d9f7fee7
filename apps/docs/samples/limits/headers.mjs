const response = await fetch("https://betedge.tips/api/v1/picks?limit=1", {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const header = (name) => response.headers.get(name);
const left = (what) =>
  `${header(`X-${what}-Remaining`)} of ${header(`X-${what}-Limit`)}`;
const [hour, month] = [left("RateLimit"), left("Quota")];

console.log(`${hour} left this hour, ${month} this month`);

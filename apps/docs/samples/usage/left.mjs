const response = await fetch("https://betedge.tips/api/v1/usage", {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const { hour, month } = await response.json();

const [left, until] = [month.remaining, month.resets_at];

console.log(`${hour.remaining} left this hour, ${left} until ${until}`);

const url = "https://betedge.tips/api/v1/picks/stream";
const response = await fetch(url, {
  headers: { Authorization: "Bearer betedge_<your_api_key>" },
});
const decoder = new TextDecoder();
const reader = response.body.getReader();
let text = "";

for (;;) {
  const { done, value } = await reader.read();
  if (done) break;
  text += decoder.decode(value, { stream: true });
  const blocks = text.split("\n\n");
  text = blocks.pop(); // the rest of it is still to come
  for (const block of blocks) {
    const data = block.split("\n").find((line) => line.startsWith("data: "));
    if (!data) continue; // a heartbeat
    const pick = JSON.parse(data.slice("data: ".length));
    console.log(`${pick.pick} at ${pick.odds}`);
  }
}

const url = "https://betedge.tips/api/v1/picks/stream";
const wait = (seconds) =>
  new Promise((done) => setTimeout(done, seconds * 1000));
let lastId = "1042"; // keep it together with what you make of the picks

async function listen(response) {
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  for (;;) {
    // A heartbeat comes every 30 seconds: after a minute without, it broke.
    const silent = setTimeout(() => reader.cancel(), 60_000);
    const { done, value } = await reader.read();
    clearTimeout(silent);
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n").map((line) => line.split(/: (.*)/));
      const { event, data, id } = Object.fromEntries(lines);
      if (event) console.log(`${id}: ${JSON.parse(data).pick}`);
      lastId = id ?? lastId;
    }
  }
}

for (;;) {
  let pause = 5;
  try {
    const response = await fetch(url, {
      headers: {
        Authorization: "Bearer betedge_<your_api_key>",
        "Last-Event-ID": lastId,
      },
    });
    if (response.ok) await listen(response);
    else if (response.status === 429 || response.status >= 500)
      pause = Number(response.headers.get("Retry-After") ?? pause);
    else {
      console.error(await response.text()); // a new key, or a new lastId
      break;
    }
  } catch (error) {
    console.error(error.message); // the network broke
  }
  await wait(pause);
}

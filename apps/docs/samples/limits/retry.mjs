const wait = (seconds) =>
  new Promise((done) => setTimeout(done, seconds * 1000));

async function get(url) {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(url, {
      headers: { Authorization: "Bearer betedge_<your_api_key>" },
    });
    const passing = response.status === 429 || response.status >= 500;
    // Ours says how long; without it, wait 1, 2, 4, 8 seconds.
    const told = response.headers.get("Retry-After");
    const pause = Number(told ?? 2 ** (tries - 1));
    if (!passing || tries === 5 || pause > 600) return response;
    await wait(pause);
  }
}

const response = await get("https://betedge.tips/api/v1/picks?limit=1");
console.log(response.status);

async function* picks(filters = {}) {
  let cursor = "";
  do {
    const query = new URLSearchParams({ ...filters, limit: 200, cursor });
    const url = `https://betedge.tips/api/v1/picks?${query}`;
    const response = await fetch(url, {
      headers: { Authorization: "Bearer betedge_<your_api_key>" },
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const page = await response.json();
    yield* page.data;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

let seen = 0;
for await (const pick of picks({ sport: "soccer" })) seen += 1;
console.log(`${seen} picks`);

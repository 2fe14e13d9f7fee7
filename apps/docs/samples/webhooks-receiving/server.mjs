import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const secret = process.env.BETEDGE_HMAC_SECRET;
const seen = new Set(); // ids of events; in earnest a table, with a unique key

function isGenuine(body, shown = "") {
  const digest = createHmac("sha256", secret).update(body).digest("hex");
  const expected = Buffer.from(`sha256=${digest}`);
  const signature = Buffer.from(shown);
  return (
    signature.length === expected.length && timingSafeEqual(signature, expected)
  );
}

function work(event) {
  if (seen.has(event.id)) return;
  seen.add(event.id);
  console.log(event.event, event.data.pick ?? "");
}

createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  if (isGenuine(body, request.headers["x-betedge-signature"])) {
    setImmediate(work, JSON.parse(body)); // in earnest a queue that lasts
    response.writeHead(204).end();
  } else {
    response.writeHead(401).end();
  }
}).listen(process.env.PORT ?? 8080, "127.0.0.1");

import { createHmac } from "node:crypto";

const secret = process.env.BETEDGE_HMAC_SECRET;
const port = process.env.PORT ?? 8080;
const body = JSON.stringify({
  id: "0b6f3c5e-6f0a-4d43-9a51-2f2c6b7b5a10",
  event: "pick.published",
  created_at: "2026-05-25T08:00:00Z",
  data: { pick: "Arsenal -0.5 Asian Handicap", odds: 1.91 },
});
const digest = createHmac("sha256", secret).update(body).digest("hex");

const response = await fetch(`http://127.0.0.1:${port}/betedge`, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    "X-BetEdge-Event": "pick.published",
    "X-BetEdge-Signature": `sha256=${digest}`,
  },
  body,
});
console.log(response.status);

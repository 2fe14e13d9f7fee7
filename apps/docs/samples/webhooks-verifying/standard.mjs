import { createHmac, timingSafeEqual } from "node:crypto";

// The event, or null where it is not genuine or older than five minutes.
export function readEvent(rawBody, headers, secret) {
  const { "webhook-id": id, "webhook-timestamp": time } = headers;
  const age = Date.now() / 1000 - Number(time);
  if (!(Math.abs(age) <= 300)) return null;

  const key = Buffer.from(secret, "base64");
  const expected = createHmac("sha256", key)
    .update(`${id}.${time}.`)
    .update(rawBody)
    .digest();
  const genuine = (headers["webhook-signature"] ?? "")
    .split(" ")
    .map((one) => Buffer.from(one.replace(/^v1,/, ""), "base64"))
    .some(
      (signature) =>
        signature.length === expected.length &&
        timingSafeEqual(signature, expected),
    );
  return genuine ? JSON.parse(rawBody) : null;
}

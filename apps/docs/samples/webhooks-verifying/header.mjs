import { createHmac, timingSafeEqual } from "node:crypto";

// Whether BetEdge signed these very bytes; header names in lower case.
export function isGenuine(rawBody, headers, secret) {
  const digest = createHmac("sha256", secret).update(rawBody).digest("hex");
  const expected = Buffer.from(`sha256=${digest}`);
  const shown = [
    headers["x-betedge-signature"],
    headers["x-betedge-signature-previous"], // while you rotate
  ];
  // In constant time: how long it takes must not tell how much fits.
  return shown.some((one) => {
    const signature = Buffer.from(one ?? "");
    return (
      signature.length === expected.length &&
      timingSafeEqual(signature, expected)
    );
  });
}

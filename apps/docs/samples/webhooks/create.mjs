const response = await fetch("https://betedge.tips/api/v1/webhooks", {
  method: "POST",
  headers: {
    Authorization: "Bearer betedge_<your_api_key>",
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    url: "https://hooks.example.com/betedge",
    events: ["pick.published", "pick.settled"],
  }),
});
const webhook = await response.json();

// Keep it where your receiver finds it: it is shown this once.
const secret = webhook.hmac_secret;
console.log(`${response.status}, a secret of ${secret.length} characters`);

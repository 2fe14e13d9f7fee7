/* Say in the page what a browser answered instead of a passkey; allauth's script only logs it. */

const SAID = {
  NotAllowedError: "No passkey was used: you cancelled, or it took too long. Try again, or use another way.",
  InvalidStateError: "This passkey is added already.",
  SecurityError: "Passkeys do not work at this address; they need a name such as localhost, and https elsewhere.",
};

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.getElementById("passkey-error");
  place.textContent = SAID[event.detail.exception?.name] ?? "This browser cannot use passkeys here; use another way.";
  place.hidden = false;
});

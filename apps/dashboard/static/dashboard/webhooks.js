/* A test is under way for up to ten seconds: say so where its answer will stand, and what to do if none comes. */

document.addEventListener("htmx:beforeRequest", (event) => {
  const place = event.detail.target;
  place.setAttribute("aria-busy", "true");
  place.textContent = "Waiting for your receiver: 10 seconds at most …";
});

document.addEventListener("htmx:afterRequest", (event) => {
  event.detail.target.removeAttribute("aria-busy");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const asked = new URL(event.detail.pathInfo.requestPath, location.href).pathname;
  const answered = event.detail.xhr.responseURL;
  if (!answered || new URL(answered).pathname === asked) return;
  event.detail.shouldSwap = false; // led away, to sign in; this page may show a secret, so it stays
  event.detail.target.textContent = "You were signed out. Sign in again in another tab, then reload this page.";
});

for (const failed of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failed, (event) => {
    event.detail.target.textContent = "The test was not made. Reload the page, then try again.";
  });
}

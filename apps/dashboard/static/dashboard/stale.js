/* A page that refreshes itself says so when it cannot: what stands there is then no longer how things are. */

const told = document.querySelector(".stale");

document.addEventListener("htmx:afterRequest", (event) => {
  told.hidden = event.detail.successful && !event.detail.xhr.responseURL.includes("login");
});

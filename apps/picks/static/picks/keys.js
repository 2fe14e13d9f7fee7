/* Keyboard shortcuts of the review queue. On a pick's page each element with data-key is a key: a link or button is
   followed, a form goes to its first required field, or is sent where it has none. On the list the focus moves from row
   to row. Never while somebody types, nor with a modifier; who does not want them turns them off in the dialog. */

const OFF = "no-shortcuts";
const dialog = document.getElementById("keys");
const rows = [...document.querySelectorAll("#result_list tbody tr")];
let last = -1;

function isOff() {
  try { return localStorage.getItem(OFF) === "yes"; } catch { return false; }
}

function remember(off) {
  try { off ? localStorage.setItem(OFF, "yes") : localStorage.removeItem(OFF); } catch { /* for this page alone */ }
  document.documentElement.classList.toggle("no-keys", off);
}

function types(element) {
  return element.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=submit])");
}

function row() {
  const at = rows.findIndex((each) => each.contains(document.activeElement));
  return at < 0 ? last : at;
}

function moveTo(at) {
  last = Math.max(0, Math.min(at, rows.length - 1));
  const target = rows[last]?.querySelector("th a, td a");
  target?.focus({ preventScroll: true });
  rows[last]?.scrollIntoView({ block: "nearest" });
}

function follow(element) {
  if (element.tagName !== "FORM") return element.click();
  const field = element.querySelector(":is(input, select, textarea):required");
  if (!field) return element.querySelector("button").click();
  field.focus();
  field.scrollIntoView({ block: "center" });
}

const ON_LIST = {
  j: () => moveTo(row() + 1),
  k: () => moveTo(row() - 1),
  o: () => rows[row()]?.querySelector("th a, td a")?.click(),
  x: () => rows[row()]?.querySelector("input.action-select")?.click(),
  s: () => rows[row()]?.querySelector("td select")?.focus(),
  b: () => document.querySelector("select[name=action]")?.focus(),
  "/": () => document.getElementById("searchbar")?.focus(),
};

function deed(key) {
  if (key === "?") return () => dialog.showModal();
  const named = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
  if (named) return () => follow(named);
  return rows.length || document.getElementById("changelist") ? ON_LIST[key] : undefined;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || dialog.open) return;
  if (types(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const does = isOff() && event.key !== "?" ? undefined : deed(event.key);
  if (!does) return;
  event.preventDefault();
  does();
});

document.querySelector("button.help").hidden = false;
document.querySelector(".keys-on").checked = !isOff();
document.querySelector(".keys-on").addEventListener("change", (event) => remember(!event.target.checked));
remember(isOff());

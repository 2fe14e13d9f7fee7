/* Samples become tabs, one language for all of them, remembered; code can be copied. Without this file all is shown. */

const LANGUAGE = "betedge-docs-language";
const samples = [...document.querySelectorAll("[data-tabs]")].map(tabbed);

function element(name, attributes, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** Put a bar of tabs and a copy button above the panels of a sample; gives what shows one of its languages. */
function tabbed(sample) {
  const panels = [...sample.querySelectorAll(":scope > .panel")];
  const list = element("div", { role: "tablist", "aria-label": sample.getAttribute("aria-label") });
  const tabs = panels.map((panel) => {
    const names = { type: "button", role: "tab", id: `${panel.id}-tab`, "aria-controls": panel.id };
    const tab = element("button", names, panel.dataset.language);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => choose(panel.dataset.language));
    list.append(tab);
    return tab;
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    tab.click();
  });
  const bar = element("div", { class: "bar" });
  bar.append(list, ...copying(() => panels.find((panel) => !panel.hidden).querySelector(".code").textContent));
  sample.prepend(bar);
  sample.classList.add("tabbed");
  return (language) => {
    panels.forEach((panel, n) => {
      const chosen = panel.dataset.language === language;
      panel.hidden = !chosen;
      tabs[n].setAttribute("aria-selected", String(chosen));
      tabs[n].tabIndex = chosen ? 0 : -1;
    });
  };
}

/** A button that copies, and the place where screen readers hear that it did. Neither where copying is not allowed. */
function copying(text) {
  if (!navigator.clipboard) return [];
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  const said = element("span", { class: "unseen", role: "status" });
  button.addEventListener("click", async () => {
    const told = await navigator.clipboard.writeText(text()).then(() => "Copied", () => "Not allowed");
    button.textContent = said.textContent = told;
    setTimeout(() => {
      button.textContent = "Copy";
      said.textContent = "";
    }, 2000);
  });
  return [button, said];
}

/** Show this language everywhere. What was clicked stays where it is on the screen, though others grow or shrink. */
function choose(language) {
  const held = document.activeElement;
  const before = held.getBoundingClientRect().top;
  for (const show of samples) show(language);
  stops();
  window.scrollBy({ top: held.getBoundingClientRect().top - before, behavior: "instant" });
  try {
    localStorage.setItem(LANGUAGE, language);
  } catch {
    // No storage allowed: the choice lasts as long as the page.
  }
}

function remembered() {
  try {
    return localStorage.getItem(LANGUAGE);
  } catch {
    return null;
  }
}

/** Only what really scrolls is a stop for the keyboard. */
function stops() {
  for (const box of document.querySelectorAll(".scrolls")) {
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

const languages = new Set([...document.querySelectorAll("[data-language]")].map((panel) => panel.dataset.language));
const first = languages.has(remembered()) ? remembered() : [...languages][0];
for (const show of samples) show(first);
new ResizeObserver(stops).observe(document.documentElement);

/* Show the text of a form with data-preview as customers will read it, a moment after somebody stopped typing. */

const PAUSE = 300;

for (const form of document.querySelectorAll("form[data-preview]")) {
  const text = form.querySelector("textarea"), shown = form.querySelector(".preview");
  let waiting, latest = 0;

  async function look() {
    const asked = ++latest;
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), redirect: "error" });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = await answer.text();
      if (asked === latest) shown.innerHTML = page;  /* a part of a page of ours, in which all that was typed is escaped */
    } catch {
      if (asked === latest) shown.textContent = "The preview could not be made just now. What you typed is still there: save it, or type on to try again.";
    }
  }

  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE);
  });
}

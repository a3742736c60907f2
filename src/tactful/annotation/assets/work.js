// What is chosen for an item stays in this tab until it is saved: a reload, a lost connection or an ended session takes nothing.
// Whoever has an item open for longer than its lease is told, and one that has just come cannot be answered yet.
"use strict";
(() => {
  const NAME = "tactful-draft";
  const UNSEEN_MS = 400;
  let late;

  const form = () => document.getElementById("answer");
  const typed = (field) => field.name && !["hidden", "submit", "button"].includes(field.type);

  function keep() {
    const fields = [...form().elements].filter(typed).filter((field) => field.type !== "radio" || field.checked);
    const said = fields.map((field) => [field.name, field.value]);
    sessionStorage.setItem(NAME, JSON.stringify([document.getElementById("work").dataset.draft, said]));
  }

  function restore(draft) {
    const [kept, said] = JSON.parse(sessionStorage.getItem(NAME) ?? "[]");
    if (kept !== draft) {
      sessionStorage.removeItem(NAME);
      return;
    }
    for (const [name, value] of said) {
      for (const field of form().elements) {
        if (field.name !== name || !typed(field)) continue;
        if (field.type !== "radio") field.value = value;
        else if (field.value === value) field.checked = true;
      }
    }
  }

  // The second click or key of a pair, which was meant for the item before, answers nothing.
  function hold() {
    const controls = document.querySelector("#answer .controls");
    if (!controls) return;
    controls.inert = true;
    setTimeout(() => { controls.inert = false; }, UNSEEN_MS);
  }

  function begin() {
    clearTimeout(late);
    const work = document.getElementById("work");
    if (!work?.dataset.slot) return;
    restore(work.dataset.draft);
    late = setTimeout(() => {
      const line = document.createElement("p");
      line.className = "banner";
      line.setAttribute("role", "alert");
      line.textContent = work.dataset.late;
      document.getElementById("said").replaceChildren(line);
    }, 1000 * work.dataset.left);
  }

  document.addEventListener("input", (event) => { if (event.target.form === form()) keep(); });
  document.addEventListener("submit", (event) => { if (event.target.matches(".leave")) sessionStorage.removeItem(NAME); });
  // An observer is told before the next click or key is; htmx tells of a swap only some turns after it.
  let shown = document.getElementById("work");
  new MutationObserver(() => {
    const work = document.getElementById("work");
    if (work === shown) return;
    shown = work;
    begin();
    hold();
  }).observe(document.body, { childList: true, subtree: true });
  begin();
})();

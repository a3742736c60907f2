// Copy buttons, and names that complete while a filter is typed.
//   data-copy           clicked: the text of the <pre> before it is copied; data-copy-address: the address of the page
//   data-facts          of what tells how the run stands: "name:type,type name:type …"; it grows with the index
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-address]");
    if (!button) return;
    const text = "copyAddress" in button.dataset ? location.href : button.parentElement.querySelector("pre").textContent;
    const label = button.textContent;
    await navigator.clipboard.writeText(text);
    button.textContent = button.dataset.done;
    byId("aloud").textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 1500);
  });

  // ---------------------------------------------------------------- completion

  const field = byId("filter"), list = byId("names");
  if (!field || !list) return;
  const WORDS = ["and", "or", "not", "in", "is", "None", "true", "false"];
  let chosen = -1;

  // The name that is being typed: from its first letter to the caret, outside of quotes.
  function typed() {
    const before = field.value.slice(0, field.selectionStart);
    const bare = before.replace(/"[^"]*"|'[^']*'/g, (quoted) => " ".repeat(quoted.length));
    if (/["']/.test(bare)) return "";
    return /[A-Za-z_]\w*$/.exec(bare)?.[0] ?? "";
  }

  function close() {
    list.hidden = true;
    chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function choose(place) {
    const options = [...list.children];
    chosen = (place + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    options[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function take(name) {
    const word = typed(), end = field.selectionStart;
    field.setRangeText(name, end - word.length, end, "end");
    field.focus();
    close();
  }

  function names() {
    const facts = byId("standing").dataset.facts.trim().split(/\s+/).filter(Boolean).map((one) => one.split(":"));
    return [...facts, ...WORDS.map((word) => [word, ""])];
  }

  function offer() {
    const word = typed().toLowerCase();
    const found = word ? names().filter(([name]) => name.toLowerCase().startsWith(word) && name.toLowerCase() !== word) : [];
    if (!found.length) return close();
    list.replaceChildren(...found.slice(0, 12).map(([name, types], at) => {
      const option = document.createElement("li"), hint = document.createElement("small");
      option.id = `name-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.name = name;
      option.textContent = name;
      hint.textContent = types.replaceAll(",", ", ");
      option.append(hint);
      return option;
    }));
    chosen = -1;
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
  }

  field.addEventListener("input", offer);
  document.addEventListener("htmx:after:swap", () => { // there may be more names by now
    if (document.activeElement === field && list.hidden) offer();
  });
  field.addEventListener("blur", () => setTimeout(close, 150)); // after the click on an option
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) take(option.dataset.name);
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Tab" || event.key === "Enter") && chosen >= 0) take(list.children[chosen].dataset.name);
    else return;
    event.preventDefault(); // keys.js leaves a key alone that was used
  });
})();

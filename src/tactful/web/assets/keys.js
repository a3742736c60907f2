// Keys, focus and announcements of a page. Everything is read from the page when a key is pressed, so swaps need no care:
//   data-key="1 y"         pressed: this button or link is clicked, this field gets the focus
//   data-key-label="…"     what the dialog of keys says of it; else its own label
//   data-opens="ID"        clicked: the dialog ID opens; data-closes: the dialog around it closes
//   data-focus             in swapped content: gets the focus
//   data-aloud="…"         in swapped content: is read out by screen readers
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const TYPED = "textarea, select, [contenteditable]:not([contenteditable=false]), " +
    "input:not([type=button], [type=submit], [type=reset], [type=checkbox], [type=radio], [type=file], [type=image])";
  const TAKES_ENTER = "a[href], button, summary, input";
  const NAMES = { " ": "space" };

  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(":disabled") && !one.closest("[inert]");
  const keysOf = (one) => one.dataset.key.toLowerCase().split(/\s+/);

  // Those that can be pressed now: inside the open dialog, where there is one.
  function pressable() {
    const open = [...document.querySelectorAll("dialog:modal")].pop();
    return [...(open ?? document).querySelectorAll("[data-key]")].filter(seen);
  }

  function labelOf(one) {
    const text = (one.labels?.[0] ?? one).cloneNode(true);
    text.querySelectorAll("kbd").forEach((cap) => cap.remove());
    return (one.dataset.keyLabel || one.getAttribute("aria-label") || text.textContent).replace(/\s+/g, " ").trim();
  }

  function row(keys, label) {
    const term = document.createElement("dt"), meaning = document.createElement("dd");
    for (const key of keys) {
      const cap = document.createElement("kbd");
      cap.textContent = key.length === 1 ? key.toUpperCase() : key;
      term.append(cap, " ");
    }
    meaning.textContent = label;
    return [term, meaning];
  }

  function showKeys() {
    const dialog = byId("keys");
    if (dialog.open) return;
    const rows = pressable().map((one) => row(keysOf(one), labelOf(one)));
    rows.push(row(["?"], dialog.dataset.open), row(["Esc"], dialog.dataset.leave));
    dialog.querySelector("dl").replaceChildren(...rows.flat());
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || event.defaultPrevented) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (at.closest(TYPED)) {
      if (event.key === "Escape" && !at.closest("dialog")) at.blur();
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    if (["Enter", " "].includes(event.key) && at.closest(TAKES_ENTER)) return;
    const key = NAMES[event.key] ?? event.key.toLowerCase();
    const one = pressable().find((candidate) => keysOf(candidate).includes(key));
    if (!one) return;
    event.preventDefault();
    if (one.matches(TYPED)) one.focus();
    else one.click();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-opens]");
    if (opener?.dataset.opens === "keys") showKeys();
    else if (opener) byId(opener.dataset.opens)?.showModal();
    event.target.closest?.("[data-closes]")?.closest("dialog")?.close();
  });

  // ---------------------------------------------------------------- swaps

  let before = "", had = false;
  const lost = () => !document.activeElement || document.activeElement === document.body;

  function announce(text) {
    const region = byId("aloud");
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 50); // the same text twice is read twice
  }

  function tell(text) {
    const line = document.createElement("p");
    line.className = "banner";
    line.setAttribute("role", "alert");
    line.textContent = text;
    byId("said").replaceChildren(line);
  }

  document.addEventListener("htmx:before:swap", () => {
    had = !lost();
    before = document.activeElement?.id ?? "";
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const ctx = event.detail.ctx;
    const target = ctx.target?.isConnected ? ctx.target : byId(ctx.target?.id);
    if (!target) return;
    const wanted = target.matches("[data-focus]") ? target : target.querySelector("[data-focus]");
    if (wanted) wanted.focus();
    else if (had && lost()) { // what had it is gone
      const again = before && byId(before);
      if (again) again.focus();
      else {
        target.tabIndex = -1;
        target.focus({ preventScroll: true });
      }
    }
    const aloud = target.matches("[data-aloud]") ? target : target.querySelector("[data-aloud]");
    if (aloud) announce(aloud.dataset.aloud);
    if (ctx.response?.status < 400 && target.id !== "said") byId("said").replaceChildren();
  });

  document.addEventListener("htmx:error", (event) => {
    const ctx = event.detail.ctx;
    if (ctx) tell(ctx.response ? byId("said").dataset.failed : byId("said").dataset.offline);
  });
})();

// The second click or key of a pair, which was meant for the item before, decides nothing.
"use strict";
(() => {
  const UNSEEN_MS = 400;
  const controls = document.querySelector("#answer .controls");
  controls.inert = true;
  setTimeout(() => { controls.inert = false; }, UNSEEN_MS);
})();

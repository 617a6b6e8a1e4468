// Single keys for the review pages. Every one presses a button or follows a link that is on the page anyway.
(() => {
  "use strict";
  const on = document.getElementById("keys");
  const text = document.getElementById("text");
  const at = document.getElementById("at");
  try {
    if (on && localStorage.getItem("keys") === "off") on.checked = false;
  } catch (_) { /* A browser that keeps nothing starts with the keys on. */ }
  on?.addEventListener("change", () => {
    try { localStorage.setItem("keys", on.checked ? "on" : "off"); } catch (_) { /* see above */ }
  });
  document.getElementById("problems")?.focus();
  document.querySelector("mark")?.scrollIntoView({ block: "center" });
  if (!document.getElementById("problems")) window.scrollTo(0, 0);

  // Where the cursor was last left in the words is where they are cut.
  let moved = false;
  text?.addEventListener("keyup", () => { moved = true; });
  text?.addEventListener("click", () => { moved = true; });
  document.querySelector('[value="split"]')?.addEventListener("click", () => {
    const before = document.getElementById("before");
    const unchanged = text.value === text.defaultValue;
    if (moved && unchanged && before.value === "" && text.selectionStart > 0) {
      at.disabled = false;
      at.value = [...text.value.slice(0, text.selectionStart)].length;
    }
  });

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape" && field) { field.blur(); return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey || (on && !on.checked)) return;
    if (event.key === "e") { event.preventDefault(); text?.focus(); return; }
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (target) { event.preventDefault(); target.click(); }
  });
})();

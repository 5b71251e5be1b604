// The verification queue: keys that move between the entries and open what one would
// click. A decision itself is always a press of its button.

const entries = () => [...document.querySelectorAll("[data-entry]")];
const here = () => document.querySelector("[data-entry].entry-here");

function choose(entry) {
  here()?.classList.remove("entry-here");
  entry.classList.add("entry-here");
  entry.querySelector(".result-title a")?.focus({ preventScroll: true });
  entry.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = entries();
  const now = all.indexOf(here());
  const next = all[now < 0 ? 0 : now + by];
  if (next) choose(next);
}

function openDetails(summary) {
  if (!summary) return;
  const panel = summary.parentElement;
  panel.open = !panel.open;
  const first = panel.open && panel.querySelector("input:not([type=hidden]), textarea");
  (first || summary).focus();
}

const actions = {
  j: () => step(1),
  k: () => step(-1),
  x: () => here()?.querySelector(".entry-tick").click(),
  e: () => openDetails(here()?.querySelector(".result-main .why > summary")),
  a: () => here()?.querySelector('[data-act="publish"]').focus(),
  r: () => openDetails(here()?.querySelector('[data-act="return"]')),
  "?": () => openDetails(document.querySelector('[data-act="keys"]')),
};

function typing(target) {
  return target.isContentEditable
    || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && typing(event.target)) return;
  const act = actions[event.key === "？" ? "?" : event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

// Whoever tabs or clicks into an entry works on that one.
document.addEventListener("focusin", (event) => {
  const entry = event.target.closest?.("[data-entry]");
  if (!entry || entry === here()) return;
  here()?.classList.remove("entry-here");
  entry.classList.add("entry-here");
});

function countTicked() {
  const number = document.querySelectorAll(".entry-tick:checked").length;
  const words = document.querySelector("[data-ticked]");
  if (words) words.textContent = number ? `已勾选 ${number} 条` : "勾选左边的方框，可以一起发布或退回";
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".entry-tick")) countTicked();
});
countTicked();

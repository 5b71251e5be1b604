// A posted form is read along as one types: hints, and what each target of a need says.
// Without this file the button 检查 does the same.
import { announce, parsePage } from "./app.js";

const form = document.querySelector("form[data-advised]");
const READ_AFTER = 1200;
let timer = 0;
let reading = 0;

async function read() {
  const turn = ++reading;
  if (!form.elements.title.value.trim()) return;
  try {
    const body = new FormData(form);
    body.set("action", "check");
    body.set("quick", "1");
    // `form.action` would be the buttons of that name.
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
    if (!answer.ok || turn !== reading) return;
    const page = parsePage(await answer.text());
    showAdvice(page);
    showMeasures(page);
  } catch {
    // Only a comfort; the buttons say what is wrong.
  }
}

function showAdvice(page) {
  const ours = form.querySelector("#advice");
  const theirs = page.querySelector("#advice");
  if (!ours || !theirs) return;
  const before = ours.textContent.trim();
  ours.replaceChildren(...theirs.childNodes);
  if (ours.textContent.trim() !== before) announce(ours.querySelector(".note p")?.textContent ?? "");
}

function showMeasures(page) {
  const theirs = [...page.querySelectorAll(".target")];
  const ours = [...form.querySelectorAll(".target")].filter((row) => row.querySelector("input[name=targets]").value.trim());
  ours.forEach((row, place) => {
    const read = theirs[place];
    const details = row.querySelector(".measure");
    if (!read || !details || details.contains(document.activeElement)) return;
    if (read.querySelector("input[name=targets]").value !== row.querySelector("input[name=targets]").value.trim()) return;
    const open = details.open;
    const fresh = read.querySelector(".measure");
    details.replaceWith(fresh);
    fresh.open = open;
  });
}

if (form) {
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(read, READ_AFTER);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
}

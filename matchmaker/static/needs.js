// The form of a need or a call: saved as one types, and read along. Without this file the
// buttons 保存草稿 and 检查 do the same.
import { announce, parsePage } from "./app.js";

const form = document.querySelector("form[data-advised]");
const state = form?.querySelector("[data-autosave-state]");
const SAVE_AFTER = 3000;
const READ_AFTER = 1200;
let saving = null;
let saveTimer = 0;
let readTimer = 0;
let stopped = false;
let reading = 0;

function say(text) {
  if (!state) return;
  state.hidden = false;
  state.textContent = text;
}

// `form.action` would be the buttons of that name.
const address = () => form.getAttribute("action");

function posted(action) {
  const data = new FormData(form);
  data.set("action", action);
  return data;
}

function setHidden(name, value) {
  let input = form.querySelector(`input[type=hidden][name=${name}]`);
  if (!input) {
    input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    form.prepend(input);
  }
  input.value = value;
}

async function save() {
  if (stopped || !form.elements.title.value.trim() || form.getAttribute("aria-busy") === "true") return;
  if (saving) { schedule(); return; }
  saving = fetch(address(), { method: "POST", body: posted("autosave"), headers: { Accept: "application/json" } });
  try {
    const answer = await saving;
    const news = await answer.json();
    if (answer.ok) {
      setHidden("version", news.version);
      setHidden("base", news.base);
      if (address() !== news.edit) {
        form.setAttribute("action", news.edit);
        form.querySelector("input[name=form_key]")?.remove();
        history.replaceState(history.state, "", news.edit);
      }
      say(`草稿已自动保存（${news.saved}）。`);
    } else if (answer.status === 409) {
      stopped = true;
      say("有人同时修改了这条内容，已停止自动保存。请按「保存草稿」查看两边的差别。");
    } else {
      say(`草稿没有自动保存：${Object.values(news.errors ?? {})[0] ?? "请稍后重试"}`);
    }
  } catch {
    say("草稿没有自动保存：连接中断，稍后会再试。");
    schedule();
  } finally {
    saving = null;
  }
}

function schedule() {
  if (!form.hasAttribute("data-autosave")) return;
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, SAVE_AFTER);
}

/** Let the platform read the form: hints, and what each target says. */
async function read() {
  const turn = ++reading;
  if (!form.elements.title.value.trim()) return;
  try {
    const data = posted("check");
    data.set("quick", "1");
    const answer = await fetch(address(), { method: "POST", body: data });
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
    schedule();
    clearTimeout(readTimer);
    readTimer = setTimeout(read, READ_AFTER);
  });
  form.addEventListener("submit", () => { clearTimeout(saveTimer); clearTimeout(readTimer); stopped = true; });
}

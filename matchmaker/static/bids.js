// The form of a bid is saved as one types. Without this file 保存草稿 does the same.
const form = document.querySelector("form[data-autosave]");
const state = form?.querySelector("[data-autosave-state]");
const SAVE_AFTER = 3000;
let saving = false;
let timer = 0;
let stopped = false;

function say(text) {
  state.hidden = false;
  state.textContent = text;
}

function schedule() {
  clearTimeout(timer);
  if (!stopped) timer = setTimeout(save, SAVE_AFTER);
}

async function save() {
  if (stopped || form.getAttribute("aria-busy") === "true") return;
  if (saving) { schedule(); return; }
  saving = true;
  const data = new FormData(form);
  data.set("action", "autosave");
  try {
    // `form.action` would be the buttons of that name.
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: data, headers: { Accept: "application/json" } });
    const news = await answer.json();
    if (answer.ok) {
      form.elements.seen.value = news.seen;
      form.elements.base.value = news.base;
      say(`草稿已加密保存（${news.saved}），还没有提交。`);
    } else if (answer.status === 409) {
      stopped = true;
      say(`已停止自动保存：${news.conflict}`);
    } else {
      say(`草稿没有自动保存：${Object.values(news.errors ?? {})[0] ?? "请稍后重试"}`);
    }
  } catch {
    say("草稿没有自动保存：连接中断，稍后会再试。");
    schedule();
  } finally {
    saving = false;
  }
}

if (form) {
  form.addEventListener("input", schedule);
  form.addEventListener("submit", () => { clearTimeout(timer); stopped = true; });
}

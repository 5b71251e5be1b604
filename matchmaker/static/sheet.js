// The scoring sheet: saved as one types, and the weighted total beside it. Without this
// file the button 保存草稿 does the same.
const form = document.querySelector("form[data-sheet]");
const state = form?.querySelector("[data-sheet-state]");
const SAVE_AFTER = 3000;
let timer = 0;
let saving = null;
let stopped = false;

function say(text) {
  state.hidden = false;
  state.textContent = text;
}

async function save() {
  if (stopped) return;
  if (saving) { schedule(); return; }
  const data = new FormData(form);
  data.set("action", "autosave");
  saving = fetch(form.getAttribute("action"), { method: "POST", body: data, headers: { Accept: "application/json" } });
  try {
    const answer = await saving;
    const news = await answer.json();
    if (answer.ok) {
      form.elements.version.value = news.version;
      say(`草稿已自动保存（${news.saved}），只有您能看到。`);
    } else if (answer.status === 409) {
      stopped = true;
      say(`已停止自动保存。${news.conflict}`);
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
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER);
}

/** The total by weights, once every score is a whole number from 0 to 100. */
function count() {
  const inputs = [...form.querySelectorAll("[data-weight]")];
  const scores = inputs.map((input) => input.value.normalize("NFKC").trim());
  const whole = scores.every((text) => /^\d{1,3}$/.test(text) && Number(text) <= 100);
  form.querySelector("[data-total]").hidden = !whole;
  if (!whole) return;
  const weights = inputs.map((input) => Number(input.dataset.weight));
  const sum = scores.reduce((total, text, place) => total + Number(text) * weights[place], 0);
  form.querySelector("[data-total-points]").textContent = (sum / weights.reduce((a, b) => a + b)).toFixed(2);
}

if (form) {
  form.addEventListener("input", () => { count(); schedule(); });
  form.addEventListener("submit", () => { clearTimeout(timer); stopped = true; });
  count();
}

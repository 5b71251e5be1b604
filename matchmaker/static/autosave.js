// A form marked data-autosave is saved as one types. Without this file its button
// 保存草稿 does the same. The mark may name a field that must not be blank before.
//
// The server answers with the fields the form is to carry from now on, the form's new
// address where it got one, and what is to be said; with `errors` (422) where nothing
// could be kept, with `conflict` (409) where saving must stop.

const SAVE_AFTER = 3000;
const CARRIED = ["version", "seen", "base"];

function carry(form, name, value) {
  let input = form.querySelector(`input[type=hidden][name=${name}]`);
  if (!input) {
    input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    form.prepend(input);
  }
  input.value = value;
}

function move(form, address) {
  if (form.getAttribute("action") === address) return;
  form.setAttribute("action", address);
  form.querySelector("input[name=form_key]")?.remove();
  history.replaceState(history.state, "", address);
}

function keep(form) {
  const state = form.querySelector("[data-autosave-state]");
  const needed = form.dataset.autosave;
  let timer = 0;
  let saving = null;
  let stopped = false;

  const say = (text) => {
    state.hidden = false;
    state.textContent = text;
  };

  const schedule = () => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(start, SAVE_AFTER);
  };

  function start() {
    if (stopped || form.getAttribute("aria-busy") === "true") return;
    if (needed && !form.elements[needed].value.trim()) return;
    if (saving) { schedule(); return; }
    saving = save().finally(() => { saving = null; });
  }

  async function save() {
    const body = new FormData(form);
    body.set("action", "autosave");
    try {
      // `form.action` would be the buttons of that name.
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/json" } });
      const news = await answer.json();
      if (answer.ok) {
        for (const name of CARRIED) if (name in news) carry(form, name, news[name]);
        if (news.edit) move(form, news.edit);
        say(news.said);
      } else if (answer.status === 409) {
        stopped = true;
        say(`已停止自动保存：${news.conflict}`);
      } else {
        say(`草稿没有自动保存：${Object.values(news.errors ?? {})[0] ?? "请稍后重试"}`);
      }
    } catch {
      say("草稿没有自动保存：连接中断，稍后会再试。");
      schedule();
    }
  }

  form.addEventListener("input", schedule);
  form.addEventListener("submit", async (event) => {
    clearTimeout(timer);
    stopped = true;
    if (!saving) return;
    // What is sent must carry the version that the save under way is about to make.
    event.preventDefault();
    await saving;
    form.requestSubmit(event.submitter);
  });
}

document.querySelectorAll("form[data-autosave]").forEach(keep);

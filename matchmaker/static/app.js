// Progressive enhancement. Every page works without this file; with it a filter, a
// page or a form marked data-partial changes in place.

const messages = () => document.getElementById("messages");

export function announce(text) {
  const region = document.getElementById("announce");
  if (!region) return;
  region.textContent = "";
  // A change after a pause is what makes screen readers speak it.
  setTimeout(() => { region.textContent = text.replace(/\s+/g, " "); }, 50);
}

export function parsePage(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

/** Put one element of a fetched page in place of ours; false if either lacks it. */
export function swap(selector, page) {
  const ours = document.querySelector(selector);
  const theirs = page.querySelector(selector);
  if (!ours || !theirs) return false;
  ours.replaceWith(theirs);
  const news = page.getElementById("messages");
  if (messages() && news) messages().replaceChildren(...news.childNodes);
  const counters = document.querySelectorAll(".site-notices");
  page.querySelectorAll(".site-notices").forEach((fresh, index) => counters[index]?.replaceWith(fresh));
  if (page.title) document.title = page.title;
  prepare(theirs);
  return true;
}

/** Say what the page now shows: its message if there is one, else the given words. */
export function announceNews(otherwise) {
  announce(messages()?.textContent.trim() || otherwise);
}

// -- Pending state -------------------------------------------------------------

const pendingText = "正在提交…";

export function markPending(form, submitter) {
  form.setAttribute("aria-busy", "true");
  const button = submitter ?? form.querySelector("button[type=submit], button:not([type])");
  if (!button || !button.classList.contains("btn")) return;
  button.dataset.label = button.innerHTML;
  button.textContent = form.method === "get" ? "正在查找…" : pendingText;
  button.setAttribute("aria-busy", "true");
  // A disabled button would not send its own name and value, so wait a moment.
  setTimeout(() => { if (button.hasAttribute("aria-busy")) button.disabled = true; }, 0);
}

export function clearPending(root = document) {
  for (const button of root.querySelectorAll("button[data-label]")) {
    button.innerHTML = button.dataset.label;
    delete button.dataset.label;
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
  for (const form of root.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
  if (root instanceof HTMLFormElement) root.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault(); // a second press of the same button
    return;
  }
  if (form.dataset.partial) submitPartial(event, form);
  else if (!form.hasAttribute("data-decision")) markPending(form, event.submitter);
});

// The page comes back from the browser's cache with its buttons as they were left.
addEventListener("pageshow", () => clearPending());

// -- Partial replacement -------------------------------------------------------

let latest; // a newer request makes the older one's answer worthless

async function replacePart(selector, url, options, push) {
  const target = document.querySelector(selector);
  if (!target) throw new Error(`no ${selector} here`);
  latest?.abort();
  const mine = latest = new AbortController();
  target.setAttribute("aria-busy", "true");
  const response = await fetch(url, {
    ...options,
    signal: mine.signal,
    headers: { "X-Requested-With": "fetch" },
  });
  if (!response.ok && response.status !== 422) throw new Error(`status ${response.status}`);
  const page = parsePage(await response.text());
  const focus = keepFocus(target);
  if (!swap(selector, page)) throw new Error(`no ${selector} in the answer`);
  const shown = document.querySelector(selector);
  if (push) history.pushState({ partial: selector }, "", response.url);
  focus(shown);
  announceNews("内容已更新");
}

/** Remember which control had the focus, to give it back to its successor. */
function keepFocus(target) {
  const before = document.activeElement;
  if (!target.contains(before)) return () => {};
  if (before.closest(".pager")) {
    return (shown) => { // the next page is read from its top
      shown.setAttribute("tabindex", "-1");
      shown.focus();
      shown.scrollIntoView();
    };
  }
  const words = before.textContent.trim();
  return (shown) => {
    const twin = (before.id && shown.querySelector(`#${CSS.escape(before.id)}`))
      || [...shown.querySelectorAll(before.tagName)].find((one) => words && one.textContent.trim().startsWith(words.slice(0, 8)));
    if (twin) {
      for (let box = twin.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
      twin.focus({ preventScroll: true });
      return;
    }
    shown.setAttribute("tabindex", "-1");
    shown.focus({ preventScroll: true });
  };
}

function fallBack(error, leave) {
  if (error.name !== "AbortError") leave();
}

function rememberStart(selector) {
  if (!history.state?.partial) history.replaceState({ ...history.state, partial: selector }, "");
}

function submitPartial(event, form) {
  event.preventDefault();
  const selector = form.dataset.partial;
  const data = new FormData(form, event.submitter);
  const isGet = form.method === "get";
  const action = (event.submitter?.hasAttribute("formaction") && event.submitter.formAction)
    || new URL(form.getAttribute("action") || location.href, location.href).href;
  const leave = () => {
    // Sent as an ordinary form; for a POST the button's own value goes with it.
    if (event.submitter?.name) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = event.submitter.name;
      field.value = event.submitter.value;
      form.append(field);
    }
    form.submit();
  };
  markPending(form, event.submitter);
  rememberStart(selector);
  let url = action;
  const options = { method: form.method.toUpperCase() };
  if (isGet) {
    const query = new URLSearchParams([...data].filter(([, value]) => typeof value === "string" && value !== ""));
    url = `${action.split("?")[0]}?${query}`;
  } else {
    options.body = data;
  }
  // A POST that failed on the way may have arrived: never send it again unasked.
  replacePart(selector, url, options, true)
    .catch((error) => fallBack(error, isGet ? leave : () => announceFailure(form)))
    .finally(() => clearPending(form));
}

export function announceFailure(form) {
  clearPending(form);
  const box = document.createElement("div");
  box.className = "note note-late";
  box.setAttribute("role", "alert");
  const text = document.createElement("p");
  text.textContent = "没有收到平台的答复，不能确定是否已经保存。请刷新页面看一下，再决定要不要重新提交。";
  box.append(text);
  messages()?.replaceChildren(box);
  messages()?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-partial]");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (new URL(link.href).origin !== location.origin) return;
  event.preventDefault();
  rememberStart(link.dataset.partial);
  replacePart(link.dataset.partial, link.href, {}, true)
    .catch((error) => fallBack(error, () => { location.href = link.href; }));
});

addEventListener("popstate", (event) => {
  const selector = event.state?.partial;
  if (!selector) return;
  replacePart(selector, location.href, {}, false)
    .catch((error) => fallBack(error, () => location.reload()));
});

// A form of choices sends itself: data-autosubmit.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) form.requestSubmit();
});

// -- Lists of lines ------------------------------------------------------------

function nameLines(list) {
  [...list.children].forEach((row, index) => {
    row.querySelector("input").setAttribute("aria-label", `${list.dataset.label} 第 ${index + 1} 行`);
    const remove = row.querySelector(".line-remove");
    remove?.setAttribute("aria-label", `删除第 ${index + 1} 行`);
  });
}

function giveRemove(row) {
  if (row.querySelector(".line-remove")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "line-remove";
  button.append(document.querySelector("[data-add-line] .icon").cloneNode(true));
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#cross"));
  row.querySelector(".line").append(button);
}

document.addEventListener("click", (event) => {
  const add = event.target.closest("[data-add-line]");
  if (add) {
    const list = add.closest("fieldset").querySelector("[data-lines]");
    const row = list.lastElementChild.cloneNode(true);
    const input = row.querySelector("input");
    row.querySelector(".error")?.remove();
    for (const name of ["aria-invalid", "aria-describedby"]) input.removeAttribute(name);
    for (const each of row.querySelectorAll("input")) each.value = "";
    for (const each of row.querySelectorAll("select")) each.selectedIndex = 0;
    for (const each of row.querySelectorAll("details")) each.open = false;
    row.querySelector("summary")?.replaceChildren("数值");
    input.id = `${input.name.replaceAll(".", "-")}-new-${list.children.length}`;
    list.append(row);
    nameLines(list);
    input.focus();
    return;
  }
  const remove = event.target.closest(".line-remove");
  if (!remove) return;
  const row = remove.closest("li");
  const list = row.parentElement;
  if (list.children.length === 1) {
    row.querySelector("input").value = "";
    row.querySelector("input").focus();
    return;
  }
  const next = row.nextElementSibling ?? row.previousElementSibling;
  // The first row carries the id that labels and error links point to.
  if (row === list.firstElementChild) next.querySelector("input").id = row.querySelector("input").id;
  row.remove();
  nameLines(list);
  next.querySelector("input").focus();
  announce("已删除一行");
});

// -- Details: menus and confirmations ------------------------------------------

document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close-details]");
  if (close) closeDetails(close.closest("details"));
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

export function closeDetails(details) {
  if (!details) return;
  details.open = false;
  details.querySelector("summary").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const open = event.target.closest?.("details.confirm[open], details[data-menu][open], details.decision-panel[open]")
    ?? document.querySelector("details.decision-panel[open], details[data-menu][open]");
  if (open) closeDetails(open);
});

// -- What only makes sense with script -------------------------------------------

export function prepare(root = document) {
  for (const control of root.querySelectorAll("[data-add-line], [data-close-details]")) control.hidden = false;
  for (const list of root.querySelectorAll("[data-lines]")) {
    for (const row of list.children) giveRemove(row);
    nameLines(list);
  }
  for (const form of root.querySelectorAll("form[data-autosubmit]")) {
    for (const button of form.querySelectorAll("[data-without-script]")) button.hidden = true;
  }
}

prepare();
document.querySelector("[data-focus]")?.focus();

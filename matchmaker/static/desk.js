// The review desk: one key per action, decisions without a reload, the next pair
// already here. Any element with data-key answers its key.

import { announceFailure, announceNews, clearPending, markPending, parsePage, swap } from "./app.js";

const desk = "#desk";
const fresh = 60_000; // a pair fetched ahead is shown for at most a minute

// -- Fetching ahead --------------------------------------------------------------

const ahead = new Map(); // address -> { at, answer: promise of { html, url } }

async function load(url, headers = {}) {
  const response = await fetch(url, { headers: { "X-Requested-With": "fetch", ...headers } });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return { html: await response.text(), url: response.url };
}

function fetchAhead() {
  const link = document.querySelector(`${desk} a[data-key="j"]`);
  if (!link || ahead.has(link.href)) return;
  // The header lets the server show the pair without claiming it.
  const answer = load(link.href, { "X-Purpose": "prefetch" });
  answer.catch(() => ahead.delete(link.href));
  ahead.set(link.href, { at: Date.now(), answer });
}

function take(url) {
  const kept = ahead.get(url);
  ahead.delete(url);
  return kept && Date.now() - kept.at < fresh ? kept.answer : load(url);
}

/** Hold a pair that was fetched ahead, now that it is shown. */
async function claim() {
  const form = document.querySelector(`${desk} form[data-claim]`);
  if (!form) return;
  const response = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-Requested-With": "fetch" },
  });
  // Somebody was faster: show who, unless the person has moved on meanwhile.
  if (response.status === 409 && form.isConnected) show({ html: await response.text() }, false);
}

/** The address to keep: without the pair one came from, which is spent. */
function lasting(address) {
  const url = new URL(address);
  url.searchParams.delete("left");
  return url.href;
}

// -- Showing ---------------------------------------------------------------------

function show({ html, url }, push) {
  const tab = document.querySelector(".desk-tabs input:checked")?.id;
  if (!swap(desk, parsePage(html))) throw new Error("no desk in the answer");
  if (tab) document.getElementById(tab)?.click();
  if (push) history.pushState({ desk: true }, "", lasting(url));
  const wrong = document.querySelector(`${desk} .field-wrong :is(input, textarea)`);
  const title = document.querySelector(`${desk} [data-desk-title]`);
  (wrong ?? title)?.focus({ preventScroll: !wrong });
  announceNews(document.querySelector(`${desk} .desk-place`)?.textContent.trim() ?? "");
  fetchAhead();
  claim().catch(() => {}); // the decision itself is checked again
}

async function go(url, push = true) {
  busy(true);
  try {
    show(await take(url), push);
  } catch {
    location.href = url;
  } finally {
    busy(false);
  }
}

function busy(yes) {
  const box = document.querySelector(desk);
  if (yes) box?.setAttribute("aria-busy", "true");
  else box?.removeAttribute("aria-busy");
}

// -- Deciding --------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-decision]");
  if (!form) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  const data = new FormData(form, event.submitter);
  markPending(form, event.submitter);
  ahead.clear(); // the queue is another one after a decision
  let answer;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: data,
      headers: { "X-Requested-With": "fetch" },
    });
    answer = { html: await response.text(), url: response.url, redirected: response.redirected };
    show(answer, answer.redirected);
  } catch {
    // Signed out or the queue's end: the answer is a page of its own.
    if (answer?.redirected) location.href = answer.url;
    else announceFailure(form);
  } finally {
    clearPending(form);
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest(`${desk} .desk-moves a[href]`);
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.href);
});

addEventListener("popstate", () => go(location.href, false));

// -- Keys ------------------------------------------------------------------------

function typing(target) {
  return target.isContentEditable
    || target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit])");
}

function press(element) {
  // A reason's number counts while the reasons are open to see.
  if (element.matches("input[type=radio]")) {
    if (!element.closest("details:not([open])")) {
      element.checked = true;
      element.focus();
    }
    return;
  }
  if (!element.matches("summary")) {
    element.click();
    return;
  }
  const panel = element.parentElement;
  panel.open = !panel.open;
  if (!panel.open) {
    element.focus();
    return;
  }
  const first = panel.querySelector("input[type=radio]:checked")
    ?? panel.querySelector("input:not([type=hidden]), select, textarea, form button");
  (first ?? element).focus();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof Element && typing(event.target)) return;
  const key = event.key === "？" ? "?" : event.key.toLowerCase();
  if (!/^[a-z0-9?]$/.test(key)) return;
  const element = document.querySelector(`[data-key="${key}"]:not([disabled])`);
  if (!element) return;
  event.preventDefault();
  press(element);
});

history.replaceState({ desk: true }, "", lasting(location.href));
fetchAhead();

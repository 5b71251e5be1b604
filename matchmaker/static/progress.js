// A page about something that is being done renews itself until it is through.
// Without this file the page reloads by itself (a refresh in its head).

import { announce, parsePage, swap } from "./app.js";

const SLOWEST = 30;

function watch(wait) {
  const box = document.getElementById("run");
  const seconds = Number(box?.dataset.refresh);
  if (!seconds) return;
  setTimeout(async () => {
    const shown = document.getElementById("run");
    // Whoever is about to confirm something is not interrupted.
    if (document.hidden || shown.querySelector("details[open]")) return watch(wait);
    try {
      const response = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const page = parsePage(await response.text());
      const before = shown.dataset.state;
      const after = page.getElementById("run")?.dataset;
      swap("#run", page);
      if (after && after.state !== before) announce(`现在的状态：${after.state}`);
      watch(seconds);
    } catch {
      watch(Math.min(SLOWEST, wait * 2)); // the network is away for a moment
    }
  }, wait * 1000);
}

watch(2);

// Counts a window down. The server says how long is left when the page is made; this
// keeps it true while the page stays open, by the server's clock and not the reader's.

const places = [...document.querySelectorAll("time[data-countdown]")];

async function offset() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    const told = Date.parse(answer.headers.get("Date") ?? "");
    return Number.isNaN(told) ? 0 : told - Date.now();
  } catch {
    return 0;
  }
}

function words(milliseconds) {
  let seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds >= 3 * 86400) return `${Math.floor(seconds / 86400)} 天`;
  const found = [];
  for (const [size, unit] of [[86400, "天"], [3600, "小时"], [60, "分"], [1, "秒"]]) {
    const number = Math.floor(seconds / size);
    seconds %= size;
    if (number || found.length || size === 1) found.push(`${number} ${unit}`);
  }
  return found.slice(0, 2).join(" ");
}

function show(ahead) {
  for (const place of places) {
    const left = Date.parse(place.dateTime) - (Date.now() + ahead);
    place.textContent = left > 0 ? `还有 ${words(left)}` : "已截止，请刷新页面";
  }
}

if (places.length) {
  const ahead = await offset();
  show(ahead);
  setInterval(() => show(ahead), 1000);
}

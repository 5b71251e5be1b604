// The scoring sheet: its total by weights, beside it while one types.
const form = document.querySelector("form[data-sheet]");

/** Shown once every score is a whole number from 0 to 100. */
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
  form.addEventListener("input", count);
  count();
}

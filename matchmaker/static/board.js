// The board of introductions: cards are dragged to another stage, or moved by keys.
// Both send the forms that stand on the card; without this file they are sent by hand.

import { announce } from "./app.js";

const board = () => document.getElementById("board");
const cards = (root = board()) => [...root.querySelectorAll("[data-card]")];
const columns = () => [...board().querySelectorAll("[data-column]")];
const stage = (column) => column.dataset.column;
const name = (column) => column.getAttribute("aria-label");

/** How the card gets to that stage: its form, its link, or nothing. */
function way(card, status) {
  return card.querySelector(`[data-to="${status}"]`);
}

function go(card, column) {
  const status = stage(column);
  if (status === card.dataset.status) return;
  const found = way(card, status);
  if (!found) {
    announce(`「${card.dataset.title}」不能直接改到「${name(column)}」`);
    refuse(column);
  } else if (found instanceof HTMLFormElement) {
    remembered = card.querySelector("[data-open]").getAttribute("href");
    found.requestSubmit(found.querySelector("button"));
  } else {
    location.href = found.href;
  }
}

function refuse(column) {
  column.classList.add("board-refused");
  setTimeout(() => column.classList.remove("board-refused"), 600);
}

// -- Dragging --------------------------------------------------------------------

let dragged;

function prepare() {
  for (const card of cards()) {
    card.draggable = true;
    // The link would be dragged in the card's place.
    for (const link of card.querySelectorAll("a")) link.draggable = false;
  }
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-card]");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.title);
  dragged.classList.add("card-dragged");
  for (const column of columns()) {
    column.classList.toggle("board-takes", Boolean(way(dragged, stage(column))));
  }
});

document.addEventListener("dragover", (event) => {
  const column = event.target.closest?.("[data-column]");
  if (dragged && column && way(dragged, stage(column))) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  const column = event.target.closest?.("[data-column]");
  if (!dragged || !column) return;
  event.preventDefault();
  go(dragged, column);
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("card-dragged");
  dragged = undefined;
  for (const column of columns()) column.classList.remove("board-takes");
});

// -- Keys ------------------------------------------------------------------------

let remembered; // the card to find again once the board is new

function here() {
  return document.activeElement?.closest("[data-card]");
}

function focus(card) {
  card?.querySelector("[data-open]").focus();
}

function step(number) {
  const every = cards();
  const place = every.indexOf(here());
  focus(every[place < 0 ? 0 : Math.min(Math.max(place + number, 0), every.length - 1)]);
}

function aside(number) {
  const every = columns();
  const from = every.indexOf(here()?.closest("[data-column]"));
  for (let at = from + number; at >= 0 && at < every.length; at += number) {
    const [first] = cards(every[at]);
    if (first) return focus(first);
  }
  return undefined;
}

function shift(number) {
  const card = here();
  if (!card) return;
  const every = columns();
  const to = every[every.indexOf(card.closest("[data-column]")) + number];
  if (to) go(card, to);
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  l: () => aside(1),
  h: () => aside(-1),
  ">": () => shift(1),
  "<": () => shift(-1),
  x: () => {
    const card = here();
    const end = card && way(card, "failed");
    if (end) location.href = end.href;
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// A moved card is found again in its new column.
new MutationObserver(() => {
  if (!board()) return;
  prepare();
  if (!remembered) return;
  const link = board().querySelector(`[data-open][href="${CSS.escape(remembered)}"]`);
  remembered = undefined;
  link?.focus();
}).observe(document.getElementById("main"), { childList: true, subtree: true });

prepare();

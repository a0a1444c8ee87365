/* The rows chosen in a list: how many, which acts they take, the box of the head; and the buttons that copy a key.
   Without this file the boxes are sent as they are ticked, and the bar says « For the selection ». */
"use strict";

// The key of the row that was ticked last, from which Shift and a click choose all up to another.
let lastChosen = null;

function rowBoxes() {
  return listPart ? [...listPart.querySelectorAll(".pick")] : [];
}

function chosenKeys() {
  return new Set(rowBoxes().filter((box) => box.checked).map((box) => box.value));
}

/* How many of `chosen` take the act of a button. */
function taking(button, chosen) {
  if (!("counted" in button.dataset)) return chosen.length;
  return chosen.filter((box) => (box.dataset.can || "").includes(button.dataset.counted)).length;
}

function countChosen() {
  const boxes = rowBoxes(), chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr").classList.toggle("picked", box.checked);
  const head = listPart.querySelector("[data-all]");
  if (head) {
    head.hidden = false;
    head.checked = boxes.length > 0 && chosen.length === boxes.length;
    head.indeterminate = chosen.length > 0 && !head.checked;
  }
  const bar = listPart.querySelector(".selbar");
  if (!bar) return;
  bar.hidden = !chosen.length;
  const every = bar.querySelector("input[data-every]"), all = Boolean(every && every.checked);
  const words = bar.querySelector("[data-chosen]"), { one, many, every: whole } = words.dataset;
  words.textContent = all ? whole : chosen.length === 1 ? one : many.replace("#", chosen.length);
  for (const button of bar.querySelectorAll("[data-act]")) {
    const count = taking(button, chosen);
    button.querySelector(".c").textContent = all || count === chosen.length ? "" : `(${count})`;
    button.disabled = !all && count === 0;
  }
}

function chooseBox(event) {
  const box = event.target;
  if (!box.matches(".pick")) return;
  const boxes = rowBoxes(), last = boxes.findIndex((one) => one.value === lastChosen), here = boxes.indexOf(box);
  if (event.shiftKey && last >= 0) {
    for (const one of boxes.slice(Math.min(last, here), Math.max(last, here) + 1)) one.checked = box.checked;
  }
  lastChosen = box.value;
}

function boxChanged(event) {
  const box = event.target, every = listPart.querySelector("input[data-every]");
  if (!box.matches(".pick, [data-all], [data-every]")) return;
  // All that match are chosen as long as no row of this page is left out.
  if (!box.matches(".pick")) for (const one of rowBoxes()) one.checked = box.checked;
  if (every && box !== every && !box.checked) every.checked = false;
  countChosen();
  const words = listPart.querySelector("[data-chosen]");
  if (words && chosenKeys().size) tell(words.textContent);
}

/* A button beside each key of the list: a key is shortened there. */
function keyButtons() {
  const model = listWords && listWords.content.querySelector("button[data-copy]");
  if (!model) return;
  for (const key of listPart.querySelectorAll("tbody .key[title]")) {
    const button = model.cloneNode(true);
    button.dataset.copy = key.title;
    button.setAttribute("aria-label", button.getAttribute("aria-label").replace("#", key.textContent));
    (key.closest("a") || key).after(" ", button);
  }
  copies(listPart);
}

if (listPart) {
  listPart.addEventListener("click", chooseBox);
  listPart.addEventListener("change", boxChanged);
  listPart.addEventListener("reset", () => window.setTimeout(countChosen));
  listPart.addEventListener("put", (event) => {
    for (const box of rowBoxes()) box.checked = event.detail.chosen.has(box.value);
    countChosen();
    keyButtons();
  });
  // A page that was left and found again has its boxes ticked as they were.
  window.addEventListener("pageshow", countChosen);
  countChosen();
  keyButtons();
}

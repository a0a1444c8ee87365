/* A list: its part of the page is fetched and put in its place as one types, and when a tab, a filter, an order or a page is
   chosen; the address follows. Without this file the same links and buttons open whole pages. */
"use strict";

const listPart = document.querySelector("[data-list]");
const listWords = document.querySelector("[data-list-words]");
// How long one stops typing before the search is asked, in milliseconds.
const TYPING = 300;

// `wanted` is what nobody answered; `typed` whether the address is that of what is being typed.
const listAsks = { number: 0, request: null, timer: 0, wanted: null, typed: false };

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

/* What is said to readers; the region is there from the start (app.js). */
function tell(text) {
  region.textContent = text;
}

// --- Asking ---------------------------------------------------------------------------------------------------------

/* The part at `address`, or null: when something else was asked meanwhile, or nobody answers, or the answer is no list. */
async function askPart(address) {
  const number = ++listAsks.number;
  if (listAsks.request) listAsks.request.abort();
  listAsks.request = new AbortController();
  const url = new URL(address, window.location.href);
  url.searchParams.set("part", "list");
  listPart.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: listAsks.request.signal });
    const part = parsed(await answer.text()).querySelector("[data-list]");
    if (number !== listAsks.number) return null;
    if (answer.ok && part) return part;
    // Signed out, or an error: the page itself says so.
    window.location.assign(address);
  } catch (error) {
    if (number === listAsks.number && error.name !== "AbortError") offline(address);
  } finally {
    if (number === listAsks.number) listPart.removeAttribute("aria-busy");
  }
  return null;
}

function offline(address) {
  listAsks.wanted = address;
  const note = document.querySelector("[data-offline]");
  note.hidden = false;
  tell(note.textContent.trim());
}

function online() {
  listAsks.wanted = null;
  document.querySelector("[data-offline]").hidden = true;
}

/* Show the list at `address`; `how` is what becomes of the browser's history: push, replace or stay. */
async function showList(address, how) {
  const part = await askPart(address);
  if (!part) return false;
  online();
  if (how === "push") window.history.pushState(null, "", part.dataset.here);
  if (how === "replace") window.history.replaceState(null, "", part.dataset.here);
  putPart(part, how);
  tell(listPart.querySelector(".tools .end").textContent.trim());
  return true;
}

function refreshList() {
  return showList(listPart.dataset.here, "stay");
}

// --- Putting it in its place -----------------------------------------------------------------------------------------

/* The siblings of `kept` make way for those of `fresh`. */
function putAround(kept, fresh) {
  const before = [], after = [];
  let side = before;
  for (const node of [...fresh.parentNode.childNodes]) {
    if (node === fresh) side = after;
    else side.push(node);
  }
  while (kept.previousSibling) kept.previousSibling.remove();
  while (kept.nextSibling) kept.nextSibling.remove();
  kept.before(...before);
  kept.after(...after);
}

function putPart(part, how) {
  const places = focusPlaces(document.activeElement);
  const pile = listPart.querySelector(".toasts");
  const detail = { chosen: chosenKeys() };
  const find = listPart.querySelector(".find"), found = part.querySelector(".find");
  if (find && found) {
    // The field itself stays: what is being typed in it is not to be disturbed.
    const field = find.querySelector("input");
    if (how === "back" || document.activeElement !== field) field.value = found.querySelector("input").value;
    putAround(find, found);
    putAround(find.closest(".tools"), found.closest(".tools"));
  } else {
    listPart.replaceChildren(...part.childNodes);
  }
  Object.assign(listPart.dataset, part.dataset);
  for (const picker of listPart.querySelectorAll("[data-picker]")) enhance(picker);
  if (pile) {
    document.querySelector("main").append(pile);
    toasts();
  }
  listPart.dispatchEvent(new CustomEvent("put", { detail }));
  if (places) focusAgain(places, how);
}

// --- The focus, which is not lost to the page when what had it is written anew ------------------------------------------

/* Where to look for what has the focus, best first; null when it is not in the list. */
function focusPlaces(element) {
  if (!element || element === listPart || !listPart.contains(element)) return null;
  const places = [];
  if (element.id) places.push(`#${CSS.escape(element.id)}`);
  if (element.name) places.push(`[name="${CSS.escape(element.name)}"][value="${CSS.escape(element.value)}"]`);
  const href = element.getAttribute("href");
  if (href) places.push(`[href="${CSS.escape(href)}"]`);
  const chip = element.closest("[data-chip]"), head = element.closest("th");
  if (chip) places.push(`[data-chip="${chip.dataset.chip}"] > a, [data-chip="${chip.dataset.chip}"] > summary`);
  if (head) places.push(`thead th:nth-child(${head.cellIndex + 1}) a`);
  if (element.closest(".pager")) return ["tbody a[href]", "tbody button"];
  return places;
}

function focusAgain(places) {
  if (listPart.contains(document.activeElement)) return;
  const again = places.map((place) => listPart.querySelector(place)).find((one) => one && one.offsetParent);
  (again || listPart).focus({ preventScroll: true });
}

// --- What one does ---------------------------------------------------------------------------------------------------

/* The address that a search form asks for, without what says nothing. */
function formAddress(form) {
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) {
    const order = form.elements[name];
    const untouched = name === "sort" && !window.location.search.includes("sort=")
      && [...order.options].every((option) => option.selected === option.defaultSelected);
    if (value && !untouched) url.searchParams.append(name, value);
  }
  return url.pathname + url.search;
}

function isPlainClick(event) {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

function chooseLink(event) {
  const link = event.target.closest("a[href]");
  if (!link || !isPlainClick(event) || event.defaultPrevented) return;
  const url = new URL(link.href);
  if (url.pathname !== window.location.pathname || link.closest("tbody")) {
    keepPlace(link.getAttribute("href"));
    return;
  }
  event.preventDefault();
  listAsks.typed = false;
  const isPage = Boolean(link.closest(".pager"));
  keepPlace("");
  showList(url.pathname + url.search, "push").then((shown) => {
    if (shown && isPage) listPart.scrollIntoView({ block: "start" });
  });
}

function searchTyped(form) {
  window.clearTimeout(listAsks.timer);
  listAsks.timer = window.setTimeout(async () => {
    // One search is one step back, however many letters it took.
    if (await showList(formAddress(form), listAsks.typed ? "replace" : "push")) listAsks.typed = true;
  }, TYPING);
}

function searchNow(form) {
  window.clearTimeout(listAsks.timer);
  listAsks.typed = false;
  showList(formAddress(form), "push");
}

// --- The place in the list, for the way back from a row's page ----------------------------------------------------------

function keepPlace(href) {
  const place = JSON.stringify({ top: window.scrollY, href });
  window.sessionStorage.setItem(`list ${listPart.dataset.here}`, place);
}

function takePlace() {
  const name = `list ${listPart.dataset.here}`, kept = window.sessionStorage.getItem(name);
  window.sessionStorage.removeItem(name);
  if (!kept) return;
  const { top, href } = JSON.parse(kept);
  window.scrollTo(0, top);
  const link = href && listPart.querySelector(`[href="${CSS.escape(href)}"]`);
  if (link && link.offsetParent && document.activeElement === document.body) link.focus({ preventScroll: true });
}

if (listPart) {
  listPart.tabIndex = -1;
  listPart.addEventListener("click", chooseLink);
  listPart.addEventListener("input", (event) => {
    if (event.target.name === "q") searchTyped(event.target.form);
  });
  listPart.addEventListener("change", (event) => {
    if (event.target.name === "sort") searchNow(event.target.form);
  });
  listPart.addEventListener("submit", (event) => {
    if (!event.target.matches(".tools")) {
      keepPlace("");
      return;
    }
    event.preventDefault();
    searchNow(event.target);
  });
  window.addEventListener("online", () => {
    if (listAsks.wanted) showList(listAsks.wanted, "push");
  });
  window.addEventListener("popstate", async () => {
    const here = window.location.pathname + window.location.search;
    if (here === listPart.dataset.here) return; // a place within the page
    listAsks.typed = false;
    if (await showList(here, "back")) takePlace();
  });
  takePlace();
}

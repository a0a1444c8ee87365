/* The palette: one box over any page, that shows what it finds while one types. `/` and Ctrl-K open it, and so does the finder.
   Without this file the finder is a form, and what it finds a page (admin_views/search/). */
"use strict";

const finders = [...document.querySelectorAll("[data-find]")];
// How long one stops typing before it is asked, in milliseconds.
const ASKED_AFTER = 120;

// `shown` is the text whose answer is in the list; `wanted` what Enter asked for before the answer was there: "here" or "tab".
const palette = {
  window: null, field: null, list: null, opener: null, request: null, timer: 0, shown: null, wanted: "", said: null,
};

function paletteMade() {
  const form = finders[0].form;
  const dialog = document.createElement("dialog");
  dialog.className = "palette";
  dialog.setAttribute("aria-label", form.getAttribute("aria-label"));
  const box = form.cloneNode(true);
  box.className = "palette-in";
  box.removeAttribute("data-palette");
  for (const key of box.querySelectorAll("kbd")) key.remove();
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-sm btn-ghost";
  close.textContent = form.dataset.close;
  close.addEventListener("click", () => dialog.close());
  box.append(close);
  const list = document.createElement("div");
  list.className = "palette-list";
  // What is outside of the window is said to nobody while it is open.
  const said = document.createElement("p");
  said.className = "vh";
  said.setAttribute("role", "status");
  dialog.append(box, list, said);
  document.body.append(dialog);
  Object.assign(palette, { window: dialog, field: box.querySelector("input"), list, said });
  palette.field.removeAttribute("data-find");
  palette.field.autocomplete = "off";
  palette.field.addEventListener("input", () => {
    palette.wanted = "";
    askSoon(ASKED_AFTER);
  });
  dialog.addEventListener("keydown", paletteKeys);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", paletteClosed);
}

function openPalette(opener, typed) {
  if (!palette.window) paletteMade();
  if (palette.window.open) return;
  palette.opener = opener;
  palette.field.value = typed;
  Object.assign(palette, { shown: null, wanted: "" });
  palette.list.replaceChildren();
  palette.window.showModal();
  palette.field.focus();
  palette.field.select();
  askSoon(0);
}

function paletteClosed() {
  if (palette.request) palette.request.abort();
  window.clearTimeout(palette.timer);
  const opener = palette.opener;
  palette.opener = null;
  // The finder opens it when it gets the focus: it is not to open again.
  if (opener && opener.isConnected && !finders.includes(opener)) opener.focus();
}

// --- Asking ------------------------------------------------------------------------------------------------------------

function askSoon(after) {
  window.clearTimeout(palette.timer);
  palette.timer = window.setTimeout(ask, after);
}

async function ask() {
  window.clearTimeout(palette.timer);
  if (palette.request) palette.request.abort();
  palette.request = new AbortController();
  const form = palette.field.form, typed = palette.field.value;
  const url = new URL(form.action);
  url.searchParams.set("q", typed);
  url.searchParams.set("part", "palette");
  palette.list.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: palette.request.signal });
    const text = await answer.text();
    const part = new DOMParser().parseFromString(text, "text/html"), found = part.querySelector("[data-hits]");
    // Signed out, or an error: the page itself says so.
    if (!answer.ok || !found) return form.submit();
    const foot = part.querySelector("[data-foot]");
    if (foot && !palette.window.querySelector("[data-foot]")) palette.window.append(foot);
    palette.said.textContent = [found.querySelector(".hit-note"), found.dataset.found]
      .map((one) => (one && one.textContent ? one.textContent.trim() : one || "")).join(" ");
    putHits(found, typed);
  } catch (error) {
    // Something else was typed since, or the network is gone: sending the form asks the server.
    if (error.name === "AbortError") return undefined;
    const note = document.createElement("p");
    note.className = "hit-note";
    note.textContent = palette.said.textContent = form.dataset.silent;
    palette.list.replaceChildren(note);
  }
  palette.list.removeAttribute("aria-busy");
  return undefined;
}

/* The answer takes the place of the one before; whoever was in that one already is in this one. */
function putHits(found, typed) {
  const was = palette.list.contains(document.activeElement);
  palette.list.replaceChildren(found);
  palette.list.scrollTop = 0;
  palette.shown = typed;
  if (was) (paletteLinks()[0] || palette.field).focus();
  if (palette.wanted) openFirst(palette.wanted);
}

/* What Enter opens is of the text as it stands: never of one that was there before. */
function openFirst(where) {
  const [link] = paletteLinks(), isThere = palette.shown === palette.field.value;
  palette.wanted = isThere ? "" : where;
  if (!isThere) ask();
  else if (link && where === "tab") window.open(link.href, "_blank", "noopener");
  else if (link) link.click();
}

// --- Keys: up and down go through what was found, a letter goes back to the field ----------------------------------------

function paletteLinks() {
  return [...palette.list.querySelectorAll("a.hit")];
}

function paletteKeys(event) {
  // A word that is still being put together, as in Japanese.
  if (event.isComposing) return;
  const links = paletteLinks(), at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
  // A field of this kind would be emptied first.
  else if (event.key === "Escape") palette.window.close();
  else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || palette.field).focus();
  else if (event.key === "Enter" && event.target === palette.field && palette.field.value.trim()) openFirst(event.ctrlKey || event.metaKey ? "tab" : "here");
  else if (event.key.length === 1 && at >= 0 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
    palette.field.focus();
    return; // the letter is typed into the field
  } else return;
  event.preventDefault();
}

// --- Opening it ----------------------------------------------------------------------------------------------------------

for (const field of finders) {
  field.addEventListener("click", () => openPalette(field, field.value));
  // Whoever types into the finder goes on in the palette.
  field.addEventListener("input", () => openPalette(field, field.value));
}

// On a phone the finder is a link in the menu.
for (const link of finders.length ? document.querySelectorAll("[data-finds]") : []) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    openPalette(link, "");
  });
}

document.addEventListener("keydown", (event) => {
  // On many keyboards `/` is typed with Shift.
  if (!finders.length || event.altKey) return;
  const isCtrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
  const free = !document.activeElement || document.activeElement === document.body || document.activeElement.id === "main";
  const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && finders[0].dataset.find === "keys" && free;
  if (!isCtrlK && !isSlash) return;
  event.preventDefault();
  openPalette(document.activeElement === document.body ? null : document.activeElement, "");
});

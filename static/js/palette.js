/* The palette: one box over any page, that shows what it finds while one types. `/` and Ctrl-K open it, and so does the finder.
   Without this file the finder is a form, and what it finds a page (admin_views/search/). */
"use strict";

const finders = [...document.querySelectorAll("[data-find]")];
// How long one stops typing before it is asked, in milliseconds.
const ASKED_AFTER = 120;

const palette = { window: null, field: null, list: null, opener: null, request: null, timer: 0 };

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
  const foot = form.querySelector("template").content.cloneNode(true);
  box.querySelector("template").remove();
  dialog.append(box, list, foot);
  document.body.append(dialog);
  Object.assign(palette, { window: dialog, field: box.querySelector("input"), list });
  palette.field.removeAttribute("data-find");
  palette.field.autocomplete = "off";
  palette.field.addEventListener("input", () => askSoon(ASKED_AFTER));
  dialog.addEventListener("keydown", paletteKeys);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", paletteClosed);
}

function openPalette(opener, typed) {
  if (!palette.window) paletteMade();
  if (palette.window.open) return;
  palette.opener = opener;
  palette.field.value = typed;
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
  if (palette.request) palette.request.abort();
  palette.request = new AbortController();
  const form = palette.field.form;
  const url = new URL(form.action);
  url.searchParams.set("q", palette.field.value);
  url.searchParams.set("part", "palette");
  palette.list.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: palette.request.signal });
    const text = await answer.text();
    const found = new DOMParser().parseFromString(text, "text/html").querySelector("[data-hits]");
    // Signed out, or an error: the page itself says so.
    if (!answer.ok || !found) return form.submit();
    palette.list.replaceChildren(found);
    palette.list.scrollTop = 0;
    region.textContent = form.dataset.found.replace("{}", paletteLinks().length);
  } catch (error) {
    // Something else was typed since, or the network is gone: sending the form asks the server.
    if (error.name === "AbortError") return undefined;
    const note = document.createElement("p");
    note.className = "hit-note";
    note.setAttribute("role", "status");
    note.textContent = form.dataset.offline;
    palette.list.replaceChildren(note);
  }
  palette.list.removeAttribute("aria-busy");
  return undefined;
}

// --- Keys: up and down go through what was found, a letter goes back to the field ----------------------------------------

function paletteLinks() {
  return [...palette.list.querySelectorAll("a.hit")];
}

function paletteKeys(event) {
  const links = paletteLinks(), at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
  // A field of this kind would be emptied first.
  else if (event.key === "Escape") palette.window.close();
  else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || palette.field).focus();
  else if (event.key === "Enter" && event.target === palette.field && links.length && palette.field.value.trim()) links[0].click();
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

document.addEventListener("keydown", (event) => {
  if (!finders.length || event.altKey || event.shiftKey) return;
  const isCtrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
  const free = !document.activeElement || document.activeElement === document.body || document.activeElement.id === "main";
  const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && finders[0].dataset.find === "keys" && free;
  if (!isCtrlK && !isSlash) return;
  event.preventDefault();
  openPalette(document.activeElement === document.body ? null : document.activeElement, "");
});

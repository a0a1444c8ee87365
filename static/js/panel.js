/* The act of a row opens beside the list: its own page is fetched, and what it holds is put in a panel. What is sent from
   there is answered there. Without this file, and where there is no room, the act is a page. */
"use strict";

const roomForPanel = window.matchMedia("(min-width: 62em)");
// { aside, act, key, row, address, first, clean }, or null while no panel is open.
let panel = null;
let panelAsked = 0;

/* What names an act of a row, whatever way back it carries. */
function actKey(href) {
  const url = new URL(href, window.location.href);
  url.searchParams.delete("url");
  return url.pathname + url.search;
}

function actLinks(act) {
  return [...listPart.querySelectorAll("[data-panel]")].filter((link) => link.dataset.panel === act);
}

/* The links of the same act before and after that of the panel. */
function neighbours() {
  const links = actLinks(panel.act), here = links.findIndex((link) => actKey(link.href) === panel.key);
  return here < 0 ? [null, null] : [links[here - 1] || null, links[here + 1] || null];
}

/* What a row is called: the link of an act is named by the act and the row. */
function rowName(link) {
  const before = listWords.dataset.named.replace("#act", () => link.textContent.trim()).split("#row")[0];
  return link.getAttribute("aria-label").slice(before.length);
}

// --- What was not saved ---------------------------------------------------------------------------------------------

function written() {
  const forms = [...panel.aside.querySelectorAll("form")];
  return JSON.stringify(forms.map((form) => [...new FormData(form)].filter(([, value]) => typeof value === "string")));
}

function isUnsaved() {
  return panel !== null && panel.clean !== written();
}

function mayLeave() {
  return !isUnsaved() || window.confirm(listWords.dataset.leave);
}

// --- Opening and closing ---------------------------------------------------------------------------------------------

function openPanel(link) {
  if (!mayLeave()) return;
  closeMenus(null);
  if (!panel) {
    const aside = listWords.content.querySelector(".panel").cloneNode(true);
    document.querySelector(".desk").append(aside);
    document.querySelector(".desk").classList.add("with-panel");
    aside.addEventListener("click", clickedInPanel);
    panel = { aside };
  }
  const rows = [...listPart.querySelectorAll("tbody tr")];
  Object.assign(panel, { act: link.dataset.panel, key: actKey(link.href), row: rows.indexOf(link.closest("tr")), first: link.href });
  markRow();
  loadPanel(link.href);
}

function closePanel() {
  const { aside, act, key, row } = panel;
  aside.remove();
  panel = null;
  panelAsked += 1;
  document.querySelector(".desk").classList.remove("with-panel");
  markRow();
  // Back to the button, or where it stood when the act is done with.
  const rows = [...listPart.querySelectorAll("tbody tr")], there = rows[Math.min(row, rows.length - 1)];
  const button = actLinks(act).find((link) => actKey(link.href) === key)
    || (there && (there.querySelector("[data-panel]") || there.querySelector("a[href]"))) || listPart;
  const menu = button.closest("details:not([open])");
  (menu ? menu.querySelector("summary") : button).focus({ preventScroll: true });
}

function markRow() {
  for (const row of listPart.querySelectorAll("tr.open")) row.classList.remove("open");
  const link = panel && actLinks(panel.act).find((one) => actKey(one.href) === panel.key);
  if (link) link.closest("tr").classList.add("open");
}

// --- What it shows ---------------------------------------------------------------------------------------------------

/* Fetch a page of the act; `told` are notes that stand above it. */
async function loadPanel(address, told = []) {
  const number = ++panelAsked;
  panel.clean = panel.address === address ? panel.clean : written();
  try {
    const answer = await fetch(address);
    const page = parsed(await answer.text());
    if (number !== panelAsked) return;
    if (answer.redirected) await ledAway(answer, page);
    else fillPanel(page, address, told);
  } catch {
    if (number === panelAsked) panelNote(listWords.dataset.offline);
  }
}

/* The act cannot be begun: its page leads elsewhere, with a sentence that says why. */
async function ledAway(answer, page) {
  const notes = [...page.querySelectorAll(".flashes > .note")];
  if (!notes.length || !page.querySelector(".desk")) {
    window.location.assign(answer.url);
    return;
  }
  await refreshList();
  if (panel) closePanel();
  showNotes(notes);
}

function fillPanel(page, address, told = []) {
  const { aside } = panel, main = page.querySelector("main");
  const head = main.querySelector(".head"), title = main.querySelector("h1"), lead = head && head.querySelector("p");
  const body = aside.querySelector(".panel-body"), acts = head && head.querySelector(".acts");
  aside.querySelector("h2").textContent = title ? title.textContent.trim() : page.title;
  aside.querySelector("header p").textContent = lead ? lead.textContent.trim() : "";
  const parts = [...main.children].filter((part) => part !== head && !part.matches(".sheet-foot"));
  body.replaceChildren(...told, ...parts, ...(acts ? [acts] : []));
  if (title && !head) title.remove();
  panel.address = address;
  makeOwn(body, address);
  putFoot(body);
  nameNeighbours();
  for (const picker of body.querySelectorAll("[data-picker]")) enhance(picker);
  for (const one of body.querySelectorAll("[data-stepper]")) stepper(one);
  copies(body);
  panel.clean = written();
  body.scrollTop = 0;
  const note = body.querySelector(".note.bad"), place = firstWrong(body) || note;
  if (note) note.tabIndex = -1;
  // The list stays where it is: what has the focus comes into sight in the panel alone.
  (place || aside.querySelector("h2")).focus({ preventScroll: true });
  if (place) body.scrollTop = Math.max(0, place.getBoundingClientRect().top - body.getBoundingClientRect().top - 64);
}

function firstWrong(body) {
  const wrong = body.querySelector("[aria-invalid=true], [data-wrong], fieldset[aria-describedby]")
    || body.querySelector("[data-focus]");
  if (!wrong) return null;
  return wrong.matches("fieldset") ? wrong.querySelector("input") || wrong : wrong;
}

/* Addresses are those of the act's page, and no name is the list's too. */
function makeOwn(body, address) {
  for (const [name, places] of [["href", "a[href]"], ["action", "form[action]"], ["src", "[src]"]]) {
    for (const one of body.querySelectorAll(places)) {
      const value = one.getAttribute(name);
      one.setAttribute(name, value.startsWith("#") ? `#p-${value.slice(1)}` : new URL(value, address).href);
    }
  }
  for (const form of body.querySelectorAll("form:not([action])")) form.setAttribute("action", address);
  for (const one of body.querySelectorAll("[id]")) one.id = `p-${one.id}`;
  for (const name of ["for", "aria-describedby", "aria-labelledby", "form"]) {
    for (const one of body.querySelectorAll(`[${name}]`)) {
      one.setAttribute(name, one.getAttribute(name).split(" ").map((id) => `p-${id}`).join(" "));
    }
  }
}

/* The buttons of the form stand at the foot, always in sight; one more goes on to the next row that takes the act. */
function putFoot(body) {
  const foot = panel.aside.querySelector(".foot");
  const form = [...body.querySelectorAll("form")].find((one) => one.method === "post" && one.querySelector(":scope > .acts [type=submit]"));
  foot.replaceChildren();
  foot.hidden = !form;
  if (!form) return;
  const acts = form.querySelector(":scope > .acts"), [button] = acts.querySelectorAll("[type=submit]");
  form.id = form.id || "p-form";
  for (const one of acts.querySelectorAll("[type=submit]")) {
    one.setAttribute("form", form.id);
    foot.append(one);
  }
  acts.remove();
  const next = neighbours()[1];
  if (!next) return;
  const then = button.cloneNode();
  then.className = "btn btn-line";
  then.dataset.then = "";
  then.textContent = listWords.dataset.then.replace("#act", button.textContent.trim()).replace("#row", () => rowName(next));
  foot.append(then);
}

function nameNeighbours() {
  const links = neighbours();
  panel.aside.querySelectorAll("[data-step-to]").forEach((button, at) => {
    button.hidden = !links[at];
    if (links[at]) button.setAttribute("aria-label", button.dataset.words.replace("#", () => rowName(links[at])));
  });
}

function panelNote(text) {
  const note = panel.aside.querySelector("[data-note]");
  note.hidden = !text;
  note.textContent = text;
  if (text) tell(text);
}

// --- What is done in it ----------------------------------------------------------------------------------------------

function clickedInPanel(event) {
  const step = event.target.closest("[data-step-to]");
  if (step) openPanel(neighbours()[Number(step.dataset.stepTo)]);
  if (event.target.closest("[data-close]") && mayLeave()) closePanel();
  const link = event.target.closest(".panel-body a[href]");
  if (!link || !isPlainClick(event) || link.getAttribute("href").startsWith("#")) return;
  const url = new URL(link.href);
  const leads = url.pathname === window.location.pathname ? closePanel
    // What carries a way back comes back here.
    : url.searchParams.has("url") ? () => loadPanel(link.href) : null;
  if (!leads) return;
  event.preventDefault();
  if (mayLeave()) leads();
}

async function sendPanel(form, button) {
  const sent = new FormData(form), { first } = panel;
  if (button && button.name) sent.append(button.name, button.value);
  const next = button && "then" in button.dataset ? neighbours()[1] : null;
  const isMain = Boolean(button && button.closest(".foot"));
  const on = next && { href: next.getAttribute("href"), key: actKey(next.href) };
  let answer, page;
  panelNote("");
  try {
    answer = await fetch(form.action, { method: "POST", body: sent });
    page = parsed(await answer.text());
  } catch {
    sendAgain(form);
    panelNote(listWords.dataset.offline);
    return;
  }
  if (!panel || panel.first !== first) return;
  if (answer.redirected) {
    await settle(answer, page, on, isMain);
    return;
  }
  fillPanel(page, answer.ok ? answer.url : panel.address);
  if (answer.status === 422) panel.clean = ""; // what was typed is still to be saved
  else if (!answer.ok) refreshList();
}

/* What an act ended with, as its page says: done, or refused; the list follows either way. */
async function settle(answer, page, on, isMain) {
  if (!page.querySelector(".desk")) {
    panel = null;
    window.location.assign(answer.url); // signed out meanwhile
    return;
  }
  const notes = [...page.querySelectorAll(".flashes > .note")];
  const done = notes.filter((note) => "toast" in note.dataset), told = notes.filter((note) => !done.includes(note));
  const { address, first } = panel, isBack = new URL(answer.url).pathname === new URL(first).pathname;
  panel.clean = written();
  await refreshList();
  if (!panel) return;
  if (!done.length && told.some((note) => note.matches(".bad"))) {
    if (address === answer.url) fillPanel(page, address);
    else await loadPanel(address, told);
    return;
  }
  showNotes([...done, ...told]);
  const next = on && actLinks(panel.act).find((link) => actKey(link.href) === on.key);
  if (next) openPanel(next);
  else if (isBack && !(isMain && address === first)) loadPanel(first); // a part of what is to be done there
  else closePanel();
}

function showNotes(notes) {
  // The one before made way for the next act.
  for (const old of document.querySelectorAll(".note-toast")) old.remove();
  const main = document.querySelector("main");
  let place = main.querySelector(".flashes");
  if (!place) {
    place = document.createElement("div");
    place.className = "flashes";
    main.prepend(place);
  }
  place.append(...notes);
  toasts();
}

if (listPart && listWords) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel]");
    if (!link || !roomForPanel.matches || !isPlainClick(event)) return;
    event.preventDefault();
    openPanel(link);
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!panel || !panel.aside.contains(form) || event.defaultPrevented || form.method !== "post") return;
    event.preventDefault();
    sendPanel(form, event.submitter);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !panel) return;
    // In a field of the list, Escape is the field's.
    if (listPart.contains(event.target) && event.target.matches("input")) return;
    if (mayLeave()) closePanel();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isUnsaved()) return;
    event.preventDefault();
    event.returnValue = "";
  });
  listPart.addEventListener("put", () => {
    markRow();
    if (panel) nameNeighbours();
  });
}

/* What makes pages smoother: menus that close, the modal window, toasts, no double submit, number steppers.
   Every page works without this file. */
"use strict";

document.documentElement.classList.add("js");

// --- Menus: close on a click outside, on Escape, and when another opens.
const MENUS = "[data-menu], .drop-chip, .row-menu";

function openMenus() {
  return [...document.querySelectorAll("details[open]")].filter((menu) => menu.matches(MENUS));
}

function closeMenus(except) {
  for (const menu of openMenus()) if (menu !== except) menu.open = false;
}

document.addEventListener("click", (event) => closeMenus(event.target.closest(MENUS)));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !openMenus().length) return;
  event.preventDefault(); // and nothing else closes
  const menu = openMenus().find((one) => one.contains(document.activeElement));
  closeMenus(null);
  if (menu) menu.querySelector("summary").focus();
});

// --- A file of a list is of what the address asks by now: searches and filters change it without a new page.
document.addEventListener("click", (event) => {
  const file = event.target.closest("a[data-file]");
  if (!file) return;
  file.search = window.location.search;
  file.closest("details").open = false;
});

// --- The confirmation window: the same <dialog>, made modal; leaving it follows its close link.
for (const dialog of document.querySelectorAll("dialog[data-window]")) {
  dialog.removeAttribute("open");
  dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid=true]");
  (wrong || dialog.querySelector("h2")).focus();
  // What is to be mended would stand below the edge of the window on a phone, with the sentence that says why.
  if (wrong) wrong.closest("label, .field, div").scrollIntoView({ block: "center" });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    window.location.assign(dialog.dataset.close);
  });
}

// --- A form is sent once: its button says so until the next page is there.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (!button) return;
  button.setAttribute("aria-busy", "true");
  if (!button.dataset.busy) return;
  button.label = [...button.childNodes];
  button.textContent = button.dataset.busy;
});

function sendAgain() {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.removeAttribute("aria-busy");
    if (button.label) button.replaceChildren(...button.label);
  }
}

// Coming back with the browser's own button shows the page as it was left: let it be sent again.
window.addEventListener("pageshow", (event) => {
  // What is sent from a page that was left and found again is a new wish: its forms get other names.
  for (const name of event.persisted ? document.querySelectorAll("[data-once]") : []) {
    name.value = Array.from(crypto.getRandomValues(new Uint32Array(4)), String).join("-");
  }
  sendAgain();
});

// --- Number steppers. What depends on the number hears of it once, after the last of several quick clicks.
function stepper(one) {
  const input = one.querySelector("input");
  let timer = 0;
  const tell = () => {
    if (!timer) return;
    window.clearTimeout(timer);
    timer = 0;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  for (const button of one.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      if (button.dataset.step > 0) input.stepUp();
      else input.stepDown();
      window.clearTimeout(timer);
      timer = window.setTimeout(tell, 400);
    });
    button.addEventListener("blur", tell);
  }
}

function steppers() {
  for (const one of document.querySelectorAll("[data-stepper]")) stepper(one);
}
steppers();

// A browser brings into sight the line that one writes, which a bar at the foot may lie over the rest of.
document.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea")) event.target.scrollIntoView({ block: "nearest" });
});

// --- Fields that send their form when changed, such as a quantity in the cart.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && form.hasAttribute("data-autosubmit")) form.requestSubmit();
});

// A link clicked while the change is on its way would overtake it, and buy the former number: the answer comes first.
document.addEventListener("click", (event) => {
  if (event.target.closest("a[href]") && document.querySelector("form[data-autosubmit][data-sent]")) {
    event.preventDefault();
  }
});

// --- After a refused form: the first field that is to be mended, else what says why. Of a choice, its first answer.
function mend() {
  const wrong = document.querySelector("main [aria-invalid=true], main [data-wrong]") || document.querySelector("[data-focus]");
  const field = wrong && wrong.matches("fieldset") ? wrong.querySelector("input") || wrong : wrong;
  if (field && !field.closest("dialog")) field.focus();
  return field;
}

// Closing a window leads back to the button that opened it; not every browser takes the focus there by itself.
const opener = window.location.hash && document.getElementById(window.location.hash.slice(1));
if (!mend() && opener && opener.matches("a, button")) opener.focus();

// --- What was done floats until it is closed, in the pile at the foot of a list where there is one. It is said in a region
// that was there before: readers do not hear what a page begins with.
const region = document.createElement("div");
region.className = "vh";
region.setAttribute("role", "status");
document.body.append(region);

function toasts() {
  const done = document.querySelectorAll("[data-toast]");
  for (const old of document.querySelectorAll(".toasts")) old.remove();
  if (!done.length) return;
  const dock = document.querySelector(".dock");
  const pile = document.createElement("div");
  pile.className = dock ? "toasts" : "toasts alone";
  for (const toast of done) {
    toast.className = "note-toast";
    toast.removeAttribute("role");
    const close = toast.querySelector("[data-dismiss]");
    close.hidden = false;
    close.addEventListener("click", () => {
      toast.remove();
      document.getElementById("main").focus();
    });
    pile.append(toast);
  }
  if (dock) dock.prepend(pile);
  else document.querySelector("main").append(pile);
  const rest = document.querySelector(".flashes");
  if (rest && !rest.children.length) rest.remove();
  const said = [...done].map((toast) => toast.querySelector("[data-said]").textContent.trim()).join(" ");
  region.textContent = "";
  window.setTimeout(() => { region.textContent = said; }, 150);
}
toasts();

// --- Copying what is long, such as a key: without a script one selects it.
function copies(within) {
  for (const button of navigator.clipboard ? within.querySelectorAll("button[data-copy]") : []) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      region.textContent = button.dataset.copied;
      button.classList.add("done");
    });
  }
}
copies(document);

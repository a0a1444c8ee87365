/* What makes pages smoother: menus that close, the modal window, toasts, no double submit, number steppers.
   Every page works without this file. */
"use strict";

document.documentElement.classList.add("js");

// --- Menus: close on a click outside, on Escape, and when another opens.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement.closest("[data-menu][open]");
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

// Coming back with the browser's own button shows the page as it was left: let it be sent again.
window.addEventListener("pageshow", (event) => {
  // What is sent from a page that was left and found again is a new wish: its forms get other names.
  for (const name of event.persisted ? document.querySelectorAll("[data-once]") : []) {
    name.value = Array.from(crypto.getRandomValues(new Uint32Array(4)), String).join("-");
  }
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) {
    button.removeAttribute("aria-busy");
    if (button.label) button.replaceChildren(...button.label);
  }
});

// --- Number steppers. What depends on the number hears of it once, after the last of several quick clicks.
for (const stepper of document.querySelectorAll("[data-stepper]")) {
  const input = stepper.querySelector("input");
  let timer = 0;
  const tell = () => {
    if (!timer) return;
    window.clearTimeout(timer);
    timer = 0;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  for (const button of stepper.querySelectorAll("[data-step]")) {
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

// --- After a refused form: the first field that is to be mended, else what says why.
const refused = document.querySelector("[data-focus]");
if (refused) (document.querySelector("main [aria-invalid=true]") || refused).focus();

// --- What was done floats until it is closed, in the pile at the foot of a list where there is one.
const done = document.querySelectorAll("[data-toast]");
if (done.length) {
  const dock = document.querySelector(".dock");
  const pile = document.createElement("div");
  pile.className = dock ? "toasts" : "toasts alone";
  for (const toast of done) {
    toast.className = "note-toast";
    const close = toast.querySelector("[data-dismiss]");
    close.hidden = false;
    close.addEventListener("click", () => toast.remove());
    pile.append(toast);
  }
  if (dock) dock.prepend(pile);
  else document.querySelector("main").append(pile);
  const rest = document.querySelector(".flashes");
  if (rest && !rest.children.length) rest.remove();
}

// --- `/` goes to the search, when nothing has the focus; « My profile » switches it off.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.activeElement && document.activeElement !== document.body && document.activeElement.id !== "main") return;
  const field = [...document.querySelectorAll("[data-find]")].find((one) => one.offsetParent);
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

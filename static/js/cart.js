/* Plans and cart: adding, changing and removing swap the part of the page that shows them, so that it does not jump.
   Without this file the same forms lead to the same page. */
"use strict";

// What the cart changes: itself, and how much of it the menus tell.
const SWAPPED = ["[data-swap]", ".side nav", ".topbar"];

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const zone = document.querySelector("[data-swap]");
  if (event.defaultPrevented || !zone || !form.hasAttribute("data-swaps")) return;
  event.preventDefault();
  const sent = new URLSearchParams(new FormData(form));
  let answer, page;
  try {
    answer = await fetch(form.action, { method: "POST", body: sent });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    // The network is gone: the browser says so, and knows how to send it again.
    form.submit();
    return;
  }
  // Another page: one is asked to sign in, or the desk is away.
  if (!page.querySelector("[data-swap]")) window.location.assign(answer.url);
  else show(page, form, sent.get("quantity"));
});

function show(page, form, sent) {
  const held = document.activeElement.id;
  const field = form.querySelector("[type=number]");
  // What was typed or clicked while the answer was under way is not lost: it is sent next.
  const newer = field && form.hasAttribute("data-autosubmit") && field.value !== sent ? field.value : null;
  for (const part of SWAPPED) {
    const [old, fresh] = [document.querySelector(part), page.querySelector(part)];
    if (old && fresh) old.replaceWith(fresh);
  }
  for (const old of document.querySelectorAll(".flashes, .note-toast")) old.remove();
  const flashes = page.querySelector(".flashes");
  if (flashes) document.querySelector("main").prepend(flashes);
  steppers();
  toasts();
  const refused = document.querySelector(".flashes .note");
  const again = field && document.getElementById(field.id);
  if (newer !== null && again) {
    again.value = newer;
    again.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (refused) refused.scrollIntoView({ block: "center" });
  if (mend()) return;
  // Where one was; the line that was removed is no more, its cart is.
  const place = document.getElementById(held) || document.getElementById("panier");
  place.focus({ preventScroll: true });
}

/* How far a batch is: its part of the page is asked for again until there is something else to see.
   Without this file the page is loaded again every few seconds. */
"use strict";

const PROGRESS_EVERY = 1500;

async function followProgress() {
  const part = document.querySelector("[data-progress]");
  if (!part) return;
  const url = new URL(window.location.href);
  url.searchParams.set("part", "progress");
  try {
    const answer = await fetch(url);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-progress]");
    if (!answer.ok || !fresh || fresh.dataset.progress !== part.dataset.progress) {
      window.location.reload();
      return;
    }
    const bar = part.querySelector("progress"), next = fresh.querySelector("progress");
    if (bar && next && next.hasAttribute("value")) bar.value = next.value;
    part.querySelector("b").textContent = fresh.querySelector("b").textContent;
  } catch (error) {
    // Nobody answers: it is asked again.
  }
  window.setTimeout(followProgress, PROGRESS_EVERY);
}

if (document.querySelector("[data-progress]")) window.setTimeout(followProgress, PROGRESS_EVERY);

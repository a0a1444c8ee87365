/* The picker: a text input that offers what the server finds while one types (the combobox pattern).
   Without this file the same form asks after it was sent (admin_views/pickers.py). */
"use strict";

for (const picker of document.querySelectorAll("[data-picker]")) enhance(picker);

function enhance(picker) {
  const input = picker.querySelector("input[type=text]");
  const key = picker.querySelector("[data-picker-key]");
  if (!key) return; // the server is already asking which of several is meant
  const list = document.createElement("ul");
  list.className = "picker-list";
  list.id = `${input.id}-list`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", picker.dataset.results);
  list.hidden = true;
  picker.append(list);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  })) input.setAttribute(name, value);

  let timer = 0;
  let request = null;
  let active = -1;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    key.value = option.dataset.key;
    input.value = option.textContent;
    close();
  }

  function mark(index) {
    const options = list.querySelectorAll("[data-key]");
    if (!options.length) return; // nothing was found: the note is no choice
    active = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  }

  function note(text) {
    const item = document.createElement("li");
    item.className = "m";
    item.setAttribute("role", "option");
    item.setAttribute("aria-disabled", "true");
    item.textContent = text;
    return item;
  }

  function show(found, typed, meant) {
    list.replaceChildren(...found.map(([id, text], at) => {
      const option = document.createElement("li");
      option.id = `${list.id}-${at}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.key = id;
      option.textContent = text;
      return option;
    }));
    if (!found.length) list.append(note(picker.dataset.none));
    if (meant) list.prepend(note(picker.dataset.meant.replace("{typed}", typed).replace("{meant}", meant)));
    list.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  }

  async function search() {
    if (request) request.abort();
    request = new AbortController();
    const url = new URL(picker.dataset.url, window.location.href);
    const typed = input.value.trim();
    url.searchParams.set("query", typed);
    try {
      const answer = await fetch(url, { signal: request.signal, headers: { Accept: "application/json" } });
      if (answer.ok) show(await answer.json(), typed, decodeURIComponent(answer.headers.get("X-Meant") || ""));
    } catch (error) {
      // A newer search took over, or the network is gone: sending the form still asks the server.
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    key.value = "";
    window.clearTimeout(timer);
    timer = window.setTimeout(search, 150);
  });
  input.addEventListener("click", () => { if (list.hidden) search(); });
  input.addEventListener("blur", () => window.setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) search();
      else mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      choose(list.querySelectorAll("[data-key]")[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-key]");
    event.preventDefault();
    if (option) choose(option);
  });
}

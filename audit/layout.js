// What the eye finds: text and acts that are cut, out of reach or upon each other. Each function returns [{selector, what}].
"use strict";
(() => {
  const SLACK = 1.5; // px: what rounding gives
  const ACTS = "a[href], button, summary, input:not([type=hidden]), select, textarea";
  const NEVER_SHORTENED = "th, button, summary, label, legend, h1, h2, h3, .chip, .btn";
  // A box of plain text, such as a mail's source, may scroll in itself.
  const TEXT_BOX = "pre, code, textarea, .scroll-text";

  const styleOf = (element) => getComputedStyle(element);

  // For the reader of a finding: the shortest path that says where to look.
  function selectorOf(element) {
    const steps = [];
    for (let at = element; at && at !== document.body && steps.length < 4; at = at.parentElement) {
      const name = at.localName + (at.id && !/\d/.test(at.id) ? `#${at.id}` : "") + [...at.classList].slice(0, 2).map((one) => `.${one}`).join("");
      const twins = [...(at.parentElement?.children ?? [])].filter((other) => other.localName === at.localName);
      steps.unshift(twins.length > 1 && !name.includes("#") ? `${name}:nth-of-type(${twins.indexOf(at) + 1})` : name);
      if (name.includes("#")) break;
    }
    return steps.join(" > ");
  }

  const wordsOf = (element) => (element.getAttribute("aria-label") || element.innerText || element.value || element.name || "").trim().replace(/\s+/g, " ").slice(0, 40);

  let offered = new Map(); // forgotten whenever the page is looked at anew
  // Text for screen readers only: a box of one pixel, or clipped to nothing.
  function isOffered(element) {
    if (!offered.has(element)) offered.set(element, !isClippedAway(element));
    return offered.get(element);
  }
  function isClippedAway(element) {
    // Off the page, as a link is that shows itself when it has the focus.
    const box = element.getBoundingClientRect();
    if (box.right + scrollX <= 0 || box.bottom + scrollY <= 0) return true;
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const style = styleOf(at);
      if (/inset\((50|100)%/.test(style.clipPath) || /rect\((0px|1px),? (0px|1px),?/.test(style.clip)) return true;
      if (style.overflow !== "visible" && at.offsetWidth <= 1 && at.offsetHeight <= 1) return true;
    }
    return false;
  }

  function isSeen(element) {
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && isOffered(element);
  }

  // The ancestors that may hide a part of it, nearest first: an absolute box is not clipped by what it is not laid in.
  function* clippers(element) {
    let position = styleOf(element).position;
    for (let at = element.parentElement; at && at !== document.documentElement; at = at.parentElement) {
      if (position === "fixed") return;
      const style = styleOf(at);
      if (position === "absolute" && style.position === "static") continue;
      position = style.position;
      // What `body` hides, the viewport hides.
      if (at !== document.body && (style.overflowX !== "visible" || style.overflowY !== "visible")) yield [at, style];
    }
  }

  const inner = (element) => {
    const box = element.getBoundingClientRect();
    const left = box.left + element.clientLeft, top = box.top + element.clientTop;
    return { left, top, right: left + element.clientWidth, bottom: top + element.clientHeight };
  };

  const scrolls = (overflow) => overflow === "auto" || overflow === "scroll";

  // Whether something in a row can be seen without scrolling sideways, and anything else at least by scrolling.
  function whyOut(element) {
    const box = element.getBoundingClientRect(), row = element.closest("tr");
    let canScroll = false, upright = box; // of what can be scrolled down, what it is scrolled in has to be there
    for (const [at, style] of clippers(element)) {
      if (at.matches(TEXT_BOX)) return "";
      // A name that ends in "…" is there, as long as some of it is.
      if (isShortened(at, style) && box.left >= inner(at).left - SLACK && box.left < inner(at).right - 24) return "";
      const seen = inner(at), inRow = row && !row.contains(at);
      if (box.right > seen.right + SLACK || box.left < seen.left - SLACK) {
        const by = Math.round(Math.max(box.right - seen.right, seen.left - box.left));
        if (!scrolls(style.overflowX)) return `cut by ${by} px by ${selectorOf(at)}`;
        if (inRow) return `out of reach by ${by} px: ${selectorOf(at)} has to be scrolled sideways`;
        canScroll = true;
      }
      canScroll ||= scrolls(style.overflowX);
      if (scrolls(style.overflowY)) upright = at.getBoundingClientRect();
      else if (style.overflowY !== "visible" && upright.bottom > seen.bottom + SLACK && upright.top > seen.bottom - SLACK) return `below the end of ${selectorOf(at)}`;
    }
    if (canScroll) return "";
    const right = document.documentElement.clientWidth;
    return box.right > right + SLACK || box.left < -SLACK ? `out of the page by ${Math.round(Math.max(box.right - right, -box.left))} px` : "";
  }

  function outOfReach() {
    const out = new Map([...document.querySelectorAll(`th, td, ${ACTS}`)].filter(isSeen).map((element) => [element, whyOut(element)]).filter(([, why]) => why));
    // A cell speaks for what is in it.
    return [...out].filter(([element]) => !out.has(element.parentElement?.closest("th, td"))).map(([element, what]) => ({ selector: selectorOf(element), what }));
  }

  const sideways = () => {
    const width = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
    if (width <= room) return [];
    const widest = [...document.querySelectorAll("body *")].find((element) => isSeen(element) && element.getBoundingClientRect().right > room + SLACK && ![...clippers(element)].length);
    return [{ selector: widest ? selectorOf(widest) : "html", what: `the page is ${width - room} px wider than the window` }];
  };

  // --- Text, line by line ---------------------------------------------------------------------------------------------

  function lines() {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
    const known = new Map();
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!node.data.trim() || parent.closest("option, script, style, template, noscript, svg, iframe")) continue;
      if (!known.has(parent)) known.set(parent, isSeen(parent) && { clips: [...clippers(parent), ...own(parent)], floats: floatOf(parent) });
      if (!known.get(parent)) continue;
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) if (box.width > 1) found.push({ parent, box, ...known.get(parent) });
    }
    return found;
  }

  const own = (element) => {
    const style = styleOf(element);
    return style.display !== "inline" && (style.overflowX !== "visible" || style.overflowY !== "visible") ? [[element, style]] : [];
  };

  // What lies over the page by intention: a bar that stays, an open menu.
  function floatOf(element) {
    for (let at = element; at && at !== document.body; at = at.parentElement) if (["fixed", "sticky", "absolute"].includes(styleOf(at).position)) return at;
    return null;
  }

  const isShortened = (at, style) => (style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none") && !at.closest(NEVER_SHORTENED);

  // The part of a line that is seen; and what hides the rest, unless it can be scrolled to or ends in "…" by intention.
  function seenOf(line) {
    const box = { left: line.box.left, top: line.box.top, right: line.box.right, bottom: line.box.bottom };
    const give = (box.bottom - box.top) / 4; // the leading of a font stands beyond its letters
    let by = null;
    for (const [at, style] of line.clips) {
      const seen = inner(at);
      const sidewise = style.overflowX !== "visible" && (box.right > seen.right + SLACK || box.left < seen.left - SLACK);
      const upright = style.overflowY !== "visible" && (box.bottom > seen.bottom + give || box.top < seen.top - give);
      if (((sidewise && !scrolls(style.overflowX)) || (upright && !scrolls(style.overflowY))) && !isShortened(at, style)) by ??= at;
      if (style.overflowX !== "visible") { box.left = Math.max(box.left, seen.left); box.right = Math.min(box.right, seen.right); }
      if (style.overflowY !== "visible") { box.top = Math.max(box.top, seen.top); box.bottom = Math.min(box.bottom, seen.bottom); }
    }
    return { box, by };
  }

  function textCut(all) {
    return all
      .map((line) => ({ line, by: seenOf(line).by }))
      .filter(({ by }) => by)
      .map(({ line, by }) => ({ selector: selectorOf(line.parent), what: `its text is cut by ${selectorOf(by)}` }));
  }

  function overlaps(all) {
    const boxes = all
      .map((line) => ({ ...line, box: seenOf(line).box }))
      .map(({ box, ...rest }) => ({ ...rest, left: box.left + 1, right: box.right - 1, top: box.top + (box.bottom - box.top) / 4, bottom: box.bottom - (box.bottom - box.top) / 4 }))
      .filter((one) => one.right > one.left && one.bottom > one.top)
      .sort((a, b) => a.top - b.top);
    const found = [];
    boxes.forEach((one, index) => {
      for (let next = index + 1; next < boxes.length && boxes[next].top < one.bottom; next += 1) {
        const other = boxes[next];
        if (other.left >= one.right || other.right <= one.left || one.floats !== other.floats || one.parent === other.parent) continue;
        found.push({ selector: selectorOf(other.parent), what: `its text lies upon that of ${selectorOf(one.parent)}` });
      }
    });
    return found;
  }

  // A column so narrow that its words stand letter below letter.
  function slivers(all) {
    const columns = new Map();
    for (const line of all) columns.set(line.parent, [...(columns.get(line.parent) ?? []), line.box]);
    return [...columns].filter(([parent, boxes]) => boxes.length > 3 && Math.max(...boxes.map((box) => box.width)) < 2 * parseFloat(styleOf(parent).fontSize))
      .map(([parent]) => ({ selector: selectorOf(parent), what: "its words stand letter below letter" }));
  }

  // --- The acts of a row, and menus -----------------------------------------------------------------------------------

  const keyOf = (element) => [element.getAttribute("href"), element.name, element.value, element.getAttribute("formaction"), wordsOf(element)].join("|");
  const isReached = (element) => {
    if (isSeen(element) && !whyOut(element)) return true;
    // In a menu that is closed, and has something to open it by.
    const menu = element.closest("details:not([open])");
    return Boolean(menu && menu.closest("tr") === element.closest("tr") && element.localName !== "summary" && isReached(menu.querySelector("summary")));
  };
  let remembered = [];
  // A column that only a wide screen has tells what is on the row's own page, and so do the links among its words.
  const FACTS = "td.wide a:not(.btn)";
  // Where a list is sorted on a screen without heads of columns.
  const SORTING = "select[name*=sort], select[name*=order], input[name*=sort]";

  // Note which acts the rows have; later `lostActs` says which of them a narrower screen has not.
  const rememberActs = () => {
    offered = new Map();
    remembered = [...document.querySelectorAll("tr")].map((row) => [row, [...row.querySelectorAll(ACTS)].filter(isReached).map((act) => [act, keyOf(act)])]);
  };
  const lostActs = () => {
    offered = new Map();
    return remembered.flatMap(([row, acts]) => {
      const now = new Set([...row.querySelectorAll(ACTS)].filter(isReached).map(keyOf));
      if (row.closest("thead") && [...document.querySelectorAll(SORTING)].some(isReached)) return [];
      return acts.filter(([act, key]) => !act.matches(FACTS) && !now.has(key) && !isReached(act)).map(([act]) => ({ selector: selectorOf(act), what: `the act “${wordsOf(act)}” of a wide screen is not in the row` }));
    });
  };

  // A name that breaks in the bar or menu of the frame: the menu should have folded before.
  const brokenNames = () =>
    [...document.querySelectorAll("header nav a, nav.side a, .side nav a, .topbar a, .topbar summary")]
      .filter((element) => isSeen(element) && !element.closest("main"))
      .filter((element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        const tops = [...range.getClientRects()].filter((box) => box.width > 1).map((box) => box.bottom);
        return tops.length > 1 && Math.max(...tops) - Math.min(...tops) > parseFloat(styleOf(element).fontSize);
      })
      .map((element) => ({ selector: selectorOf(element), what: `the name “${wordsOf(element)}” breaks before the menu folds` }));

  function menus() {
    const found = [];
    for (const menu of document.querySelectorAll("details:not([open])")) {
      if (!isSeen(menu.querySelector("summary") ?? menu)) continue;
      menu.open = true;
      const room = document.documentElement.clientWidth;
      for (const entry of menu.querySelectorAll(ACTS)) {
        if (entry.localName === "summary") continue;
        const box = entry.getBoundingClientRect();
        if (isSeen(entry) && (box.right > room + SLACK || box.left < -SLACK || whyOut(entry).startsWith("cut"))) found.push({ selector: selectorOf(entry), what: "is cut when its menu is open" });
      }
      menu.open = false;
    }
    return found;
  }

  // The same number for the same places: other colours that move nothing need no second look.
  function shape() {
    let sum = 0;
    for (const element of document.querySelectorAll("body *")) {
      const box = element.getBoundingClientRect();
      for (const side of [box.left, box.top, box.width, box.height]) sum = (sum * 31 + Math.round(side * 8)) | 0;
    }
    return sum;
  }

  const layout = () => {
    offered = new Map();
    const all = lines();
    return [...sideways(), ...outOfReach(), ...textCut(all), ...overlaps(all), ...slivers(all)];
  };

  window.audit = { ACTS, brokenNames, clippers, inner, isOffered, isSeen, layout, lines, lostActs, menus, rememberActs, selectorOf, shape, forget: () => { offered = new Map(); }, styleOf, wordsOf };
})();

// What a keyboard and a thumb find: where the focus is, whether it can be seen, how large what is aimed at is. After layout.js.
"use strict";
(() => {
  const { ACTS, clippers, forget, inner, isSeen, isOffered, selectorOf, styleOf, wordsOf } = window.audit;
  const SMALLEST = 24; // px: WCAG 2.2, 2.5.8 Target Size (Minimum)
  const STOPS = `${ACTS}, [tabindex="0"]`;
  const PARTS = 8; // more than the stops within a field for a day or a moment: its numbers, the calendar's button
  // « Forgot? » is shown beside the label of the password, and reached after it: one comes to the field from the name.
  const ASIDE = ".has-aside > .aside a";
  const isParted = (element) => ["date", "datetime-local", "month", "time", "week"].includes(element.type);
  let resting = new Map(); // each stop's look without the focus
  let last = null, start = null, seen = new Set();

  const lookOf = (element) => {
    const style = styleOf(element);
    return [style.boxShadow, style.borderColor, style.backgroundColor].join("|");
  };

  // A box or a choice may be drawn by its label, and be itself unseen.
  const drawnBy = (element) => (isSeen(element) ? element : [...(element.labels ?? [])].find(isSeen) ?? element);

  // An open window leaves nothing of the page beside it.
  const room = () => document.querySelector("dialog:modal") ?? document.body;

  function stops() {
    const names = new Set();
    return [...room().querySelectorAll(STOPS)].filter(
      (element) =>
        !element.matches(":disabled") && element.tabIndex >= 0 && element.type !== "hidden" && !element.closest("[inert]") &&
        element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) &&
        !(element.type === "radio" && (names.has(element.form?.id + element.name) || !names.add(element.form?.id + element.name))),
    );
  }

  // Call before the first Tab, or Shift+Tab from the page's end; returns how many stops there are.
  function startWalk(forwards) {
    forget();
    // The next stop is counted from where the focus was last, even if nothing has it any more.
    start?.remove();
    start = document.createElement("span");
    start.tabIndex = -1;
    room()[forwards ? "prepend" : "append"](start);
    start.focus();
    seen = new Set();
    const all = stops();
    resting = new Map(all.map((element) => [element, [drawnBy(element), lookOf(drawnBy(element))]]));
    last = null;
    return all.length + PARTS * all.filter(isParted).length;
  }

  const isOutlined = (element) => {
    const style = styleOf(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 && !/rgba\(.*, 0\)|transparent/.test(style.outlineColor);
  };
  const isShown = (element) => {
    const [drawn, look] = resting.get(element) ?? [drawnBy(element), null];
    const around = element.closest("label, .field, .search, .input-group") ?? element;
    return [element, drawn, around].some(isOutlined) || (look !== null && lookOf(drawn) !== look);
  };

  const stays = (element) => {
    for (let at = element; at && at !== document.body; at = at.parentElement) if (["sticky", "fixed"].includes(styleOf(at).position)) return at;
    return null;
  };

  // What lies over it: anything over its middle, or something that stays while the page scrolls over one of its corners.
  function coverOf(element) {
    const whole = [...element.getClientRects()].find((one) => one.width > 1) ?? element.getBoundingClientRect();
    // Of what is larger than the window, or than what ends it in "…", the part that is seen.
    const part = { left: Math.max(whole.left, 0), top: Math.max(whole.top, 0), right: Math.min(whole.right, innerWidth), bottom: Math.min(whole.bottom, innerHeight) };
    for (const [at, style] of clippers(element)) if (style.overflowX !== "visible") { part.left = Math.max(part.left, inner(at).left); part.right = Math.min(part.right, inner(at).right); }
    const box = { left: part.left, top: part.top, width: part.right - part.left, height: part.bottom - part.top };
    if (box.width <= 0 || box.height <= 0) return "is out of the window";
    const middle = [box.left + box.width / 2, box.top + box.height / 2];
    const corners = [0.1, 0.9].flatMap((x) => [0.1, 0.9].map((y) => [box.left + box.width * x, box.top + box.height * y]));
    for (const [x, y] of [middle, ...corners]) {
      const upmost = document.elementFromPoint(x, y);
      if (!upmost || element.contains(upmost) || upmost.contains(element) || [...(element.labels ?? [])].some((label) => label.contains(upmost))) continue;
      const bar = stays(upmost);
      if (bar && !bar.contains(element)) return `is under ${selectorOf(bar)}`;
      if (x === middle[0] && y === middle[1]) return `is under ${selectorOf(upmost)}`;
    }
    return "";
  }

  // Up again within a form, a row or a menu, and not into a column on its right.
  function isBackwards(element) {
    const room = element.closest("tr, form, fieldset, nav, ul");
    if (!last || !room?.contains(last)) return false;
    const now = element.getBoundingClientRect(), before = last.getBoundingClientRect();
    return now.bottom <= before.top && now.left < before.right;
  }

  // Where the focus is after a Tab: null at the page's end, else what is wrong with it. `forwards`: the order counts too.
  function focus(forwards) {
    const element = document.activeElement;
    if (isParted(element ?? document.body) && element === last) return []; // from one part of it to another
    if (!element || element === document.body || element === start || (seen.has(element) && element.localName !== "iframe")) return null;
    seen.add(element);
    if (element.localName === "iframe") return []; // its own stops are those of another document
    forget();
    const drawn = drawnBy(element), wrong = [];
    if (!isSeen(drawn)) wrong.push(isOffered(drawn) ? "has the focus and is not seen" : "has the focus and is for screen readers only");
    else {
      const cover = coverOf(drawn);
      if (cover) wrong.push(`has the focus and ${cover}`);
      // Backwards one comes to its calendar's button first, which shows the focus itself, where no script can look.
      if (!isShown(element) && (forwards || !isParted(element))) wrong.push("nothing shows that it has the focus");
      if (forwards && !element.matches(ASIDE) && isBackwards(element)) wrong.push(`the focus goes back up to it from ${selectorOf(last)}`);
    }
    if (element.tabIndex > 0) wrong.push("has a tabindex of its own");
    resting.delete(element);
    last = element;
    return wrong.map((what) => ({ selector: selectorOf(element), what }));
  }

  // The stops that no Tab came by.
  const unreached = () => [...resting.keys()].filter((element) => element.isConnected && element.checkVisibility({ visibilityProperty: true }) && !element.closest("details:not([open])")).map((element) => ({ selector: selectorOf(element), what: "no Tab stops at it" }));

  // --- Targets --------------------------------------------------------------------------------------------------------

  // A link among words keeps the height of their line.
  function isInSentence(element) {
    if (styleOf(element).display !== "inline") return false;
    const block = element.parentElement.closest("p, li, td, th, dd, dt, div, span, small, label, h1, h2, h3");
    const around = (block?.innerText ?? "").replace(element.innerText, "").trim();
    return /\p{L}/u.test(around);
  }

  // The whole that answers a click: a box and its labels, or a link whose ::after fills the cell.
  function areaOf(element) {
    const boxes = [element, ...(element.labels ?? [])].filter(isSeen).map((one) => one.getBoundingClientRect());
    return { width: Math.max(...boxes.map((one) => one.width)), height: Math.max(...boxes.map((one) => one.height)) };
  }
  const isStretched = (element) => ["::before", "::after"].some((pseudo) => {
    const style = getComputedStyle(element, pseudo);
    return style.content !== "none" && style.position === "absolute" && parseFloat(style.width) >= SMALLEST && parseFloat(style.height) >= SMALLEST;
  });

  const targets = () => {
    forget();
    return [...document.querySelectorAll(ACTS)]
      .filter((element) => !element.matches(":disabled") && isSeen(drawnBy(element)) && !isInSentence(element) && !isStretched(element))
      .map((element) => [element, areaOf(element)])
      .filter(([, { width, height }]) => width < SMALLEST - 0.5 || height < SMALLEST - 0.5)
      .map(([element, { width, height }]) => ({ selector: selectorOf(element), what: `“${wordsOf(element).slice(0, 20)}” is ${Math.round(width)} × ${Math.round(height)} px, a target of less than ${SMALLEST}` }));
  };

  Object.assign(window.audit, { focus, startWalk, stops, targets, unreached, isOutlined });
})();

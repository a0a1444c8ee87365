// What other ways of reading find: forced colours, paper, larger and looser text. After focus.js.
"use strict";
(() => {
  const { forget, isOutlined, isSeen, selectorOf, stops, styleOf, wordsOf } = window.audit;
  const LEAST = 3; // contrast with paper: large text needs that much (WCAG 2.2, 1.4.3), and a printer prints no ground
  // WCAG 2.2, 1.4.12 Text Spacing, whose values these are.
  const SPACING = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }";
  let painted = [];

  const alphaOf = (colour) => Number(/^rgba?\(([^)]*)\)/.exec(colour)?.[1].split(/[ ,/]+/)[3] ?? 1);
  function ground(element) {
    for (let at = element; at; at = at.parentElement) {
      const colour = styleOf(at).backgroundColor;
      if (alphaOf(colour) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  }
  const hasEdge = (element) => {
    const style = styleOf(element);
    return isOutlined(element) || ["Top", "Right", "Bottom", "Left"].some((side) => style[`border${side}Style`] !== "none" && parseFloat(style[`border${side}Width`]) > 0 && alphaOf(style[`border${side}Color`]) > 0);
  };
  const isPainted = (element) => {
    const style = styleOf(element);
    return alphaOf(style.backgroundColor) > 0 && style.backgroundColor !== ground(element.parentElement);
  };

  // Note what is told by a colour alone: a bar without words, a button without an edge.
  function rememberPaint() {
    forget();
    painted = [...document.querySelectorAll("body *")].filter((element) => {
      if (!isSeen(element) || element.closest("svg") || !isPainted(element)) return false;
      const isButton = element.matches("button, [role=button], input[type=submit], summary");
      const isBar = !element.textContent.trim() && !element.querySelector("svg, img, input, iframe") && !element.matches("input, select, textarea, hr, iframe");
      return isButton || isBar;
    });
  }

  // In forced colours: what was painted and is no more.
  const vanished = () => painted.filter((element) => isSeen(element) && !isPainted(element) && !hasEdge(element)).map((element) => ({ selector: selectorOf(element), what: "was told by its colour, and is not seen in forced colours" }));

  const MARKS = ["color", "fontWeight", "textDecorationLine", "outlineStyle", "borderTopWidth", "borderBottomWidth", "borderLeftWidth", "borderTopColor", "borderBottomColor", "borderLeftColor"];
  const lookOf = (element) =>
    [null, "::before", "::after"]
      .map((pseudo) => [pseudo, getComputedStyle(element, pseudo)])
      .filter(([pseudo, style]) => !pseudo || style.content !== "none")
      .map(([pseudo, style]) => [pseudo ? style.backgroundColor : ground(element), ...MARKS.map((mark) => style[mark])].join("|"))
      .join("||");

  // In forced colours: the entry one is at looks as the others do.
  const untold = () =>
    [...document.querySelectorAll("[aria-current]:not([aria-current=false]), [aria-selected=true], [aria-pressed=true]")].filter(isSeen).filter((element) => {
      const list = element.closest("ul, ol, nav, [role=tablist], [role=group]");
      const other = [...(list?.querySelectorAll(element.localName) ?? [])].find((one) => one !== element && isSeen(one) && !one.matches("[aria-current]:not([aria-current=false]), [aria-selected=true], [aria-pressed=true]"));
      return other && lookOf(other) === lookOf(element);
    }).map((element) => ({ selector: selectorOf(element), what: `“${wordsOf(element)}” is not told apart as the current one in forced colours` }));

  // In forced colours, after a Tab, so that the browser shows the focus: a shadow is not drawn, an outline is.
  function unfocused() {
    const found = stops().filter((element) => {
      element.focus({ preventScroll: true });
      if (document.activeElement !== element || !isSeen(element)) return false;
      return !isOutlined(element) && !isOutlined(element.closest("label, .field, .search, .input-group") ?? element) && ![...(element.labels ?? [])].some(isOutlined);
    });
    document.activeElement?.blur();
    return found.map((element) => ({ selector: selectorOf(element), what: "nothing shows the focus in forced colours" }));
  }

  // --- Paper ----------------------------------------------------------------------------------------------------------

  function luminance(colour) {
    const parts = /^rgba?\(([^)]*)\)/.exec(colour)?.[1].split(/[ ,/]+/).slice(0, 3).map(Number);
    if (!parts) return 0;
    const [red, green, blue] = parts.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  const isFaint = (element) => 1.05 / (luminance(styleOf(element).color) + 0.05) < LEAST;
  const printsGround = (element) => {
    for (let at = element; at; at = at.parentElement) if (alphaOf(styleOf(at).backgroundColor) > 0) return styleOf(at).printColorAdjust === "exact";
    return false;
  };

  // On paper: a menu, a bar that stays on each sheet, light text on no ground.
  const onPaper = () => [
    ...[...document.querySelectorAll("nav, [role=navigation], [role=search], dialog[open]")].filter(isSeen).map((element) => ({ selector: selectorOf(element), what: "is printed" })),
    ...[...document.querySelectorAll("body *")].filter((element) => styleOf(element).position === "fixed" && isSeen(element)).map((element) => ({ selector: selectorOf(element), what: "is printed on each sheet" })),
    ...[...new Set(window.audit.lines().map((line) => line.parent))].filter((element) => isFaint(element) && !printsGround(element)).map((element) => ({ selector: selectorOf(element), what: `is printed in ${styleOf(element).color}` })),
  ];

  // --- Larger and looser ----------------------------------------------------------------------------------------------

  function loosen(on) {
    const sheet = new CSSStyleSheet();
    if (on) sheet.replaceSync(SPACING);
    document.adoptedStyleSheets = on ? [sheet] : [];
  }

  Object.assign(window.audit, { loosen, onPaper, rememberPaint, unfocused, untold, vanished });
})();

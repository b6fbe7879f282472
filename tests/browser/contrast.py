"""The contrast of every text on a page, shadow roots and charts included, as a browser shows it."""

from __future__ import annotations

from typing import Any

ENOUGH = 4.5
"""WCAG 2.2, success criterion 1.4.3, for text of any size."""

MEASURE = """() => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (color) => {
    if (!known.has(color)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      known.set(color, [r, g, b, a / 255]);
    }
    return known.get(color);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((one, i) => one * a + below[i] * (1 - a));
  const above = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const ground = (node) => {
    if (!node) return [255, 255, 255];
    const style = getComputedStyle(node);
    const [r, g, b, a] = rgba(style.backgroundColor);
    return a === 1 ? [r, g, b] : over([r, g, b, a], ground(above(node)));
  };
  const strength = (node) => (node ? Number(getComputedStyle(node).opacity) * strength(above(node)) : 1);
  const light = (color) => {
    const [r, g, b] = color.map((one) => ((one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const look = (root) => {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) look(node.shadowRoot);
      const own = [...node.childNodes].filter((one) => one.nodeType === 3);
      const text = own.map((one) => one.data.trim()).join(" ").trim();
      if (!text || ["SCRIPT", "STYLE", "TITLE", "OPTION"].includes(node.tagName)) continue;
      const style = getComputedStyle(node);
      const bounds = node.getBoundingClientRect();
      if (!node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || bounds.width < 2) continue;
      if (node.closest("[disabled], [aria-disabled=true], .hoverlayer, [data-testid=stSkeleton]")) continue;
      if (style.fontFamily.includes("Material")) continue; // a sign, not a word
      const chart = node instanceof SVGElement;
      if (chart && style.fill === "rgb(255, 255, 255)" && node.closest(".textpoint")) continue; // on a colored cell
      const [r, g, b, a] = rgba(chart ? style.fill : style.color);
      const slider = node.closest("[data-testid=stSliderThumbValue]")?.closest("[data-testid=stSlider]"); // not on it
      const below = ground(chart ? node.ownerSVGElement.parentElement : slider ?? node);
      const seen = over([r, g, b, a * strength(node) * (chart ? Number(style.fillOpacity) : 1)], below);
      const [high, low] = [light(seen), light(below)].sort((one, other) => other - one);
      found.push({ text: text.slice(0, 60), contrast: (high + 0.05) / (low + 0.05), tag: node.tagName,
        within: node.closest("[data-testid]")?.dataset.testid ?? node.className?.toString() });
    }
  };
  look(document);
  return found;
}"""


def texts(page: Any) -> list[dict[str, Any]]:
    """Every visible text with its ``contrast``; what is switched off, and signs of a font, are left out."""
    return page.evaluate(MEASURE)

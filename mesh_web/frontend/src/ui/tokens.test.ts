import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const TOKENS = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const THEMES = ["light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** A token's colour in a theme, as red, green and blue from 0 to 255. */
function colour(name: string, theme: Theme): readonly number[] {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(TOKENS)?.[1] ?? "";
  const both = [...value.matchAll(/#([0-9a-f]{6})/gi)].map((found) => found[1] ?? "");
  const hex = (theme === "dark" ? both[1] : both[0]) ?? both[0] ?? "";
  return [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
}

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(text: string, ground: string, theme: Theme): number {
  const [lighter = 0, darker = 0] = [text, ground]
    .map((name) => luminance(colour(name, theme)))
    .sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

const GROUNDS = ["canvas", "surface", "raised", "sunken", "hover"];
const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ["ink", [...GROUNDS, "idle-soft", "failing-soft", "degraded-soft", "healthy-soft"]],
  ["ink-2", [...GROUNDS, "idle-soft", "failing-soft", "degraded-soft", "healthy-soft"]],
  ["ink-3", [...GROUNDS, "accent-soft", "healthy-soft", "degraded-soft", "failing-soft"]],
  ["accent", [...GROUNDS, "accent-soft"]],
  ["healthy", ["surface", "raised", "hover", "healthy-soft"]],
  ["degraded", ["surface", "raised", "hover", "degraded-soft"]],
  ["failing", ["surface", "raised", "hover", "failing-soft"]],
  ["secure", ["surface", "raised", "sunken", "secure-soft"]],
  ["on-accent", ["accent-fill"]],
];

describe.each(THEMES)("the %s theme", (theme) => {
  const pairs = TEXT.flatMap(([text, grounds]) => grounds.map((ground) => ({ text, ground })));

  test.each(pairs)("$text on $ground is read with a contrast of 4.5", ({ text, ground }) => {
    expect(contrast(text, ground, theme)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(["idle", "accent", "healthy", "degraded", "failing", "secure"])(
    "the mark %s stands out from what is behind it by 3",
    (mark) => expect(contrast(mark, "surface", theme)).toBeGreaterThanOrEqual(3),
  );
});

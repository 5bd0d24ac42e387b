// Where the keyboard goes when something that was opened closes again.
import { type RefObject, useEffect } from "react";

/**
 * While this is mounted the keyboard may be inside; when it goes, the keyboard returns to what had
 * it before, unless it has meanwhile moved elsewhere on the page.
 */
export function useFocusBack(inside: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = inside.current;
    const before = document.activeElement;
    return () => {
      const now = document.activeElement;
      const lost = now === null || now === document.body || element?.contains(now) === true;
      if (!lost || !(before instanceof HTMLElement || before instanceof SVGElement)) return;
      if (before !== document.body && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [inside]);
}

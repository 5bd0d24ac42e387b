// Small windows below their buttons.
import { type RefObject, useEffect } from "react";

/** A press elsewhere or Escape closes the window; Escape gives its button the focus back. */
export function useClosing(details: RefObject<HTMLDetailsElement | null>): void {
  useEffect(() => {
    const onPress = (event: PointerEvent) => {
      const element = details.current;
      if (event.target instanceof Node && element?.contains(event.target) === false) {
        element.open = false;
      }
    };
    const onKey = (event: KeyboardEvent) => {
      const element = details.current;
      if (event.key !== "Escape" || element === null || !element.open) return;
      // a panel behind stays open
      event.preventDefault();
      element.open = false;
      element.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", onPress);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPress);
      document.removeEventListener("keydown", onKey);
    };
  }, [details]);
}

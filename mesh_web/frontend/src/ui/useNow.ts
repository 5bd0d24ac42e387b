// A clock for ages on the page.
import { useEffect, useState } from "react";
import { type UnixSeconds, unixSeconds } from "../domain/units";

const seconds = (): UnixSeconds => unixSeconds(Date.now() / 1000);

export function useNow(everyMs = 1000): UnixSeconds {
  const [now, setNow] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => setNow(seconds()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

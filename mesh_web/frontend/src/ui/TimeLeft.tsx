// How much of a life is left: a bar and words.
import { formatRatio, formatSpan, type Ratio, type UnixSeconds } from "../domain/units";
import { useNow } from "./useNow";

export function TimeLeft({
  until,
  left,
  tone,
}: {
  readonly until: UnixSeconds;
  readonly left: Ratio;
  readonly tone: "good" | "warning" | "bad";
}) {
  const seconds = until - useNow();
  const words = seconds <= 0 ? "expired" : `${formatSpan(seconds)} left`;
  return (
    <span className="time-left" data-tone={tone} title={`${formatRatio(left)} of its life is left`}>
      <span aria-hidden="true">
        <i style={{ width: `${left * 100}%` }} />
      </span>
      {words}
    </span>
  );
}

// How long something still holds.
import { formatSpan, formatTime, type UnixSeconds } from "../../domain/units";
import { Chip } from "../../ui/controls";
import { useNow } from "../../ui/useNow";

export function Countdown({ until }: { readonly until: UnixSeconds }) {
  const left = until - useNow();
  return (
    <Chip title={`Put back as it was before on ${formatTime(until)}`} tone="warning">
      {left <= 0 ? "being put back" : `ends in ${formatSpan(left)}`}
    </Chip>
  );
}

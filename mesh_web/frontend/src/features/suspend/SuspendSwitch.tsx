// Out of traffic and back, with proof.
import { useState } from "react";
import { useFollowed, useResume, useSuspend, useSuspension } from "../../api/queries";
import { Button, Chip } from "../../ui/controls";
import { Convergence, Problem, Pushing } from "../../ui/feedback";
import { Section } from "../../ui/Panel";

const TIMES = [
  { value: "", label: "until I resume it" },
  { value: "10m", label: "for 10 minutes" },
  { value: "1h", label: "for an hour" },
  { value: "1d", label: "for a day" },
] as const;

const MEANINGS = {
  services: "Callers get its fallback, or 503 and why.",
  workloads: "Its pods run on, end what is under way and get nothing new.",
} as const;

export function SuspendSwitch({
  what,
  namespace,
  name,
  editable,
}: {
  readonly what: "services" | "workloads";
  readonly namespace: string;
  readonly name: string;
  readonly editable: boolean;
}) {
  const [lasts, setLasts] = useState("");
  const query = useSuspension(what, namespace, name);
  const suspend = useSuspend(what, namespace, name);
  const resume = useResume(what, namespace, name);
  const busy = suspend.isPending || resume.isPending;
  const result = useFollowed(resume.data ?? suspend.data);
  const now = query.data;
  const error = query.error ?? suspend.error ?? resume.error;
  return (
    <Section title="In traffic">
      {now?.suspended === true ? (
        <div className="row" data-spread="" data-wrap="">
          <div>
            <Chip tone="warning">suspended</Chip>
            <p className="muted small">
              {now.reason !== "" && `${now.reason}. `}
              {now.expiresAt === ""
                ? "Until it is resumed."
                : `Until ${new Date(now.expiresAt).toLocaleString()}.`}
            </p>
          </div>
          <Button
            busy={resume.isPending}
            data-testid="resume"
            disabled={!editable || busy}
            icon="play"
            onClick={() => {
              suspend.reset();
              resume.mutate(undefined);
            }}
            tone="primary"
          >
            Resume
          </Button>
        </div>
      ) : (
        <>
          <div className="row" data-spread="" data-wrap="">
            <select
              aria-label="How long"
              className="input"
              disabled={!editable || busy}
              onChange={(event) => setLasts(event.target.value)}
              value={lasts}
            >
              {TIMES.map((one) => (
                <option key={one.value} value={one.value}>
                  {one.label}
                </option>
              ))}
            </select>
            <Button
              busy={suspend.isPending}
              data-testid="suspend"
              disabled={!editable || busy || now === undefined}
              icon="pause"
              onClick={() => {
                resume.reset();
                suspend.mutate(lasts);
              }}
            >
              Suspend
            </Button>
          </div>
          <p className="muted small">{MEANINGS[what]}</p>
        </>
      )}
      {busy && <Pushing what="Telling the proxies …" />}
      {error !== null && <Problem error={error} />}
      {result !== undefined && !busy && <Convergence result={result} />}
    </Section>
  );
}

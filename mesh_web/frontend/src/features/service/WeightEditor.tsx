// Moving a service's traffic between its versions, with proof and with what really happens.
import { type CSSProperties, useState } from "react";
import { useFollowed, useRevert, useSetWeights } from "../../api/queries";
import type { Graph } from "../../domain/graph";
import type { ServiceDetail } from "../../domain/mesh";
import { type MeasuredVersion, measuredSplit } from "../../domain/split";
import { formatRatio, percent } from "../../domain/units";
import { sameWeights, type Weights, withWeight } from "../../domain/weights";
import { Button } from "../../ui/controls";
import { Convergence, Problem, Pushing } from "../../ui/feedback";
import { toast } from "../../ui/toasts";

/** What is in force; without a rule every version takes an equal share. */
function configured(service: ServiceDetail): Weights {
  const set = service.versions.some((version) => version.weight !== null);
  const equal = 100 / Math.max(service.versions.length, 1);
  const even = Object.fromEntries(
    service.versions.map(({ version, weight }) => [
      version,
      percent(set ? (weight ?? 0) : Math.floor(equal)),
    ]),
  );
  const [first] = service.versions;
  if (set || first === undefined) return even;
  return withWeight(even, first.version, 100 - Math.floor(equal) * (service.versions.length - 1));
}

/** How far the track is drawn full: thumbs stop half their width from its ends. */
const filled = (weight: number) =>
  ({ "--filled": `calc(9px + ${weight / 100} * (100% - 18px))` }) as CSSProperties;

function VersionRow({
  version,
  weight,
  applied,
  measured,
  disabled,
  onChange,
}: {
  readonly version: string;
  readonly weight: number;
  readonly applied: number;
  readonly measured: MeasuredVersion | undefined;
  readonly disabled: boolean;
  readonly onChange: (weight: number) => void;
}) {
  const share = measured?.share ?? 0;
  return (
    <li className="weight">
      <span className="weight-version">{version}</span>
      <input
        aria-label={`Weight of ${version}`}
        data-testid={`weight-slider-${version}`}
        disabled={disabled}
        max={100}
        min={0}
        onChange={(event) => onChange(event.currentTarget.valueAsNumber)}
        style={filled(weight)}
        type="range"
        value={weight}
      />
      <span className="weight-number">
        <input
          aria-label={`Weight of ${version} in per cent`}
          className="input"
          data-testid={`weight-input-${version}`}
          disabled={disabled}
          inputMode="numeric"
          max={100}
          min={0}
          onChange={(event) => onChange(event.currentTarget.valueAsNumber || 0)}
          type="number"
          value={weight}
        />
        %
      </span>
      <div className="split">
        <span className="muted">configured</span>
        <span className="split-bar">
          <i style={{ width: `${applied}%` }} />
        </span>
        <span className="number">{applied} %</span>
        <span className="muted">measured</span>
        <span className="split-bar" data-kind="measured">
          <i style={{ width: `${share * 100}%` }} />
        </span>
        <span className="number" data-testid={`measured-${version}`}>
          {measured === undefined || measured.requests === 0 ? "–" : formatRatio(measured.share)}
        </span>
      </div>
    </li>
  );
}

export function WeightEditor({
  service,
  recent,
  editable,
}: {
  readonly service: ServiceDetail;
  readonly recent: Graph | null;
  readonly editable: boolean;
}) {
  const [draft, setDraft] = useState<Weights | null>(null);
  const write = useSetWeights(service.namespace, service.name);
  const revert = useRevert();
  const result = useFollowed(write.data);
  const undone = useFollowed(revert.data);
  const inForce = configured(service);
  const weights = draft ?? inForce;
  const changed = draft !== null && !sameWeights(draft, inForce);
  const measured =
    recent === null ? [] : measuredSplit(recent, service.namespace, service.versions);
  const seen = measured.reduce((sum, one) => sum + one.requests, 0);
  const busy = write.isPending || revert.isPending;

  const apply = () => {
    revert.reset();
    write.mutate(weights, { onSuccess: () => setDraft(null) });
  };
  const undo = (revision: number) =>
    revert.mutate(
      { revision },
      {
        onSuccess: () => {
          write.reset();
          toast("good", `Revision ${revision} is undone.`);
        },
      },
    );

  return (
    <div className="stack">
      <ul className="weights">
        {service.versions.map(({ version }) => (
          <VersionRow
            applied={inForce[version] ?? 0}
            disabled={!editable || busy}
            key={version}
            measured={measured.find((one) => one.version === version)}
            onChange={(value) => setDraft(withWeight(weights, version, value))}
            version={version}
            weight={weights[version] ?? 0}
          />
        ))}
      </ul>
      <p className="muted small">
        Measured over the last {recent?.windowSeconds ?? 10} s: {seen} requests.
      </p>
      <div className="row">
        <Button
          busy={write.isPending}
          data-testid="apply-weights"
          disabled={!editable || !changed}
          onClick={apply}
          tone="primary"
        >
          Apply weights
        </Button>
        {changed && !busy && (
          <Button onClick={() => setDraft(null)} tone="quiet">
            Discard
          </Button>
        )}
      </div>
      {write.isPending && <Pushing what="Pushing the new weights to the proxies …" />}
      {revert.isPending && <Pushing what="Taking the change back …" />}
      {write.error !== null && <Problem error={write.error} />}
      {revert.error !== null && <Problem error={revert.error} />}
      {undone !== undefined && !busy && <Convergence result={undone} />}
      {result !== undefined && !busy && (
        <Convergence
          action={
            result.revision !== null &&
            result.changes.length > 0 && (
              <Button icon="undo" onClick={() => undo(result.revision ?? 0)} tone="quiet">
                Undo
              </Button>
            )
          }
          result={result}
        />
      )}
    </div>
  );
}

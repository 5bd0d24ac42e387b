// The mutual TLS mode of a namespace or of the mesh, changed with proof.
import { useState } from "react";
import { useFollowed, useMtls, useRevert, useSetMtls } from "../../api/queries";
import { MTLS_MODES, type MtlsMode } from "../../domain/mesh";
import { Button, Chip, Segmented } from "../../ui/controls";
import { Convergence, Problem, Pushing } from "../../ui/feedback";

const LABELS: Readonly<Record<MtlsMode, string>> = {
  DISABLE: "Disable",
  PERMISSIVE: "Permissive",
  STRICT: "Strict",
};

const MEANINGS: Readonly<Record<MtlsMode, string>> = {
  DISABLE: "Sidecars send and take plain text; callers are not identified.",
  PERMISSIVE: "Sidecars take mutual TLS and plain text.",
  STRICT: "Sidecars refuse everything but mutual TLS.",
};

const asMode = (mode: string | null | undefined): MtlsMode | null =>
  MTLS_MODES.find((known) => known === mode) ?? null;

/** `namespace` null is the whole mesh. */
export function MtlsSwitch({
  namespace,
  editable,
}: {
  readonly namespace: string | null;
  readonly editable: boolean;
}) {
  const [unsure, setUnsure] = useState(false);
  const query = useMtls(namespace);
  const write = useSetMtls(namespace);
  const revert = useRevert();
  const result = useFollowed(revert.data ?? write.data);
  const busy = write.isPending || revert.isPending;
  const where = namespace === null ? "the mesh" : namespace;
  const effective = asMode(query.data?.effective);

  const set = (mode: MtlsMode) => {
    setUnsure(false);
    revert.reset();
    write.mutate(mode);
  };
  const choose = (mode: MtlsMode) => (mode === "DISABLE" ? setUnsure(true) : set(mode));

  return (
    <div className="stack">
      <div className="row" data-spread="" data-wrap="">
        <Segmented
          disabled={!editable || busy || query.data === undefined}
          label={`Mutual TLS of ${where}`}
          onChange={choose}
          options={MTLS_MODES.map((mode) => ({ value: mode, label: LABELS[mode] }))}
          testId={`mtls-${namespace ?? "mesh"}`}
          value={busy ? (write.variables ?? effective) : effective}
        />
        {query.data !== undefined && query.data.mode === null && <Chip>inherited</Chip>}
      </div>
      {effective !== null && <p className="muted small">{MEANINGS[effective]}</p>}
      {query.data !== undefined && query.data.source !== "" && (
        <p className="muted small">
          Set by <span className="mono">{query.data.source}</span>
        </p>
      )}
      {query.error !== null && <Problem error={query.error} />}
      {unsure && (
        <div className="problem" role="alertdialog">
          <p>
            Traffic in {where} would travel in plain text, and rules that name identities would no
            longer match. Disable mutual TLS?
          </p>
          <div className="row">
            <Button data-testid="confirm-disable" onClick={() => set("DISABLE")} tone="danger">
              Disable mutual TLS
            </Button>
            <Button onClick={() => setUnsure(false)} tone="quiet">
              Keep it
            </Button>
          </div>
        </div>
      )}
      {busy && <Pushing what="Pushing the new mode to the proxies …" />}
      {write.error !== null && <Problem error={write.error} />}
      {revert.error !== null && <Problem error={revert.error} />}
      {result !== undefined && !busy && (
        <Convergence
          action={
            revert.data === undefined &&
            result.revision !== null &&
            result.changes.length > 0 && (
              <Button
                icon="undo"
                onClick={() => revert.mutate({ revision: result.revision ?? 0 })}
                tone="quiet"
              >
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

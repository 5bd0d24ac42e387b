// Applying Istio YAML: checked first, applied with proof.
import { useEffect, useState } from "react";
import { useApply, useFollowed, useResource } from "../../api/queries";
import { toYaml } from "../../domain/yaml";
import { Button, Chip } from "../../ui/controls";
import { EnvoyEffects } from "../../ui/EnvoyEffects";
import { Changes, Convergence, Findings, Problem, Pushing } from "../../ui/feedback";
import { PageHead } from "../../ui/PageHead";
import { Link, useSearch } from "../../ui/router";
import { useMayWrite } from "../../ui/session";
import { YamlEditor } from "./YamlEditor";
import "./config.css";

const KEPT = "meshweb.yaml";
const EXAMPLE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: shop
spec:
  hosts: [reviews]
  http:
    - match:
        - headers:
            end-user: {exact: tester}
      route:
        - destination: {host: reviews, subset: v2}
    - route:
        - destination: {host: reviews, subset: v1}
`;

function Outcome({
  check,
  apply,
}: {
  readonly check: ReturnType<typeof useApply>;
  readonly apply: ReturnType<typeof useApply>;
}) {
  const applied = useFollowed(apply.data);
  const checked = check.data;
  if (check.isPending) return <Pushing what="Checking …" />;
  if (apply.isPending) return <Pushing what="Applying, and waiting for the proxies …" />;
  if (apply.error !== null) return <Problem error={apply.error} />;
  if (check.error !== null) return <Problem error={check.error} />;
  if (applied !== undefined) {
    return (
      <div className="stack">
        <Convergence
          action={
            applied.revision !== null && (
              <Link href={`/revisions/${applied.revision}`}>Revision {applied.revision}</Link>
            )
          }
          result={applied}
        />
        <Findings findings={applied.findings} />
        <Changes changes={applied.changes} />
      </div>
    );
  }
  if (checked !== undefined) {
    return (
      <div className="stack">
        <div className="row">
          <Chip tone="good">Valid</Chip>
          <span className="muted">
            {checked.changes.length === 0
              ? "Nothing would change."
              : `${checked.changes.length} ${checked.changes.length === 1 ? "resource" : "resources"} would change.`}
            {checked.proxies.length > 0 && ` ${checked.proxies.length} proxies are concerned.`}
          </span>
        </div>
        <Findings findings={checked.findings} />
        <Changes changes={checked.changes} />
        {checked.effects !== null && checked.changes.length > 0 && (
          <section className="stack">
            <h3>In the Envoys</h3>
            <EnvoyEffects effects={checked.effects} />
          </section>
        )}
      </div>
    );
  }
  return (
    <p className="muted">
      Check shows findings and what would change; nothing is stored until you apply. Several
      documents, separated by <code>---</code>, become one revision.
    </p>
  );
}

const NAMED = /^(\w+) ([^/\s]+)\/(\S+)$/;

/** The stored resource that the address names, as YAML; null while there is none. */
function useNamed(): { readonly yaml: string | null; readonly error: Error | null } {
  const [, kind, namespace, name] = NAMED.exec(useSearch().get("resource") ?? "") ?? [];
  const of =
    kind === undefined || namespace === undefined || name === undefined
      ? null
      : { kind, namespace, name };
  const { data, error } = useResource(of);
  return { yaml: of === null || data === undefined ? null : toYaml(data), error };
}

export function ConfigPage() {
  const editable = useMayWrite();
  const named = useNamed();
  const [yaml, setYaml] = useState(() => sessionStorage.getItem(KEPT) ?? EXAMPLE);
  const [message, setMessage] = useState("");
  const check = useApply();
  const apply = useApply();
  const busy = check.isPending || apply.isPending;
  const checked = check.data !== undefined && check.variables?.yaml === yaml;

  useEffect(() => {
    document.title = "Configuration · Meshweb";
  }, []);
  useEffect(() => sessionStorage.setItem(KEPT, yaml), [yaml]);
  useEffect(() => {
    if (named.yaml !== null) setYaml(named.yaml);
  }, [named.yaml]);

  const edit = (text: string) => {
    setYaml(text);
    apply.reset();
  };
  return (
    <>
      <PageHead title="Configuration">
        <span className="spacer" />
        <input
          aria-label="Message of the revision"
          className="input config-message"
          onChange={(event) => setMessage(event.currentTarget.value)}
          placeholder="Why? (message of the revision)"
          value={message}
        />
        <Button
          busy={check.isPending}
          data-testid="check-yaml"
          disabled={busy || yaml.trim() === ""}
          onClick={() => {
            apply.reset();
            check.mutate({ yaml, dryRun: true, message: "" });
          }}
        >
          Check
        </Button>
        <Button
          busy={apply.isPending}
          data-testid="apply-yaml"
          disabled={busy || !editable || !checked}
          onClick={() => apply.mutate({ yaml, dryRun: false, message })}
          title={checked ? "Apply to the mesh" : "Check it first"}
          tone="primary"
        >
          Apply
        </Button>
      </PageHead>
      <div className="page-body config">
        <YamlEditor onChange={edit} value={yaml} />
        <div aria-live="polite" className="config-outcome">
          {named.error !== null && <Problem error={named.error} />}
          <Outcome apply={apply} check={check} />
        </div>
      </div>
    </>
  );
}

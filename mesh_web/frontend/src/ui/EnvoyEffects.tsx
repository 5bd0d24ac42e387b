// What changes in the Envoys, alike ones together: listeners, routes, clusters, field by field.
import {
  type Effects,
  type EnvoyChange,
  groupTitle,
  leftOutSentence,
  makerOf,
  turnoverSentence,
} from "../domain/effects";
import { Link } from "./router";
import "./effects.css";

const TONES: Readonly<Record<string, string>> = { add: "good", remove: "bad" };

function OneChange({ change }: { readonly change: EnvoyChange }) {
  return (
    <li className="effect">
      <div className="row" data-wrap="">
        <span className="chip" data-tone={TONES[change.action] ?? ""}>
          {change.action} {change.type}
        </span>
        <span className="mono effect-name">{change.name}</span>
        {change.origins.map((origin) => {
          const { resource, path } = makerOf(origin);
          return (
            <span className="small" key={origin}>
              <Link href={`/config?${new URLSearchParams({ resource })}`}>{resource}</Link>
              {path !== "" && <span className="muted mono"> {path}</span>}
            </span>
          );
        })}
      </div>
      {change.fields.length > 0 && (
        <ul className="effect-fields mono small">
          {change.fields.map((field) => (
            <li data-action={field.action} key={field.path}>
              {field.text}
            </li>
          ))}
          {change.leftOut > 0 && <li className="muted">… and {change.leftOut} more fields</li>}
        </ul>
      )}
    </li>
  );
}

export function EnvoyEffects({ effects }: { readonly effects: Effects }) {
  const rest = leftOutSentence(effects);
  return (
    <div className="stack" data-testid="effects">
      {effects.pods.length > 0 && (
        <ul className="small" data-testid="turnovers">
          {effects.pods.map((one) => (
            <li key={`${one.namespace}/${one.workload}`}>{turnoverSentence(one)}</li>
          ))}
        </ul>
      )}
      {effects.groups.length === 0 && <p className="muted">No Envoy that runs now changes.</p>}
      {effects.groups.map((group) => (
        <details key={group.proxies.map((one) => one.id).join(" ")} open>
          <summary>
            <b>{groupTitle(group)}</b>{" "}
            <span className="muted small">
              {group.changes.length} {group.changes.length === 1 ? "change" : "changes"}
            </span>
          </summary>
          {group.count > 1 && (
            <p className="effect-proxies small">
              {group.proxies.map((one) => (
                <Link href={`/proxies/${encodeURIComponent(one.id)}`} key={one.id}>
                  {one.pod}
                </Link>
              ))}
              {group.count > group.proxies.length && (
                <span className="muted">… and {group.count - group.proxies.length} more</span>
              )}
            </p>
          )}
          <ul className="effects">
            {group.changes.map((change) => (
              <OneChange change={change} key={`${change.type} ${change.name} ${change.action}`} />
            ))}
          </ul>
        </details>
      ))}
      {rest !== "" && <p className="muted">{rest}.</p>}
    </div>
  );
}

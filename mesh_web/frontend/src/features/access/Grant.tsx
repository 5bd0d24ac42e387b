// Who gets to do what where: the part that forms of accounts and tokens share.
import type { ReactNode } from "react";
import { useNamespaces } from "../../api/queries";
import {
  badNamespace,
  mayBeBound,
  namespacesOf,
  ROLE_WORDS,
  ROLES,
  type Role,
} from "../../domain/access";
import { Segmented } from "../../ui/controls";

export interface Grant {
  readonly name: string;
  readonly role: Role;
  /** As it is typed. */
  readonly namespaces: string;
}

export const NO_GRANT: Grant = { name: "", role: "viewer", namespaces: "" };

/** The namespaces that count; a role that cannot be bound has none. */
export const boundTo = ({ role, namespaces }: Grant): readonly string[] =>
  mayBeBound(role) ? namespacesOf(namespaces) : [];

/** Whether a form can be sent. */
export const isWhole = (grant: Grant): boolean =>
  grant.name.trim() !== "" && badNamespace(boundTo(grant)) === null;

function Namespaces({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const known = (useNamespaces().data ?? []).map(({ name }) => name);
  const chosen = namespacesOf(value);
  const bad = badNamespace(chosen);
  const toggle = (name: string) =>
    onChange(
      (chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]).join(", "),
    );
  return (
    <div className="stack access-namespaces">
      <label className="field">
        Only in these namespaces
        <input
          aria-invalid={bad !== null}
          className="input"
          data-testid="grant-namespaces"
          maxLength={1000}
          onChange={(event) => onChange(event.currentTarget.value)}
          placeholder="the whole mesh"
          value={value}
        />
        {bad !== null && <span className="access-fault">No namespace can be called “{bad}”.</span>}
      </label>
      {known.length > 0 && (
        <fieldset aria-label="Namespaces there are" className="row" data-wrap="">
          {known.map((name) => (
            <button
              aria-pressed={chosen.includes(name)}
              className="button"
              key={name}
              onClick={() => toggle(name)}
              type="button"
            >
              {name}
            </button>
          ))}
        </fieldset>
      )}
    </div>
  );
}

export function GrantFields({
  grant,
  onChange,
  placeholder,
  children,
}: {
  readonly grant: Grant;
  readonly onChange: (grant: Grant) => void;
  readonly placeholder: string;
  readonly children: ReactNode;
}) {
  return (
    <>
      <label className="field">
        Name
        <input
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the form was asked for
          autoFocus
          className="input"
          data-testid="grant-name"
          maxLength={150}
          onChange={(event) => onChange({ ...grant, name: event.currentTarget.value })}
          placeholder={placeholder}
          required
          value={grant.name}
        />
      </label>
      {children}
      <div className="field access-role">
        Role
        <Segmented
          label="Role"
          onChange={(role) => onChange({ ...grant, role })}
          options={ROLES.map((role) => ({ value: role, label: role }))}
          testId="grant-role"
          value={grant.role}
        />
        <p className="muted">{ROLE_WORDS[grant.role]}</p>
      </div>
      {mayBeBound(grant.role) && (
        <Namespaces
          onChange={(namespaces) => onChange({ ...grant, namespaces })}
          value={grant.namespaces}
        />
      )}
    </>
  );
}

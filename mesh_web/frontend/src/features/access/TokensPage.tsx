// Words that programs come in with.
import { type FormEvent, useState } from "react";
import { useCreateToken, useDeleteToken, useTokens } from "../../api/access";
import { LIFETIMES, reach, type Token } from "../../domain/access";
import { formatAge, formatSpan, formatTime } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Button, Chip, IconButton } from "../../ui/controls";
import { Empty, Problem } from "../../ui/feedback";
import { Sure } from "../../ui/Sure";
import { ACTIONS, Table } from "../../ui/Table";
import { toast } from "../../ui/toasts";
import { useNow } from "../../ui/useNow";
import { boundTo, GrantFields, isWhole, NO_GRANT } from "./Grant";
import { type Maker, Making } from "./Making";

const USUAL_DAYS = "90";

function NewToken({ onMade, onLeave }: Maker) {
  const [grant, setGrant] = useState(NO_GRANT);
  const [days, setDays] = useState(USUAL_DAYS);
  const create = useCreateToken();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = grant.name.trim();
    create.mutate(
      {
        name,
        role: grant.role,
        namespaces: boundTo(grant),
        lifetimeDays: days === "" ? null : Number(days),
      },
      { onSuccess: ({ token }) => onMade({ name, word: token }) },
    );
  };
  return (
    <form aria-label="New token" className="card access-form" onSubmit={submit}>
      <GrantFields grant={grant} onChange={setGrant} placeholder="ci">
        <label className="field">
          Good for
          <select
            className="input"
            data-testid="lifetime"
            onChange={(event) => setDays(event.currentTarget.value)}
            value={days}
          >
            {LIFETIMES.map(({ days: one, label }) => (
              <option key={label} value={one ?? ""}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </GrantFields>
      {create.error !== null && <Problem error={create.error} />}
      <div className="row">
        <Button
          busy={create.isPending}
          data-testid="create-token"
          disabled={!isWhole(grant)}
          tone="primary"
          type="submit"
        >
          Make the token
        </Button>
        <Button onClick={onLeave} tone="quiet">
          Cancel
        </Button>
      </div>
    </form>
  );
}

function DeleteToken({ token }: { readonly token: Token }) {
  const remove = useDeleteToken();
  return (
    <Sure
      ask={(open) => (
        <IconButton icon="trash" label={`Take back token ${token.name}`} onClick={open} />
      )}
      busy={remove.isPending}
      onSure={(close) =>
        remove.mutate(token.id, {
          onSuccess: () => toast("good", `Whoever sends the token ${token.name} is refused now.`),
          onError: (error) => toast("bad", error.message),
          onSettled: close,
        })
      }
      testId="confirm-delete"
      verb={`Take back ${token.name}`}
    />
  );
}

function Ends({ token: { expires } }: { readonly token: Token }) {
  const now = useNow(5000);
  if (expires === null) return <span className="muted">never</span>;
  if (expires <= now) return <Chip tone="bad">expired</Chip>;
  return <span title={formatTime(expires)}>in {formatSpan(expires - now)}</span>;
}

function Line({ token }: { readonly token: Token }) {
  const now = useNow(5000);
  return (
    <tr data-testid={`token-${token.name}`}>
      <td data-label="Name">
        <b className="long-name">{token.name}</b>
      </td>
      <td data-label="Role">{token.role}</td>
      <td data-label="May change">{reach(token)}</td>
      <td data-label="Made">
        <span title={formatTime(token.created)}>{formatAge(token.created, now)}</span>
      </td>
      <td data-label="Last used">
        {token.lastUsed === null ? (
          <span className="muted">never</span>
        ) : (
          <span title={formatTime(token.lastUsed)}>{formatAge(token.lastUsed, now)}</span>
        )}
      </td>
      <td data-label="Ends">
        <Ends token={token} />
      </td>
      <td>
        <div className="row access-actions">
          <DeleteToken token={token} />
        </div>
      </td>
    </tr>
  );
}

const HEADS = ["Name", "Role", "May change", "Made", "Last used", "Ends", ACTIONS];

export function TokensPage() {
  const query = useTokens();
  return (
    <Making form={NewToken} noun="token" title="Tokens" word="token">
      {() => (
        <Answered query={query} what="tokens">
          {(tokens) =>
            tokens.length === 0 ? (
              <Empty icon="key" title="No tokens">
                <p>
                  Programs come in with a token: <code>Authorization: Bearer TOKEN</code>. Make one
                  here, or with <code>meshweb token create</code>.
                </p>
              </Empty>
            ) : (
              <Table heads={HEADS} testId="tokens">
                {tokens.map((token) => (
                  <Line key={token.id} token={token} />
                ))}
              </Table>
            )
          }
        </Answered>
      )}
    </Making>
  );
}

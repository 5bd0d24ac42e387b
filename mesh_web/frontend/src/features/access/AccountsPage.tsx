// People who may log in.
import { type FormEvent, useState } from "react";
import { useAccounts, useCreateAccount, useDeleteAccount, useSetPassword } from "../../api/access";
import { type Account, freshPassword, reach } from "../../domain/access";
import { Answered } from "../../ui/Answered";
import { Button, Chip, IconButton } from "../../ui/controls";
import { Problem } from "../../ui/feedback";
import { Sure } from "../../ui/Sure";
import { useSession } from "../../ui/session";
import { ACTIONS, Table } from "../../ui/Table";
import { toast } from "../../ui/toasts";
import { boundTo, GrantFields, isWhole, NO_GRANT } from "./Grant";
import { type Maker, Making, type Told } from "./Making";

const SHORTEST = 12;
const anew = () => freshPassword((bytes) => crypto.getRandomValues(bytes));

function Password({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <div className="access-password">
      <label className="field">
        Password
        <input
          autoComplete="new-password"
          className="input mono"
          data-testid="password"
          maxLength={1024}
          minLength={SHORTEST}
          onChange={(event) => onChange(event.currentTarget.value)}
          required
          spellCheck={false}
          value={value}
        />
      </label>
      <IconButton icon="restart" label="Another password" onClick={() => onChange(anew())} />
    </div>
  );
}

function NewAccount({ onMade, onLeave }: Maker) {
  const [grant, setGrant] = useState(NO_GRANT);
  const [password, setPassword] = useState(anew);
  const create = useCreateAccount();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = grant.name.trim();
    create.mutate(
      { name, role: grant.role, namespaces: boundTo(grant), password },
      { onSuccess: () => onMade({ name, word: password }) },
    );
  };
  return (
    <form aria-label="New account" className="card access-form" onSubmit={submit}>
      <GrantFields grant={grant} onChange={setGrant} placeholder="eve">
        <Password onChange={setPassword} value={password} />
      </GrantFields>
      {create.error !== null && <Problem error={create.error} />}
      <div className="row">
        <Button
          busy={create.isPending}
          data-testid="create-account"
          disabled={!isWhole(grant) || password.length < SHORTEST}
          tone="primary"
          type="submit"
        >
          Make the account
        </Button>
        <Button onClick={onLeave} tone="quiet">
          Cancel
        </Button>
      </div>
    </form>
  );
}

function NewPassword({
  account,
  onTold,
}: {
  readonly account: Account;
  readonly onTold: (told: Told) => void;
}) {
  const set = useSetPassword();
  const mine = useSession().user === account.name;
  return (
    <Sure
      ask={(open) => (
        <IconButton icon="key" label={`Another password for ${account.name}`} onClick={open} />
      )}
      busy={set.isPending}
      onSure={(close) => {
        const password = anew();
        set.mutate(
          { name: account.name, password },
          {
            onSuccess: () => onTold({ name: account.name, word: password }),
            onError: (error) => toast("bad", error.message),
            onSettled: close,
          },
        );
      }}
      says={
        mine
          ? "You stay logged in here; your other sessions end."
          : `The sessions of ${account.name} end.`
      }
      testId="confirm-password"
      tone="primary"
      verb="Make another password"
    />
  );
}

function DeleteAccount({ name }: { readonly name: string }) {
  const remove = useDeleteAccount();
  return (
    <Sure
      ask={(open) => <IconButton icon="trash" label={`Delete account ${name}`} onClick={open} />}
      busy={remove.isPending}
      onSure={(close) =>
        remove.mutate(name, {
          onSuccess: () => toast("good", `${name} may not log in any more.`),
          onError: (error) => toast("bad", error.message),
          onSettled: close,
        })
      }
      testId="confirm-delete"
      verb={`Delete ${name}`}
    />
  );
}

function Line({
  account,
  onTold,
}: {
  readonly account: Account;
  readonly onTold: (told: Told) => void;
}) {
  const mine = useSession().user === account.name;
  return (
    <tr data-testid={`account-${account.name}`}>
      <td data-label="Name">
        <b className="long-name">{account.name}</b> {mine && <Chip>you</Chip>}
      </td>
      <td data-label="Role">{account.role}</td>
      <td data-label="May change">{reach(account)}</td>
      <td>
        <div className="row access-actions">
          <NewPassword account={account} onTold={onTold} />
          {!mine && <DeleteAccount name={account.name} />}
        </div>
      </td>
    </tr>
  );
}

export function AccountsPage() {
  const query = useAccounts();
  return (
    <Making form={NewAccount} noun="account" title="Accounts" word="password">
      {(onTold) => (
        <Answered query={query} what="accounts">
          {(accounts) => (
            <Table heads={["Name", "Role", "May change", ACTIONS]} testId="accounts">
              {accounts.map((account) => (
                <Line account={account} key={account.name} onTold={onTold} />
              ))}
            </Table>
          )}
        </Answered>
      )}
    </Making>
  );
}

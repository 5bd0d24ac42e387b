// Who are you?
import { type FormEvent, useRef } from "react";
import { useLogin } from "../../api/queries";
import { Button } from "../../ui/controls";
import { Problem } from "../../ui/feedback";
import { Logo } from "../../ui/Logo";
import "./login.css";

export function LoginPage({ onDone }: { readonly onDone: () => void }) {
  const login = useLogin();
  const form = useRef<HTMLFormElement>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (form.current === null) return;
    const data = new FormData(form.current);
    const field = (name: string) => {
      const value = data.get(name);
      return typeof value === "string" ? value : "";
    };
    login.mutate(
      { username: field("username"), password: field("password") },
      { onSuccess: onDone },
    );
  };
  return (
    <main className="login">
      <div aria-hidden="true" className="login-art" />
      <form className="login-card" onSubmit={submit} ref={form}>
        <div className="row">
          <Logo size={36} />
          <div>
            <h1>Meshweb</h1>
            <p className="muted">See the mesh. Steer it.</p>
          </div>
        </div>
        <label className="field">
          User name
          <input
            autoComplete="username"
            className="input"
            defaultValue="admin"
            name="username"
            required
          />
        </label>
        <label className="field">
          Password
          <input
            autoComplete="current-password"
            className="input"
            name="password"
            required
            type="password"
          />
        </label>
        {login.error !== null && <Problem error={login.error} />}
        <Button busy={login.isPending} tone="primary" type="submit">
          Log in
        </Button>
        <p className="muted small">
          No password yet? The terminal where <code>make demo</code> runs prints a link that logs
          you in once.
        </p>
      </form>
    </main>
  );
}

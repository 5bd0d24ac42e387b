// The roots, and how one replaces another without a refused connection.

import { useState } from "react";
import { usePlannedRotation, useRoots, useRotation } from "../../api/certificates";
import {
  type Roots as Authorities,
  broughtLife,
  holderName,
  lifeLeft,
  mayAbort,
  phaseSteps,
  type Root,
  type Rotation,
} from "../../domain/certificates";
import { formatAge, formatSpan, formatTime } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Button, Chip, Switch } from "../../ui/controls";
import { Problem } from "../../ui/feedback";
import { Icon } from "../../ui/Icon";
import { useSession } from "../../ui/session";
import { TimeLeft } from "../../ui/TimeLeft";
import { useNow } from "../../ui/useNow";

function RootLine({ root }: { readonly root: Root }) {
  const now = useNow(5000);
  const life = broughtLife(root, now);
  return (
    <li className="root">
      <div className="row" data-wrap="">
        <b>{root.subject}</b>
        {root.signs && <Chip tone="good">signs</Chip>}
        <Chip tone={root.trusted ? "secure" : "warning"}>
          {root.trusted ? "trusted" : "not trusted"}
        </Chip>
      </div>
      <p className="mono muted root-print" title="SHA-256 of the certificate">
        {root.fingerprint}
      </p>
      <div className="row" data-wrap="">
        <span className="small muted">
          {formatTime(root.notBefore)} to {formatTime(root.notAfter)}
        </span>
        <TimeLeft
          left={lifeLeft(root.notBefore, root.notAfter, now)}
          tone={life === "good" ? "good" : life === "soon" ? "warning" : "bad"}
          until={root.notAfter}
        />
      </div>
      {life !== "good" && (
        <p className="small certificate-warning">Rotate the root before it ends.</p>
      )}
    </li>
  );
}

function Steps({ rotation }: { readonly rotation: Rotation }) {
  const share = rotation.total === 0 ? 1 : rotation.proved / rotation.total;
  return (
    <ol className="phases">
      {phaseSteps(rotation.phase).map((step, i) => (
        <li
          aria-current={step.state === "now" ? "step" : undefined}
          data-state={step.state}
          key={step.phase}
        >
          <span aria-hidden="true" className="phase-mark">
            {step.state === "done" ? <Icon name="check" size={14} /> : i + 1}
          </span>
          <div>
            <b>{step.title}</b>
            <p className="muted small">{step.meaning}</p>
            {step.state === "now" && rotation.open && (
              <>
                <span
                  aria-label="Proved"
                  aria-valuemax={rotation.total}
                  aria-valuemin={0}
                  aria-valuenow={rotation.proved}
                  className="phase-bar"
                  role="progressbar"
                >
                  <i style={{ width: `${share * 100}%` }} />
                </span>
                <p className="small" data-testid="phase-proved">
                  Proved by {rotation.proved} of {rotation.total}
                </p>
              </>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

function Waiting({ rotation }: { readonly rotation: Rotation }) {
  if (!rotation.open || rotation.waiting.length === 0) return null;
  return (
    <details className="waiting">
      <summary>
        {rotation.waiting.length} {rotation.waiting.length === 1 ? "has" : "have"} not proved this
        phase
      </summary>
      <ul>
        {rotation.waiting.map((one) => (
          <li key={`${one.kind} ${one.name}`}>
            <span className="mono">{holderName(one)}</span>{" "}
            <span className="muted small">
              {one.kind}: {one.lacks}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

type Asked = "continue" | "abort" | null;

const QUESTIONS = {
  continue: {
    title: "Go on to the next phase",
    text: "Whoever has not proved this phase may refuse connections until it has caught up.",
  },
  abort: {
    title: "Take the rotation back",
    text: "The old root signs again, and the new one is deleted with its key.",
  },
} as const;

/** The way on of a rotation that is under way: it waits, or is told to. */
function Move({ rotation }: { readonly rotation: Rotation }) {
  const [asked, setAsked] = useState<Asked>(null);
  const { move } = useRotation();
  const proved = rotation.proved === rotation.total;
  const go = (what: "continue" | "abort") => move.mutate(what, { onSettled: () => setAsked(null) });
  return (
    <div className="stack">
      {move.error !== null && <Problem error={move.error} />}
      {asked === null ? (
        <div className="row" data-wrap="">
          {(!rotation.automatic || !proved) && (
            <Button
              busy={move.isPending}
              data-testid="continue-rotation"
              onClick={() => (proved ? go("continue") : setAsked("continue"))}
              tone={proved ? "primary" : "danger"}
            >
              {proved ? "Continue" : "Continue without them …"}
            </Button>
          )}
          {mayAbort(rotation) && (
            <Button onClick={() => setAsked("abort")} tone="danger">
              Abort …
            </Button>
          )}
          {rotation.automatic && (
            <span className="muted small">It goes on by itself when everybody has proved it.</span>
          )}
        </div>
      ) : (
        <div className="sure" role="alertdialog" aria-label={QUESTIONS[asked].title}>
          <p>{QUESTIONS[asked].text}</p>
          <div className="row" data-wrap="">
            <Button
              autoFocus
              busy={move.isPending}
              data-testid="confirm-move"
              onClick={() => go(asked)}
              tone="danger"
            >
              {QUESTIONS[asked].title}
            </Button>
            <Button onClick={() => setAsked(null)} tone="quiet">
              Wait
            </Button>
          </div>
        </div>
      )}
    </div>
  );
}

/** The question before a rotation starts: who takes part, whose root, step by step or not. */
function Start({ onDone }: { readonly onDone: () => void }) {
  const [automatic, setAutomatic] = useState(true);
  const [own, setOwn] = useState(false);
  const [certificate, setCertificate] = useState("");
  const [key, setKey] = useState("");
  const planned = usePlannedRotation(true);
  const { start } = useRotation();
  const given = own ? { certificate, key } : { certificate: "", key: "" };
  return (
    <div className="sure stack" role="alertdialog" aria-label="Rotate the root">
      <p>
        A new root takes the place of the one that signs now. Connections go on: everybody trusts
        both until nobody shows a certificate of the old one.{" "}
        {planned.data !== undefined &&
          `${planned.data.total} processes and proxies have to prove each phase.`}
      </p>
      {planned.error !== null && <Problem error={planned.error} />}
      <Switch checked={automatic} onChange={setAutomatic}>
        Go on by itself when a phase is proved
      </Switch>
      <Switch checked={own} onChange={setOwn}>
        Bring a root of my own
      </Switch>
      {own && (
        <div className="own-root">
          <label className="field">
            Certificate (PEM: the one that signs, those above it, the root last)
            <textarea
              className="input mono"
              onChange={(event) => setCertificate(event.currentTarget.value)}
              rows={5}
              spellCheck={false}
              value={certificate}
            />
          </label>
          <label className="field">
            Its private key (PEM; kept encrypted and never shown)
            <textarea
              autoComplete="off"
              className="input mono"
              onChange={(event) => setKey(event.currentTarget.value)}
              rows={5}
              spellCheck={false}
              value={key}
            />
          </label>
        </div>
      )}
      {start.error !== null && <Problem error={start.error} />}
      <div className="row" data-wrap="">
        <Button
          autoFocus
          busy={start.isPending}
          data-testid="confirm-rotation"
          disabled={own && (certificate.trim() === "" || key.trim() === "")}
          onClick={() => start.mutate({ automatic, ...given }, { onSuccess: onDone })}
          tone="primary"
        >
          Start the rotation
        </Button>
        <Button onClick={onDone} tone="quiet">
          Keep the root
        </Button>
      </div>
    </div>
  );
}

const ENDS: Readonly<Record<string, string>> = {
  done: "The root was replaced",
  aborted: "The rotation was taken back",
};

function Summary({ rotation }: { readonly rotation: Rotation }) {
  const now = useNow();
  if (rotation.endedAt !== null) {
    return (
      <p className="muted" data-testid="rotation-ended">
        {ENDS[rotation.phase] ?? rotation.phase} {formatAge(rotation.endedAt, now)} (started by{" "}
        {rotation.startedBy}, took {formatSpan(rotation.endedAt - rotation.startedAt)}).
      </p>
    );
  }
  return (
    <p className="muted small">
      Rotation {rotation.number}, started by {rotation.startedBy}{" "}
      {formatAge(rotation.startedAt, now)}; in this phase for{" "}
      {formatSpan(now - rotation.phaseSince)}.
    </p>
  );
}

function RotationCard({ rotation }: { readonly rotation: Rotation }) {
  const admin = useSession().role === "admin";
  return (
    <section aria-label="Root rotation" className="card stack" data-testid="rotation">
      <Steps rotation={rotation} />
      <Summary rotation={rotation} />
      <Waiting rotation={rotation} />
      {rotation.open && admin && <Move key={rotation.phase} rotation={rotation} />}
    </section>
  );
}

export function Roots() {
  return (
    <Answered query={useRoots()} what="the roots">
      {(known) => <Known {...known} />}
    </Answered>
  );
}

function Known({ roots, rotation }: Authorities) {
  const [starting, setStarting] = useState(false);
  const admin = useSession().role === "admin";
  const open = rotation?.open === true;
  return (
    <>
      <div className="row" data-spread="" data-wrap="">
        <h2>{roots.length > 1 ? "Roots" : "Root"}</h2>
        {admin && !open && !starting && (
          <Button data-testid="rotate-root" icon="restart" onClick={() => setStarting(true)}>
            Rotate the root …
          </Button>
        )}
      </div>
      {starting && !open && <Start onDone={() => setStarting(false)} />}
      {rotation !== null && open && <RotationCard rotation={rotation} />}
      <ul className="served-list" data-testid="roots">
        {roots.map((root) => (
          <RootLine key={root.fingerprint} root={root} />
        ))}
      </ul>
      {rotation !== null && !open && <Summary rotation={rotation} />}
      {!admin && <p className="muted small">Administrators rotate the root.</p>}
    </>
  );
}

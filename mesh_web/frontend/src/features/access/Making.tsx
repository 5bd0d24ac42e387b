// A list of what people or programs come in with: make one more, and see its word this once.
import { type ReactNode, useState } from "react";
import { Button } from "../../ui/controls";
import { AdminsOnly } from "./AdminsOnly";
import { ShownOnce } from "./ShownOnce";

export interface Told {
  readonly name: string;
  readonly word: string;
}

export interface Maker {
  readonly onMade: (made: Told) => void;
  readonly onLeave: () => void;
}

/** `form` makes one; `children` may tell a word of one that is there, too. */
export function Making({
  title,
  noun,
  word,
  form: Form,
  children,
}: {
  readonly title: string;
  readonly noun: string;
  readonly word: string;
  readonly form: (maker: Maker) => ReactNode;
  readonly children: (onTold: (told: Told) => void) => ReactNode;
}) {
  const [making, setMaking] = useState(false);
  const [told, setTold] = useState<Told | null>(null);
  return (
    <AdminsOnly
      aside={
        !making && (
          <Button data-testid={`new-${noun}`} icon="plus" onClick={() => setMaking(true)}>
            New {noun}
          </Button>
        )
      }
      title={title}
    >
      {told !== null && (
        <ShownOnce
          key={told.word}
          onDone={() => setTold(null)}
          what={word}
          whose={told.name}
          word={told.word}
        />
      )}
      {making && (
        <Form
          onLeave={() => setMaking(false)}
          onMade={(made) => {
            setMaking(false);
            setTold(made);
          }}
        />
      )}
      {children(setTold)}
    </AdminsOnly>
  );
}

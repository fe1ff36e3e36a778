// What an error code means, who must act, and whether a retry helps.

import { useWorkbench } from "../context";
import { explainCode, type Operation } from "../document";
import { words } from "../format";
import { isObject, type Json } from "../json";
import { Pill } from "./basics";
import { Inline } from "./prose";

/** The code as a colored word. */
export function CodePill({ code }: { code: number }) {
  return code === 0 ? <Pill tone="good">OK</Pill> : <Pill tone="bad">{code}</Pill>;
}

/** Everything that is known about the code. */
export function CodeMeaning({ code, reply, operation }: { code: number; reply: Json; operation: Operation | undefined }) {
  const { reference, words: phrases } = useWorkbench();
  if (code === 0) return null;
  const known = explainCode(reference, code, operation);
  const said = isObject(reply) && typeof reply["ErrorInfo"] === "string" ? reply["ErrorInfo"] : "";
  return (
    <section class="meaning" aria-label={`Code ${code}`}>
      <h3>
        {code} {known ? <code>{known.name}</code> : null}
      </h3>
      {known ? (
        <>
          <p class="meaning-text">
            <Inline text={[known.meaning, known.note].filter(Boolean).join(" ")} />
          </p>
          <dl class="facts">
            <dt>Who must act</dt>
            <dd>{phrases.classes[known.class] ?? words(known.class)}</dd>
            <dt>Does a retry help?</dt>
            <dd>
              {phrases.repeats[known.repeat] ?? words(known.repeat)}
              {known.retry_after !== undefined && `, not before ${known.retry_after} s`}
            </dd>
            {known.advice && (
              <>
                <dt>Advice</dt>
                <dd>
                  <Inline text={known.advice} />
                </dd>
              </>
            )}
          </dl>
        </>
      ) : (
        <p>No source explains this code.</p>
      )}
      {said !== "" && (
        <p class="meaning-said">
          The server's words: <q>{said}</q>
        </p>
      )}
    </section>
  );
}

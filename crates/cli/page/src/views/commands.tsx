// Commands: search, description, call.

import { useMemo, useState } from "preact/hooks";
import { useWorkbench } from "../context";
import type { Operation } from "../document";
import { count, words } from "../format";
import { link } from "../router";
import { Empty, LinkList, SearchBox, Split } from "../ui/basics";
import { CommandDetail } from "./command";

/** Operations that contain all words, those with the words in their names first. */
export function found(operations: Operation[], text: string): Operation[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const name = (operation: Operation) => `${operation.command} ${operation.title}`.toLowerCase();
  const all = (operation: Operation) => `${name(operation)} ${operation.description} ${operation.typeName}`.toLowerCase();
  const isNamed = (operation: Operation) => wanted.every((word) => name(operation).includes(word));
  return operations
    .filter((operation) => wanted.every((word) => all(operation).includes(word)))
    .sort((one, other) => (wanted.length === 0 ? 0 : Number(isNamed(other)) - Number(isNamed(one))));
}

/** Operations by family, in the order of the document. */
export function byFamily(operations: Operation[]): [string, Operation[]][] {
  return [...Map.groupBy(operations, (operation) => operation.family)];
}

/** The view. */
export function CommandsView({ route }: { route: string[] }) {
  const { reference } = useWorkbench();
  const [text, setText] = useState("");
  const families = useMemo(() => byFamily(found(reference.commands, text)), [reference, text]);
  const [command] = route;
  const operation = command === undefined ? undefined : reference.findCommand(command);
  const list = (
    <>
      <div class="toolbar">
        <SearchBox label="Search commands" value={text} change={setText} />
      </div>
      <p class="toolbar-note" role="status">
        {count(families.reduce((sum, [, operations]) => sum + operations.length, 0), "command")}
      </p>
      {families.length === 0 && <Empty title="No command contains these words" />}
      {families.map(([family, operations]) => (
        <section key={family} class="family">
          <h2 class="family-name" title={reference.families.get(family)}>
            {words(family)}
          </h2>
          <LinkList label={`Commands: ${words(family)}`}>
            {operations.map((one) => (
              <li key={one.command}>
                <a class="row" href={link("commands", one.command)} aria-current={one === operation ? "true" : undefined}>
                  <span class="row-main">
                    <span class="row-title">{one.title}</span>
                    <span class="row-more">{one.command.replace(/^v4\//, "")}</span>
                  </span>
                </a>
              </li>
            ))}
          </LinkList>
        </section>
      ))}
    </>
  );
  const detail = operation ? (
    <CommandDetail key={operation.command} operation={operation} />
  ) : command !== undefined ? (
    <Empty title={`No command ${command} is described`} />
  ) : (
    <Empty title="Choose a command">
      <p>What it does, its fields with their limits, samples, and a form that sends it.</p>
    </Empty>
  );
  return <Split list={list} detail={detail} isOpen={command !== undefined} back={link("commands")} />;
}

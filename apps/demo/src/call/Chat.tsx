import { useLayoutEffect, useRef, useState, type FormEvent, type JSX, type ReactNode } from "react";
import type { RoomSession } from "../room/session.js";
import type { Line } from "../room/state.js";
import { SendIcon } from "../ui/icons.js";
import { pieces, type Piece } from "./links.js";

const LONGEST = 4_000;
/** Nearer to the end than this counts as being at it, px. */
const AT_END = 40;

/** The conversation in writing. Follows its end unless one has scrolled back. */
export function Chat({ session, lines }: { session: RoomSession; lines: readonly Line[] }): JSX.Element {
  const [text, setText] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const toEnd = (): void => void (list.current && (list.current.scrollTop = list.current.scrollHeight));
  useLayoutEffect(() => {
    if (atEnd.current || lines.at(-1)?.kind === "own") toEnd();
  }, [lines]);
  useLayoutEffect(() => {
    // A keyboard that appears takes the room from below.
    const observer = new ResizeObserver(() => atEnd.current && toEnd());
    if (list.current) observer.observe(list.current);
    return () => observer.disconnect();
  }, []);

  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    void session.say(text);
    setText("");
  };
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: { currentTarget: HTMLElement }): void => {
    atEnd.current = scrollHeight - scrollTop - clientHeight < AT_END;
  };
  return (
    <>
      <div ref={list} className="lines" role="log" aria-label="Messages" tabIndex={0} onScroll={onScroll}>
        <ul>{lines.map((line, index) => <ChatLine key={line.key} line={line} before={lines[index - 1]} />)}</ul>
      </div>
      {lines.length === 0 && <p className="empty">Nothing written yet. Everybody in the call sees what you write; who comes later sees what comes later.</p>}
      <form className="write" onSubmit={send}>
        <input
          data-first value={text} onChange={(event) => setText(event.target.value)} aria-label="Message" placeholder="Message"
          maxLength={LONGEST} autoComplete="off" enterKeyHint="send"
        />
        <button type="submit" className="button primary square" aria-label="Send" disabled={text.trim() === ""}><SendIcon /></button>
      </form>
    </>
  );
}

function ChatLine({ line, before }: { line: Line; before: Line | undefined }): JSX.Element {
  if (line.kind === "event" || line.kind === "trouble") return <li className={line.kind}>{line.text}</li>;
  const again = before?.kind === line.kind && before.who === line.who && line.at.getTime() - before.at.getTime() < 60_000;
  return (
    <li className={line.kind} data-waiting={line.waiting || undefined}>
      {!again && (
        <span className="who">
          {line.kind === "own" ? "You" : line.who} <time dateTime={line.at.toISOString()}>{clock(line.at)}</time>
        </span>
      )}
      <span className="text">{pieces(line.text).map(asWritten)}</span>
      {line.failure && <span className="failure">Not sent: {line.failure}</span>}
    </li>
  );
}

const asWritten = ({ text, href }: Piece, key: number): ReactNode =>
  // Where it leads is not told which call it comes from.
  href === undefined ? text : <a key={key} href={href} target="_blank" rel="noopener noreferrer">{text}</a>;

const clock = (at: Date): string => at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

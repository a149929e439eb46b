import { useEffect, useRef, type JSX } from "react";
import { Mark } from "./ui/icons.js";

/** After the call. */
export function LeftScreen({ room, onAgain, onOther }: { room: string; onAgain: () => void; onOther: () => void }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="left">
      <header className="brand"><Mark /> peerjs-mesh</header>
      <main>
        <h1 ref={heading} tabIndex={-1}>You have left</h1>
        <p className="soft">Whoever else is in <strong>{room}</strong> goes on without you. Camera and microphone are off.</p>
        <div className="actions">
          <button type="button" className="button primary" onClick={onAgain}>Join again</button>
          <button type="button" className="button" onClick={onOther}>Another call</button>
        </div>
      </main>
    </div>
  );
}

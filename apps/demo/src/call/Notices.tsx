import type { JSX } from "react";
import type { RoomSession } from "../room/session.js";
import type { RoomState } from "../room/state.js";
import { CloseIcon } from "../ui/icons.js";

interface Props {
  session: RoomSession;
  state: RoomState;
  /** The browser plays no sound before it has been clicked. */
  blocked: boolean;
  onHear: () => void;
}

/** What has just happened, and what is not as it should be. Heard by screen readers as it comes. */
export function Notices({ session, state, blocked, onHear }: Props): JSX.Element {
  return (
    <div className="notices">
      <div role="status">
        {state.phase === "interrupted" && (
          <p className="notice trouble"><span className="spinner" aria-hidden="true" />The connection to the others is interrupted. Reconnecting …</p>
        )}
        {state.serverAway && state.phase === "in" && (
          <p className="notice">The server is away. Your call goes on; only nobody new can come in.</p>
        )}
        {blocked && (
          <p className="notice">
            The browser wants a click before it plays sound.
            <button type="button" className="button small" onClick={onHear}>Hear the others</button>
          </p>
        )}
      </div>
      <div role="log" aria-label="Notices">
        {state.notices.map(({ key, tone, text }) => (
          <p key={key} className={`notice ${tone}`}>
            {text}
            <button type="button" className="close" aria-label="Dismiss" onClick={() => session.dismiss(key)}><CloseIcon /></button>
          </p>
        ))}
      </div>
    </div>
  );
}

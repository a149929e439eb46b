import type { JSX } from "react";
import { linkTo } from "../room/names.js";
import type { RoomState } from "../room/state.js";
import { CopyLink } from "../ui/CopyLink.js";

/** What stands where the others will be, as long as there are none; nothing once there are. */
export function cardFor(state: RoomState, onAgain: () => void): JSX.Element | undefined {
  switch (state.phase) {
    case "connecting":
      return (
        <div className="say" role="status">
          <span className="spinner" aria-hidden="true" />
          <h2>Connecting …</h2>
          <p>Looking for the others in <strong>{state.room}</strong>.</p>
        </div>
      );
    case "no-server":
      return (
        <div className="say" role="status">
          <span className="spinner" aria-hidden="true" />
          <h2>{state.reason}</h2>
          <p>Nobody can enter the room without it. Check your connection; it is tried again by itself. Microphone and camera can be set meanwhile.</p>
        </div>
      );
    case "full":
      return (
        <div className="say" role="status">
          <h2>The room is full</h2>
          <p>It takes {state.limit === 1 ? "one person" : `${state.limit} people`} at most. You get in by yourself as soon as somebody leaves.</p>
        </div>
      );
    case "failed":
      return (
        <div className="say" role="alert">
          <h2>That did not work</h2>
          <p>{state.reason}</p>
          <button type="button" className="button primary" onClick={onAgain}>Try again</button>
        </div>
      );
    case "in":
      return state.members.length > 1 ? undefined : <Invitation room={state.room} />;
    default:
      return undefined;
  }
}

function Invitation({ room }: { room: string }): JSX.Element {
  const link = linkTo(room);
  return (
    <div className="say">
      <h2>You are alone here</h2>
      <p>Send this link to whoever should come.</p>
      <code className="link" tabIndex={0} aria-label="Link to this room">{link.replace(/^https?:\/\//, "")}</code>
      <div className="actions">
        <CopyLink room={room} className="primary" />
        {"share" in navigator && (
          <button type="button" className="button" onClick={() => void navigator.share({ url: link, title: "Join my call" }).catch(() => undefined)}>
            Send …
          </button>
        )}
      </div>
    </div>
  );
}

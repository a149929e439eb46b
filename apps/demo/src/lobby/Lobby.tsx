import { useEffect, useId, useState, type FormEvent, type JSX } from "react";
import { useDevices } from "../hooks/useDevices.js";
import type { Devices } from "../media/devices.js";
import { showInAddress } from "../room/address.js";
import { asRoom, isRoom, LONGEST_NAME, LONGEST_ROOM } from "../room/names.js";
import { CopyLink } from "../ui/CopyLink.js";
import { Mark } from "../ui/icons.js";
import { Pickers } from "./Pickers.js";
import { Preview, Troubles } from "./Preview.js";

interface Props {
  /** The room that the link asks for, or a new one. */
  room: string;
  /** Whether the room was made up for this visit: then it may be called otherwise. */
  fresh: boolean;
  name: string;
  /** What one is called without a name. */
  guest: string;
  devices: Devices;
  onName: (name: string) => void;
  onJoin: (room: string) => void;
}

/** The place before the call: who am I, how do I look, where does this lead. */
export function Lobby({ room, fresh, name, guest, devices, onName, onJoin }: Props): JSX.Element {
  const state = useDevices(devices);
  const [wish, setWish] = useState(room);
  const errorId = useId();
  // A link may name a room that none can have: then it can be put right here.
  const editable = fresh || !isRoom(room);
  const target = editable ? wish.trim() : room;
  const wrongRoom = !isRoom(target);
  // Before anybody joins, too: who copies the address by hand copies the way to this room.
  useEffect(() => {
    if (editable && !wrongRoom) showInAddress(target, true);
  }, [editable, wrongRoom, target]);

  const join = (event: FormEvent): void => {
    event.preventDefault();
    if (!wrongRoom) onJoin(target);
  };

  const suggestion = asRoom(wish);
  return (
    <div className="lobby">
      <header className="brand"><Mark /> peerjs-mesh</header>
      <main>
        <section className="look" aria-label="Camera and microphone">
          <Preview devices={devices} state={state} name={name} />
          <Troubles devices={devices} state={state} />
        </section>
        <form className="entry" onSubmit={join} noValidate>
          <div className="title">
            <h1>{editable ? "Start a call" : <>Join <span className="room">{room}</span></>}</h1>
            <p className="soft">
              {editable ? "Send the link to whoever should be there. No account, nothing to install." : "You were sent a link to this call. No account, nothing to install."}
            </p>
          </div>
          <label className="field">
            <span>Your name</span>
            <input
              value={name} maxLength={LONGEST_NAME} autoComplete="nickname" enterKeyHint="go" placeholder={guest}
              onChange={(event) => onName(event.target.value)}
            />
          </label>
          {editable && (
            <label className="field">
              <span>Room</span>
              <input
                value={wish} maxLength={LONGEST_ROOM} autoComplete="off" autoCapitalize="none" spellCheck={false} enterKeyHint="go" required
                aria-invalid={wrongRoom} aria-describedby={wrongRoom ? errorId : undefined}
                onChange={(event) => setWish(event.target.value)}
              />
            </label>
          )}
          <div id={errorId} className="wrong" role="alert">
            {wrongRoom && (
              <>
                A room’s name has only letters and digits, in groups between hyphens.
                {suggestion && suggestion !== target && (
                  <> How about <button type="button" className="inline" onClick={() => setWish(suggestion)}>{suggestion}</button>?</>
                )}
              </>
            )}
          </div>
          <div className="actions">
            <button type="submit" className="button primary">Join</button>
            {!wrongRoom && <CopyLink room={target} />}
          </div>
          <Pickers devices={devices} state={state} />
        </form>
      </main>
    </div>
  );
}

import { useCallback, useEffect, useMemo, useRef, useState, type JSX } from "react";
import { useCall } from "../hooks/useCall.js";
import { useDevices } from "../hooks/useDevices.js";
import { useNarrow } from "../hooks/useNarrow.js";
import { useRoom } from "../hooks/useRoom.js";
import { useWakeLock } from "../hooks/useWakeLock.js";
import { useShortcuts } from "../hooks/useShortcuts.js";
import type { Devices } from "../media/devices.js";
import { canFullScreen, leaveFullScreen, toggleFullScreen } from "../media/fullscreen.js";
import { recallFlag, rememberFlag } from "../room/remember.js";
import type { RoomSession } from "../room/session.js";
import type { RoomState } from "../room/state.js";
import { CopyLink } from "../ui/CopyLink.js";
import { Mark, SettingsIcon } from "../ui/icons.js";
import { RoundButton } from "../ui/RoundButton.js";
import { cardFor } from "./Cards.js";
import { Chat } from "./Chat.js";
import { Controls, type PanelName } from "./Controls.js";
import { Grid } from "./Grid.js";
import { Members } from "./Members.js";
import { Notices } from "./Notices.js";
import { Panel } from "./Panel.js";
import { Settings } from "./Settings.js";

interface Props {
  session: RoomSession;
  devices: Devices;
  name: string;
  onName: (name: string) => void;
  onLeave: () => void;
  /** Begin anew, where it cannot go on. */
  onAgain: () => void;
}

/** The call. */
export function CallScreen({ session, devices, name, onName, onLeave, onAgain }: Props): JSX.Element {
  const room = useRoom(session);
  const media = useDevices(devices);
  const call = useCall(session, name, media);
  const narrow = useNarrow();
  useWakeLock();
  const [panel, setPanel] = useState<PanelName>();
  const [read, setRead] = useState(0);
  const [keys, setKeys] = useState(() => recallFlag("keys", true));
  const [blocked, setBlocked] = useState(false);
  const onBlocked = useCallback(() => setBlocked(true), []);
  const main = useRef<HTMLElement>(null);
  const openers = { chat: useRef<HTMLButtonElement>(null), people: useRef<HTMLButtonElement>(null), settings: useRef<HTMLButtonElement>(null) };

  // Whoever came by keyboard stands at the call's beginning, not at the top of nothing.
  useEffect(() => main.current?.focus(), []);
  useEffect(() => {
    devices.onTrouble = (text, kind) => session.notify("trouble", text, kind);
    return () => void (devices.onTrouble = () => undefined);
  }, [devices, session]);
  useEffect(() => devices.fitTo(room.members.length), [devices, room.members.length]);
  useEffect(() => {
    if (panel === "chat") setRead(room.heard);
  }, [panel, room.heard]);

  const close = useCallback(() => {
    if (panel) openers[panel].current?.focus();
    setPanel(undefined);
  }, [panel]);
  const there = room.phase === "in" || room.phase === "interrupted";
  const toggle = useCallback((which: PanelName) => {
    if (panel === which) return close();
    if (!there && which !== "settings") return;
    // What opens would be behind it.
    leaveFullScreen();
    setPanel(which);
  }, [panel, there, close]);
  useShortcuts(
    useMemo(() => ({
      m: () => void devices.toggle("microphone"),
      v: () => void devices.toggle("camera"),
      s: () => call.canShare && (there || call.sharing) && call.toggleShare(),
      c: () => toggle("chat"),
      p: () => toggle("people"),
      f: () => {
        const screen = main.current?.querySelector(".tile[data-large]");
        if (screen && canFullScreen()) toggleFullScreen(screen);
      },
      Escape: close,
    }), [devices, call, there, toggle, close]),
    keys,
  );

  const unread = panel === "chat" ? 0 : room.heard - read;
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${room.room} · call`;
  }, [unread, room.room]);

  const hear = (): void => {
    setBlocked(false);
    for (const video of document.querySelectorAll("video")) void video.play().catch(() => undefined);
  };
  const last = room.lines.findLast((line) => line.kind === "other");
  return (
    <div className={`call${panel ? " with-panel" : ""}`}>
      <header className="bar">
        <Mark />
        <div className="where">
          <h1 title={room.room}>{room.room}</h1>
          <p className={`standing ${room.phase}`}>{standing(room)}</p>
        </div>
        <Notices session={session} state={room} blocked={blocked} onHear={hear} />
        <CopyLink
          room={room.room} className="small"
          onRefused={() => session.notify("trouble", "The browser does not let this page copy. Copy the address above.", "link")}
        />
        <RoundButton
          ref={openers.settings} label="Settings" look={panel === "settings" ? "active" : "plain"} expanded={panel === "settings"}
          onClick={() => toggle("settings")}
        >
          <SettingsIcon />
        </RoundButton>
      </header>
      <main ref={main} tabIndex={-1} aria-label={`Call in ${room.room}`}>
        <Grid
          members={room.members} own={call} covered={narrow && panel !== undefined} keys={keys} speaker={media.speakers.chosen} onBlocked={onBlocked}
          card={cardFor(room, onAgain)}
        />
        {/* Those who see have the number on the button. */}
        <p className="out" role="status">{unread > 0 && last && `${last.who} wrote: ${last.text}`}</p>
      </main>
      {panel === "chat" && <Panel title="Chat" onClose={close}><Chat session={session} lines={room.lines} /></Panel>}
      {panel === "people" && <Panel title="People" onClose={close}><Members members={room.members} room={room.room} /></Panel>}
      {panel === "settings" && (
        <Panel title="Settings" onClose={close}>
          <Settings
            devices={devices} state={media} name={name} onName={onName} keys={keys}
            onKeys={(on) => {
              setKeys(on);
              rememberFlag("keys", on);
            }}
          />
        </Panel>
      )}
      <Controls
        devices={devices} state={media} call={call} keys={keys} panel={panel} onPanel={toggle} unread={unread} people={room.members.length}
        there={there} onLeave={onLeave} chatButton={openers.chat} peopleButton={openers.people}
      />
    </div>
  );
}

function standing({ phase, members }: RoomState): string {
  switch (phase) {
    case "in":
      return members.length === 1 ? "Only you" : `${members.length} people`;
    case "interrupted":
      return "Reconnecting …";
    case "full":
      return "Room full";
    case "no-server":
      return "No server";
    case "failed":
      return "Not connected";
    default:
      return "Connecting …";
  }
}

import { useCallback, useEffect, useRef, useState, type JSX } from "react";
import { CallScreen } from "./call/CallScreen.js";
import { LeftScreen } from "./LeftScreen.js";
import { Lobby } from "./lobby/Lobby.js";
import { Devices } from "./media/devices.js";
import { clearAddress, madeUpHere, showInAddress } from "./room/address.js";
import { newGuest, newRoom, roomOf } from "./room/names.js";
import { recall, remember } from "./room/remember.js";
import { RoomSession } from "./room/session.js";

type Screen =
  | { at: "lobby"; room: string; fresh: boolean }
  | { at: "call"; session: RoomSession; room: string }
  | { at: "left"; room: string };

/** The lobby of the room that the address names, or of one that nobody is in. */
function lobby(): Screen {
  const asked = roomOf(location.hash);
  return { at: "lobby", room: asked || newRoom(), fresh: !asked || madeUpHere() };
}

/** Lobby, call, and what comes after. */
export function App(): JSX.Element {
  const [devices] = useState(() => new Devices());
  const [screen, setScreen] = useState(lobby);
  const [name, setName] = useState(() => recall("name") ?? "");
  const [guest] = useState(newGuest);
  const called = name.trim() || guest;
  const session = useRef<RoomSession>(undefined);

  useEffect(() => void devices.start(), [devices]);
  useEffect(() => {
    if (screen.at !== "call") document.title = "peerjs-mesh call";
  }, [screen]);

  const rename = useCallback((wish: string) => {
    setName(wish);
    if (wish.trim()) remember("name", wish.trim());
  }, []);

  const join = useCallback((room: string) => {
    // The listener below hears nothing of it.
    showInAddress(room);
    const { camera, microphone } = devices.snapshot();
    session.current?.leave();
    session.current = new RoomSession(room, {
      name: called, mic: microphone.standing === "on", camera: camera.standing === "on", screen: false,
    });
    setScreen({ at: "call", session: session.current, room });
  }, [devices, called]);

  const leave = useCallback((next: Screen) => {
    session.current?.leave();
    session.current = undefined;
    setScreen(next);
  }, []);

  // Another link in the same window.
  useEffect(() => {
    const changed = (): void => {
      leave(lobby());
      void devices.start();
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, [devices, leave]);

  switch (screen.at) {
    case "lobby":
      return (
        <Lobby
          key={screen.room} room={screen.room} fresh={screen.fresh} name={name} guest={guest} devices={devices} onName={rename} onJoin={join}
        />
      );
    case "call":
      return (
        <CallScreen
          key={screen.session.number} session={screen.session} devices={devices} name={called}
          onName={(wish) => wish.trim() && rename(wish.trim())}
          onLeave={() => {
            leave({ at: "left", room: screen.room });
            devices.stop();
          }}
          onAgain={() => join(screen.room)}
        />
      );
    case "left":
      return (
        <LeftScreen
          room={screen.room}
          onAgain={() => {
            void devices.start();
            join(screen.room);
          }}
          onOther={() => {
            clearAddress();
            setScreen(lobby());
            void devices.start();
          }}
        />
      );
  }
}

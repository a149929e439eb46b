import { useSyncExternalStore } from "react";
import type { RoomSession } from "../room/session.js";
import type { RoomState } from "../room/state.js";

/** The room as it is now. */
export const useRoom = (session: RoomSession): RoomState => useSyncExternalStore(session.subscribe, session.snapshot);

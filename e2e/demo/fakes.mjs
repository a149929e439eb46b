// What no switch of Chromium brings about, said in its place: functions that run in a page ahead of its own scripts.

/** Chromium's microphone cannot be taken away by a switch: the browser's words for it are said in its place. */
export const noDevices = () => {
  navigator.mediaDevices.enumerateDevices = async () => [];
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("Requested device not found", "NotFoundError"));
};

/** Only the camera is refused: with a page that asks nobody, Chromium refuses both or neither. */
export const cameraRefused = () => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.video) throw new DOMException("Permission denied", "NotAllowedError");
    return ask(wanted);
  };
  navigator.permissions.query = async ({ name }) => ({ state: name === "camera" ? "denied" : "granted" });
};

/** Another program has both. */
export const busyDevices = () => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("Could not start video source", "NotReadableError"));
};

/**
 * A phone: it opens one camera at a time, the last one looks away from its owner, and the one before that is broken.
 */
export const phoneCameras = () => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const tracks = [];
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    const broken = wanted.video?.deviceId?.exact === cameras.at(-2).deviceId;
    const another = wanted.video && tracks.some(({ readyState }) => readyState === "live");
    if (broken || another) throw new DOMException("Could not start video source", "NotReadableError");
    const stream = await ask(wanted);
    for (const track of stream.getVideoTracks()) {
      tracks.push(track);
      const settings = track.getSettings();
      const facingMode = settings.deviceId === cameras.at(-1).deviceId ? "environment" : "user";
      track.getSettings = () => ({ ...settings, facingMode });
    }
    return stream;
  };
};

/** Notes whatever is recorded, in `recorded`. */
export const recordingsNoted = () => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  globalThis.recorded = [];
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted);
    globalThis.recorded.push(...stream.getTracks());
    return stream;
  };
};

/** The browser's question stands there, and nobody has answered it until `answer()` is called. */
export const unansweredQuestion = () => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const answered = new Promise((resolve) => (globalThis.answer = resolve));
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    await answered;
    return ask(wanted);
  };
};

/** Joins without a click or a key, which would allow sound. */
export const joinUnclicked = () => {
  const lobby = setInterval(() => {
    const form = document.querySelector("form");
    if (!form) return;
    clearInterval(lobby);
    form.requestSubmit();
  }, 50);
};

/** Networks between which sound and pictures find no way: of media connections no candidate arrives. */
export const noWayForMedia = () => {
  const Real = RTCPeerConnection;
  const isMedia = (connection, sdp = "") => connection.getTransceivers().length > 0 || /^m=(audio|video)/m.test(sdp);
  globalThis.RTCPeerConnection = class extends Real {
    addIceCandidate(candidate) {
      return isMedia(this) ? Promise.resolve() : super.addIceCandidate(candidate);
    }

    setRemoteDescription({ type, sdp }) {
      return super.setRemoteDescription({ type, sdp: isMedia(this, sdp) ? sdp.replace(/^a=candidate:.*\r\n/gm, "") : sdp });
    }
  };
};

/**
 * Stops the mesh's clock, a worker's, when the page says that it is cut off, so that this lasts until `goOn()`: what the
 * mesh does about it takes about a second.
 */
export const stopsWhenCutOff = () => {
  const waiting = [];
  let stopped = false;
  globalThis.Worker = class extends Worker {
    set onmessage(hear) {
      super.onmessage = (event) => (stopped ? waiting.push(() => hear(event)) : hear(event));
    }
  };
  const looks = new MutationObserver(() => (stopped = document.querySelector(".standing.interrupted") !== null));
  looks.observe(document, { subtree: true, childList: true, attributes: true });
  globalThis.goOn = () => {
    looks.disconnect();
    stopped = false;
    for (const ring of waiting.splice(0)) ring();
  };
};

/** Notices, and what a button says that was pressed, stay ten times as long as they do: pictures are taken of them. */
export const slowReader = () => {
  const real = setTimeout;
  globalThis.setTimeout = (act, ms, ...more) => real(act, ms === 7_000 || ms === 2_500 ? ms * 10 : ms, ...more);
};

/** The system lets the browser show nothing. */
export const screenRefused = () => {
  navigator.mediaDevices.getDisplayMedia = () => Promise.reject(new DOMException("Could not start video source", "NotReadableError"));
};

/** Chromium's fake screen looks as its fake camera does. This one is red, so that one can tell which of them arrives. */
export const redScreen = () => {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 400 });
    const context = canvas.getContext("2d");
    let lines = 0;
    setInterval(() => {
      context.fillStyle = "#d02020";
      context.fillRect(0, 0, 640, 400);
      context.fillStyle = "#fff";
      context.font = "28px monospace";
      context.fillText(`$ line ${++lines}`, 24, 60 + (lines % 8) * 36);
    }, 100);
    return canvas.captureStream(10);
  };
};

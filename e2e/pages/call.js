// What pages under test need for a call, whichever library makes it: a stream that they draw themselves, and what
// they see and hear of others'. To be loaded before the library: connections are counted by their constructor.

const Connection = globalThis.RTCPeerConnection;
/** Every connection that was ever made, in order. */
const connections = [];
/** Those that carried sound or picture when they were closed: what was closed has forgotten it. */
const closed = new Set();
const carries = (connection) => connection.getTransceivers().length > 0;
/** Offers that look for a new way for a connection that has lost its own. */
let restarts = 0;
globalThis.RTCPeerConnection = class extends Connection {
  constructor(...args) {
    super(...args);
    connections.push(this);
  }
  createOffer(options) {
    if (options?.iceRestart) restarts += 1;
    return super.createOffer(options);
  }
  close() {
    if (this.signalingState !== "closed" && carries(this)) closed.add(this);
    super.close();
  }
};

/**
 * Connections that carry, or are to carry, sound or picture: `made` so far, and `open` still; `restarts`: how often one
 * of them was offered again. And of any kind: `all` that were made, `allOpen` still.
 */
export function counts() {
  const alive = connections.filter((connection) => connection.signalingState !== "closed");
  const open = alive.filter(carries).length;
  return { made: closed.size + open, open, restarts, all: connections.length, allOpen: alive.length };
}

const WIDTH = 160;
const HEIGHT = 120;
let sound;

/** A stream of these kinds: a plain colour `[r, g, b]` with something that moves, a picture `every` ms, and a tone. */
export async function fakeStream({ kinds = ["audio", "video"], colour = [128, 128, 128], tone = 440, every = 66 }) {
  const tracks = [];
  if (kinds.includes("audio") && navigator.userAgent.includes("Firefox")) {
    // Without a sound card its AudioContext stands still; its fake microphone does not.
    tracks.push(...(await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks());
  } else if (kinds.includes("audio")) {
    // A tone needs no more than these samples, and no haste.
    sound ??= new AudioContext({ sampleRate: 16_000, latencyHint: "playback" });
    const oscillator = new OscillatorNode(sound, { frequency: tone });
    const destination = new MediaStreamAudioDestinationNode(sound, { channelCount: 1 });
    oscillator.connect(new GainNode(sound, { gain: 0.5 })).connect(destination);
    oscillator.start();
    tracks.push(...destination.stream.getAudioTracks());
  }
  if (kinds.includes("video")) {
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
    const pen = canvas.getContext("2d");
    let step = 0;
    const draw = () => {
      pen.fillStyle = `rgb(${colour})`;
      pen.fillRect(0, 0, WIDTH, HEIGHT);
      pen.fillStyle = "#888";
      pen.fillRect((step += 7) % WIDTH, 0, 8, 12);
    };
    draw();
    setInterval(draw, every);
    tracks.push(...canvas.captureStream(Math.round(1000 / every)).getVideoTracks());
  }
  return new MediaStream(tracks);
}

/** By sender: the element that plays its stream. */
const shown = new Map();

/** Plays a member's stream, in an element that is not in the page: to be looked at by machines it need not be drawn. */
export function show(id, stream) {
  hide(id);
  const video = document.createElement("video");
  Object.assign(video, { autoplay: true, playsInline: true, srcObject: stream, width: 80, height: 60 });
  video.play().catch(() => {});
  shown.set(id, video);
  return video;
}

/** Plays it no more. */
export function hide(id) {
  if (shown.has(id)) shown.get(id).srcObject = null;
  shown.delete(id);
}

/** By sender: what is noted of its pictures at present. */
const watched = new Map();

/** From now on notes the intervals between the pictures that are shown of that member, and how many of them are black. */
export function watchPictures(id) {
  const video = shown.get(id);
  const watch = { intervals: [], last: performance.now(), black: 0 };
  watched.set(id, watch);
  const next = (now) => {
    if (watched.get(id) !== watch) return;
    watch.intervals.push(now - watch.last);
    watch.last = now;
    // Nobody gives a picture as dark as that.
    if (colourOf(video)?.every((part) => part < 10)) watch.black += 1;
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
}

/** The intervals since `watchPictures`, ms, the last of them not yet over, and how many were black; and that is the end of it. */
export function watchedPictures(id) {
  const { intervals, last, black } = watched.get(id);
  watched.delete(id);
  return { intervals: [...intervals, performance.now() - last], black };
}

const canvas = document.createElement("canvas");

/** The colour in the middle of what is shown of that member; null when there is no picture. */
function colourOf(video) {
  if (video.videoWidth === 0) return null;
  Object.assign(canvas, { width: 8, height: 8 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(video, video.videoWidth / 4, video.videoHeight / 4, video.videoWidth / 2, video.videoHeight / 2, 0, 0, 8, 8);
  return [...pen.getImageData(4, 4, 1, 1).data.slice(0, 3)];
}

/**
 * `streams`, what has come of each stream that is shown: by sender `{audio, video, frames, energy, colour}`, where `audio`
 * and `video` say whether the stream has such a track, `frames` and `energy` only grow. `sent`: how many pictures, and
 * packets of sound, this page has sent on the connections that are open.
 */
export async function media() {
  const byTrack = new Map();
  let sent = 0;
  for (const connection of connections) {
    if (connection.signalingState === "closed" || connection.getTransceivers().length === 0) continue;
    // Firefox leaves the question unanswered when the connection is closed meanwhile.
    const unanswered = new Promise((resolve) => setTimeout(resolve, 1_000, new Map()));
    for (const report of (await Promise.race([connection.getStats(), unanswered])).values()) {
      if (report.type === "inbound-rtp") byTrack.set(report.trackIdentifier, report);
      if (report.type === "outbound-rtp") sent += (report.kind === "audio" ? report.packetsSent : report.framesEncoded) ?? 0;
    }
  }
  const streams = {};
  for (const [id, video] of shown) {
    const [audio] = video.srcObject.getAudioTracks();
    const [picture] = video.srcObject.getVideoTracks();
    streams[id] = {
      audio: audio !== undefined,
      video: picture !== undefined,
      energy: byTrack.get(audio?.id)?.totalAudioEnergy ?? 0,
      frames: byTrack.get(picture?.id)?.framesDecoded ?? 0,
      colour: colourOf(video),
    };
  }
  return { streams, sent };
}

// A case of the contract: what is done to a server, and what has to come of it on each.

/** Both servers behave alike. */
export const same = (value) => ({ peer: value, ours: value });

/** Ours differs on purpose; `because` says why no client minds. */
export const differs = ({ peer, ours, because }) => {
  if (!because) throw new Error("a difference needs its reason");
  return { peer, ours, because };
};

export const close = { closed: 1005 };
export const OPEN = { type: "OPEN" };
export const error = (msg) => ({ type: "ERROR", payload: { msg } });
export const ID_TAKEN = { type: "ID-TAKEN", payload: { msg: "ID is taken" } };

/** Passes `ms` where time itself is the subject. */
export const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The option sets that servers are started with; timeouts are short so that the suite is. */
export const settings = {
  plain: { alive_timeout: 60_000, expire_timeout: 1_000 },
  mortal: { alive_timeout: 3_000, expire_timeout: 1_000 },
  narrow: { concurrent_limit: 2, expire_timeout: 1_000, alive_timeout: 60_000 },
  moved: { path: "/some/where", key: "sesame", allow_discovery: true, corsOptions: { origin: ["http://a.example", "http://b.example"] } },
};

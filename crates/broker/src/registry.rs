//! Who is registered: one connection per id, and removal by connection only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{ConnId, Instant};

/// The registered clients, by id and by connection. The two maps always name the same pairs.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    clients: BTreeMap<Arc<str>, Client>,
    ids: BTreeMap<ConnId, Arc<str>>,
    next_number: u64,
    /// Not later than the moment at which the first client goes stale. Heartbeats only move that moment on, so
    /// they need not touch this: it is found anew when it has come.
    stale_check: Option<Instant>,
}

struct Client {
    conn: ConnId,
    token: Box<str>,
    /// The last HEARTBEAT, or the registration.
    alive: Instant,
    /// In order of registration; a resume keeps it.
    number: u64,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the token, which is all that protects the id.
        write!(f, "Client({:?}, alive {:?})", self.conn, self.alive)
    }
}

/// How a claim on an id ended.
pub(crate) enum Claim {
    /// Free until now.
    Registered(Arc<str>),
    /// Taken over with the token from `replaced`, which is no longer anybody.
    Resumed { id: Arc<str>, replaced: ConnId },
    /// Somebody with another token has it.
    Taken,
    /// Free, but there are too many clients.
    Full,
}

impl Registry {
    pub(crate) fn claim(
        &mut self,
        now: Instant,
        alive_timeout: Duration,
        limit: usize,
        conn: ConnId,
        id: &str,
        token: &str,
    ) -> Claim {
        if let Some((id, _)) = self.clients.get_key_value(id) {
            let id = Arc::clone(id);
            let Some(client) = self.clients.get_mut(&id) else {
                return Claim::Taken;
            };
            if *client.token != *token {
                return Claim::Taken;
            }
            let replaced = std::mem::replace(&mut client.conn, conn);
            client.alive = now;
            self.ids.remove(&replaced);
            self.ids.insert(conn, Arc::clone(&id));
            return Claim::Resumed { id, replaced };
        }
        if self.clients.len() >= limit {
            return Claim::Full;
        }
        let id: Arc<str> = Arc::from(id);
        let number = self.next_number;
        self.next_number += 1;
        self.clients.insert(
            Arc::clone(&id),
            Client {
                conn,
                token: token.into(),
                alive: now,
                number,
            },
        );
        self.ids.insert(conn, Arc::clone(&id));
        if self.stale_check.is_none() {
            self.stale_check = Some(now + alive_timeout);
        }
        Claim::Registered(id)
    }

    /// Takes out the client that speaks through `conn`; nothing if that connection is nobody (any more).
    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<Arc<str>> {
        let id = self.ids.remove(&conn)?;
        self.clients.remove(&id);
        if self.clients.is_empty() {
            self.stale_check = None;
        }
        Some(id)
    }

    pub(crate) fn heartbeat(&mut self, now: Instant, conn: ConnId) {
        if let Some(client) = self.ids.get(&conn).and_then(|id| self.clients.get_mut(id)) {
            client.alive = client.alive.max(now);
        }
    }

    /// The id that speaks through `conn`.
    pub(crate) fn id_of(&self, conn: ConnId) -> Option<&Arc<str>> {
        self.ids.get(&conn)
    }

    /// The connection through which `id` is reached.
    pub(crate) fn conn_of(&self, id: &str) -> Option<ConnId> {
        self.clients.get(id).map(|client| client.conn)
    }

    /// Takes out all clients that were silent for `alive_timeout`, and finds the next moment to look.
    pub(crate) fn take_stale(
        &mut self,
        now: Instant,
        alive_timeout: Duration,
    ) -> Vec<(ConnId, Arc<str>)> {
        if self.stale_check.is_none_or(|check| check > now) {
            return Vec::new();
        }
        let stale: Vec<_> = (self.clients.iter())
            .filter(|(_, client)| client.alive + alive_timeout <= now)
            .map(|(id, client)| (client.conn, Arc::clone(id)))
            .collect();
        for (conn, _) in &stale {
            self.remove(*conn);
        }
        self.stale_check = self
            .clients
            .values()
            .map(|client| client.alive + alive_timeout)
            .min();
        stale
    }

    pub(crate) fn stale_check(&self) -> Option<Instant> {
        self.stale_check
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// All ids in order of registration.
    pub(crate) fn ids_by_age(&self) -> Vec<Arc<str>> {
        let mut ids: Vec<_> = self
            .clients
            .iter()
            .map(|(id, client)| (client.number, id))
            .collect();
        ids.sort_unstable();
        ids.into_iter().map(|(_, id)| Arc::clone(id)).collect()
    }

    #[cfg(debug_assertions)]
    pub(crate) fn is_consistent(&self) -> bool {
        self.clients.len() == self.ids.len()
            && self.ids.iter().all(|(conn, id)| {
                self.clients
                    .get(id)
                    .is_some_and(|client| client.conn == *conn)
            })
    }
}

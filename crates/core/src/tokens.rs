//! Where tokens come from.

use crate::prelude::*;
use crate::rng::Rng;

/// Draws tokens: out of the seed; while a recording is made, out of a secret beside it, for the seed is recorded and
/// tokens must not be; while one is repeated, names in their place.
///
/// The seed's stream goes on by as much in all three, so that all else that comes out of it is the same.
#[derive(Default)]
pub(crate) struct Tokens {
    #[cfg(feature = "record")]
    kind: Kind,
}

#[cfg(feature = "record")]
#[derive(Default)]
enum Kind {
    #[default]
    Seed,
    /// The tokens drawn so far, with it.
    Secret(Rng, Vec<String>),
    /// How many were drawn so far.
    Named(usize),
}

#[cfg(not(feature = "record"))]
impl Tokens {
    pub(crate) fn draw(&mut self, rng: &mut Rng) -> String {
        rng.token()
    }
}

#[cfg(feature = "record")]
impl Tokens {
    pub(crate) fn secret(secret: [u8; 32]) -> Tokens {
        Tokens {
            kind: Kind::Secret(Rng::new(secret), Vec::new()),
        }
    }

    pub(crate) fn named() -> Tokens {
        Tokens {
            kind: Kind::Named(0),
        }
    }

    pub(crate) fn draw(&mut self, rng: &mut Rng) -> String {
        let token = rng.token();
        match &mut self.kind {
            Kind::Seed => token,
            Kind::Secret(secret, drawn) => {
                let token = secret.token();
                drawn.push(token.clone());
                token
            }
            Kind::Named(drawn) => {
                *drawn += 1;
                own_name(*drawn)
            }
        }
    }

    /// The name of a token that was drawn here; of any other `None`.
    pub(crate) fn name_of(&self, token: &str) -> Option<String> {
        match &self.kind {
            Kind::Seed => None,
            Kind::Secret(_, drawn) => {
                let at = drawn.iter().position(|other| other == token)?;
                Some(own_name(at + 1))
            }
            Kind::Named(drawn) => (1..=*drawn).map(own_name).find(|name| name == token),
        }
    }
}

/// As long as a token, so that frames keep their length.
#[cfg(feature = "record")]
fn own_name(number: usize) -> String {
    alloc::format!("own-token-{number:010}")
}

//! Seeds of chaos break no rule, repeat line by line, and a lie of any kind is noticed.
//!
//! `MESH_SEEDS=N` runs so many seeds instead of a few, `MESH_SEED=S` that one alone. Few, for this is built for
//! debugging: `cargo xtask check` and `test` run more of them, optimised.

use peerjs_mesh_sim::Mutation;
use peerjs_mesh_sim::chaos::{Options, run};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_seed_breaks_a_rule() {
    let seeds: Vec<u64> = match (number("MESH_SEED"), number("MESH_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, count) => (1..=count.unwrap_or(40)).collect(),
    };
    let broken: Vec<String> = seeds
        .into_iter()
        .map(|seed| run(seed, Options::default()))
        .filter_map(|outcome| {
            let first = outcome.violations.first()?;
            Some(format!(
                "seed={} rule={} {}",
                outcome.seed, first.rule, first.detail
            ))
        })
        .collect();
    assert!(
        broken.is_empty(),
        "{} seeds:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

#[test]
fn a_seed_repeats_line_by_line_with_and_without_a_trace() {
    for seed in 1..4 {
        let traced = Options {
            trace: true,
            ..Options::default()
        };
        let (one, two) = (run(seed, traced), run(seed, traced));
        assert!(one.trace.len() > 1_000);
        assert_eq!(one.trace, two.trace);
        let plain = run(seed, Options::default());
        assert_eq!((plain.stats, plain.violations), (one.stats, one.violations));
    }
}

#[test]
fn every_mutation_is_noticed_within_fifty_seeds() {
    for (name, mutation) in Mutation::ALL {
        let options = Options {
            mutation: Some(mutation),
            ..Options::default()
        };
        let noticed = (1..=50).find(|seed| {
            let lied = run(*seed, options).violations;
            // A fault of the room's own would prove nothing.
            !lied.is_empty() && run(*seed, Options::default()).violations.is_empty()
        });
        assert!(noticed.is_some(), "{name} was not noticed");
    }
}

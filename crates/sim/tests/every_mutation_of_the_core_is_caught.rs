//! Each rule and each layer of repair, switched off, is missed: the judge notices within 2 000 seeds, with the layers
//! that would mask it switched off, too.
//!
//! The seeds are 1, 2, 3, …, and those of a mutation end with the first that proves it: one that breaks a promise with
//! the mutation, and breaks none with the masks alone, nor with a sound core. They are drills, not chaos: small rooms
//! in which the fault happens that the rule is for (`chaos/mutants.rs` says which), because of chaos one seed in a
//! thousand would do and this test has a minute. What a sound core does in seeds of chaos `tests/chaos.rs` shows.

use peerjs_mesh_core::Mutation;
use peerjs_mesh_sim::chaos::{MUTANTS, Mutant, Options, run};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const SEEDS: u64 = 2_000;

/// In which seed it was caught, and by which rule; else what was wrong instead.
fn look_for(mutant: &Mutant) -> Result<(u64, String), String> {
    let name = mutant.mutation().name();
    let first_broken = |seed: u64, faults: &'static [Mutation]| {
        let options = Options {
            faults,
            drill: Some(mutant.drill),
            ..Options::default()
        };
        run(seed, options).violations.into_iter().next()
    };
    for seed in 1..=SEEDS {
        let Some(caught) = first_broken(seed, mutant.faults) else {
            continue;
        };
        // What the masks break by themselves would be broken without the mutation.
        if !mutant.masks().is_empty() && first_broken(seed, mutant.masks()).is_some() {
            continue;
        }
        if let Some(broken) = first_broken(seed, &[]) {
            return Err(format!(
                "{name}: seed={seed} breaks {} with a sound core: {}",
                broken.rule, broken.detail
            ));
        }
        return Ok((seed, format!("{}: {}", caught.rule, caught.detail)));
    }
    Err(format!("{name} was not caught in {SEEDS} seeds"))
}

#[test]
fn every_mutation_of_the_core_is_caught() {
    let next = AtomicUsize::new(0);
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                while let Some(mutant) = MUTANTS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match look_for(mutant) {
                        Ok((seed, how)) => {
                            println!("{} seed={seed} {how}", mutant.mutation().name());
                        }
                        Err(why) => missed.lock().expect("no thread panics").push(why),
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().expect("no thread panics");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_mutation_has_a_name_of_its_own_and_is_looked_for_once() {
    let mut names: Vec<&str> = MUTANTS.iter().map(|it| it.mutation().name()).collect();
    names.sort_unstable();
    let mut all: Vec<&str> = Mutation::ALL.iter().map(|it| it.name()).collect();
    all.sort_unstable();
    assert_eq!(names, all);
    all.dedup();
    assert_eq!(names, all);
    assert!(names.len() >= 12);
}

//! Plans drawn by chance.

use super::plan::{Action, FAULTS, Fault, MESSAGES, Modes, Plan};
use crate::rng::Rng;
use crate::server::ServerKind;
use crate::{Climate, MS, Micros, SECOND};
use peerjs_mesh_core::Mode;

/// Faults begin not before, so that there is a room.
pub(super) const FIRST_FAULT: (Micros, Micros) = (4 * SECOND, 8 * SECOND);
/// Overlapping ones begin until then.
const LAST_FAULT: Micros = 35 * SECOND;
/// Everything is healed not before. What the judge does after it takes 16 s at least, so that a seed is a minute.
const SHORTEST: Micros = 45 * SECOND;

/// A plan; what is left of the chance is for choices while it runs.
pub(super) fn plan(mut rng: Rng) -> Plan {
    let overlapping = rng.chance(0.35);
    let members = size(&mut rng);
    let mut climate = climate(&mut rng);
    if !overlapping {
        // A member that is judged between faults is not to be dropped for the weather alone.
        climate.loss = climate.loss.min(0.02);
    }
    let mut actions = Vec::new();
    let ended = if overlapping {
        at_once(&mut rng, |rng| fault(rng, members), &mut actions)
    } else {
        one_after_another(&mut rng, |rng| fault(rng, members), &mut actions)
    };
    let healed_at = SHORTEST.max(ended + SECOND);
    replacements(&mut rng, healed_at, &mut actions);
    joins(&mut rng, members, healed_at, &mut actions);
    messages(&mut rng, members, healed_at, &mut actions);
    actions.sort_by_key(|(at, _)| *at);
    let joins = actions.iter().filter(|(_, a)| *a == Action::Join).count();
    // The judge's newcomer has a place, too.
    let limit = joins as u32 + 1;
    Plan {
        climate,
        health_interval_ms: *rng.pick(&[500, 500, 500, 250, 1_000]).unwrap_or(&500),
        modes: modes(&mut rng),
        members,
        mesh_limit: rng.chance(0.5).then_some(limit),
        overlapping,
        actions,
        healed_at,
        rng,
    }
}

/// 2 to 50 members: 6 in the middle, one room in twenty with more than 20.
fn size(rng: &mut Rng) -> usize {
    let size = match rng.below(100) {
        0..45 => rng.range(2, 6),
        45..80 => rng.range(6, 10),
        80..95 => rng.range(11, 20),
        _ => rng.range(21, 50),
    };
    size as usize
}

fn modes(rng: &mut Rng) -> Modes {
    match rng.below(10) {
        0..5 => Modes::All(Mode::Host),
        5..9 => Modes::All(Mode::Full),
        _ => Modes::Mixed,
    }
}

pub(super) fn climate(rng: &mut Rng) -> Climate {
    let server = if rng.chance(0.5) {
        ServerKind::Ours
    } else {
        ServerKind::NpmPeer
    };
    let calm = Climate {
        alive_ms: *rng.pick(&[60_000, 90_000]).unwrap_or(&60_000),
        ..Climate::calm(server)
    };
    match rng.below(4) {
        0 => calm,
        1 => Climate {
            link_delay: (80 * MS, 150 * MS),
            server_delay: (20 * MS, 120 * MS),
            jitter: 20 * MS,
            loss: 0.01,
            rate: (300_000, 2_000_000),
            ..calm
        },
        _ => Climate {
            link_delay: (5 * MS, 70 * MS),
            server_delay: (5 * MS, 50 * MS),
            jitter: 8 * MS,
            loss: if rng.chance(0.5) {
                0.0
            } else {
                rng.below(30) as f64 / 1_000.0
            },
            rate: (500_000, 10_000_000),
            ..calm
        },
    }
}

/// Faults at any time; returns when the last one is over.
pub(super) fn at_once(
    rng: &mut Rng,
    fault: impl Fn(&mut Rng) -> Fault,
    actions: &mut Vec<(Micros, Action)>,
) -> Micros {
    let mut drawn: Vec<(Micros, Fault)> = Vec::new();
    // Where nothing that is drawn lasts, nothing overlaps.
    for _ in 0..50 {
        let count = FAULTS as u64 + rng.below(4);
        drawn = (0..count)
            .map(|_| (rng.range(FIRST_FAULT.0, LAST_FAULT), fault(rng)))
            .collect();
        if overlap(&drawn) {
            break;
        }
    }
    let ended = drawn.iter().map(|(at, fault)| at + fault.lasting());
    let ended = ended.max().unwrap_or(0);
    actions.extend(
        drawn
            .into_iter()
            .map(|(at, fault)| (at, Action::Begin(fault))),
    );
    ended
}

/// Whether one of these begins while another is in force.
fn overlap(faults: &[(Micros, Fault)]) -> bool {
    faults.iter().enumerate().any(|(one, (at, _))| {
        faults.iter().enumerate().any(|(other, (since, fault))| {
            one != other && (*since..since + fault.lasting()).contains(at)
        })
    })
}

/// Faults with a quiet point after each; returns when the last one is over.
pub(super) fn one_after_another(
    rng: &mut Rng,
    fault: impl Fn(&mut Rng) -> Fault,
    actions: &mut Vec<(Micros, Action)>,
) -> Micros {
    let mut at = rng.range(FIRST_FAULT.0, FIRST_FAULT.1);
    let count = FAULTS as u64 + u64::from(rng.chance(0.3));
    for nth in 0..count {
        let fault = fault(rng);
        actions.push((at, Action::Begin(fault)));
        at += fault.lasting() + rng.range(500 * MS, 3 * SECOND);
        // After the last one the judge comes anyway.
        if nth + 1 < count {
            actions.push((at, Action::Quiet));
            at += rng.range(500 * MS, 4 * SECOND);
        }
    }
    at
}

/// Where somebody goes somebody else may come.
pub(super) fn replacements(rng: &mut Rng, healed_at: Micros, actions: &mut Vec<(Micros, Action)>) {
    let gone: Vec<Micros> = actions
        .iter()
        .filter(|(_, action)| matches!(action, Action::Begin(fault) if fault.ends_members()))
        .map(|(at, _)| *at)
        .collect();
    for at in gone {
        if rng.chance(0.4) {
            let back = at + rng.range(200 * MS, 10 * SECOND);
            actions.push((back.min(healed_at), Action::Join));
        }
    }
}

pub(super) fn joins(
    rng: &mut Rng,
    members: usize,
    healed_at: Micros,
    actions: &mut Vec<(Micros, Action)>,
) {
    let spread = *rng.pick(&[0, 50 * MS, SECOND, 4 * SECOND]).unwrap_or(&0);
    for nth in 0..members {
        // Two are there from the beginning; of the others one in five comes late.
        let late = nth >= 2 && rng.chance(0.2);
        let at = if late {
            rng.range(5 * SECOND, healed_at - 5 * SECOND)
        } else {
            rng.below(spread + 1)
        };
        actions.push((at, Action::Join));
    }
}

fn messages(rng: &mut Rng, members: usize, healed_at: Micros, actions: &mut Vec<(Micros, Action)>) {
    // Each reaches everybody: a large room has fewer and smaller ones.
    let (more, most) = match members {
        0..=10 => (200, 600_000),
        11..=20 => (50, 16_000),
        _ => (10, 2_000),
    };
    let mut left = MESSAGES + rng.below(more);
    while left > 0 {
        let at = rng.range(200 * MS, healed_at);
        let bytes = match rng.below(100) {
            0..70 => rng.range(24, 300),
            70..95 => rng.range(1_000, 16_000),
            95..99 => rng.range(16_000, 100_000),
            _ => rng.range(100_000, 600_000),
        };
        let bytes = bytes.min(most);
        let burst = bytes < 1_000 && rng.chance(0.05);
        let count = if burst { rng.range(10, 60) } else { 1 };
        let directed = rng.chance(0.25);
        left = left.saturating_sub(count);
        actions.push((
            at,
            Action::Send {
                count: count as u32,
                bytes: bytes as usize,
                directed,
            },
        ));
    }
    if rng.chance(0.3) {
        actions.push((rng.range(SECOND, healed_at), Action::SetInitData));
    }
}

pub(super) fn fault(rng: &mut Rng, members: usize) -> Fault {
    let seconds = |rng: &mut Rng, low, high| rng.range(low * SECOND, high * SECOND);
    match rng.below(26) {
        0 => Fault::Crash,
        1 | 2 => Fault::Kill,
        3 if members > 2 => Fault::HostAndNext {
            crash: rng.chance(0.5),
        },
        3 => Fault::Crash,
        4 if members > 3 => Fault::LeaveTogether(rng.range(0, 600 * MS)),
        4 | 5 => Fault::Leave {
            now: rng.chance(0.5),
        },
        6 => Fault::Freeze(seconds(rng, 1, 9)),
        7 => Fault::Freeze(seconds(rng, 10, 28)),
        8 => Fault::Freeze(seconds(rng, 45, 60)),
        9 => Fault::Busy(rng.range(200 * MS, 2 * SECOND)),
        // Only small rooms carry a flood.
        10 if members <= 6 && rng.chance(0.4) => Fault::SlowReader {
            flood: true,
            lasting: seconds(rng, 13, 20),
        },
        10 => Fault::SlowReader {
            flood: false,
            lasting: seconds(rng, 2, 20),
        },
        11 => Fault::Throttle(seconds(rng, 3, 15)),
        12 => Fault::Hide {
            throttled: rng.chance(0.5),
            lasting: seconds(rng, 5, 45),
        },
        13 => Fault::ClockStep(clock_step(rng)),
        14 => Fault::Loss(rng.range(20, 100) as f64 / 1_000.0, seconds(rng, 3, 12)),
        15 => Fault::Delay(rng.range(100, 800), seconds(rng, 3, 12)),
        16 => Fault::Cut(rng.range(300 * MS, 25 * SECOND)),
        17 => Fault::CutOneWay(rng.range(300 * MS, 25 * SECOND)),
        18 => Fault::BreakLinks,
        19 | 20 => Fault::Partition {
            signalling: false,
            lasting: seconds(rng, 1, 25),
        },
        21 => Fault::Partition {
            signalling: true,
            lasting: seconds(rng, 1, 25),
        },
        22 => Fault::CutSignalling(seconds(rng, 2, 30)),
        23 => Fault::CutAllSignalling(seconds(rng, 2, 30)),
        24 => Fault::Restart {
            clean: rng.chance(0.6),
            lasting: rng.range(50 * MS, 15 * SECOND),
        },
        _ => Fault::DropHost,
    }
}

/// A clock that is set: ahead by seconds or by an hour. Back by less than a heartbeat only: a clock that runs through
/// suspend never goes back, but two of a machine's cores may show it a little differently.
fn clock_step(rng: &mut Rng) -> i64 {
    match rng.below(10) {
        0..7 => rng.range(1_000, 20_000) as i64,
        7 => 3_600_000,
        _ => -(rng.range(1, 200) as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans() -> impl Iterator<Item = Plan> {
        (1..=2_000).map(Plan::draw)
    }

    #[test]
    fn rooms_have_2_to_50_members_6_in_the_middle_and_one_in_twenty_over_20() {
        let mut sizes: Vec<usize> = plans().map(|plan| plan.members).collect();
        sizes.sort_unstable();
        assert_eq!((sizes[0], sizes[1_000], sizes[1_999]), (2, 6, 50));
        let large = sizes.iter().filter(|size| **size > 20).count();
        assert!((70..130).contains(&large), "{large} of 2 000 over 20");
    }

    #[test]
    fn every_seed_has_200_messages_directed_ones_among_them_and_3_faults() {
        for plan in plans() {
            let mut messages = (0, 0);
            let mut faults = 0;
            for (at, action) in &plan.actions {
                assert!(*at <= plan.healed_at, "{at} after {}", plan.healed_at);
                match action {
                    Action::Send { count, .. } => messages.0 += u64::from(*count),
                    Action::Begin(_) => faults += 1,
                    _ => {}
                }
                if let Action::Send { directed: true, .. } = action {
                    messages.1 += 1;
                }
            }
            assert!(messages.0 >= MESSAGES && messages.1 > 0, "{messages:?}");
            assert!(faults >= FAULTS);
            assert!(plan.healed_at >= SHORTEST);
        }
    }

    #[test]
    fn in_a_third_of_the_seeds_faults_overlap_and_in_the_others_none_begins_before_the_last_is_over()
     {
        let faults = |plan: &Plan| -> Vec<(Micros, Fault)> {
            let begun = plan.actions.iter().filter_map(|(at, action)| match action {
                Action::Begin(fault) => Some((*at, *fault)),
                _ => None,
            });
            begun.collect()
        };
        let overlapping = plans().filter(|plan| overlap(&faults(plan))).count();
        assert!((667..760).contains(&overlapping), "{overlapping}");
        assert!(plans().all(|plan| plan.overlapping == overlap(&faults(&plan))));
        for plan in plans().filter(|plan| !plan.overlapping) {
            let mut free = 0;
            for (at, action) in &plan.actions {
                if let Action::Begin(fault) = action {
                    assert!(*at >= free);
                    free = at + fault.lasting();
                }
            }
        }
    }

    #[test]
    fn half_of_the_seeds_have_our_server_and_all_modes_are_drawn() {
        let ours = plans()
            .filter(|plan| plan.climate.server == ServerKind::Ours)
            .count();
        assert!(ours.abs_diff(1_000) < 100, "{ours}");
        for (modes, about) in [
            (Modes::All(Mode::Host), 1_000),
            (Modes::All(Mode::Full), 800),
            (Modes::Mixed, 200),
        ] {
            let count = plans().filter(|plan| plan.modes == modes).count();
            assert!(count.abs_diff(about) < 120, "{modes:?}: {count}");
        }
    }
}

//! The rules of the switch, without a network: no root needed.

#![cfg(target_os = "linux")]

use peerjs_mesh_lab::{LinkSettings, PairStats, Switch};
use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Offers `count` packets of 100 bytes from 0 to 1, one every `every`; gives (arrival, number) of
/// those that arrive.
fn send_numbered(switch: &mut Switch, count: u32, every: Duration) -> Vec<(Duration, u32)> {
    let start = ms(1000);
    for i in 0..count {
        let mut packet = vec![0; 100];
        packet[..4].copy_from_slice(&i.to_be_bytes());
        switch.offer(start + every * i, 0, 1, packet);
    }
    let mut arrived = Vec::new();
    while let Some(due) = switch.next_due() {
        while let Some(delivery) = switch.pop_due(due) {
            let number = delivery.packet[..4].try_into().map(u32::from_be_bytes);
            arrived.push((delivery.due, number.unwrap()));
        }
    }
    arrived
}

fn numbers(arrived: &[(Duration, u32)]) -> Vec<u32> {
    arrived.iter().map(|(_, number)| *number).collect()
}

#[test]
fn a_packet_arrives_after_the_delay_and_not_before() {
    let link = LinkSettings {
        delay: ms(50),
        ..LinkSettings::default()
    };
    let mut switch = Switch::new(2, 1, link);
    switch.offer(ms(7), 0, 1, vec![1, 2, 3]);
    assert_eq!(switch.next_due(), Some(ms(57)));
    assert_eq!(
        switch.pop_due(ms(57) - Duration::from_nanos(1)),
        None,
        "too early"
    );
    let delivery = switch.pop_due(ms(57)).expect("it is due");
    assert_eq!(
        (delivery.from, delivery.to, delivery.packet),
        (0, 1, vec![1, 2, 3])
    );
    assert_eq!(switch.pop_due(ms(1000)), None);
}

#[test]
fn jitter_keeps_to_its_bounds_and_lets_nothing_overtake() {
    let link = LinkSettings {
        delay: ms(50),
        jitter: ms(10),
        ..LinkSettings::default()
    };
    let mut switch = Switch::new(2, 3, link);
    let every = Duration::from_micros(100);
    let arrived = send_numbered(&mut switch, 20_000, every);
    assert_eq!(numbers(&arrived), (0..20_000).collect::<Vec<_>>());
    let delays = arrived
        .iter()
        .map(|(at, number)| *at - (ms(1000) + every * *number));
    let (low, high) = (delays.clone().min().unwrap(), delays.clone().max().unwrap());
    let mean = delays.sum::<Duration>() / 20_000;
    assert!(low >= ms(40) && high <= ms(60), "{low:?}..{high:?}");
    assert!(high - low > ms(14), "hardly any jitter: {low:?}..{high:?}");
    assert!(mean > ms(48) && mean < ms(52), "mean {mean:?}");
}

#[test]
fn a_shorter_delay_set_later_lets_nothing_overtake() {
    let link = LinkSettings {
        delay: ms(500),
        ..LinkSettings::default()
    };
    let mut switch = Switch::new(2, 3, link);
    switch.offer(ms(0), 0, 1, vec![0]);
    switch.link_mut(0, 1).unwrap().delay = ms(5);
    switch.offer(ms(1), 0, 1, vec![1]);
    let order = [switch.pop_due(ms(501)), switch.pop_due(ms(501))].map(|d| d.unwrap().packet);
    assert_eq!(order, [vec![0], vec![1]]);
}

#[test]
fn reordering_lets_later_packets_overtake_and_loses_none() {
    let link = LinkSettings {
        delay: ms(50),
        reorder: 0.1,
        reorder_by: ms(10),
        ..LinkSettings::default()
    };
    let mut switch = Switch::new(2, 3, link);
    let arrived = numbers(&send_numbered(&mut switch, 1000, ms(1)));
    let late = arrived.windows(2).filter(|two| two[1] < two[0]).count();
    assert!((60..140).contains(&late), "{late} came late");
    assert!((60..140).contains(&switch.stats(0, 1).reordered));
    let mut sorted = arrived;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
}

#[test]
fn the_same_seed_loses_the_same_packets_whatever_else_goes_on() {
    let link = LinkSettings {
        loss: 0.2,
        ..LinkSettings::default()
    };
    let survivors = |nodes, seed, every, noise| {
        let mut switch = Switch::new(nodes, seed, link);
        for _ in 0..noise {
            switch.offer(ms(0), 1, 0, vec![0; 100]);
        }
        while switch.pop_due(ms(0)).is_some() {}
        numbers(&send_numbered(&mut switch, 1000, every))
    };
    let first = survivors(2, 9, ms(1), 0);
    assert!((750..850).contains(&first.len()), "{} of 1000", first.len());
    assert_eq!(first, survivors(2, 9, ms(1), 0));
    assert_eq!(
        first,
        survivors(5, 9, ms(3), 77),
        "other nodes, traffic or times"
    );
    assert_ne!(first, survivors(2, 10, ms(1), 0), "another seed");
}

#[test]
fn a_knob_turned_meanwhile_does_not_shift_the_chances_of_later_packets() {
    let lossy = LinkSettings {
        loss: 0.2,
        ..LinkSettings::default()
    };
    let survivors = |meanwhile: &dyn Fn(&mut Switch)| {
        let mut switch = Switch::new(2, 9, lossy);
        meanwhile(&mut switch);
        send_numbered(&mut switch, 10, ms(1));
        switch.heal(0, 1);
        *switch.link_mut(0, 1).unwrap() = lossy;
        numbers(&send_numbered(&mut switch, 1000, ms(1)))
    };
    let plain = survivors(&|_| ());
    assert_eq!(plain, survivors(&|switch| switch.cut(0, 1)));
    assert_eq!(
        plain,
        survivors(&|switch| {
            *switch.link_mut(0, 1).unwrap() = LinkSettings {
                loss: 1.0,
                jitter: ms(3),
                reorder: 0.5,
                ..lossy
            }
        })
    );
}

#[test]
fn a_cut_has_one_direction_and_takes_what_is_on_the_way() {
    let link = LinkSettings {
        delay: ms(50),
        ..LinkSettings::default()
    };
    let mut switch = Switch::new(2, 1, link);
    switch.offer(ms(0), 0, 1, vec![1]);
    switch.offer(ms(0), 1, 0, vec![2]);
    switch.cut(0, 1);
    switch.offer(ms(1), 0, 1, vec![3]);
    switch.heal(0, 1);
    switch.offer(ms(2), 0, 1, vec![4]);
    let arrived: Vec<_> = std::iter::from_fn(|| switch.pop_due(ms(100)))
        .map(|delivery| delivery.packet)
        .collect();
    assert_eq!(arrived, [vec![2], vec![4]]);
    let stats = switch.stats(0, 1);
    assert_eq!(
        (stats.sent, stats.cut, stats.delivered, stats.queued),
        (3, 2, 1, 0)
    );
    assert_eq!(switch.stats(1, 0).cut, 0);
}

#[test]
fn a_rate_spaces_packets_out_and_a_full_queue_drops_the_newest() {
    let link = LinkSettings {
        delay: ms(5),
        rate: Some(100_000),
        queue: 1000,
        ..LinkSettings::default()
    };
    let mut switch = Switch::new(2, 1, link);
    let arrived = send_numbered(&mut switch, 12, Duration::ZERO);
    let expected: Vec<_> = (0..10u32)
        .map(|i| (ms(1006) + ms(1) * i, i)) // 100 bytes at 100 kB/s take 1 ms, the way 5 ms
        .collect();
    assert_eq!(arrived, expected);
    let stats = switch.stats(0, 1);
    assert_eq!(
        (
            stats.sent,
            stats.delivered,
            stats.overflow,
            stats.queued_bytes
        ),
        (12, 10, 2, 0)
    );
}

#[test]
fn every_packet_is_in_exactly_one_counter() {
    let link = LinkSettings {
        delay: ms(50),
        jitter: ms(20),
        loss: 0.1,
        reorder: 0.1,
        rate: Some(200_000),
        queue: 20_000,
        ..LinkSettings::default()
    };
    let mut switch = Switch::new(3, 11, link);
    for i in 0..5000u64 {
        let now = Duration::from_micros(i * 200);
        match i % 1000 {
            300 => switch.cut(0, 1),
            400 => switch.heal(0, 1),
            _ => (),
        }
        switch.offer(now, 0, 1, vec![0; 100]);
        while switch.pop_due(now).is_some() {}
        let s = switch.stats(0, 1);
        assert_eq!(
            s.sent,
            s.delivered + s.lost + s.cut + s.overflow + s.queued,
            "{s:?}"
        );
        assert!(s.queued_bytes <= 20_000);
    }
    let s = switch.stats(0, 1);
    assert!(s.lost > 0 && s.cut > 0 && s.overflow > 0 && s.queued > 0 && s.delivered > 0);
}

#[test]
fn pairs_that_do_not_exist_are_ignored() {
    let mut switch = Switch::new(2, 1, LinkSettings::default());
    switch.offer(ms(0), 0, 0, vec![1]);
    switch.offer(ms(0), 0, 2, vec![1]);
    switch.offer(ms(0), 9, 1, vec![1]);
    switch.cut(7, 7);
    assert_eq!(switch.next_due(), None);
    assert!(switch.link_mut(0, 2).is_none());
    assert_eq!(switch.stats(9, 9), PairStats::default());
}

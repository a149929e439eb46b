//! Round trips of arbitrary values.

mod common;

use common::same;
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{Dialect, decode, encode, encode_lossy};
use peerjs_mesh_protocol::chunks::{Assembler, AssemblerLimits, Received, cut};
use proptest::prelude::*;

fn float() -> impl Strategy<Value = f64> {
    // Any bits at all, and the odd ones often.
    let odd = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::from_bits(1),
        f64::MIN_POSITIVE,
        3.0,
    ];
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        proptest::sample::select(odd.to_vec())
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let edges =
        (0..64u32, -2i64..=2).prop_map(|(bit, around)| (1i64 << bit.min(62)).wrapping_add(around));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        edges.clone().prop_map(Value::Int),
        edges.prop_map(|edge| Value::Int(edge.wrapping_neg())),
        (i64::MAX as u64 + 1..=u64::MAX).prop_map(Value::UInt),
        float().prop_map(Value::Float),
        any::<String>().prop_map(Value::Text),
        "[a-z😃é]{0,40}".prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        any::<i64>().prop_map(Value::Date),
    ];
    leaf.prop_recursive(5, 60, 20, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            proptest::collection::vec((any::<String>(), inner), 0..20).prop_map(|mut pairs| {
                let mut seen = Vec::new();
                pairs.retain(|(key, _)| !seen.contains(key) && (seen.push(key.clone()), true).1);
                Value::Map(pairs)
            }),
        ]
    })
}

/// What PeerJS can say of a value: `None` if nothing exact.
fn plain(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Float(float) if !float.is_finite() => return None,
        // In JavaScript minus zero goes out as zero.
        Value::Float(0.0) => Value::Int(0),
        Value::Float(float)
            if *float == float.trunc() && (-2f64.powi(63)..2f64.powi(63)).contains(float) =>
        {
            Value::Int(*float as i64)
        }
        Value::Float(float) if *float == float.trunc() && (0.0..2f64.powi(64)).contains(float) => {
            Value::UInt(*float as u64)
        }
        // An integer that no double holds; and one beyond 2^53 that goes out as a double stays one.
        Value::Int(int) if *int as f64 as i128 != i128::from(*int) => return None,
        Value::Int(int) if *int < -(1 << 53) && int & 2047 != 0 => Value::Float(*int as f64),
        Value::UInt(int) if *int as f64 as u128 != u128::from(*int) => return None,
        Value::Date(_) => return None,
        Value::List(items) => Value::List(items.iter().map(plain).collect::<Option<_>>()?),
        Value::Map(pairs) => Value::Map(
            pairs
                .iter()
                .map(|(key, value)| Some((key.clone(), plain(value)?)))
                .collect::<Option<_>>()?,
        ),
        other => other.clone(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn between_ours_every_value_comes_back_bit_by_bit(value in value()) {
        let packed = encode(&value, Dialect::Ours).expect("ours can say everything");
        let back = decode(&packed, Dialect::Ours).expect("readable");
        prop_assert!(same(&back, &value), "{back:?}");
        for len in 0..packed.len() {
            prop_assert!(decode(&packed[..len], Dialect::Ours).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn towards_peerjs_a_value_comes_back_as_javascript_has_it(value in value()) {
        for dialect in [Dialect::V2, Dialect::V1] {
            let lossy = encode_lossy(&value, dialect).expect("always something");
            prop_assert!(decode(&lossy, dialect).is_ok());
            if let Some(plain) = plain(&value) {
                let packed = encode(&value, dialect).expect("exact");
                prop_assert_eq!(&packed, &lossy);
                let back = decode(&packed, dialect).expect("readable");
                prop_assert!(loosely(&back, &plain), "{back:?} {plain:?}");
            }
        }
    }

    #[test]
    fn a_cut_value_comes_back_in_any_order(len in 16_290usize..70_000, order in any::<u64>()) {
        let value = Value::Bytes((0..len).map(|index| index as u8).collect());
        let packed = encode(&value, Dialect::V2).expect("sendable");
        let mut frames: Vec<Vec<u8>> = cut(&packed, 3).collect();
        let turn = order as usize % frames.len();
        frames.rotate_left(turn);
        if order & 1 << 40 != 0 {
            frames.reverse();
        }
        let mut assembler = Assembler::new(Dialect::V2, AssemblerLimits::default());
        let received: Vec<Received> = frames.iter().map(|frame| assembler.accept(frame).expect("good pieces")).collect();
        let (last, before) = received.split_last().expect("at least one");
        prop_assert_eq!(last, &Received::Value(value));
        prop_assert!(before.iter().all(|received| *received == Received::Piece));
    }
}

/// Equal, but a large integer that was sent as a double reads as a double.
fn loosely(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| loosely(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| a.0 == b.0 && loosely(&a.1, &b.1))
        }
        (Value::Float(_), Value::Int(_) | Value::UInt(_)) => a.as_f64() == b.as_f64(),
        _ => same(a, b),
    }
}

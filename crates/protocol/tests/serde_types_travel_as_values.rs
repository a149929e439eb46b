//! The native API's `send(&impl Serialize)` and `data.to::<T>()`.

use std::collections::BTreeMap;

use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::binarypack::{Dialect, decode, encode};
use peerjs_mesh_protocol::serialize::Date;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Chat {
    text: String,
    at: Date,
    stars: Option<u8>,
    score: f64,
    tags: Vec<Kind>,
    seen: BTreeMap<u32, bool>,
    id: (u64, i64),
    raw: Vec<u8>,
    nothing: (),
    letter: char,
    wrapped: Wrapped,
    any: Value,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(i32);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    Note(String),
    Pair(i8, i16),
    Point { x: i32, y: i32 },
}

fn chat() -> Chat {
    Chat {
        text: "hé 😃".into(),
        at: Date(1_700_000_000_123),
        stars: None,
        score: 3.0,
        tags: vec![
            Kind::Plain,
            Kind::Note("n".into()),
            Kind::Pair(-1, 2),
            Kind::Point { x: 1, y: -2 },
        ],
        seen: BTreeMap::from([(7, true), (8, false)]),
        id: (u64::MAX, i64::MIN),
        raw: vec![1, 2, 3],
        nothing: (),
        letter: 'é',
        wrapped: Wrapped(-7),
        any: Value::List(vec![
            Value::Null,
            Value::Bytes(vec![9]),
            Value::Map(vec![("k".into(), Value::Float(0.5))]),
        ]),
    }
}

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
    )
}

#[test]
fn a_struct_is_a_map_in_the_order_of_its_fields() {
    let value = Value::from_serialize(&chat()).expect("serialisable");
    let expected = map(&[
        ("text", "hé 😃".into()),
        ("at", Value::Date(1_700_000_000_123)),
        ("stars", Value::Null),
        ("score", Value::Float(3.0)),
        (
            "tags",
            Value::List(vec![
                "Plain".into(),
                map(&[("Note", "n".into())]),
                map(&[("Pair", Value::List(vec![(-1).into(), 2.into()]))]),
                map(&[("Point", map(&[("x", 1.into()), ("y", (-2).into())]))]),
            ]),
        ),
        ("seen", map(&[("7", true.into()), ("8", false.into())])),
        (
            "id",
            Value::List(vec![Value::UInt(u64::MAX), Value::Int(i64::MIN)]),
        ),
        ("raw", Value::List(vec![1.into(), 2.into(), 3.into()])),
        ("nothing", Value::Null),
        ("letter", "é".into()),
        ("wrapped", (-7).into()),
        ("any", chat().any),
    ]);
    assert_eq!(value, expected);
}

#[test]
fn what_was_sent_is_read_into_the_same_type() {
    let value = Value::from_serialize(&chat()).expect("serialisable");
    let wire = encode(&value, Dialect::Ours).expect("sendable");
    let back = decode(&wire, Dialect::Ours).expect("readable");
    assert_eq!(back.to::<Chat>().expect("the same type"), chat());
    assert_eq!(
        Value::from_serialize(&back).expect("a value is serialisable"),
        back,
        "dates included"
    );
}

#[test]
fn javascripts_forms_of_a_number_are_read_as_the_type_wants() {
    assert_eq!(Value::Int(3).to::<f64>(), Ok(3.0));
    assert_eq!(Value::Float(3.0).to::<u8>(), Ok(3));
    assert_eq!(Value::Float(-3.0).to::<i64>(), Ok(-3));
    assert_eq!(Value::Float(2f64.powi(60)).to::<u64>(), Ok(1 << 60));
    assert_eq!(Value::Float(-(2f64.powi(63))).to::<i64>(), Ok(i64::MIN));
    assert_eq!(Value::Float(2f64.powi(63)).to::<u64>(), Ok(1 << 63));
    assert!(Value::Float(3.5).to::<u8>().is_err());
    assert!(Value::Float(-3.0).to::<u8>().is_err());
    assert!(Value::Float(2f64.powi(64)).to::<u64>().is_err());
    assert!(Value::Float(f64::NAN).to::<i64>().is_err());
    assert!(Value::Int(300).to::<u8>().is_err());
    assert!(Value::from("3").to::<u8>().is_err());
}

#[test]
fn bytes_and_lists_of_numbers_stand_for_each_other_where_a_list_is_wanted() {
    let bytes = Value::Bytes(vec![1, 2, 255]);
    assert_eq!(bytes.to::<Vec<u8>>(), Ok(vec![1, 2, 255]));
    assert_eq!(bytes.to::<[u8; 3]>(), Ok([1, 2, 255]));
    assert_eq!(
        Value::List(vec![1.into(), 2.into()]).to::<Vec<u8>>(),
        Ok(vec![1, 2])
    );
    assert_eq!(Value::Date(5).to::<Date>(), Ok(Date(5)));
    assert_eq!(Value::Int(5).to::<Date>(), Ok(Date(5)));
    assert_eq!(Value::Date(5).to::<i64>(), Ok(5));
}

#[test]
fn what_does_not_fit_is_an_error() {
    assert!(Value::Null.to::<Chat>().is_err());
    assert!(map(&[("text", 5.into())]).to::<Chat>().is_err());
    assert!(Value::from("Unheard").to::<Kind>().is_err());
    assert!(Value::from("Note").to::<Kind>().is_err());
    assert!(
        map(&[("Note", "a".into()), ("Plain", Value::Null)])
            .to::<Kind>()
            .is_err()
    );
    assert!(map(&[("Plain", 5.into())]).to::<Kind>().is_err());
    assert_eq!(map(&[("Plain", Value::Null)]).to::<Kind>(), Ok(Kind::Plain));
    assert!(
        Value::List(vec![1.into(), 2.into(), 3.into()])
            .to::<(u8, u8)>()
            .is_err()
    );
    assert!(Value::from_serialize(&u128::MAX).is_err());
    assert_eq!(
        Value::from_serialize(&u128::from(u64::MAX)),
        Ok(Value::UInt(u64::MAX))
    );
    assert!(Value::from_serialize(&BTreeMap::from([(vec![1], 2)])).is_err());
    assert!(map(&[("x", 1.into())]).to::<BTreeMap<u8, u8>>().is_err());
}

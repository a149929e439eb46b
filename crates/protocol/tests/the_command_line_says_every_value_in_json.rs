//! The tagged JSON of the command line: `$bytes`, `$date`, `$num`, `$int`, `$undefined`, `$map`.

mod common;

use common::same;
use peerjs_mesh_protocol::Value;
use peerjs_mesh_protocol::json::{Tagged, read_tagged, write_tagged};
use serde::{Deserialize, Serialize};

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
    )
}

#[test]
fn every_value_has_its_text_and_comes_back() {
    for (value, text) in [
        (Value::Null, "null"),
        (Value::Bool(true), "true"),
        (Value::Int(-5), "-5"),
        (Value::Int(1 << 53), "9007199254740992"),
        (Value::Int((1 << 53) + 1), r#"{"$int":"9007199254740993"}"#),
        (Value::Int(1 << 60), "1152921504606846976"),
        (Value::Int(i64::MAX), r#"{"$int":"9223372036854775807"}"#),
        (Value::Int(i64::MIN), "-9223372036854775808"),
        (Value::UInt(u64::MAX), r#"{"$int":"18446744073709551615"}"#),
        (Value::UInt(1 << 63), "9223372036854775808"),
        (Value::Float(0.1), "0.1"),
        (Value::Float(-0.0), r#"{"$num":"-0"}"#),
        (Value::Float(f64::NAN), r#"{"$num":"NaN"}"#),
        (Value::Float(f64::INFINITY), r#"{"$num":"Infinity"}"#),
        (Value::Float(f64::NEG_INFINITY), r#"{"$num":"-Infinity"}"#),
        (Value::Float(5e-324), "5e-324"),
        (Value::from("é\n\"😃"), r#""é\n\"😃""#),
        (Value::Bytes(vec![]), r#"{"$bytes":""}"#),
        (Value::Bytes(vec![0xfb, 0xff, 0]), r#"{"$bytes":"+/8A"}"#),
        (Value::Bytes(vec![1]), r#"{"$bytes":"AQ=="}"#),
        (Value::Date(1_700_000_000_123), r#"{"$date":1700000000123}"#),
        (Value::Date(i64::MIN), r#"{"$date":null}"#),
        (Value::List(vec![]), "[]"),
        (
            Value::List(vec![1.into(), Value::List(vec![Value::Bytes(vec![1])])]),
            r#"[1,[{"$bytes":"AQ=="}]]"#,
        ),
        (map(&[]), "{}"),
        (
            map(&[("b", 1.into()), ("a", map(&[]))]),
            r#"{"b":1,"a":{}}"#,
        ),
        (map(&[("$x", 1.into())]), r#"{"$map":[["$x",1]]}"#),
        (
            map(&[("$bytes", "AQ==".into())]),
            r#"{"$map":[["$bytes","AQ=="]]}"#,
        ),
        (
            map(&[("$a", 1.into()), ("$b", 2.into())]),
            r#"{"$a":1,"$b":2}"#,
        ),
        (
            map(&[("$map", map(&[("$", 1.into())]))]),
            r#"{"$map":[["$map",{"$map":[["$",1]]}]]}"#,
        ),
        (map(&[("__proto__", 1.into())]), r#"{"__proto__":1}"#),
    ] {
        assert_eq!(write_tagged(&value), text);
        let back = read_tagged(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(same(&back, &value), "{text} reads {back:?}");
    }
}

#[test]
fn other_ways_to_write_a_value_are_read() {
    for (text, value) in [
        (r#"{"$undefined":true}"#, Value::Null),
        ("3.0", Value::Int(3)),
        ("1e3", Value::Int(1000)),
        ("-0.0", Value::Float(-0.0)),
        ("1e21", Value::Float(1e21)),
        (r#"{"$int":"5"}"#, Value::Int(5)),
        (r#"{"$date":1.9}"#, Value::Date(1)),
        (
            r#"{"a":1,"b":2,"a":3}"#,
            map(&[("a", 3.into()), ("b", 2.into())]),
        ),
        (
            r#"{"$map":[["a",1],["b",2],["a",3]]}"#,
            map(&[("a", 3.into()), ("b", 2.into())]),
        ),
    ] {
        let read = read_tagged(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(same(&read, &value), "{text} reads {read:?}");
    }
    assert_eq!(
        write_tagged(&Value::Float(3.0)),
        "3",
        "as JavaScript writes it"
    );
}

#[test]
fn a_wrong_form_is_an_error_and_not_something_else() {
    for text in [
        r#"{"$bytes":"AQ"}"#,
        r#"{"$bytes":"A-8A"}"#,
        r#"{"$bytes":5}"#,
        r#"{"$date":"now"}"#,
        r#"{"$num":"5"}"#,
        r#"{"$num":5}"#,
        r#"{"$int":"18446744073709551616"}"#,
        r#"{"$int":5}"#,
        r#"{"$undefined":false}"#,
        r#"{"$map":{}}"#,
        r#"{"$map":[["a"]]}"#,
        r#"{"$map":[[1,2]]}"#,
        r#"{"$map":[5]}"#,
        r#"{"$other":1}"#,
        r#"{"$":1}"#,
        "",
        "[1,]",
    ] {
        assert!(read_tagged(text).is_err(), "{text}");
    }
    assert!(
        read_tagged(&"[".repeat(100_000)).is_err(),
        "depth is bounded"
    );
}

#[test]
fn a_tagged_value_stands_in_a_line_with_other_fields() {
    #[derive(Serialize, Deserialize)]
    struct Line {
        cmd: String,
        data: Tagged,
    }
    let text = r#"{"cmd":"send","data":{"z":{"$bytes":"AQ=="},"a":1}}"#;
    let line: Line = serde_json::from_str(text).expect("a line");
    assert_eq!(
        line.data.0,
        map(&[("z", Value::Bytes(vec![1])), ("a", 1.into())])
    );
    assert_eq!(serde_json::to_string(&line).expect("text"), text);
}

#[test]
fn numbers_are_read_to_the_last_bit_as_a_browser_reads_them() {
    for text in [
        "-92071992547409931844674407370955161",
        "0.1234567890123456789",
        "2.2250738585072011e-308",
        "51.24817837550540",
        "1.7976931348623157e308",
    ] {
        let exact = text.parse().map(Value::Float).expect("a number");
        assert!(same(&read_tagged(text).expect("JSON"), &exact), "{text}");
    }
}

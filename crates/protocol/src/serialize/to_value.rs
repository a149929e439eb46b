//! serde's data model to values.

use serde::ser::{
    Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{DATE, SerializeError};
use crate::Value;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::UInt(value) => serializer.serialize_u64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Bytes(value) => serializer.serialize_bytes(value),
            Value::Date(ms) => serializer.serialize_newtype_struct(DATE, ms),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(pairs) => {
                serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

fn error(words: &str) -> SerializeError {
    serde::ser::Error::custom(words)
}

pub(super) struct ToValue;

impl Serializer for ToValue {
    type Ok = Value;
    type Error = SerializeError;
    type SerializeSeq = ToList;
    type SerializeTuple = ToList;
    type SerializeTupleStruct = ToList;
    type SerializeTupleVariant = ToList;
    type SerializeMap = ToMap;
    type SerializeStruct = ToMap;
    type SerializeStructVariant = ToMap;

    fn serialize_bool(self, value: bool) -> Result<Value, SerializeError> {
        Ok(Value::Bool(value))
    }
    fn serialize_i8(self, value: i8) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_i16(self, value: i16) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_i32(self, value: i32) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_i64(self, value: i64) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_i128(self, value: i128) -> Result<Value, SerializeError> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => Ok(value.into()),
            (_, Ok(value)) => Ok(value.into()),
            _ => Err(error("an integer beyond 64 bits")),
        }
    }
    fn serialize_u8(self, value: u8) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_u16(self, value: u16) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_u32(self, value: u32) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_u64(self, value: u64) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_u128(self, value: u128) -> Result<Value, SerializeError> {
        u64::try_from(value)
            .map(Value::from)
            .map_err(|_| error("an integer beyond 64 bits"))
    }
    fn serialize_f32(self, value: f32) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_f64(self, value: f64) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_char(self, value: char) -> Result<Value, SerializeError> {
        Ok(Value::Text(value.into()))
    }
    fn serialize_str(self, value: &str) -> Result<Value, SerializeError> {
        Ok(value.into())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<Value, SerializeError> {
        Ok(Value::Bytes(value.into()))
    }
    fn serialize_none(self) -> Result<Value, SerializeError> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, SerializeError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, SerializeError> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value, SerializeError> {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, SerializeError> {
        Ok(variant.into())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value, SerializeError> {
        match (name, value.serialize(self)?) {
            (DATE, Value::Int(ms)) => Ok(Value::Date(ms)),
            (_, value) => Ok(value),
        }
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, SerializeError> {
        Ok(tagged(Some(variant), value.serialize(self)?))
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<ToList, SerializeError> {
        Ok(ToList::new(None, len))
    }
    fn serialize_tuple(self, len: usize) -> Result<ToList, SerializeError> {
        Ok(ToList::new(None, Some(len)))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<ToList, SerializeError> {
        Ok(ToList::new(None, Some(len)))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ToList, SerializeError> {
        Ok(ToList::new(Some(variant), Some(len)))
    }
    fn serialize_map(self, len: Option<usize>) -> Result<ToMap, SerializeError> {
        Ok(ToMap::new(None, len))
    }
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<ToMap, SerializeError> {
        Ok(ToMap::new(None, Some(len)))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ToMap, SerializeError> {
        Ok(ToMap::new(Some(variant), Some(len)))
    }
}

/// A variant's content stands under the variant's name.
fn tagged(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::Map(vec![(variant.into(), value)]),
        None => value,
    }
}

/// A length announced by the thing itself is believed only so far.
fn room<T>(len: Option<usize>) -> Vec<T> {
    Vec::with_capacity(len.unwrap_or(0).min(4096))
}

pub(super) struct ToList {
    variant: Option<&'static str>,
    items: Vec<Value>,
}

impl ToList {
    fn new(variant: Option<&'static str>, len: Option<usize>) -> Self {
        ToList {
            variant,
            items: room(len),
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), SerializeError> {
        self.items.push(item.serialize(ToValue)?);
        Ok(())
    }

    fn done(self) -> Result<Value, SerializeError> {
        Ok(tagged(self.variant, Value::List(self.items)))
    }
}

macro_rules! list {
    ($($of:ident $push:ident),*) => {$(
        impl $of for ToList {
            type Ok = Value;
            type Error = SerializeError;
            fn $push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), SerializeError> {
                self.push(item)
            }
            fn end(self) -> Result<Value, SerializeError> {
                self.done()
            }
        }
    )*};
}

list!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

pub(super) struct ToMap {
    variant: Option<&'static str>,
    pairs: Vec<(String, Value)>,
    key: Option<String>,
}

impl ToMap {
    fn new(variant: Option<&'static str>, len: Option<usize>) -> Self {
        ToMap {
            variant,
            pairs: room(len),
            key: None,
        }
    }

    fn push<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), SerializeError> {
        self.pairs.push((key.into(), value.serialize(ToValue)?));
        Ok(())
    }

    fn done(self) -> Result<Value, SerializeError> {
        Ok(tagged(self.variant, Value::Map(self.pairs)))
    }
}

impl SerializeMap for ToMap {
    type Ok = Value;
    type Error = SerializeError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), SerializeError> {
        self.key = Some(key.serialize(ToKey)?);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerializeError> {
        let key = self
            .key
            .take()
            .ok_or_else(|| error("a value before its key"))?;
        self.push(&key, value)
    }
    fn end(self) -> Result<Value, SerializeError> {
        self.done()
    }
}

macro_rules! map {
    ($($of:ident),*) => {$(
        impl $of for ToMap {
            type Ok = Value;
            type Error = SerializeError;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), SerializeError> {
                self.push(key, value)
            }
            fn end(self) -> Result<Value, SerializeError> {
                self.done()
            }
        }
    )*};
}

map!(SerializeStruct, SerializeStructVariant);

/// Keys of maps, as text.
struct ToKey;

macro_rules! key {
    ($($method:ident $kind:ty),*) => {$(
        fn $method(self, value: $kind) -> Result<String, SerializeError> {
            Ok(value.to_string())
        }
    )*};
}

macro_rules! no_key {
    ($($method:ident($($kind:ty),*) -> $out:ty);* $(;)?) => {$(
        fn $method(self, $(_: $kind),*) -> Result<$out, SerializeError> {
            Err(error("a map key that is no text"))
        }
    )*};
}

type NoKey = Impossible<String, SerializeError>;

impl Serializer for ToKey {
    type Ok = String;
    type Error = SerializeError;
    type SerializeSeq = NoKey;
    type SerializeTuple = NoKey;
    type SerializeTupleStruct = NoKey;
    type SerializeTupleVariant = NoKey;
    type SerializeMap = NoKey;
    type SerializeStruct = NoKey;
    type SerializeStructVariant = NoKey;

    key!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_char char, serialize_str &str
    );

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<String, SerializeError> {
        Ok(variant.into())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<String, SerializeError> {
        value.serialize(self)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<String, SerializeError> {
        Err(error("a map key that is no text"))
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, SerializeError> {
        Err(error("a map key that is no text"))
    }

    no_key! {
        serialize_f32(f32) -> String;
        serialize_f64(f64) -> String;
        serialize_bytes(&[u8]) -> String;
        serialize_none() -> String;
        serialize_unit() -> String;
        serialize_unit_struct(&'static str) -> String;
        serialize_seq(Option<usize>) -> NoKey;
        serialize_tuple(usize) -> NoKey;
        serialize_tuple_struct(&'static str, usize) -> NoKey;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> NoKey;
        serialize_map(Option<usize>) -> NoKey;
        serialize_struct(&'static str, usize) -> NoKey;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> NoKey;
    }
}

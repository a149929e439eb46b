//! What was packed is taken out as it was, whatever it was.

use peerjs_mesh_packing::{Error, LONGEST, pack, unpack};

/// Numbers that are always the same.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (self.0 >> 8 & 0x7f_ffff) as usize % limit
    }
}

/// Bytes with repeats near and far, short and long.
fn sample(seed: u32, length: usize) -> Vec<u8> {
    let mut numbers = Numbers(seed);
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let kind = numbers.below(4);
        if bytes.len() < 16 || kind == 0 {
            for _ in 0..=numbers.below(6) {
                bytes.push(97 + numbers.below(20) as u8);
            }
        } else {
            let distance = 1 + numbers.below(bytes.len().min([4, 300, 60_000][kind - 1]));
            for _ in 0..=numbers.below([4, 40, 400][kind - 1]) {
                bytes.push(bytes[bytes.len() - distance]);
            }
        }
    }
    bytes.truncate(length);
    bytes
}

#[track_caller]
fn there_and_back(bytes: &[u8]) -> usize {
    let packed = pack(bytes).expect("it is not too long");
    assert!(unpack(&packed).expect("it has a length") == bytes);
    packed.len()
}

#[test]
fn repeats_near_and_far() {
    for length in [0, 1, 2, 300, 5_000, 20_000] {
        there_and_back(&sample(length as u32 + 1, length));
    }
}

#[test]
fn bytes_that_say_nothing_about_the_next() {
    let noise: Vec<u8> = (0..5_000_u32)
        .map(|i| (i * i + 1).wrapping_mul(0x9e37_79b1).to_be_bytes()[0])
        .collect();
    there_and_back(&noise);
}

#[test]
fn repeats_weigh_nearly_nothing() {
    let length = there_and_back(&[0; 10_000]);
    assert!(length < 100, "{length} bytes");
}

#[test]
fn as_many_as_can_be_and_not_one_more() {
    let mut bytes = sample(5, LONGEST);
    there_and_back(&bytes);
    bytes.push(0);
    assert_eq!(pack(&bytes), Err(Error::TooLong));
}

#[test]
fn what_was_never_packed_gives_an_error_or_something() {
    assert_eq!(unpack(&[]), Err(Error::NoLength));
    assert_eq!(unpack(&[255; 4]), Err(Error::TooLong));
    assert_eq!(unpack(&[0, 0, 1, 0]).map(|bytes| bytes.len()), Ok(256));
    let mut numbers = Numbers(1);
    for length in 0..50 {
        let mut packed = vec![0, 0, 1, 0];
        packed.extend((0..length).map(|_| numbers.below(256) as u8));
        assert_eq!(unpack(&packed).map(|bytes| bytes.len()), Ok(256));
    }
}

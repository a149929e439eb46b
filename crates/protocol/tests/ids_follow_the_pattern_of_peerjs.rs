//! Ids follow the pattern of PeerJS; UUIDs, tokens and connection ids carry the bits they were made from.

use peerjs_mesh_protocol::{ids, signalling::ConnectionKind};

#[test]
fn ids_are_groups_of_letters_and_digits_with_single_separators() {
    for good in [
        "a",
        "Z9",
        "a b-c_d",
        "0",
        "3f2b8c1e-0000-4000-8000-000000000001",
        &"x".repeat(ids::MAX_ID_LEN),
    ] {
        assert!(ids::is_valid_id(good), "{good:?} is an id");
    }
    let long = "x".repeat(ids::MAX_ID_LEN + 1);
    for bad in [
        "",
        " ",
        "-a",
        "a_",
        "a--b",
        "a _b",
        "né",
        "a.b",
        "a/b",
        "a\n",
        "\na",
        "a\0",
        "😃",
        long.as_str(),
    ] {
        assert!(!ids::is_valid_id(bad), "{bad:?} is no id");
    }
}

#[test]
fn a_uuid_is_version_8_and_survives_text() {
    for random in [[0; 16], [0xff; 16], *b"0123456789abcdef"] {
        let text = ids::uuid_v8(random);
        assert!(ids::is_valid_id(&text) && ids::is_uuid_v8(&text), "{text}");
        let bytes = ids::uuid_bytes(&text).expect("own text is read");
        assert_eq!(ids::uuid_text(&bytes), text);
        for (index, (given, kept)) in random.iter().zip(bytes).enumerate() {
            let free = match index {
                6 => 0x0f,
                8 => 0x3f,
                _ => 0xff,
            };
            assert_eq!(given & free, kept & free, "byte {index}");
        }
    }
    assert_eq!(
        ids::uuid_v8([0; 16]),
        "00000000-0000-8000-8000-000000000000"
    );
    assert_eq!(
        ids::uuid_v8([0xff; 16]),
        "ffffffff-ffff-8fff-bfff-ffffffffffff"
    );
}

#[test]
fn other_text_is_no_uuid() {
    for bad in [
        "",
        "00000000-0000-8000-8000-00000000000",
        "00000000-0000-8000-8000-0000000000000",
        "00000000-0000-8000-8000-00000000000G",
        "00000000-0000-8000-8000-00000000000A",
        "0000000000000-8000-8000-0000000000000",
        "000000000-000-8000-8000-000000000000",
        "00000000-0000-8000-8000-0000000000é",
    ] {
        assert_eq!(ids::uuid_bytes(bad), None, "{bad:?}");
    }
    assert!(
        !ids::is_uuid_v8("3f2b8c1e-0000-4000-8000-000000000001"),
        "version 4 is not ours"
    );
    assert!(
        !ids::is_uuid_v8("3f2b8c1e-0000-8000-c000-000000000001"),
        "another variant is not ours"
    );
}

#[test]
fn tokens_and_connection_ids_differ_when_any_bit_differs() {
    assert_eq!(ids::token([0; 16]), "aaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_eq!(ids::token([0xff; 16]), "77777777777777777777777774");
    assert_eq!(
        ids::connection_id(ConnectionKind::Data, [0; 8]),
        "dc_aaaaaaaaaaaaa"
    );
    assert_eq!(
        ids::connection_id(ConnectionKind::Media, *b"foobar!!"),
        "mc_mzxw6ytboiqsc"
    );
    for bit in 0..128 {
        let mut random = [0u8; 16];
        random[bit / 8] |= 1 << (bit % 8);
        let token = ids::token(random);
        assert_ne!(token, ids::token([0; 16]), "bit {bit}");
        assert!(
            ids::is_valid_id(&token),
            "a token needs no escaping in a URL: {token}"
        );
    }
}

#[test]
fn a_nonce_is_sixteen_hex_digits() {
    assert_eq!(ids::u64_from_hex("00000000000000ff"), Some(255));
    assert_eq!(
        ids::u64_from_hex(&ids::hex(&u64::MAX.to_be_bytes())),
        Some(u64::MAX)
    );
    for bad in [
        "",
        "ff",
        "00000000000000fg",
        "00000000000000FF",
        "+0000000000000ff",
        "00000000000000fff",
    ] {
        assert_eq!(ids::u64_from_hex(bad), None, "{bad:?}");
    }
}

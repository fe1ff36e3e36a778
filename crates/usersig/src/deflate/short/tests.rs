use super::*;
use crate::{Signer, deflate::inflate, encoding};
use std::time::Duration;

/// Or every signature would be compressed from its first byte.
#[test]
fn signatures_begin_as_they_are_known_to() {
    let sig = Signer::new(1_400_000_000, "key").sign("lin", Duration::from_secs(60));
    let packed = encoding::decode(sig.unwrap().expose()).unwrap();
    let document = inflate(&packed, MOST).unwrap();
    assert!(document.starts_with(HEAD.text.as_bytes()));
}

#[test]
fn symbols_and_bits_are_those_of_rfc_1951() {
    for (length, symbol, bits) in [
        (3, 257, 0),
        (10, 264, 0),
        (11, 265, 1),
        (18, 268, 1),
        (19, 269, 2),
        (257, 284, 5),
        (258, 285, 0),
    ] {
        assert_eq!(length_symbol(length), (symbol, bits), "{length}");
    }
    for (distance, symbol, bits) in [
        (1, 0, 0),
        (4, 3, 0),
        (5, 4, 1),
        (7, 5, 1),
        (9, 6, 2),
        (769, 19, 8),
        (1024, 19, 8),
    ] {
        assert_eq!(distance_symbol(distance), (symbol, bits), "{distance}");
    }
}

#[test]
fn logarithms_are_exact_enough() {
    for (number, log) in LOGS.iter().enumerate().skip(1) {
        let exact = number as f64 * (number as f64).log2();
        assert!(
            (f64::from(*log) / f64::from(LOG_UNIT) - exact).abs()
                <= number as f64 / f64::from(LOG_UNIT),
            "{number}"
        );
    }
}

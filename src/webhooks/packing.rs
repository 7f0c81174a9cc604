//! Payloads as they are stored: packed by LZ4, which costs the sender's wait a tenth of what PostgreSQL's own
//! compression does, and which not every PostgreSQL is built with.

/// A payload packed.
pub(super) fn pack(payload: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress(payload)
}

/// What a stored payload was: of so many bytes, or as it is where that is not said.
///
/// # Errors
///
/// Fails if the bytes are not what [`pack`] made.
pub(super) fn unpack(stored: Vec<u8>, size: Option<i32>) -> sqlx::Result<Vec<u8>> {
    let Some(size) = size else { return Ok(stored) };
    let size = usize::try_from(size).map_err(|error| sqlx::Error::Decode(error.into()))?;
    lz4_flex::block::decompress(&stored, size).map_err(|error| sqlx::Error::Decode(error.into()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_comes_back(payload: Vec<u8>) {
            let size = i32::try_from(payload.len()).unwrap();
            prop_assert_eq!(unpack(pack(&payload), Some(size)).unwrap(), payload);
        }

        #[test]
        fn damaged_bytes_are_an_error_or_something_else(stored: Vec<u8>, size in 0..10_000) {
            let unpacked = unpack(stored, Some(size));
            prop_assert!(unpacked.is_err() || unpacked.unwrap().len() <= usize::try_from(size).unwrap());
        }
    }

    #[test]
    fn a_payload_from_before_is_as_it_was() {
        assert_eq!(unpack(b"{}".to_vec(), None).unwrap(), b"{}");
    }

    #[test]
    fn words_are_packed_to_less() {
        let payload = "Line of what somebody wrote. ".repeat(200);
        assert!(pack(payload.as_bytes()).len() < payload.len() / 5);
    }
}

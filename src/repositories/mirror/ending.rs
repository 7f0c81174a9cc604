//! The end of what a server says.

use std::io;

/// So often may be looked beyond the end: gix looks ahead of what it reads.
const MAX_LOOKS: u32 = 64;

/// Notes when nothing comes any more.
///
/// gix asks a server of git's first protocol again and again where it has hung up. So from some time
/// on that is an error instead of an end. Over HTTP, where each question has an answer of its own,
/// the client counts the questions as well.
#[derive(Debug, Default)]
pub(super) struct Ending {
    looks: u32,
}

impl Ending {
    /// Takes how many bytes came.
    pub(super) fn note(&mut self, bytes: usize) -> io::Result<()> {
        self.looks = if bytes == 0 { self.looks + 1 } else { 0 };
        if self.looks > MAX_LOOKS {
            let text = "the other side has hung up in the middle of an answer";
            // Not an unexpected end, which gix takes for a pause.
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, text));
        }
        Ok(())
    }
}

/// Answers that are at hand.
#[cfg(feature = "fuzzing")]
pub(super) struct Answers {
    bytes: io::Cursor<Vec<u8>>,
    ending: Ending,
}

#[cfg(feature = "fuzzing")]
impl Answers {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self { bytes: io::Cursor::new(bytes.to_vec()), ending: Ending::default() }
    }
}

#[cfg(feature = "fuzzing")]
impl io::Read for Answers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let copied = self.bytes.read(buffer)?;
        self.ending.note(copied)?;
        Ok(copied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_is_read_for_ever_is_an_error() {
        let mut ending = Ending::default();

        let mut looks = 0;
        while ending.note(0).is_ok() {
            looks += 1;
            assert!(looks <= MAX_LOOKS);
        }
        assert!(ending.note(1).is_ok());
        assert!(ending.note(0).is_ok());
    }
}

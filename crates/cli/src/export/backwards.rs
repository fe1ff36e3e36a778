//! Reads the lines of a file, last one first, holding one line in memory.

use std::io::{self, Read, Seek, SeekFrom};

/// Number of bytes read at once.
const CHUNK: u64 = 1 << 16;

/// Lines from the end of a file to its beginning. Each of them ends in a line feed, which is removed.
pub(super) struct Backwards<R> {
    file: R,
    /// Where the bytes read so far begin.
    start: u64,
    /// Bytes read but not yet returned.
    rest: Vec<u8>,
    chunk: u64,
}

impl<R: Read + Seek> Backwards<R> {
    pub(super) fn new(file: R) -> io::Result<Self> {
        Self::with_chunk(file, CHUNK)
    }

    fn with_chunk(mut file: R, chunk: u64) -> io::Result<Self> {
        let start = file.seek(SeekFrom::End(0))?;
        Ok(Self {
            file,
            start,
            rest: Vec::new(),
            chunk,
        })
    }

    /// The previous line; `None` at the beginning.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let lines = self.rest.strip_suffix(b"\n").unwrap_or(&self.rest);
            if let Some(end) = lines.iter().rposition(|byte| *byte == b'\n') {
                let line = lines.get(end + 1..).unwrap_or_default().to_vec();
                self.rest.truncate(end + 1);
                return Ok(Some(line));
            }
            if self.start == 0 {
                let line = lines.to_vec();
                let is_line = !self.rest.is_empty();
                self.rest.clear();
                return Ok(is_line.then_some(line));
            }
            let length = self.chunk.min(self.start);
            self.start -= length;
            self.file.seek(SeekFrom::Start(self.start))?;
            let mut read = Vec::new();
            (&mut self.file).take(length).read_to_end(&mut read)?;
            read.append(&mut self.rest);
            self.rest = read;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    proptest! {
        #[test]
        fn every_line_comes_once_and_in_the_other_order(
            lines in proptest::collection::vec("[a-z]{0,9}", 0..20),
            chunk in 1_u64..30,
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let mut backwards = Backwards::with_chunk(Cursor::new(text), chunk).unwrap();
            let mut found = Vec::new();
            while let Some(line) = backwards.next_line().unwrap() {
                found.push(String::from_utf8(line).unwrap());
            }
            found.reverse();
            prop_assert_eq!(found, lines);
        }
    }
}

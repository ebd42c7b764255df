//! Packed stanzas that unpack to very much: zlib streams (RFC 1950, RFC 1951) of
//! a few bytes that repeat, each match as long as the form allows.

/// A binary node's list with its count in one byte, or in two.
const LIST_8: u8 = 248;
const LIST_16: u8 = 249;
/// A word of the protocol's dictionary, as a tag.
const WORD: u8 = 3;
/// A node without anything: three bytes on the wire, and more than twenty times
/// that once decoded.
const NODE: [u8; 3] = [LIST_8, 1, WORD];
/// Children of one list, at most.
const CHILDREN: usize = 65_535;

/// A packed stanza: a node with `lists` children, each with 65,535 of its own.
pub fn bomb(lists: u8) -> Vec<u8> {
    let mut stream = Deflate::default();
    stream.literals(&[LIST_8, 2, WORD, LIST_8, lists]);
    for _ in 0..lists {
        stream.literals(&[LIST_8, 2, WORD, LIST_16, 255, 255]);
        stream.literals(&NODE);
        stream.repeat_last_three((CHILDREN - 1) * NODE.len());
    }
    // A frame's first byte says that the rest is packed.
    [&[2], stream.end().as_slice()].concat()
}

/// One block with the fixed codes (RFC 1951, 3.2.6).
#[derive(Default)]
struct Deflate {
    bits: Vec<bool>,
    plain: Vec<u8>,
}

impl Deflate {
    fn literals(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                0..=143 => self.code(0x30 + u32::from(*byte), 8),
                144..=255 => self.code(0x190 + u32::from(*byte) - 144, 9),
            }
            self.plain.push(*byte);
        }
    }

    /// Matches of 258 bytes, three back; the rest in literals.
    fn repeat_last_three(&mut self, length: usize) {
        const LONGEST: usize = 258;
        let last: [u8; 3] = *self.plain.last_chunk().unwrap();
        for _ in 0..length / LONGEST {
            self.code(0xC5, 8);
            self.code(2, 5);
            self.plain.extend(last.repeat(LONGEST / 3));
        }
        self.literals(&last.repeat(length % LONGEST / 3));
    }

    /// Codes begin with their highest bit.
    fn code(&mut self, code: u32, length: u32) {
        self.bits.extend((0..length).rev().map(|bit| (code >> bit) & 1 == 1));
    }

    fn end(mut self) -> Vec<u8> {
        self.code(0, 7);
        // The last block, with fixed codes; numbers begin with their lowest bit.
        let bits: Vec<bool> = [true, true, false].into_iter().chain(self.bits).collect();
        let bytes = bits.chunks(8).map(|byte| {
            byte.iter().enumerate().fold(0, |sum, (place, bit)| sum | (u8::from(*bit) << place))
        });
        let mut stream = vec![0x78, 0x01];
        stream.extend(bytes);
        let (low, high) = self.plain.iter().fold((1_u32, 0_u32), |(low, high), byte| {
            let low = (low + u32::from(*byte)) % 65_521;
            (low, (high + low) % 65_521)
        });
        stream.extend(((high << 16) | low).to_be_bytes());
        stream
    }
}

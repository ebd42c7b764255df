//! What a stanza takes in memory once decoded, measured before it is.
//!
//! In the binary form two or three bytes make a node or announce 65,535 of them,
//! so a few kilobytes can become hundreds of megabytes, and JIDs inside JIDs as
//! deep as there are bytes end the stack. Source of the form: `wacore-binary`'s
//! decoder, which has no such bounds.

use wacore_binary::token::{
    AD_JID, BINARY_8, BINARY_20, BINARY_32, DICTIONARY_0, DICTIONARY_3, FB_JID, HEX_8, INTEROP_JID,
    JID_PAIR, LIST_8, LIST_16, LIST_EMPTY, NIBBLE_8,
};
use wacore_binary::{NodeRef, NodeStr};

/// Most memory for nodes and attributes. Five thousand groups take half of it,
/// and a group of 2,048 participants, by number and by LID, less than 1 MiB.
const LARGEST_TREE: usize = 16 * 1024 * 1024;
/// Deepest tree. WhatsApp's have fewer than 20 levels.
const DEEPEST: usize = 64;
/// Bound of one attribute: its name, and a value that may be a JID.
const ATTRIBUTE: usize = 2 * size_of::<NodeStr<'_>>() + 24;

/// Whether `bytes`, decoded, stay within bounds. What is not of the form does not.
pub(super) fn fits(bytes: &[u8]) -> bool {
    Scan { rest: bytes, left: LARGEST_TREE }.node(0).is_some()
}

struct Scan<'a> {
    rest: &'a [u8],
    /// Bytes that the tree may still take.
    left: usize,
}

impl Scan<'_> {
    fn node(&mut self, depth: usize) -> Option<()> {
        if depth == DEEPEST {
            return None;
        }
        let tag = self.byte()?;
        let items = self.list(tag)?;
        self.value()?;
        let attributes = items.checked_sub(1)? / 2;
        self.take(attributes, ATTRIBUTE)?;
        for _ in 0..2 * attributes {
            self.value()?;
        }
        if items.is_multiple_of(2) { self.content(depth) } else { Some(()) }
    }

    fn content(&mut self, depth: usize) -> Option<()> {
        match self.byte()? {
            tag @ (LIST_8 | LIST_16) => {
                let nodes = self.list(tag)?;
                // Room for all of them is made before the first is read.
                self.take(nodes, size_of::<NodeRef<'_>>())?;
                (0..nodes).try_for_each(|_| self.node(depth + 1))
            }
            tag => self.value_of(tag, true),
        }
    }

    fn value(&mut self) -> Option<()> {
        let tag = self.byte()?;
        self.value_of(tag, true)
    }

    /// A JID's own parts are no JIDs.
    fn part(&mut self) -> Option<()> {
        let tag = self.byte()?;
        self.value_of(tag, false)
    }

    fn value_of(&mut self, tag: u8, may_be_jid: bool) -> Option<()> {
        match tag {
            BINARY_8 => {
                let length = self.number::<1>()?;
                self.skip(length)
            }
            BINARY_20 => {
                let length = self.number::<3>()? & 0x000F_FFFF;
                self.skip(length)
            }
            BINARY_32 => {
                let length = self.number::<4>()?;
                self.skip(length)
            }
            NIBBLE_8 | HEX_8 => {
                let length = self.number::<1>()? & 0x7F;
                self.skip(length)
            }
            DICTIONARY_0..=DICTIONARY_3 => self.skip(1),
            JID_PAIR | AD_JID | FB_JID | INTEROP_JID if !may_be_jid => None,
            JID_PAIR => {
                self.part()?;
                self.part()
            }
            AD_JID => {
                self.skip(2)?;
                self.part()
            }
            FB_JID | INTEROP_JID => {
                self.part()?;
                self.skip(if tag == FB_JID { 2 } else { 4 })?;
                self.part()
            }
            // One byte that stands for a word, or for nothing.
            _ => Some(()),
        }
    }

    fn list(&mut self, tag: u8) -> Option<usize> {
        match tag {
            LIST_EMPTY => Some(0),
            LIST_8 => self.number::<1>(),
            LIST_16 => self.number::<2>(),
            _ => None,
        }
    }

    fn take(&mut self, count: usize, size: usize) -> Option<()> {
        self.left = self.left.checked_sub(count.checked_mul(size)?)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// Big-endian.
    fn number<const BYTES: usize>(&mut self) -> Option<usize> {
        let (bytes, rest) = self.rest.split_first_chunk::<BYTES>()?;
        self.rest = rest;
        Some(bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.rest = self.rest.get(length..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use wacore_binary::builder::NodeBuilder;
    use wacore_binary::node::ValueRef;
    use wacore_binary::{Jid, Node, OwnedNodeRef, marshal};

    use super::*;

    /// Without the first byte, which says whether the rest is packed.
    fn bytes(node: &Node) -> Vec<u8> {
        marshal(node).unwrap()[1..].to_vec()
    }

    fn participants(count: usize) -> Node {
        let participant = |index: usize| {
            NodeBuilder::new("participant")
                .attr("jid", Jid::lid(format!("{}", 100_000_000_000_000 + index)))
                .attr("phone_number", Jid::pn(format!("{}", 5_511_900_000_000 + index)))
                .attr("type", "admin")
                .build()
        };
        let group = NodeBuilder::new("group")
            .attr("id", "120363406289005073")
            .attr("subject", "Leads, ✓ and a subject that no dictionary has")
            .children((0..count).map(participant))
            .build();
        NodeBuilder::new("iq").attr("type", "result").children([group]).build()
    }

    #[test]
    fn an_attribute_is_counted_in_full() {
        assert!(size_of::<(NodeStr<'_>, ValueRef<'_>)>() <= ATTRIBUTE);
    }

    #[test]
    fn whatsapps_own_stanzas_fit() {
        for node in [participants(0), participants(2_048)] {
            assert!(fits(&bytes(&node)));
        }
    }

    #[test]
    fn many_nodes_or_attributes_of_a_few_bytes_do_not_fit() {
        // <tag> with 255 children without anything, three levels deep: 16 million.
        let mut bomb = vec![LIST_8, 1, 3];
        for _ in 0..3 {
            let mut outer = vec![LIST_8, 2, 3, LIST_8, 255];
            outer.extend(bomb.repeat(255));
            bomb = outer;
            if bomb.len() > 1_000_000 {
                break;
            }
        }
        assert!(!fits(&bomb));
        let announced: Vec<u8> =
            [LIST_8, 2, 3, LIST_16, 255, 255].repeat(DEEPEST).into_iter().chain([0]).collect();
        assert!(!fits(&announced));
        let attributes: Vec<u8> =
            [LIST_8, 2, 3, LIST_8, 255].into_iter().chain([LIST_16, 255, 255, 3]).collect();
        assert!(!fits(&attributes));
    }

    #[test]
    fn jids_inside_jids_and_trees_without_end_do_not_fit() {
        let mut jids = vec![LIST_8, 3, 3, 3];
        jids.extend([JID_PAIR].repeat(200_000));
        assert!(!fits(&jids));
        let deep = [LIST_8, 2, 3, LIST_8, 1].repeat(100_000);
        assert!(!fits(&deep));
    }

    #[test]
    fn what_ends_in_the_middle_does_not_fit() {
        let whole = bytes(&participants(3));
        for length in 0..whole.len() {
            assert!(!fits(&whole[..length]), "{length}");
        }
        assert!(fits(&whole) && OwnedNodeRef::new(whole).is_ok());
    }
}

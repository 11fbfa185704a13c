//! What runs leave behind in the memory of an interpreter, to be put into the memory of another one.
//!
//! A model keeps its variables somewhere in the arena. Two interpreters of one file in arenas of one size have everything
//! at the same places, and their pointers are set before the first run; so it is enough to take along the words that runs
//! have changed. A word that came to point into the memory itself would be wrong in any other: then nothing is taken.
use super::memory::Block;
use crate::tflite::file::Bytes;
use sha2::{Digest, Sha256};

const WORD: usize = size_of::<usize>();

/// The blocks of an interpreter, and what they held before the first run.
pub struct Past {
    fresh: [Vec<u8>; 2],
    /// Of the model: in the memory of another one the same places hold other things.
    model: [u8; 32],
}

impl Past {
    /// Before the first run.
    pub fn new(blocks: [&Block; 2], model: &Bytes) -> Self {
        Self { fresh: blocks.map(|block| block.bytes().to_vec()), model: Sha256::digest(model.as_slice()).into() }
    }

    /// Forgets all runs.
    pub fn clear(&self, blocks: [&mut Block; 2]) {
        for (block, fresh) in blocks.into_iter().zip(&self.fresh) {
            block.restore(fresh);
        }
    }

    /// Words that runs have changed: in which block, where, and what is there now.
    fn changed<'a>(&'a self, blocks: [&'a Block; 2]) -> impl Iterator<Item = (usize, usize, [u8; WORD])> {
        let words = |bytes: &'a [u8]| bytes.as_chunks::<WORD>().0.iter().enumerate();
        (0..2).flat_map(move |at| {
            let both = words(&self.fresh[at]).zip(words(blocks[at].bytes()));
            both.filter(|((_, was), (_, is))| was != is).map(move |(_, (place, is))| (at, place, *is))
        })
    }

    /// Whether another memory could take what is in this one.
    pub fn can_move(&self, blocks: [&Block; 2]) -> bool {
        let inside = |word| {
            let at = usize::from_ne_bytes(word);
            blocks.iter().any(|block| (block.it() as usize..block.it() as usize + block.len()).contains(&at))
        };
        !self.changed(blocks).any(|(.., word)| inside(word))
    }

    /// Appends what runs have changed.
    pub fn save(&self, blocks: [&Block; 2], out: &mut Vec<u8>) {
        out.extend(self.model);
        out.extend(self.fresh.each_ref().map(Vec::len).into_iter().flat_map(usize::to_le_bytes));
        out.extend(self.changed(blocks).count().to_le_bytes());
        for (block, place, word) in self.changed(blocks) {
            out.extend([block, place].into_iter().flat_map(usize::to_le_bytes));
            out.extend(word);
        }
    }

    /// Takes what [`Past::save`] appended from the front of `data`, if it is of this model and memory.
    pub fn load(&self, mut blocks: [&mut Block; 2], data: &mut &[u8]) -> Option<()> {
        let number = |data: &mut &[u8]| {
            let (word, rest) = data.split_first_chunk()?;
            *data = rest;
            Some(usize::from_le_bytes(*word))
        };
        let (model, mut rest) = data.split_first_chunk::<32>()?;
        let sizes = [number(&mut rest)?, number(&mut rest)?];
        if *model != self.model || sizes != self.fresh.each_ref().map(Vec::len) {
            return None;
        }
        self.clear(blocks.each_mut().map(|block| &mut **block));
        for _ in 0..number(&mut rest)? {
            let (block, place) = (number(&mut rest)?, number(&mut rest)?);
            let (word, behind) = rest.split_first_chunk::<WORD>()?;
            blocks.get_mut(block)?.put(WORD.checked_mul(place)?, word)?;
            rest = behind;
        }
        *data = rest;
        Some(())
    }
}

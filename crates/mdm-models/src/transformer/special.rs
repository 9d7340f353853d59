//! Where the special pieces go: from the pieces of words to the sequence that a text encoder reads.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::{Sequences, Views, Vocabulary};

/// How a text encoder frames the pieces of an utterance.
///
/// | | sequence | row of audio, vision |
/// |---|---|---|
/// | `Bert` | `[CLS] pieces [SEP] [PAD]…` | zeros, rows, zeros, zeros… |
/// | `Xlnet` | `<pad>… pieces <sep> <cls>` | zeros…, rows, zeros, zeros |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Padding on the right.
    Bert,
    /// Padding on the left.
    Xlnet,
}

/// What stands at a place of the framed sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The utterance's piece of this number.
    Piece(usize),
    /// `[CLS]`
    Cls,
    /// `[SEP]`
    Sep,
    /// `[PAD]`
    Pad,
}

/// Pieces that a framed sequence has beside those of the words.
pub const SPECIAL: usize = 2;

impl Layout {
    /// The places of an utterance of `length` pieces in a batch whose longest has `steps`: `steps + 2` of them.
    pub fn places(self, length: usize, steps: usize) -> Vec<Place> {
        let pieces = (0..length).map(Place::Piece);
        let padding = std::iter::repeat_n(Place::Pad, steps - length);
        match self {
            Self::Bert => std::iter::once(Place::Cls)
                .chain(pieces)
                .chain([Place::Sep])
                .chain(padding)
                .collect(),
            Self::Xlnet => padding
                .chain(pieces)
                .chain([Place::Sep, Place::Cls])
                .collect(),
        }
    }

    /// Which places of each row of a batch hold something, `[batch][steps + 2]`.
    pub fn mask(self, lengths: &[usize], steps: usize) -> Vec<Vec<bool>> {
        let row = |&length: &usize| {
            let places = self.places(length, steps).into_iter();
            places.map(|place| place != Place::Pad).collect()
        };
        lengths.iter().map(row).collect()
    }

    /// Puts the special pieces around ids: `ids` `[batch, steps]` to `[batch, steps + 2]`. `special` are the ids of CLS, SEP
    /// and PAD.
    pub fn frame_ids(
        self,
        ids: Tensor<2, Int>,
        lengths: &[usize],
        special: [usize; 3],
    ) -> Tensor<2, Int> {
        let [batch, steps] = ids.dims();
        let special: Vec<i64> = special.iter().map(|&id| id as i64).collect();
        let special = Tensor::<1, Int>::from_data(TensorData::new(special, [3]), &ids.device());
        let all = Tensor::cat(vec![special, ids.reshape([batch * steps])], 0);
        let sources = self.sources(lengths, steps, &all.device());
        all.select(0, sources).reshape([batch, steps + SPECIAL])
    }

    /// Puts zero rows where the special pieces stand: `rows` `[batch, steps, dim]` to `[batch, steps + 2, dim]`.
    pub fn frame_rows(self, rows: &Tensor<3>, lengths: &[usize]) -> Tensor<3> {
        let [batch, steps, dim] = rows.dims();
        let device = rows.device();
        let zeros = Tensor::zeros([3, dim], &device);
        let all = Tensor::cat(vec![zeros, rows.clone().reshape([batch * steps, dim])], 0);
        let sources = self.sources(lengths, steps, &device);
        all.select(0, sources)
            .reshape([batch, steps + SPECIAL, dim])
    }

    /// The views of a batch of word pieces: `words` of the framed ids for the language, the rows of the others as they are.
    pub(crate) fn views(
        self,
        input: &Sequences,
        vocabulary: Vocabulary,
        words: impl FnOnce(Tensor<2, Int>) -> Tensor<3>,
    ) -> Views {
        let (mut modalities, lengths) = input.unpadded();
        let ids = modalities[0].clone().squeeze_dim::<2>(2).int();
        modalities[0] = words(self.frame_ids(ids, &lengths, vocabulary.special()));
        Views {
            modalities,
            lengths,
        }
    }

    /// The views beside the language, framed as that is, and which places hold something.
    pub(crate) fn frame_others(self, views: &Views) -> (Vec<Tensor<3>>, Vec<Vec<bool>>) {
        let steps = views.modalities[0].dims()[1] - SPECIAL;
        let others = views.modalities[1..].iter();
        let others = others.map(|rows| self.frame_rows(rows, &views.lengths));
        (others.collect(), self.mask(&views.lengths, steps))
    }

    /// For each place of the framed batch, its row in `[CLS, SEP, PAD, pieces of all utterances…]`.
    fn sources(self, lengths: &[usize], steps: usize, device: &Device) -> Tensor<1, Int> {
        let mut sources = Vec::with_capacity(lengths.len() * (steps + SPECIAL));
        for (row, &length) in lengths.iter().enumerate() {
            sources.extend(self.places(length, steps).into_iter().map(|place| {
                let source = match place {
                    Place::Cls => 0,
                    Place::Sep => 1,
                    Place::Pad => 2,
                    Place::Piece(number) => 3 + row * steps + number,
                };
                source as i64
            }));
        }
        let count = sources.len();
        Tensor::from_data(TensorData::new(sources, [count]), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_pieces_frame_the_words_on_the_side_of_each_encoder() {
        let device = Device::flex();
        let ids = Tensor::<2, Int>::from_ints([[11, 12, 13], [21, 99, 99]], &device);
        let framed = |layout: Layout| {
            let framed = layout.frame_ids(ids.clone(), &[3, 1], [1, 2, 0]);
            framed.try_into_vec_as::<i64>().unwrap()
        };
        assert_eq!(framed(Layout::Bert), [1, 11, 12, 13, 2, 1, 21, 2, 0, 0]);
        assert_eq!(framed(Layout::Xlnet), [11, 12, 13, 2, 1, 0, 0, 21, 2, 1]);
        assert_eq!(
            Layout::Xlnet.mask(&[3, 1], 3)[1],
            [false, false, true, true, true]
        );
    }

    #[test]
    fn rows_of_special_pieces_are_zeros() {
        let rows = Tensor::<3>::from_floats([[[5.0], [6.0]], [[7.0], [9.0]]], &Device::flex());
        let framed = Layout::Bert.frame_rows(&rows, &[2, 1]);
        let values = framed.try_into_vec_as::<f32>().unwrap();
        assert_eq!(values, [0.0, 5.0, 6.0, 0.0, 0.0, 7.0, 0.0, 0.0]);
    }
}

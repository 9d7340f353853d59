//! The models behind one type.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use mdm_core::Mode;

use crate::{
    EfLstm, Error, FusionEncoder, LateLstm, Lfn, MagBert, MagXlnet, Mfn, Sequences, Tfn,
    TorchNames, TorchVisitor, Views,
};

/// An encoder chosen at run time.
// A run holds a handful of encoders; a box would only hide the fields from Burn's derive.
#[derive(Module, Debug)]
#[allow(missing_docs, clippy::large_enum_variant)]
pub enum Encoder {
    EfLstm(EfLstm),
    LateLstm(LateLstm),
    Tfn(Tfn),
    Lfn(Lfn),
    Mfn(Mfn),
    MagBert(MagBert),
    MagXlnet(MagXlnet),
}

impl Encoder {
    /// Pretrained weights in place of the random ones of the text encoder, from the folder of a Hugging Face model.
    ///
    /// # Errors
    ///
    /// [`Error::WeightsFile`], [`Error::Weights`].
    pub fn load_pretrained(&mut self, folder: &Path, device: &Device) -> Result<(), Error> {
        match self {
            Self::MagBert(encoder) => encoder.load_pretrained(folder, device),
            Self::MagXlnet(encoder) => encoder.load_pretrained(folder, device),
            Self::EfLstm(_) | Self::LateLstm(_) | Self::Tfn(_) | Self::Lfn(_) | Self::Mfn(_) => {
                Ok(())
            }
        }
    }

    /// The most steps of a sequence, where there is a limit.
    pub fn max_steps(&self) -> Option<usize> {
        match self {
            Self::MagBert(encoder) => Some(encoder.bert.max_places()),
            _ => None,
        }
    }
}

/// An expression of the encoder that it is.
macro_rules! of_each {
    ($this:expr, $encoder:ident => $of_encoder:expr) => {
        match $this {
            Self::EfLstm($encoder) => $of_encoder,
            Self::LateLstm($encoder) => $of_encoder,
            Self::Tfn($encoder) => $of_encoder,
            Self::Lfn($encoder) => $of_encoder,
            Self::Mfn($encoder) => $of_encoder,
            Self::MagBert($encoder) => $of_encoder,
            Self::MagXlnet($encoder) => $of_encoder,
        }
    };
}

// What the trait has a default for is here too: an encoder may know better.
impl FusionEncoder for Encoder {
    fn views(&self, input: &Sequences, mode: &mut Mode) -> Views {
        of_each!(self, encoder => encoder.views(input, mode))
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        of_each!(self, encoder => encoder.fuse(views, mode))
    }

    fn encode(&self, input: &Sequences, mode: &mut Mode) -> Tensor<2> {
        of_each!(self, encoder => encoder.encode(input, mode))
    }

    fn encode_pair(
        &self,
        input: &Sequences,
        permutations: &[Vec<usize>],
        mode: &mut Mode,
    ) -> (Tensor<2>, Tensor<2>) {
        of_each!(self, encoder => encoder.encode_pair(input, permutations, mode))
    }

    fn d_z(&self) -> usize {
        of_each!(self, encoder => encoder.d_z())
    }

    fn batch_of_similar_length(&self) -> Option<usize> {
        of_each!(self, encoder => encoder.batch_of_similar_length())
    }
}

impl TorchNames for Encoder {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        of_each!(self, encoder => encoder.visit_torch(prefix, visitor))
    }
}

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

impl FusionEncoder for Encoder {
    fn views(&self, input: &Sequences, mode: &mut Mode) -> Views {
        match self {
            Self::EfLstm(encoder) => encoder.views(input, mode),
            Self::LateLstm(encoder) => encoder.views(input, mode),
            Self::Tfn(encoder) => encoder.views(input, mode),
            Self::Lfn(encoder) => encoder.views(input, mode),
            Self::Mfn(encoder) => encoder.views(input, mode),
            Self::MagBert(encoder) => encoder.views(input, mode),
            Self::MagXlnet(encoder) => encoder.views(input, mode),
        }
    }

    fn fuse(&self, views: &Views, mode: &mut Mode) -> Tensor<2> {
        match self {
            Self::EfLstm(encoder) => encoder.fuse(views, mode),
            Self::LateLstm(encoder) => encoder.fuse(views, mode),
            Self::Tfn(encoder) => encoder.fuse(views, mode),
            Self::Lfn(encoder) => encoder.fuse(views, mode),
            Self::Mfn(encoder) => encoder.fuse(views, mode),
            Self::MagBert(encoder) => encoder.fuse(views, mode),
            Self::MagXlnet(encoder) => encoder.fuse(views, mode),
        }
    }

    fn d_z(&self) -> usize {
        match self {
            Self::EfLstm(encoder) => encoder.d_z(),
            Self::LateLstm(encoder) => encoder.d_z(),
            Self::Tfn(encoder) => encoder.d_z(),
            Self::Lfn(encoder) => encoder.d_z(),
            Self::Mfn(encoder) => encoder.d_z(),
            Self::MagBert(encoder) => encoder.d_z(),
            Self::MagXlnet(encoder) => encoder.d_z(),
        }
    }

    fn batch_of_similar_length(&self) -> Option<usize> {
        match self {
            Self::MagBert(encoder) => encoder.batch_of_similar_length(),
            Self::MagXlnet(encoder) => encoder.batch_of_similar_length(),
            _ => None,
        }
    }
}

impl TorchNames for Encoder {
    fn visit_torch<V: TorchVisitor>(&mut self, prefix: &str, visitor: &mut V) {
        match self {
            Self::EfLstm(encoder) => encoder.visit_torch(prefix, visitor),
            Self::LateLstm(encoder) => encoder.visit_torch(prefix, visitor),
            Self::Tfn(encoder) => encoder.visit_torch(prefix, visitor),
            Self::Lfn(encoder) => encoder.visit_torch(prefix, visitor),
            Self::Mfn(encoder) => encoder.visit_torch(prefix, visitor),
            Self::MagBert(encoder) => encoder.visit_torch(prefix, visitor),
            Self::MagXlnet(encoder) => encoder.visit_torch(prefix, visitor),
        }
    }
}
